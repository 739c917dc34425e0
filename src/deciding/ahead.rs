//! Deciding ahead of a commit: while one batch is stored, the next is decided on what that one will leave.
//!
//! Ledgers and reps are locked from the decision to the commit, and most of that time goes into storing. When many leads wait, a
//! batch assumes the standing that the batch before it has made, is decided and stored beside it, and then, when that one has
//! been committed, locks and compares. What differs (a move, another worker, a batch that failed) undoes it whole, and it is
//! decided anew under the lock: turns, caps and phones are given as exactly as under the lock alone.

use crate::store::{RepState, StoreError, Tx};
use baton_core::domain::id::{PoolId, RepId};
use baton_core::routing::ledger::Ledger;
use baton_core::rules::RuleSet;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{Mutex, MutexGuard, oneshot};
use tokio::time::Instant;

/// After ledgers were not as assumed, in real time: another worker decides as well, and would be in the way again.
const REST: Duration = Duration::from_secs(1);

/// Ledgers and reps as a decision finds them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Standing {
    pub ledgers: BTreeMap<PoolId, Ledger>,
    pub reps: BTreeMap<RepId, RepState>,
}

impl Standing {
    /// As it is, and stays until the transaction ends.
    pub(super) async fn locked(tx: &mut Tx, rules: &RuleSet) -> Result<Self, StoreError> {
        let pools: Vec<PoolId> = rules.pools.keys().cloned().collect();
        let ledgers = tx.ledgers_lock(&pools).await?;
        Ok(Self { ledgers, reps: tx.reps_lock(&rules.reps.keys().cloned().collect()).await? })
    }
}

/// How a batch comes by its standing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    /// The lock: few leads wait.
    Lock,
    /// The batch before it, where there is one.
    Ahead,
    /// The lock, since what it had assumed was wrong; the next may assume again.
    Anew,
}

/// The batches that are being stored, in the order in which they were decided. Whoever holds the end of it is being decided.
#[derive(Default)]
pub(super) struct CommitLine {
    end: Mutex<End>,
    rests_until: std::sync::Mutex<Option<Instant>>,
    held: AtomicU64,
    undone: AtomicU64,
}

/// Batches that were decided ahead of a commit, since the worker began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecidedAhead {
    /// It was as they had assumed.
    pub held: u64,
    /// It was not, and they were decided anew.
    pub undone: u64,
}

#[derive(Default)]
pub(super) struct End(Option<Assumed>);

impl CommitLine {
    /// The end of the line, or `None` for a batch that is decided outside it.
    pub(super) async fn end(&self, by: By) -> Option<MutexGuard<'_, End>> {
        let mut end = self.end.lock().await;
        let rests =
            self.rests_until.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|until| Instant::now() < until);
        if by != By::Ahead || rests {
            end.0 = None;
        }
        (by != By::Lock).then_some(end)
    }

    pub(super) fn decided_ahead(&self) -> DecidedAhead {
        let count = |of: &AtomicU64| of.load(Ordering::Relaxed);
        DecidedAhead { held: count(&self.held), undone: count(&self.undone) }
    }

    fn rest(&self) {
        *self.rests_until.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + REST);
    }
}

impl End {
    /// What the batch before leaves, if it is to be assumed.
    pub(super) fn assume(&mut self) -> Option<Assumed> {
        self.0.take()
    }

    /// Takes the end of the line with what the decisions of a batch leave.
    pub(super) fn leave(&mut self, standing: Standing) -> PlaceInLine {
        let (sender, committed) = oneshot::channel();
        self.0 = Some(Assumed { standing, committed });
        PlaceInLine(sender)
    }
}

/// A standing that holds once the batch that made it has been committed.
pub(super) struct Assumed {
    pub standing: Standing,
    committed: oneshot::Receiver<()>,
}

impl Assumed {
    /// Waits for the batch before, locks, and compares: all ledgers, and the reps to whom this batch gives something. What it
    /// knew of the others may be a moment old, as a calendar may.
    ///
    /// # Errors
    /// `Conflict`: it is not as was assumed, and nothing of this batch may be kept.
    pub(super) async fn came_true(
        self,
        line: &CommitLine,
        tx: &mut Tx,
        rules: &RuleSet,
        given: &BTreeSet<RepId>,
    ) -> Result<(), StoreError> {
        let wrong = |id: &str| {
            line.undone.fetch_add(1, Ordering::Relaxed);
            StoreError::Conflict { what: "assumed standing of", id: id.to_owned() }
        };
        if self.committed.await.is_err() {
            return Err(wrong("the batch before"));
        }
        let pools: Vec<PoolId> = rules.pools.keys().cloned().collect();
        if tx.ledgers_lock(&pools).await? != self.standing.ledgers {
            line.rest();
            return Err(wrong("ledgers"));
        }
        let reps = tx.reps_lock(given).await?;
        if reps.iter().any(|(rep, state)| self.standing.reps.get(rep) != Some(state)) {
            return Err(wrong("reps"));
        }
        line.held.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

/// A batch's place in the line. Dropped, it tells the next one that the batch was not committed.
pub(super) struct PlaceInLine(oneshot::Sender<()>);

impl PlaceInLine {
    pub(super) fn committed(self) {
        // Nobody waits: the line was left.
        let _heard = self.0.send(());
    }
}
