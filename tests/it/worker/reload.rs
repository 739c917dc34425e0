//! Rules and templates that change under a running worker: taken up whole, refused whole, and nobody's lead is lost over it.

mod program;

use crate::durability::flow::play::Play;
use crate::town::{Caller, found, worker};
use baton::app::reload::{Follower, Looked};
use baton::connectors::http::ApiCall;
use baton_clock::{ScaledClock, SharedClock};
use baton_core::domain::id::{LeadId, RepId};
use baton_core::handoff::Stage;
use baton_sandbox::voice::RepManner;
use chrono::TimeDelta;
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const ACCEPTS: RepManner = RepManner::Accepts { after: Duration::from_secs(1) };

fn follower(play: &Play) -> Follower {
    Arc::clone(&play.running.reload).follow(play.folder.path().to_owned())
}

/// Looks as often as it takes.
async fn settled(follower: &mut Follower) -> Looked {
    loop {
        match follower.look().await.expect("the folder can be read") {
            Looked::Unsettled => {}
            looked => return looked,
        }
    }
}

fn edit(folder: &Path, file: &str, from: &str, to: &str) {
    let path = folder.join(file);
    let text = std::fs::read_to_string(&path).expect("a file of the workspace");
    assert!(text.contains(from), "{file} has no {from:?}");
    std::fs::write(path, text.replace(from, to)).expect("it can be written");
}

/// Callers of the west go east, and the other way round.
fn exchange(folder: &Path) {
    edit(folder, "rules/territories.csv", "West,US,,,,,,,,\nEast,GB,", "West,GB,,,,,,,,\nEast,US,");
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

async fn rules(play: &Play) -> Value {
    let answer = play.send(ApiCall::get("rules", &["v1", "rules"])).await;
    assert_eq!(answer.status, 200);
    serde_json::from_slice(&answer.body).expect("JSON")
}

async fn release_of(play: &Play, lead: &LeadId) -> String {
    let lead = lead.clone();
    let read = play.running.store.read("test", move |tx| {
        let lead = lead.clone();
        Box::pin(async move { tx.decision(&lead).await })
    });
    read.await.expect("it is read").expect("a decision").release.to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_that_the_connections_cannot_follow_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    found(folder.path(), 1);
    let store = baton::store::Store::open(&format!("sqlite:{}?mode=rwc", folder.path().join("baton.db").display()))
        .await
        .expect("a store");
    store.migrate().await.expect("its tables");
    let clock: SharedClock = Arc::new(ScaledClock::new("2026-11-23T10:00:00Z".parse().expect("an instant"), 1));
    let running = worker(folder.path(), &store, &clock).await;
    let mut follower = Arc::clone(&running.reload).follow(folder.path().to_owned());
    edit(folder.path(), "rules/routing.yaml", "version: 1", "version: 1\nassignment: crm");
    let Looked::Refused(refusal) = settled(&mut follower).await else { panic!("there is no CRM that could choose") };
    let [why] = refusal.faults.as_slice() else { panic!("{:?}", refusal.faults) };
    assert!(why.contains("says `assignment: crm`, and baton.toml has no [crm]"), "{why}");
    assert_ne!(running.reload.current().borrow().rules.release, refusal.release, "the rules before them stay");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_saved_change_counts_for_rules_and_texts_at_once() {
    let play = Play::begin().await;
    let mut follower = follower(&play);
    assert_eq!(settled(&mut follower).await, Looked::Unchanged);
    let before = play.call(&Caller::live(3).reps(&[ACCEPTS])).await;
    assert!(play.lead(&before).await.owner.as_str().starts_with("west-"), "callers of the US go west");

    exchange(play.folder.path());
    edit(play.folder.path(), "templates/caller/hold.hbs", "One moment", "Changed. One moment");
    let Looked::Taken(id) = settled(&mut follower).await else { panic!("the change has no fault") };
    let after = play.call(&Caller::live(6).reps(&[ACCEPTS])).await;
    assert!(play.lead(&after).await.owner.as_str().starts_with("east-"), "and now east");
    play.until(&after, "connected").await;
    let said = play.accepted("voice", "instruct").iter().any(|said| said.to_string().contains("Changed."));
    assert!(said, "the new words are spoken: {:?}", play.accepted("voice", "instruct"));
    assert_eq!(release_of(&play, &after).await, id.to_string());
    assert_ne!(release_of(&play, &before).await, id.to_string());
    let told = rules(&play).await;
    assert_eq!((&told["release"], &told["refused"]), (&Value::from(id.as_str()), &Value::Null));
    assert_eq!(settled(&mut follower).await, Looked::Unchanged);

    // A decision of the past is told by its own rules, not by today's.
    let told = play.send(ApiCall::get("explain", &["v1", "leads", before.as_str(), "explain"])).await;
    let told = String::from_utf8_lossy(&told.body).into_owned();
    assert!(told.contains("West (line 2: country US) wins.") && told.contains("\nKnown at "), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_faulty_change_is_refused_and_told_until_it_is_mended() {
    let play = Play::begin().await;
    let mut follower = follower(&play);
    let before = rules(&play).await["release"].clone();
    edit(play.folder.path(), "rules/routing.yaml", "policy: balanced", "policy: balansed");
    edit(play.folder.path(), "templates/caller/hold.hbs", "getting {{rep}}", "getting {{nobody}}");
    let Looked::Refused(refusal) = settled(&mut follower).await else { panic!("it has faults") };
    assert!(refusal.faults.iter().any(|fault| fault.contains("rules/routing.yaml") && fault.contains("balanced")));
    assert!(refusal.faults.iter().any(|fault| fault.contains("templates/caller/hold.hbs")), "{refusal:?}");
    assert_eq!(settled(&mut follower).await, Looked::Unchanged, "one fault is told once");

    let told = rules(&play).await;
    assert_eq!(told["release"], before, "the old rules stay");
    assert_eq!(told["refused"]["faults"].as_array().expect("a list").len(), refusal.faults.len());
    let ready = play.send(ApiCall::get("ready", &["readyz"])).await;
    let text = String::from_utf8_lossy(&ready.body).into_owned();
    assert!(ready.status == 200 && text.contains("a change was refused"), "{text}");
    let lead = play.call(&Caller::live(3).reps(&[ACCEPTS])).await;
    play.until(&lead, "connected").await;

    // Taken back: nothing is refused any more, and nothing was swapped.
    edit(play.folder.path(), "rules/routing.yaml", "policy: balansed", "policy: balanced");
    edit(play.folder.path(), "templates/caller/hold.hbs", "getting {{nobody}}", "getting {{rep}}");
    assert_eq!(settled(&mut follower).await, Looked::Unchanged);
    let told = rules(&play).await;
    assert_eq!((&told["release"], &told["refused"]), (&before, &Value::Null));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_still_being_written_is_not_believed() {
    let play = Play::begin().await;
    let mut follower = follower(&play);
    let roster = play.folder.path().join("rules/reps.csv");
    let whole = std::fs::read(&roster).expect("the roster");
    let longer = [&whole[..], b"late-01,Late,late@reps.example,,west,UTC,always,,,\n"].concat();
    // An editor writes it bit by bit; some ends of the pieces would load, and leave half of the reps out.
    for end in [0, longer.len() / 3, longer.len() / 2, longer.len() - 60] {
        std::fs::write(&roster, &longer[..end]).expect("it can be written");
        assert_eq!(follower.look().await.expect("a look"), Looked::Unsettled, "{end} bytes");
    }
    // It is exchanged by renaming: for a moment it is not there at all.
    std::fs::remove_file(&roster).expect("it can be removed");
    std::fs::create_dir(&roster).expect("a folder in its place");
    let _unreadable_or_unsettled = follower.look().await;
    std::fs::remove_dir(&roster).expect("it can be removed");
    std::fs::write(&roster, &longer).expect("it can be written");
    assert_eq!(follower.look().await.expect("a look"), Looked::Unsettled);
    assert!(matches!(follower.look().await.expect("a look"), Looked::Taken(_)));
    assert_eq!(rules(&play).await["refused"], Value::Null, "nothing was ever refused");
}

/// Whoever leaves the roster while their phone rings is not waited for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rep_who_leaves_while_ringing_strands_nobody() {
    let play = Play::begin().await;
    let mut follower = follower(&play);
    let lead = play.call(&Caller::live(3).reps(&[RepManner::Silent]).chooses(None)).await;
    play.until_rung(1).await;
    let handoff = play.handoff(&lead).await;
    let Stage::Ringing { .. } = handoff.stage else { panic!("{:?}", handoff.stage) };
    // The one who rings, who owns the lead, and the next one.
    let (rings, owner) = (handoff.legs[0].rep.clone(), play.lead(&lead).await.owner);
    let mut leaving: Vec<&RepId> = vec![&rings, &owner];
    leaving.dedup();
    keep_lead_rep(&play, &leaving);
    dismiss(play.folder.path(), &leaving);
    assert!(matches!(settled(&mut follower).await, Looked::Taken(_)), "{:?}", rules(&play).await["refused"]);
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
    let mut follower = follower(&play);
    let caller = Caller::live(3).reps(&[RepManner::Silent]).hangs_up_after(Duration::from_secs(2));
    let lead = play.call(&caller).await;
    let before = play.until(&lead, "callback").await;
    play.until_quiet().await;
    let owner = before.next_step.owner.clone();
    keep_lead_rep(&play, &[&owner]);
    dismiss(play.folder.path(), &[&owner]);
    assert!(matches!(settled(&mut follower).await, Looked::Taken(_)), "{:?}", rules(&play).await["refused"]);
    let told = rules(&play).await["summary"].to_string();
    let expected = format!("{owner} is not active and owes 1 call: these leads go on by the rules");
    assert!(told.contains(&expected), "{told}");
    let moved = async {
        while play.lead(&lead).await.next_step.owner == owner {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), moved).await.expect("the promise goes on");
    let after = play.lead(&lead).await;
    assert_eq!(after.owner, after.next_step.owner, "{after:?}");
    assert!(after.owner.as_str().starts_with("west-") && after.owner != owner, "by the rules: {after:?}");
    assert_eq!(after.next_step.at, before.next_step.at, "the caller was told that time");
    play.until_quiet().await;
    for (pool, (stored, counted)) in play.ledgers().await {
        assert_eq!(stored, counted, "{pool}");
        assert!(stored.balance(&owner) >= 0, "who left owes no turn");
    }
    play.nothing_twice();
}

/// The caller keeps the time of the meeting free: somebody else calls in it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_meeting_with_a_rep_who_leaves_becomes_a_call_of_another() {
    let play = Play::begin().await;
    let mut follower = follower(&play);
    let lead = play.call(&Caller::live(3).reps(&[RepManner::Silent]).chooses(Some(1))).await;
    let before = play.until(&lead, "booked").await;
    play.until_quiet().await;
    let (owner, meeting) = (before.next_step.owner.clone(), before.next_step.at);
    keep_lead_rep(&play, &[&owner]);
    dismiss(play.folder.path(), &[&owner]);
    assert!(matches!(settled(&mut follower).await, Looked::Taken(_)), "{:?}", rules(&play).await["refused"]);
    let told = rules(&play).await["summary"].to_string();
    let expected = format!("{owner} is not active and owes 1 meeting: these leads go on by the rules");
    assert!(told.contains(&expected), "{told}");
    let after = play.until(&lead, "callback").await;
    assert!(after.owner != owner && after.next_step.owner == after.owner, "{after:?}");
    let within = after.next_step.at - meeting;
    assert!(within > TimeDelta::zero() && within <= TimeDelta::hours(1), "in the time of the meeting: {after:?}");
    play.until_quiet().await;
    play.nothing_twice();
}

/// The pool's own deputy may not leave it: somebody else is named, as a person would.
fn keep_lead_rep(play: &Play, leaving: &[&RepId]) {
    if leaving.iter().any(|rep| rep.as_str() == "west-01") {
        let stays = (2..).map(|number| format!("west-{number:02}"));
        let stays = stays.into_iter().find(|name| !leaving.iter().any(|rep| rep.as_str() == name)).expect("somebody");
        edit(play.folder.path(), "rules/routing.yaml", "lead_rep: west-01", &format!("lead_rep: {stays}"));
    }
}
