//! A person who asks to be forgotten: nothing of them is left in any table or file, and everything else is as it was.

mod documented;
#[cfg(feature = "failpoints")]
mod killed;
mod person;
mod property;
mod review;
mod stage;
mod survivor;
mod vendors;
mod written;

use crate::durability::flow::play::Play;
use crate::eventually::eventually;
use crate::program::served::workspace;
use crate::program::{baton, code, free_port, json_of, stdout, told as told_of};
use crate::store::server::{Db, ledgers, on_both, sqlite_in};
use crate::town::Caller;
use baton::app::replay::ReplayVerdict;
use baton::connectors::http::{ApiCall, Does};
use baton::intake::event::lead_id;
use baton_core::domain::lead::Contact;
use baton_sandbox::voice::RepManner;
use person::{CANARIES, EMAIL, LEADS, OTHERS, PHONE, dump, dump_of, events, found_in, texts};
use reqwest::Method;
use serde_json::{Value, json};
use stage::{PLANTED, Town};
use std::time::Duration;

on_both! {
    nothing_of_the_person_is_left_and_every_figure_is_as_it_was,
    what_comes_again_brings_nothing_back_and_who_calls_again_is_a_new_lead,
    a_lead_of_somebody_else_loses_the_one_sentence_in_which_the_person_is_named,
}

fn both() -> Value {
    json!({ "phone": "+1 (415) 555-0142", "email": EMAIL, "why": "asked by letter" })
}

async fn nothing_of_the_person_is_left_and_every_figure_is_as_it_was(db: Db) {
    let (town, worker) = Town::begin(db).await;
    let began = town.clock.now();
    town.bring(&[events(began), vec![person::other(began)]].concat()).await;
    town.write_of().await;
    assert_eq!(town.count("lead").await, LEADS + 1);
    assert_eq!(town.count("inbox WHERE state = 'quarantined'").await, 1);
    town.plant(&lead_id("town", "evt-whole"), PHONE, EMAIL).await;
    let written = ["inbox", "lead", "handoff", "step", "timeline", "feedback", "audit", "call_key"];
    for table in PLANTED.into_iter().chain(written) {
        assert_ne!(found_in(&dump_of(&town.db, table).await), Vec::<&str>::new(), "{table} holds the person");
    }
    let before = dump(&town.db).await;
    assert_eq!(found_in(&before).len(), CANARIES.len(), "the person is everywhere: {:?}", found_in(&before));
    let now = town.clock.now();
    let (report, balances) = (town.report(now).await, ledgers(&town.db.store).await);
    let of_other = format!("SELECT body FROM lead WHERE id = '{}'", lead_id("town", OTHERS));
    let other = texts(&town.db, of_other.clone()).await;
    let open = format!("step WHERE state = 'due' AND lead_id <> '{}'", lead_id("town", OTHERS));
    assert!(town.count(&open).await > 0, "calls are owed");

    let told = town.erase(both()).await;
    assert_eq!(told["leads"].as_array().map(Vec::len), Some(LEADS as usize), "{told}");
    assert_eq!(told["messages"], 6, "those of the leads, of the second event, and the one that was put aside");
    assert_eq!((&told["earlier"], &told["why"]), (&json!([]), &json!("asked by letter")));
    let calls = told["at_vendors"].as_array().expect("a list").iter().filter(|held| held["what"] == "call");
    assert_eq!(calls.count(), 2, "the platform has two calls: {told}");
    assert_eq!(found_in(&dump(&town.db).await), Vec::<&str>::new());

    assert_eq!(town.report(now).await, report);
    assert_eq!(ledgers(&town.db.store).await, balances);
    assert_eq!(texts(&town.db, of_other).await, other);
    let open = format!("step WHERE state IN ('due', 'leased') AND lead_id <> '{}'", lead_id("town", OTHERS));
    assert_eq!(town.count(&open).await, 0, "nothing is still to be sent");
    assert_eq!(town.count("lead WHERE erased_at IS NOT NULL AND next_step = 'callback'").await, 0);
    for (lead, verdict) in town.verdicts().await {
        let is_other = lead == lead_id("town", OTHERS).to_string();
        assert_eq!(matches!(verdict, ReplayVerdict::Erased { .. }), !is_other, "{lead}: {verdict:?}");
        assert!(!is_other || verdict == ReplayVerdict::Same, "{verdict:?}");
    }
    let lead = lead_id("town", "evt-whole").to_string();
    let shown = town.get(&["v1", "leads", &lead]).await.value();
    assert!(shown["erased_at"].is_string() && shown["lead"]["contact"]["name"].is_null(), "{shown}");
    assert_eq!(
        shown["timeline"].as_array().and_then(|lines| lines.last()).map(|line| &line["kind"]),
        Some(&json!("erased"))
    );
    assert!(town.get(&["v1", "leads", &lead, "explain"]).await.text().contains("was erased at"));
    let listed = town.get(&["v1", "leads"]).await.value();
    let erased = listed["leads"].as_array().expect("leads").iter().filter(|lead| lead["erased_at"].is_string());
    assert_eq!(erased.count(), LEADS as usize);
    worker.stop().await;
}

async fn what_comes_again_brings_nothing_back_and_who_calls_again_is_a_new_lead(db: Db) {
    let (town, worker) = Town::begin(db).await;
    let events = events(town.clock.now());
    town.bring(&events).await;
    let first = town.erase(both()).await;
    let second = town.erase(json!({ "phone": PHONE })).await;
    assert_eq!((&second["leads"], &second["messages"]), (&json!([]), &json!(0)), "there was nothing left");
    assert_eq!(
        (&first["state"], &second["earlier"]),
        (&json!("done"), &json!([])),
        "nobody knows whom the first was about"
    );

    town.bring(&events).await;
    town.bring(&[person::late(town.clock.now())]).await;
    assert_eq!(found_in(&dump(&town.db).await), Vec::<&str>::new());
    assert_eq!(town.count("lead").await, LEADS);
    town.bring(&[person::again(town.clock.now())]).await;
    assert_eq!(town.count("lead").await, LEADS + 1);
    assert_eq!(town.count(&format!("lead WHERE phone = '{PHONE}'")).await, 1, "who calls again is somebody new");
    worker.stop().await;
}

async fn a_lead_of_somebody_else_loses_the_one_sentence_in_which_the_person_is_named(db: Db) {
    let (town, worker) = Town::begin(db).await;
    let mut other = person::other(town.clock.now());
    other["data"]["qualification"] = json!({ "summary": "Ask my colleague at (415) 555 0142.", "intent": "to buy" });
    town.bring(&[other]).await;
    let told = town.erase(json!({ "phone": PHONE })).await;
    let lead = lead_id("town", OTHERS);
    assert_eq!((&told["leads"], &told["named_in"]), (&json!([]), &json!([lead])));
    assert_eq!(found_in(&dump(&town.db).await), Vec::<&str>::new());
    let lead = town.get(&["v1", "leads", lead.as_str()]).await.value();
    assert!(lead["erased_at"].is_null(), "the lead is not the person's");
    assert_eq!(lead["lead"]["contact"]["name"]["value"], "Otto Other");
    assert_eq!(lead["lead"]["qualification"]["intent"]["value"], "to buy");
    assert!(town.verdicts().await.values().all(|verdict| matches!(verdict, ReplayVerdict::Erased { .. })));
    worker.stop().await;
}

/// What was deleted before lies in free pages until the file is written anew.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_byte_of_the_person_is_left_in_the_file() {
    let place = workspace(free_port(), 2, "");
    let (town, worker) = Town::begin(Db::open(sqlite_in(place.path())).await).await;
    town.bring(&events(town.clock.now())).await;
    town.write_of().await;
    worker.stop().await;
    let path = place.path().to_str().expect("a plain path");
    let erase = |more: &[&str]| baton(&[&["erase", "-w", path][..], more].concat());
    let whom = ["--phone", "1 415 555 0142", "--email", EMAIL, "--format", "json"];
    assert!(!erase(&whom).status.success(), "a number without its plus may be any country's");
    let whom = ["--phone", "+1 (415) 555-0142", "--email", EMAIL, "--format", "json"];

    let would = json_of(&erase(&[&whom[..], &["--dry-run"]].concat()));
    assert_eq!(would["leads"].as_array().map(Vec::len), Some(LEADS as usize), "{would}");
    assert_eq!(found_in(&dump(&town.db).await).len(), CANARIES.len(), "nothing was changed");

    let told = json_of(&erase(&whom));
    assert_eq!((&told["state"], &told["leads"]), (&json!("done"), &would["leads"]), "{told}");
    assert_eq!(found_in(&dump(&town.db).await), Vec::<&str>::new());
    let replayed = baton(&["replay", "-w", path, "--format", "json"]);
    assert_eq!(code(&replayed), 0, "what is erased does not differ: {}", told_of(&replayed));
    assert_eq!(json_of(&replayed)["erased"], LEADS, "{}", told_of(&replayed));
    stdout(&erase(&["--vacuum"]));
    for name in ["baton.db", "baton.db-wal"] {
        let bytes = std::fs::read(place.path().join(name)).unwrap_or_default();
        assert_eq!(found_in(&String::from_utf8_lossy(&bytes)), Vec::<&str>::new(), "{name}");
    }
    let audited = texts(&town.db, "SELECT act FROM audit ORDER BY seq".to_owned()).await;
    let erased = audited.iter().filter(|act| *act == "lead.erase").count();
    assert_eq!(erased, LEADS as usize, "{audited:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_on_the_line_is_put_through_and_forgotten_when_the_call_is_over() {
    let play = Play::begin().await;
    let accepts = RepManner::Accepts { after: Duration::from_secs(2) };
    let caller = Caller::live(1).reps(&[accepts]).talks_for(Duration::from_secs(60));
    let lead = play.call(&caller).await;
    play.until_rung(1).await;
    let post = ApiCall::new("erase", Does::Write, Method::POST, &["v1", "erasures"]);
    let asked = play.send(post.json(json!({ "email": caller.email() }))).await.value();
    let id = asked["erasure"].as_str().expect("an id").to_owned();
    let told = || async { play.send(ApiCall::get("look", &["v1", "erasures", &id])).await.value() };
    eventually("it waits for the call", || async { told().await["waits_for"] == json!([lead]) }).await;
    assert!(play.lead(&lead).await.erased_at.is_none());

    let record = play.until(&lead, "connected").await;
    assert!(record.first_contact_at.is_some(), "the caller was put through all the same");
    assert_eq!(play.accepted("voice", "ring").len(), 1);
    eventually("it is done when they have spoken", || async { told().await["state"] == "done" }).await;
    let record = play.lead(&lead).await;
    assert!(record.erased_at.is_some() && record.lead.contact == Contact::default());
    assert_eq!(record.status, "connected", "what came of it stays");
    let told = told().await;
    for what in ["crm_record", "chat_message", "call"] {
        let held = told["at_vendors"].as_array().expect("a list").iter().find(|held| held["what"] == what);
        assert!(held.is_some_and(|held| !held["reference"].is_null() && !held["to_do"].is_null()), "{what}: {told}");
    }
    let dump = dump(&Db::open(sqlite_in(play.folder.path())).await).await;
    for canary in [caller.email(), "Caller No 1", "+447700900001", "Company 1\""] {
        assert!(!dump.contains(canary), "{canary}");
    }
    play.nothing_twice();
}
