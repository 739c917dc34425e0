//! More leads at once than are decided at once: every turn and every place under a cap is given as exactly as if they had been
//! decided one by one.

use crate::durability::replay::{all, not_the_same};
use crate::eventually::eventually;
use crate::store::server::{Db, ledgers, tests};
use crate::store::tx::writes;
use crate::store::world::{pool, rep};
use crate::town;
use baton::app::Running;
use baton::store::{Changes, Grant};
use baton_clock::SharedClock;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tempfile::TempDir;

const LEADS: usize = 400;
/// As many as come out of the broker in one commit.
const AT_ONCE: usize = 100;
const REPS_PER_DESK: usize = 4;

/// A town and its workers, on one database.
struct Crowd {
    db: Db,
    clock: SharedClock,
    running: Vec<Running>,
    _folder: TempDir,
}

impl Crowd {
    async fn begin(db: Db, workers: usize) -> Self {
        let folder = town::founded(REPS_PER_DESK);
        let clock: SharedClock = town::clock(1);
        let running = town::workers(workers, folder.path(), &db.store, &clock).await;
        Self { db, clock, running, _folder: folder }
    }

    /// Everybody calls; returns when all are decided. Every tenth event comes to every worker.
    async fn everybody_calls(&self) {
        let sent = self.running.iter().enumerate().map(|(at, worker)| async move {
            let its_own = |number: &usize| number % self.running.len() == at || number.is_multiple_of(10);
            let messages: Vec<_> =
                (0..LEADS).filter(its_own).map(|number| town::message(number, self.clock.now())).collect();
            let batches = messages.chunks(AT_ONCE).map(|batch| worker.decider.take(batch.to_vec()));
            futures_util::future::try_join_all(batches).await.expect("the events are taken");
        });
        futures_util::future::join_all(sent).await;
        eventually("every lead is decided", || async {
            self.db.number("SELECT COUNT(*) FROM decision").await >= LEADS as i64
        })
        .await;
    }

    /// A lead that a rep took elsewhere counts for them.
    async fn counts_by_hand(&self) {
        let day = self.clock.now().date_naive();
        let counted = writes!(self.db.store, |tx| {
            let mut reps = tx.reps_lock(&BTreeSet::from([rep("desk-01")])).await?;
            reps.values_mut().for_each(|rep| rep.take(day));
            tx.change(&Changes { reps: &reps.into_values().collect::<Vec<_>>(), ..Changes::default() }).await
        });
        counted.await.expect("it is counted");
    }

    /// `false`: the ledger does not exist yet.
    async fn corrects_by_hand(&self) -> bool {
        let now = self.clock.now();
        let grant = Grant {
            pool: pool("desk"),
            rep: rep("desk-01"),
            turns: 1,
            others: BTreeMap::from([(rep("desk-02"), 1)]),
            reason: "given in a test".to_owned(),
            author: "ops".to_owned(),
        };
        let granted = writes!(self.db.store, [grant], |tx| tx.turns_grant(&grant, now).await);
        granted.await.is_ok_and(|entry| entry.is_some())
    }

    /// Stops the workers, then counts; meanwhile so many turns were granted, and so many leads counted, by hand.
    async fn ends_exactly(self, granted: i64, counted_by_hand: i64) {
        let Self { db, running, _folder, .. } = self;
        for worker in running {
            worker.stop().await;
        }
        assert_eq!(db.number("SELECT COUNT(DISTINCT lead_id) FROM decision").await, LEADS as i64);
        assert_eq!(db.number("SELECT COUNT(*) FROM decision").await, LEADS as i64, "each lead is decided once");
        assert_eq!(db.number("SELECT COUNT(*) FROM inbox WHERE state <> 'handled'").await, 0);
        let entries = "SELECT COUNT(*) FROM ledger_entry WHERE author";
        assert_eq!(db.number(format!("{entries} = 'decision'")).await, LEADS as i64, "each lead costs one turn");
        assert_eq!(db.number(format!("{entries} = 'ops'")).await, granted);
        assert_eq!(ledgers(&db.store).await.len(), 3);
        // A cap counts what was given, also by the batch before.
        assert_eq!(
            db.number("SELECT CAST(SUM(taken_today) AS BIGINT) FROM rep_state").await,
            LEADS as i64 + counted_by_hand
        );
        let made = all(&db.store).await;
        assert_eq!(made.len(), LEADS);
        assert_eq!(not_the_same(&made).len(), 0, "what was decided in a crowd is decided the same again");
    }
}

async fn one_worker(db: Db) {
    let crowd = Crowd::begin(db, 1).await;
    crowd.everybody_calls().await;
    crowd.ends_exactly(0, 0).await;
}

/// Ledgers and reps change by other hands all the while.
async fn while_others_change_it(db: Db) {
    let crowd = Crowd::begin(db, 1).await;
    let all_decided = AtomicBool::new(false);
    let calling = async {
        crowd.everybody_calls().await;
        all_decided.store(true, Ordering::Relaxed);
    };
    let correcting = async {
        let (mut granted, mut counted) = (0, 0);
        while !all_decided.load(Ordering::Relaxed) {
            granted += i64::from(crowd.corrects_by_hand().await);
            tokio::time::sleep(Duration::from_millis(5)).await;
            crowd.counts_by_hand().await;
            counted += 1;
        }
        (granted, counted)
    };
    let ((), (granted, counted)) = tokio::join!(calling, correcting);
    assert!(granted > 0 && counted > 0, "{granted} granted, {counted} counted");
    crowd.ends_exactly(granted, counted).await;
}

async fn two_workers(db: Db) {
    let crowd = Crowd::begin(db, 2).await;
    crowd.everybody_calls().await;
    crowd.ends_exactly(0, 0).await;
}

tests! {
    turns_are_given_once_on_sqlite: on_sqlite(one_worker),
    turns_are_given_once_on_postgres: on_postgres(one_worker),
    what_others_change_meanwhile_counts_on_sqlite: on_sqlite(while_others_change_it),
    what_others_change_meanwhile_counts_on_postgres: on_postgres(while_others_change_it),
    two_workers_in_a_crowd_give_turns_once_on_postgres: on_postgres(two_workers),
}
