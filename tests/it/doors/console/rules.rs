//! *Rules* from outside: what decides, its files, its check, its coverage, what a release moved; and *what if*, of which nothing is
//! left.

use super::visitor::{HOSTILE, Office, Visitor, secret};
use crate::eventually::eventually;
use crate::program::served::get;
use crate::store::server::{Db, on_both};
use crate::store::tx::writes;
use crate::town::Caller;
use baton::app::workspace;
use baton::store::LiveRelease;
use baton_core::domain::id::LeadId;
use baton_core::rules::{SourceFile, release};

on_both! {
    the_release_is_shown_with_its_workers_files_check_and_coverage,
    who_would_get_a_lead_is_told_with_its_reasons_and_leaves_nothing_behind,
    a_stored_lead_is_decided_again_as_it_was_and_by_rules_that_are_sent,
    rules_with_faults_and_files_of_no_use_are_refused_with_their_place,
    what_a_release_moved_is_counted_on_the_leads_that_came,
}

const WHAT_IF: &str = "/console/rules/what-if";
/// The town's territories the other way round.
const TURNED: &str = "territory,country,state,region,postal,industry,employees,priority,from,until\n\
                      East,US,,,,,,,,\nWest,GB,,,,,,,,\n";

fn files(office: &Office) -> Vec<SourceFile> {
    workspace::read(office.folder.path()).expect("the town")
}

async fn the_release_is_shown_with_its_workers_files_check_and_coverage(db: Db) {
    let (office, running) = Office::open(db, true, true).await;
    office.brings(&Caller::gone(1).event);
    let viewer = office.signs_in(secret("viewer"));
    let live = office.exchanges(&get("/v1/rules", Some(secret("viewer")))).json();
    let live = live["release"].as_str().expect("a release").to_owned();
    let page = viewer.page("/console/rules");
    let file = format!("/console/rules/file?release&#x3D;{live}&amp;path&#x3D;rules%2Freps.csv");
    for part in [live.as_str(), file.as_str(), "2 territory rows", "aria-current=\"page\">Rules"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    eventually("the worker is listed", || async {
        let page = viewer.page("/console/rules");
        !page.contains("No worker was seen") && page.contains("<th scope=\"row\">")
    })
    .await;

    let page = viewer.page("/console/rules/file?path=rules%2Freps.csv");
    assert!(page.contains("<tr id=\"L2\">") && page.contains("<code>west-01,Rep west-01,"), "{page}");
    for path in ["rules%2Fnone.csv", "..%2Fbaton.toml", "%3Cscript%3Ealert(1)%3C%2Fscript%3E"] {
        let answer = viewer.sees(&format!("/console/rules/file?path={path}"));
        assert_eq!(answer.status, 404, "{path}: {answer:?}");
        assert!(!answer.body.contains("<script>alert"), "{answer:?}");
    }
    assert_eq!(viewer.sees("/console/rules/file?release=none&path=rules%2Freps.csv").status, 400);

    let today = "2026-11-23".parse().expect("a day");
    let checked = workspace::check(office.folder.path(), today).expect("the town can be read");
    let Ok(checked) = checked else { panic!("the town has faults") };
    let page = viewer.page("/console/rules/check");
    assert_eq!(page.contains("Nothing was found."), checked.checked.warnings.is_empty(), "{page}");
    for fault in &checked.checked.warnings {
        let place = format!("{}:{}:{}", fault.path, fault.line, fault.column);
        assert!(page.contains(fault.code) && page.contains(&place), "{place} {}: {page}", fault.code);
    }

    let page = viewer.page("/console/rules/coverage");
    for part in [
        "All decisions of this release were looked at: 1.",
        "territory rows <span class=\"count\">1/2</span>",
        "pools <span class=\"count\">1/3</span>",
        "Never met",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    running.stop().await;
}

/// What a what-if might leave behind, and nothing else adds to meanwhile.
async fn rows(db: &Db) -> Vec<i64> {
    let mut counts = Vec::new();
    for table in
        ["inbox", "lead", "decision", "handoff", "ledger_entry", "feedback", "audit", "release", "release_file"]
    {
        counts.push(db.number(format!("SELECT COUNT(*) FROM {table}")).await);
    }
    counts
}

/// A question that is answered.
fn asks(visitor: &Visitor<'_>, form: &[(&str, &str)]) -> String {
    let answer = visitor.uploads(WHAT_IF, form, &[]);
    assert_eq!(answer.status, 200, "{form:?}: {answer:?}");
    answer.body
}

async fn who_would_get_a_lead_is_told_with_its_reasons_and_leaves_nothing_behind(db: Db) {
    let (office, running) = Office::open(db, true, true).await;
    let viewer = office.signs_in(secret("viewer"));
    let before = rows(&office.db).await;
    let page = viewer.page(WHAT_IF);
    for part in ["name=\"lead.country\"", "enctype=\"multipart/form-data\"", "webkitdirectory", "name=\"lead.live\""] {
        assert!(page.contains(part), "{part}: {page}");
    }
    for (country, desk, pool) in [("US", "west", "Pool west"), ("United Kingdom", "east", "Pool east")] {
        for world in ["rest", "now"] {
            let page = asks(&viewer, &[("lead.country", country), ("world", world)]);
            let owner = format!("<strong>Rep {desk}-0");
            assert!(page.contains(&owner) && page.contains(pool) && page.contains("Territory"), "{world}: {page}");
            assert!(page.contains(&format!("value=\"{country}\"")), "what was typed stays: {page}");
        }
    }
    let page = asks(&viewer, &[("lead.country", "FR"), ("lead.company", HOSTILE), ("owner", "east-02")]);
    assert!(
        page.contains("<strong>Rep east-02</strong>") && page.contains("supposed to be owned by Rep east-02"),
        "{page}"
    );
    assert!(!page.contains("<script>alert") && !page.contains("<img") && page.contains("&lt;script&gt;"), "{page}");
    let page = asks(&viewer, &[("event", &Caller::live(3).event.to_string()), ("at", "2026-11-24T03:00")]);
    assert!(page.contains("<strong>Rep west-0") && page.contains("2026-11-24 03:00:00 UTC"), "{page}");

    for (form, why) in [
        (vec![], "no lead is described"),
        (vec![("lead.country", "US"), ("lead", "lead_x")], "more than one lead is described"),
        (vec![("lead.score", "many")], "score is &quot;many&quot;; allowed: a number from 0 to 100"),
        (vec![("event", "{")], "this makes no lead"),
        (vec![("lead.country", "US"), ("at", "noon")], "allowed: a day and a time in UTC"),
        (vec![("lead.country", "US"), ("owner", "nobody-1")], "nobody-1 cannot own an account"),
        (vec![("lead.country", "US"), ("world", "then")], "what was known then"),
    ] {
        let answer = viewer.uploads(WHAT_IF, &form, &[]);
        assert!(answer.status == 400 && answer.body.contains(why), "{form:?}: {answer:?}");
        assert!(answer.body.contains("name=\"lead.country\""), "the form is still there: {answer:?}");
    }
    assert_eq!(viewer.uploads(WHAT_IF, &[("lead", "lead_unknown")], &[]).status, 404);
    let forged = viewer.uploads_with("0", WHAT_IF, &[("lead.country", "US")], &[]);
    assert!(forged.status == 403 && forged.body.contains("none of your session"), "{forged:?}");
    assert_eq!(rows(&office.db).await, before, "nothing is left");
    running.stop().await;
}

async fn a_stored_lead_is_decided_again_as_it_was_and_by_rules_that_are_sent(db: Db) {
    let (office, running) = Office::open(db, true, true).await;
    let lead = office.brings(&Caller::gone(1).event);
    let record = office.db.store.lead(&LeadId::new(lead.as_str()).expect("an id")).await.expect("it is read");
    let owner = record.expect("the lead").owner;
    assert!(owner.as_str().starts_with("east-"), "{owner}");
    let viewer = office.signs_in(secret("viewer"));
    let link = format!("{WHAT_IF}?lead={lead}");
    assert!(viewer.page(&format!("/console/leads/{lead}")).contains(&link), "its page leads there");
    assert!(viewer.page(&link).contains(&format!("value=\"{lead}\"")));

    let before = rows(&office.db).await;
    let page = asks(&viewer, &[("lead", &lead)]);
    let was = format!("<td data-label=\"Owner\">Rep {owner}</td>");
    let again = format!("<td data-label=\"Owner\"><strong>Rep {owner}</strong></td>");
    assert!(page.contains(&was) && page.contains(&again), "{page}");
    assert!(
        page.contains("As it was decided") && page.contains("as they were known when the lead was decided"),
        "{page}"
    );

    let much = "no part of it\n".repeat(200_000);
    let sent = [("town/rules/territories.csv", TURNED), ("town/README.md", much.as_str())];
    let answer = viewer.uploads(WHAT_IF, &[("lead", &lead), ("keep", "1")], &sent);
    let page = &answer.body;
    assert!(answer.status == 200 && page.contains(&was) && page.contains(&again), "{answer:?}");
    assert!(
        page.contains("<strong>Rep west-0") && page.contains("1 files were read") && page.contains("; 1 are no part"),
        "{page}"
    );

    let whole: Vec<(String, String)> = files(&office)
        .into_iter()
        .map(|file| {
            let text = if file.path == "rules/territories.csv" { TURNED.to_owned() } else { file.text };
            (format!("my town/{}", file.path), text)
        })
        .collect();
    let whole: Vec<(&str, &str)> = whole.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let answer = viewer.uploads(WHAT_IF, &[("lead", &lead), ("world", "now")], &whole);
    assert!(answer.status == 200 && answer.body.contains("<strong>Rep west-0"), "{answer:?}");
    assert_eq!(rows(&office.db).await, before, "nothing is left");
    running.stop().await;
}

async fn rules_with_faults_and_files_of_no_use_are_refused_with_their_place(db: Db) {
    let (office, running) = Office::open(db, true, true).await;
    let viewer = office.signs_in(secret("viewer"));
    let form = [("lead.country", "US"), ("keep", "1")];
    let answer = viewer.uploads(WHAT_IF, &form, &[("territories.csv", &TURNED.replace("US", "Atlantis <b>"))]);
    assert_eq!(answer.status, 200, "{answer:?}");
    for part in
        ["territory-unknown-country", "rules/territories.csv:2:", "These rules do not load", "<strong>Rep west-0"]
    {
        assert!(answer.body.contains(part), "{part}: {answer:?}");
    }
    assert!(!answer.body.contains("Atlantis <b>") && answer.body.contains("Atlantis &lt;b&gt;"), "{answer:?}");
    let answer = viewer.uploads(WHAT_IF, &form[..1], &[("rules/territories.csv", TURNED)]);
    assert!(answer.status == 200 && answer.body.contains("file-missing"), "the rest is missing: {answer:?}");
    for (name, text, why) in [
        ("../rules/reps.csv", "id\n", "no step upwards"),
        ("rules/../../baton.toml", "", "no step upwards"),
        ("town.zip", "PK\u{3}\u{4}\0\0rules/reps.csv", "is not UTF-8 text, and nothing was tried"),
    ] {
        let answer = viewer.uploads(WHAT_IF, &form, &[(name, text)]);
        assert!(answer.status == 400 && answer.body.contains(why), "{name}: {answer:?}");
    }
    running.stop().await;
}

async fn what_a_release_moved_is_counted_on_the_leads_that_came(db: Db) {
    let (office, running) = Office::open(db, true, true).await;
    office.brings(&Caller::gone(1).event);
    let viewer = office.signs_in(secret("viewer"));
    assert!(viewer.page("/console/rules/diff").contains("There is no other release"));
    let mut before = files(&office);
    let turned = before.iter_mut().find(|file| file.path == "rules/territories.csv").expect("the territories");
    turned.text = TURNED.to_owned();
    let at = "2026-11-20T10:00:00Z".parse().expect("an instant");
    let (id, worker) = (release(&before), "before".to_owned());
    let earlier = LiveRelease { id: id.clone(), files: before, summary: String::new(), worker, at };
    writes!(office.db.store, [earlier], |tx| tx.release_live(&earlier).await).await.expect("a release");

    let page = viewer.page("/console/rules");
    assert!(page.contains(&format!("/console/rules/diff?release&#x3D;{id}")), "{page}");
    let page = viewer.page(&format!("/console/rules/diff?release={id}&days=7"));
    for part in
        ["moves 1 of 1 leads", "rules/territories.csv <span class=\"sub\">+2 −2</span>", "territory", "Leads by rep"]
    {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert_eq!(viewer.sees(&format!("/console/rules/diff?release={id}&days=0")).status, 400);
    let unknown = release(&[]);
    assert_eq!(viewer.sees(&format!("/console/rules/diff?release={unknown}")).status, 404);
    running.stop().await;
}
