//! What has had its time goes, by a worker and by command, and whoever asks for it is told that it is gone.

use crate::eventually::eventually;
use crate::program::served::{Served, get, post, workspace};
use crate::program::{baton, code, free_port, json_of, stderr, told};
use crate::store::server::{Db, on_both, sqlite_in};
use crate::store::tx::writes;
use crate::town::{self, Caller};
use baton::store::InboxMessage;
use baton_clock::{Clock, SharedClock, SystemClock};
use chrono::TimeDelta;
use serde_json::json;
use std::path::Path;
use std::time::Duration;

/// Puts all that is stored so long ago, with nothing to come of it.
async fn age(folder: &Path, days: i64) {
    let db = Db::open(sqlite_in(folder)).await;
    let at = (SystemClock.now() - TimeDelta::days(days)).timestamp_micros();
    for sql in [
        format!("UPDATE inbox SET received_at = {at}"),
        format!("UPDATE lead SET decided_at = {at}, next_at = {at}, next_step = 'follow_up'"),
        format!("UPDATE decision SET decided_at = {at}"),
        format!("UPDATE timeline SET at = {at}"),
        format!("UPDATE step SET state = 'done', ended_at = {at}, lease_owner = NULL, lease_until = NULL"),
        "UPDATE handoff SET stage = 'done', open_since = NULL, waits_since = NULL".to_owned(),
    ] {
        assert!(db.execute(sql.clone()).await >= 1, "{sql}");
    }
}

/// The number that stands behind a kind.
fn counted(text: &str, kind: &str) -> Option<u64> {
    let line = text.lines().find(|line| line.split_whitespace().next() == Some(kind))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_gone_by_command_is_said_to_be_gone() {
    let mut served = Served::start("[keep]\nleads = \"forever\"\n", "info", &[]);
    let event = Caller::gone(3).event.to_string();
    let decided = served.ask(&post("/v1/leads?wait=1500ms", None, &event)).json();
    let lead = decided["lead"].as_str().unwrap_or_else(|| panic!("{decided}")).to_owned();
    served.stops_within(Duration::from_secs(20));
    age(served.folder.path(), 500).await;

    let listed = served.run(&["prune", "--dry-run"]);
    assert_eq!((counted(&listed, "decisions"), counted(&listed, "inbox")), (Some(1), Some(1)), "{listed}");
    assert_eq!(counted(&listed, "leads"), None, "they are kept for ever: {listed}");
    assert!(listed.contains("leads forever") && listed.contains("nothing was changed"), "{listed}");
    assert_eq!(counted(&served.run(&["prune", "--dry-run"]), "decisions"), Some(1), "it was not");
    let pruned = served.run(&["prune"]);
    assert_eq!((counted(&pruned, "decisions"), counted(&pruned, "inbox")), (Some(1), Some(1)), "{pruned}");
    let audited = json_of(&served.baton(&["audit", "--format", "json", "--subject", "keep"]));
    let why = audited["why"].as_str().expect("what went");
    assert!(audited["act"] == "keep.prune" && why.contains("inbox 1") && why.contains("decisions 1"), "{audited}");
    let again = json_of(&served.baton(&["prune", "--format", "json"]));
    assert_eq!((&again["decisions"], &again["inbox"]), (&json!(0), &json!(0)), "{again}");

    let replayed = served.baton(&["replay", "--decision", &lead]);
    assert_eq!(code(&replayed), 0, "what is gone does not differ: {}", told(&replayed));
    assert!(told(&replayed).contains("no longer kept"), "{}", told(&replayed));
    let explained = served.baton(&["explain", "--decision", &lead]);
    assert!(code(&explained) == 1 && stderr(&explained).contains("no longer kept"), "{}", told(&explained));
    let report = served.run(&["report", "--days", "600"]);
    assert!(report.contains("No longer kept in full: timeline from before"), "{report}");
    assert!(!served.run(&["report", "--days", "30"]).contains("No longer kept"), "it asks for nothing that is gone");

    let Served { port, process, folder } = served;
    drop(process);
    let served = Served::on(folder, port, "info", &[]);
    let story = served.ask(&get(&format!("/v1/leads/{lead}"), None)).json();
    assert_eq!(story["no_longer_kept"], json!(["timeline", "decisions"]), "{story}");
    assert_eq!((&story["decision"], &story["timeline"]), (&json!(null), &json!([])));
    assert!(story["lead"]["contact"]["email"].is_object(), "the lead itself is there: {story}");
    let explained = served.ask(&get(&format!("/v1/leads/{lead}/explain"), None));
    assert!(explained.status == 404 && explained.body.contains("no longer kept"), "{explained:?}");
    let report = served.ask(&get("/v1/reports/routing?days=600", None)).json();
    assert_eq!(report["no_longer_kept"][0]["kind"], "timeline", "{report}");

    // The event again is known, and begins no second lead.
    let again = served.ask(&post("/v1/leads?wait=1500ms", None, &event)).json();
    assert_eq!(again["status"], "taken", "{again}");
    assert!(again["ignored"].as_str().is_some_and(|why| why.contains("no longer kept")), "{again}");
    let leads = served.ask(&get("/v1/leads", None)).json();
    assert_eq!(leads["leads"].as_array().map(Vec::len), Some(1), "{leads}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lead_goes_with_all_that_is_about_it() {
    let mut served = Served::start("[keep]\nleads = \"200d\"\n", "info", &[]);
    let caller = Caller::gone(4);
    let decided = served.ask(&post("/v1/leads?wait=1500ms", None, &caller.event.to_string())).json();
    let lead = decided["lead"].as_str().unwrap_or_else(|| panic!("{decided}")).to_owned();
    served.stops_within(Duration::from_secs(20));
    age(served.folder.path(), 201).await;
    let pruned = served.run(&["prune"]);
    assert_eq!((counted(&pruned, "leads"), counted(&pruned, "events")), (Some(1), Some(1)), "{pruned}");
    let db = Db::open(sqlite_in(served.folder.path())).await;
    for table in ["inbox", "lead", "decision", "handoff", "timeline", "step", "call_key"] {
        assert_eq!(db.number(format!("SELECT COUNT(*) FROM {table}")).await, 0, "{table}");
    }
    let turns = "SELECT COUNT(*) FROM ledger_entry WHERE lead_id = '";
    assert_eq!(db.number(format!("{turns}{lead}'")).await, 1, "the turn that it cost is counted on");
    let Served { port, process, folder } = served;
    drop(process);
    let served = Served::on(folder, port, "info", &[]);
    let gone = served.ask(&get(&format!("/v1/leads/{lead}"), None));
    assert!(gone.status == 404 && gone.body.contains("no longer kept"), "{gone:?}");
    let replayed = served.baton(&["replay", "--decision", &lead]);
    assert!(stderr(&replayed).contains("or it is no longer kept"), "{}", told(&replayed));
    let report = served.run(&["report", "--days", "300"]);
    assert!(report.contains("No longer kept in full: leads from before"), "{report}");
}

#[test]
fn a_span_that_a_worker_cannot_do_with_is_refused_with_the_reason() {
    let folder = workspace(free_port(), 2, "[keep]\ntimeline = \"10d\"\n");
    let checked = baton(&["check", folder.path().to_str().expect("a plain path")]);
    assert_ne!(code(&checked), 0, "{}", told(&checked));
    let said = told(&checked);
    assert!(said.contains("keep.timeline is 10d") && said.contains("allowed: 90d or more"), "{said}");
    let served = baton(&["serve", "-w", folder.path().to_str().expect("a plain path")]);
    assert!(code(&served) == 1 && stderr(&served).contains("keep.timeline is 10d"), "{}", told(&served));
}

async fn a_worker_lets_go_by_itself(db: Db) {
    let clock: SharedClock = town::clock(600);
    let folder = town::founded(2);
    let message =
        |number: usize, days: i64| town::inbox(&Caller::gone(number).event, clock.now() - TimeDelta::days(days));
    let messages: Vec<InboxMessage> = vec![message(1, 40), message(2, 20)];
    writes!(db.store, [messages], |tx| tx.inbox_insert(&messages).await).await.expect("messages");
    db.execute("UPDATE inbox SET state = 'handled', answer = '{}'").await;
    let running = town::worker(folder.path(), &db.store, &clock).await;
    let gone = "SELECT COUNT(*) FROM inbox WHERE octet_length(body) = 0";
    eventually("the old bytes are gone", || async { db.number(gone).await == 1 }).await;
    running.stop().await;
    assert_eq!(db.number("SELECT COUNT(*) FROM inbox WHERE octet_length(body) > 0").await, 1, "the young ones are not");
}

on_both! {
    a_worker_lets_go_by_itself,
}
