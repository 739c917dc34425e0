//! Turns are given under one lock per pool, and the journal can always prove the balances.

use super::server::{Db, at_once, ledgers};
use super::tx::{reads, writes};
use super::world::{lead_id, now, pool, rep};
use baton::store::StoreError;
use baton_core::domain::id::{PoolId, RepId};
use baton_core::routing::ledger::Ledger;
use std::collections::BTreeMap;

fn team() -> BTreeMap<RepId, u32> {
    BTreeMap::from([(rep("ana"), 3), (rep("ben"), 2), (rep("cy"), 2)])
}

/// A turn in each of these pools, in one transaction.
async fn give_turns(db: &Db, pools: Vec<PoolId>, lead: u32) {
    let given = writes!(db.store, [pools], |tx| {
        let mut ledgers = tx.ledgers_lock(&pools).await?;
        let mut entries = Vec::new();
        for ledger in ledgers.values_mut() {
            let payer = ledger.choose(&team()).expect("somebody is eligible");
            let entry = ledger.turn(&team(), &payer);
            ledger.apply(&entry);
            entries.push((entry, lead_id(lead)));
        }
        let ledgers: Vec<Ledger> = ledgers.into_values().collect();
        tx.ledgers_save(&entries, &ledgers, "test", now()).await
    });
    given.await.expect("turns are given");
}

async fn recount(db: &Db) -> Result<BTreeMap<PoolId, (Ledger, Ledger)>, StoreError> {
    reads!(db.store, |tx| tx.ledgers_recount().await).await
}

/// Pools are named in different orders and the first writers make the rows.
pub async fn turns_taken_at_once_sum_to_zero_without_a_gap(db: Db) {
    at_once(&db, 0..8u32, |db, writer| async move {
        for turn in 0..10 {
            let mut pools = vec![pool("desk"), pool("west"), pool("Zürich")];
            pools.rotate_left((writer + turn) as usize % 3);
            give_turns(&db, pools, writer * 100 + turn).await;
        }
    })
    .await;
    let proven = ledgers(&db.store).await;
    assert_eq!(proven.len(), 3);
    for stored in proven.values() {
        assert_eq!(stored.seq, 80);
        assert!(stored.balances.values().all(|balance| balance.abs() < 2_000_000), "{:?}", stored.balances);
    }
}

pub async fn a_recount_finds_a_tampered_balance(db: Db) {
    give_turns(&db, vec![pool("desk")], 1).await;
    db.execute(r#"UPDATE ledger SET balances = '{"ana":5}'"#).await;
    let (stored, rebuilt) = recount(&db).await.expect("a recount").remove(&pool("desk")).expect("the pool");
    assert_ne!(stored.balances, rebuilt.balances);
    assert_eq!(rebuilt.balances.values().sum::<i64>(), 0);
    assert_eq!(rebuilt.balances.len(), 3);
}

pub async fn a_recount_names_a_gap_in_the_journal(db: Db) {
    for lead in 1..=3 {
        give_turns(&db, vec![pool("desk")], lead).await;
    }
    assert_eq!(db.execute("DELETE FROM ledger_entry WHERE seq = 2").await, 1);
    let error = recount(&db).await.expect_err("a gap").to_string();
    assert_eq!(error, r#"ledger_entry.body of row "desk" does not fit: entry 3 of "desk" follows entry 1"#);
}
