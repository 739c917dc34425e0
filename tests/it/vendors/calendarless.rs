//! Reps whose `calendar` cell is empty: the column is optional, and whoever has none is a rep like any other. Once they had no
//! caps, no presence and no reservation, and a pool of them alone was never decided again after its first lead.

use crate::store::server::{Db, on_postgres, on_sqlite};
use crate::town;
use baton::app::Running;
use baton::intake::event::lead_id;
use baton_clock::{ScaledClock, SharedClock};
use baton_core::domain::id::{HandoffId, RepId};
use baton_core::handoff::Handoff;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Nobody's day ends during a test.
const BEGINS: &str = "2026-11-23T10:00:00Z";
const SOON: Duration = Duration::from_secs(30);

/// Empties the `calendar` cell of the reps for whom this is true.
fn without_calendar(folder: &Path, whose: impl Fn(&str) -> bool) {
    let path = folder.join("rules/reps.csv");
    let text = std::fs::read_to_string(&path).expect("the roster");
    let empty = |line: &str| match line.split(',').next() {
        Some(id) if whose(id) => line.replace(&format!(",{id}@reps.example,005"), ",,005"),
        _ => line.to_owned(),
    };
    let lines: Vec<String> = text.lines().map(empty).collect();
    assert_ne!(lines.join("\n"), text.trim_end(), "some cells are emptied");
    std::fs::write(&path, lines.join("\n")).expect("the roster is written");
}

/// Callers from the United States call one after the other, all on the line: for west-01 and west-02.
async fn callers(worker: &Running, db: &Db, clock: &SharedClock, count: usize) -> Vec<Handoff> {
    for number in 1..=count {
        let message = town::message(number * 3, clock.now());
        worker.decider.take(vec![message]).await.expect("the event is taken");
    }
    let handoffs = tokio::time::timeout(SOON, async {
        let mut found = Vec::new();
        while found.len() < count {
            tokio::time::sleep(Duration::from_millis(20)).await;
            found.clear();
            for number in 1..=count {
                let id = HandoffId::of(&lead_id("town", &format!("evt-{}", number * 3)));
                found.extend(db.store.handoff(&id).await);
            }
        }
        found
    });
    handoffs.await.expect("every lead is decided")
}

/// Two reps and two callers: each phone rings for one of them, and turns go around.
async fn one_phone_rings_for_one_caller(db: Db, whose: fn(&str) -> bool) {
    let folder = tempfile::tempdir().expect("a folder");
    town::found(folder.path(), 2);
    without_calendar(folder.path(), whose);
    // What a decision holds stays held: no second of the world passes that a test does not take.
    let clock: SharedClock = Arc::new(ScaledClock::new(BEGINS.parse().expect("an instant"), 1));
    let worker = town::worker(folder.path(), &db.store, &clock).await;
    let handoffs = callers(&worker, &db, &clock, 2).await;
    let rung: BTreeSet<RepId> = handoffs.iter().filter_map(|handoff| Some(handoff.legs.first()?.rep.clone())).collect();
    assert_eq!(rung.len(), 2, "two callers, two phones: {rung:?}");
    worker.stop().await;
    let counted = db.store.read("test", |tx| Box::pin(async move { tx.ledgers_recount().await })).await;
    for (pool, (stored, counted)) in counted.expect("a recount") {
        assert_eq!(stored, counted, "{pool}: the journal proves the balances");
    }
    assert_eq!(
        db.number("SELECT CAST(SUM(taken_today) AS BIGINT) FROM rep_state").await,
        2,
        "each lead counts for a cap"
    );
    assert_eq!(
        db.number("SELECT COUNT(*) FROM ledger_entry WHERE author = 'decision'").await,
        2,
        "each costs one turn"
    );
    assert_eq!(db.number("SELECT COUNT(*) FROM inbox WHERE state <> 'handled'").await, 0);
}

fn all(_: &str) -> bool {
    true
}

/// west-01 has none, west-02 has.
fn the_first(id: &str) -> bool {
    id.ends_with("-01")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pool_without_calendars_rings_each_phone_for_one_caller_on_sqlite() {
    on_sqlite(|db| one_phone_rings_for_one_caller(db, all)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pool_without_calendars_rings_each_phone_for_one_caller_on_postgres() {
    on_postgres(|db| one_phone_rings_for_one_caller(db, all)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mixed_pool_rings_each_phone_for_one_caller_on_sqlite() {
    on_sqlite(|db| one_phone_rings_for_one_caller(db, the_first)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mixed_pool_rings_each_phone_for_one_caller_on_postgres() {
    on_postgres(|db| one_phone_rings_for_one_caller(db, the_first)).await;
}
