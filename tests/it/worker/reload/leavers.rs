//! Reps who leave the roster under a running worker: nobody waits for them, and what they promised is kept by others.

use super::{follower, rules, settled};
use crate::durability::flow::play::Play;
use crate::eventually::eventually;
use crate::program::edit;
use crate::town::Caller;
use baton::app::reload::Looked;
use baton::connectors::http::{ApiCall, Does};
use baton_core::domain::id::RepId;
use baton_core::handoff::Stage;
use baton_sandbox::voice::RepManner;
use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

/// They are in the roster no more, and the worker has taken that up.
async fn leave(play: &Play, leaving: &[&RepId]) {
    let mut follower = follower(play);
    keep_lead_rep(play, leaving);
    dismiss(play.folder.path(), leaving);
    assert!(matches!(settled(&mut follower).await, Looked::Taken(_)), "{:?}", rules(play).await["refused"]);
}

/// Takes rows out of the roster.
fn dismiss(folder: &Path, reps: &[&RepId]) {
    let path = folder.join("rules/reps.csv");
    let text = std::fs::read_to_string(&path).expect("the roster");
    let stays = |line: &&str| !reps.iter().any(|rep| line.starts_with(&format!("{rep},")));
    let left: Vec<&str> = text.lines().filter(stays).collect();
    assert_eq!(left.len() + reps.len(), text.lines().count());
    std::fs::write(path, left.join("\n")).expect("it can be written");
}

/// The pool's own deputy may not leave it: somebody else is named, as a person would.
fn keep_lead_rep(play: &Play, leaving: &[&RepId]) {
    if leaving.iter().any(|rep| rep.as_str() == "west-01") {
        let stays = (2..).map(|number| format!("west-{number:02}"));
        let stays = stays.into_iter().find(|name| !leaving.iter().any(|rep| rep.as_str() == name)).expect("somebody");
        edit(play.folder.path(), "rules/routing.yaml", "lead_rep: west-01", &format!("lead_rep: {stays}"));
    }
}

/// Whoever leaves the roster while their phone rings is not waited for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rep_who_leaves_while_ringing_strands_nobody() {
    let (play, lead) = Play::of(&Caller::live(3).reps(&[RepManner::Silent]).chooses(None)).await;
    play.until_rung(1).await;
    let handoff = play.handoff(&lead).await;
    let Stage::Ringing { .. } = handoff.stage else { panic!("{:?}", handoff.stage) };
    // The one who rings, who owns the lead, and the next one.
    let (rings, owner) = (handoff.legs[0].rep.clone(), play.lead(&lead).await.owner);
    let mut leaving: Vec<&RepId> = vec![&rings, &owner];
    leaving.dedup();
    leave(&play, &leaving).await;
    let record = play.until(&lead, "callback").await;
    let Stage::Callback { promise } = play.handoff(&lead).await.stage else { panic!("{record:?}") };
    assert!(!leaving.contains(&&promise.owner), "{} promised, and is gone", promise.owner);
    assert!(play.running.reload.current().borrow().rules.reps.contains_key(&record.next_step.owner), "{record:?}");
    play.nothing_twice();
}

/// A promise whose owner has left goes on to whoever the rules name, and the reload says so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_promise_of_a_rep_who_leaves_goes_on_by_the_rules() {
    let play = Play::begin().await;
    let caller = Caller::live(3).reps(&[RepManner::Silent]).hangs_up_after(Duration::from_secs(2));
    let lead = play.call(&caller).await;
    let before = play.ends(&lead, "callback").await;
    let owner = before.next_step.owner.clone();
    leave(&play, &[&owner]).await;
    let told = rules(&play).await["summary"].to_string();
    let expected = format!("{owner} is not active and owes 1 call: these leads go on by the rules");
    assert!(told.contains(&expected), "{told}");
    eventually("the promise goes on", || async { play.lead(&lead).await.next_step.owner != owner }).await;
    let after = play.lead(&lead).await;
    assert_eq!(after.owner, after.next_step.owner, "{after:?}");
    assert!(after.owner.as_str().starts_with("west-") && after.owner != owner, "by the rules: {after:?}");
    assert_eq!(after.next_step.at, before.next_step.at, "the caller was told that time");
    play.until_quiet().await;
    assert!(play.ledgers().await.values().all(|ledger| ledger.balance(&owner) >= 0), "who left owes no turn");
}

/// The caller keeps the time of the meeting free: somebody else calls in it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_meeting_with_a_rep_who_leaves_becomes_a_call_of_another() {
    let (play, lead) = Play::of(&Caller::live(3).reps(&[RepManner::Silent]).chooses(Some(1))).await;
    let before = play.ends(&lead, "booked").await;
    let (owner, meeting) = (before.next_step.owner.clone(), before.next_step.at);
    leave(&play, &[&owner]).await;
    let told = rules(&play).await["summary"].to_string();
    let expected = format!("{owner} is not active and owes 1 meeting: these leads go on by the rules");
    assert!(told.contains(&expected), "{told}");
    let after = play.until(&lead, "callback").await;
    assert!(after.owner != owner && after.next_step.owner == after.owner, "{after:?}");
    let within = after.next_step.at - meeting;
    assert!(within > TimeDelta::zero() && within <= TimeDelta::hours(1), "in the time of the meeting: {after:?}");
    play.until_quiet().await;
}

/// Shown before as it comes, told to whoever has it then and to the CRM; and given back, as the call that it became.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_meeting_of_a_leaver_is_shown_told_and_given_back() {
    let (play, lead) = Play::of(&Caller::live(3).reps(&[RepManner::Silent]).chooses(Some(1))).await;
    let before = play.ends(&lead, "booked").await;
    let owner = before.next_step.owner.clone();
    let path = ["v1", "reps", owner.as_str(), "leaver"];
    let (status, shown) = play.page(&path).await;
    let shown: Value = serde_json::from_str(&shown).expect("JSON");
    assert_eq!((status, &shown["moves"][0]["lead"]), (200, &json!(lead)), "{shown}");
    let next = &shown["moves"][0]["next_step"];
    assert_eq!((&next["what"], &next["owner"]), (&json!("callback"), &shown["moves"][0]["owner"]), "{shown}");
    play.until_quiet().await;
    let cards = play.accepted("slack", "message").len();

    let roster = play.folder.path().join("rules/reps.csv");
    let everybody = std::fs::read_to_string(&roster).expect("the roster");
    leave(&play, &[&owner]).await;
    let after = play.until(&lead, "callback").await;
    assert_eq!(json!(after.next_step), *next, "as it was shown");
    play.until_quiet().await;
    assert!(play.accepted("slack", "message").len() > cards, "whoever has it now is told");
    let known = std::sync::Arc::clone(&play.running.reload.current().borrow().rules);
    let in_crm = known.reps[&after.owner].crm_id.as_ref().expect("an id").as_str();
    assert_eq!(play.stage.salesforce.leads()[0]["OwnerId"], in_crm);

    let mut follower = follower(&play);
    std::fs::write(&roster, everybody).expect("the roster is written");
    assert!(matches!(settled(&mut follower).await, Looked::Taken(_)), "{:?}", rules(&play).await["refused"]);
    let body = json!({ "undo": true, "reason": "is back", "by": "lena" });
    let answer = play.send(ApiCall::new("undo", Does::Write, Method::POST, &path).json(body)).await;
    let told: Value = serde_json::from_slice(&answer.body).expect("JSON");
    assert_eq!((answer.status, &told["moves"][0]["lead"]), (200, &json!(lead)), "{told}");
    let back = play.lead(&lead).await;
    assert_eq!((&back.owner, &back.next_step.owner, back.next_step.at), (&owner, &owner, after.next_step.at));
    play.until_quiet().await;
    play.nothing_twice();
}
