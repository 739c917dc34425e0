//! Rules and templates that change under a running worker: taken up whole, refused whole, and nobody's lead is lost over it.

mod leavers;
mod program;

use crate::durability::flow::play::Play;
use crate::program::edit;
use crate::store::server::{Db, sqlite_in};
use crate::store::tx::reads;
use crate::town::{self, Caller};
use baton::app::reload::{Follower, Looked};
use baton_clock::SharedClock;
use baton_core::domain::id::LeadId;
use baton_sandbox::voice::RepManner;
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

/// Callers of the west go east, and the other way round.
fn exchange(folder: &Path) {
    edit(folder, "rules/territories.csv", "West,US,,,,,,,,\nEast,GB,", "West,GB,,,,,,,,\nEast,US,");
}

async fn rules(play: &Play) -> Value {
    let (status, told) = play.page(&["v1", "rules"]).await;
    assert_eq!(status, 200);
    serde_json::from_str(&told).expect("JSON")
}

async fn release_of(play: &Play, lead: &LeadId) -> String {
    let decision = reads!(play.running.store, [lead], |tx| tx.decision(&lead).await);
    decision.await.expect("it is read").expect("a decision").release.to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_that_the_connections_cannot_follow_are_refused() {
    let folder = town::founded(1);
    let db = Db::open(sqlite_in(folder.path())).await;
    let clock: SharedClock = town::clock(1);
    let running = town::worker(folder.path(), &db.store, &clock).await;
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
    let (_, told) = play.page(&["v1", "leads", before.as_str(), "explain"]).await;
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
    let (status, text) = play.page(&["readyz"]).await;
    assert!(status == 200 && text.contains("a change was refused"), "{text}");
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
