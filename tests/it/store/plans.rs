//! How PostgreSQL goes about our statements.

use super::leads::insert;
use super::server::Db;
use super::tx::writes;
use super::world::{LEASE, caller, decided, later, now};
use crate::eventually::eventually;
use baton::store::{FinishedStep, StepEnd, StepRow};
use baton_core::domain::effect::Lane;

/// Claims everything and ends it.
async fn work_off(db: &Db, at_second: i64) -> usize {
    let wanted = Lane::ALL.map(|lane| (lane, 1_000));
    let claimed = writes!(db.store, |tx| tx.steps_claim(later(at_second), "w", LEASE, &wanted).await);
    let claimed: Vec<StepRow> = claimed.await.expect("a claim");
    let end = |step: &StepRow| FinishedStep {
        effect_key: step.effect_key.clone(),
        fence: step.fence,
        end: StepEnd::Done { vendor_ref: None, result: None },
    };
    let ended: Vec<FinishedStep> = claimed.iter().map(end).collect();
    let counted = writes!(db.store, [ended], |tx| {
        let (first, rest) = ended.split_at(ended.len().min(1));
        let mut counted = tx.steps_finish(&first.iter().collect::<Vec<_>>(), now()).await?.len();
        counted += tx.steps_finish(&rest.iter().collect::<Vec<_>>(), now()).await?.len();
        Ok(counted)
    });
    counted.await.expect("ends")
}

/// A plan that PostgreSQL made and kept while the tables were empty would read them whole when they are full.
pub async fn plans_made_for_empty_tables_are_right_for_full_ones(db: Db) {
    assert_eq!(work_off(&db, 0).await, 0, "planned while nothing is there");
    insert(&db, vec![decided(caller(1))]).await.expect("a lead");
    assert!(work_off(&db, 1_000_000).await > 0);
    // Rows of tables, and entries of indexes.
    const READ: &str = "SELECT CAST((SELECT SUM(seq_tup_read) FROM pg_stat_user_tables WHERE relname = 'step') + \
        (SELECT SUM(idx_tup_read) FROM pg_stat_user_indexes WHERE relname = 'step') AS BIGINT)";
    let mut steps = 0;
    for round in 1..=10 {
        let leads = (round * 100..round * 100 + 100).map(|number| decided(caller(number))).collect();
        insert(&db, leads).await.expect("leads");
        let ended = work_off(&db, 1_000_000).await;
        assert!(ended >= 300, "{ended} ended");
        steps += ended as i64;
    }
    // What the server counts comes to light a moment later.
    eventually("the last ends are counted", || async {
        db.number("SELECT CAST(n_tup_upd AS BIGINT) FROM pg_stat_user_tables WHERE relname = 'step'").await >= 2 * steps
    })
    .await;
    let read = db.number(READ).await;
    assert!(read < 10 * steps, "{read} rows and entries were read for {steps} steps that were claimed and ended");
}
