//! More leads at once than are decided at once: batches are decided ahead of the commits before them, and every turn and
//! every place under a cap is given as exactly as if they had been decided one by one.

use crate::durability::replay::{all, not_the_same};
use crate::store::server::{Db, on_postgres, on_sqlite};
use crate::store::world::{pool, rep};
use crate::town;
use baton::app::Running;
use baton::deciding::ahead::DecidedAhead;
use baton::store::Grant;
use baton_clock::{ScaledClock, SharedClock};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tempfile::TempDir;

const LEADS: usize = 400;
/// As many as come out of the broker in one commit.
const AT_ONCE: usize = 100;
const REPS_PER_DESK: usize = 4;
/// No day ends during a test: reps count what they took by day.
const BEGINS: &str = "2026-11-23T10:00:00Z";
const SOON: Duration = Duration::from_secs(90);

/// A town and its workers, on one database.
struct Surge {
    db: Db,
    clock: SharedClock,
    running: Vec<Running>,
    _folder: TempDir,
}

impl Surge {
    async fn begin(db: Db, workers: usize) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        town::found(folder.path(), REPS_PER_DESK);
        let clock: SharedClock = Arc::new(ScaledClock::new(BEGINS.parse().expect("an instant"), 1));
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
        let decided = tokio::time::timeout(SOON, async {
            while self.db.number("SELECT COUNT(*) FROM decision").await < LEADS as i64 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        decided.await.expect("every lead is decided");
    }

    /// A lead that a rep took elsewhere counts for them.
    async fn counts_by_hand(&self) {
        let day = self.clock.now().date_naive();
        let counted = self.db.store.write("test", move |tx| {
            Box::pin(async move {
                tx.reps_lock(&BTreeSet::from([rep("desk-01")])).await?;
                tx.rep_take(&rep("desk-01"), day).await
            })
        });
        counted.await.expect("it is counted");
    }

    /// `false`: the ledger does not exist yet.
    async fn corrects_by_hand(&self) -> bool {
        let now = self.clock.now();
        let granted = self.db.store.write("test", move |tx| {
            let grant = Grant {
                pool: pool("desk"),
                rep: rep("desk-01"),
                turns: 1,
                others: BTreeMap::from([(rep("desk-02"), 1)]),
                reason: "given in a test".to_owned(),
                author: "ops".to_owned(),
            };
            Box::pin(async move { tx.turns_grant(&grant, now).await })
        });
        granted.await.is_ok_and(|entry| entry.is_some())
    }

    fn decided_ahead(&self) -> DecidedAhead {
        let all = self.running.iter().map(|worker| worker.decider.decided_ahead());
        all.fold(DecidedAhead { held: 0, undone: 0 }, |sum, one| DecidedAhead {
            held: sum.held + one.held,
            undone: sum.undone + one.undone,
        })
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
        let counted = db.store.read("test", |tx| Box::pin(async move { tx.ledgers_recount().await })).await;
        let counted = counted.expect("a recount");
        assert_eq!(counted.len(), 3);
        for (pool, (stored, counted)) in counted {
            assert_eq!(stored, counted, "{pool}: the journal proves the balances");
            assert_eq!(stored.balances.values().sum::<i64>(), 0, "{pool}");
        }
        // A cap counts what was given, also by the batch before.
        assert_eq!(
            db.number("SELECT CAST(SUM(taken_today) AS BIGINT) FROM rep_state").await,
            LEADS as i64 + counted_by_hand
        );
        let made = all(&db.store).await;
        assert_eq!(made.len(), LEADS);
        assert_eq!(not_the_same(&made).len(), 0, "what was decided ahead is decided the same again");
    }
}

async fn one_worker(db: Db) {
    let surge = Surge::begin(db, 1).await;
    surge.everybody_calls().await;
    let DecidedAhead { held, undone } = surge.decided_ahead();
    assert!(held > 0, "nothing was decided ahead ({undone} undone)");
    surge.ends_exactly(0, 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn turns_are_given_once_on_sqlite() {
    on_sqlite(one_worker).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn turns_are_given_once_on_postgres() {
    on_postgres(one_worker).await;
}

/// Ledgers and reps change by other hands all the while.
async fn assumptions_fail(db: Db) {
    let surge = Surge::begin(db, 1).await;
    let all_decided = AtomicBool::new(false);
    let calling = async {
        surge.everybody_calls().await;
        all_decided.store(true, Ordering::Relaxed);
    };
    let correcting = async {
        let (mut granted, mut counted) = (0, 0);
        while !all_decided.load(Ordering::Relaxed) {
            granted += i64::from(surge.corrects_by_hand().await);
            tokio::time::sleep(Duration::from_millis(5)).await;
            surge.counts_by_hand().await;
            counted += 1;
        }
        (granted, counted)
    };
    let ((), (granted, counted)) = tokio::join!(calling, correcting);
    let DecidedAhead { held, undone } = surge.decided_ahead();
    assert!(granted > 0 && undone > 0, "{granted} granted, {held} held, {undone} undone");
    surge.ends_exactly(granted, counted).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_assumption_is_undone_on_sqlite() {
    on_sqlite(assumptions_fail).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_assumption_is_undone_on_postgres() {
    on_postgres(assumptions_fail).await;
}

/// Each assumes what the other makes untrue.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_workers_in_a_surge_give_turns_once_on_postgres() {
    on_postgres(|db| async move {
        let surge = Surge::begin(db, 2).await;
        surge.everybody_calls().await;
        surge.ends_exactly(0, 0).await;
    })
    .await;
}
