//! Reps whose `calendar` cell is empty: the column is optional, and whoever has none is a rep like any other. Once they had no
//! caps, no presence and no reservation, and a pool of them alone was never decided again after its first lead.

use crate::eventually::found;
use crate::store::server::{Db, ledgers, tests};
use crate::town::{self, Caller};
use baton::app::Running;
use baton_clock::SharedClock;
use baton_core::domain::id::{HandoffId, RepId};
use baton_core::handoff::Handoff;
use std::collections::BTreeSet;

/// Callers from the United States call one after the other, all on the line: for west-01 and west-02.
async fn callers(worker: &Running, db: &Db, clock: &SharedClock, count: usize) -> Vec<Handoff> {
    let callers: Vec<Caller> = (1..=count).map(|number| Caller::live(number * 3)).collect();
    let mut handoffs = Vec::new();
    for caller in &callers {
        worker.decider.take(vec![town::inbox(&caller.event, clock.now())]).await.expect("the event is taken");
    }
    for caller in &callers {
        let id = HandoffId::of(&caller.lead());
        handoffs.push(found("every lead is decided", || async { db.store.handoff(&id).await.ok() }).await);
    }
    handoffs
}

/// Two reps and two callers: each phone rings for one of them, and turns go around.
async fn one_phone_rings_for_one_caller(db: Db, whose: fn(&str) -> bool) {
    let folder = town::founded(2);
    town::take_calendars(folder.path(), |_, id| whose(id));
    // What a decision holds stays held: no second of the world passes that a test does not take.
    let clock: SharedClock = town::clock(1);
    let worker = town::worker(folder.path(), &db.store, &clock).await;
    let handoffs = callers(&worker, &db, &clock, 2).await;
    let rung: BTreeSet<RepId> = handoffs.iter().filter_map(|handoff| Some(handoff.legs.first()?.rep.clone())).collect();
    assert_eq!(rung.len(), 2, "two callers, two phones: {rung:?}");
    worker.stop().await;
    ledgers(&db.store).await;
    let taken = "SELECT CAST(SUM(taken_today) AS BIGINT) FROM rep_state";
    assert_eq!(db.number(taken).await, 2, "each lead counts for a cap");
    let turns = "SELECT COUNT(*) FROM ledger_entry WHERE author = 'decision'";
    assert_eq!(db.number(turns).await, 2, "each costs one turn");
    assert_eq!(db.number("SELECT COUNT(*) FROM inbox WHERE state <> 'handled'").await, 0);
}

fn all(_: &str) -> bool {
    true
}

/// west-01 has none, west-02 has.
fn the_first(id: &str) -> bool {
    id.ends_with("-01")
}

tests! {
    a_pool_without_calendars_rings_each_phone_for_one_caller_on_sqlite:
        on_sqlite(|db| one_phone_rings_for_one_caller(db, all)),
    a_pool_without_calendars_rings_each_phone_for_one_caller_on_postgres:
        on_postgres(|db| one_phone_rings_for_one_caller(db, all)),
    a_mixed_pool_rings_each_phone_for_one_caller_on_sqlite:
        on_sqlite(|db| one_phone_rings_for_one_caller(db, the_first)),
    a_mixed_pool_rings_each_phone_for_one_caller_on_postgres:
        on_postgres(|db| one_phone_rings_for_one_caller(db, the_first)),
}
