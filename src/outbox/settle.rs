//! Marks and ends of steps, many in one commit.
//!
//! The fence is checked for each: what has lost its lease is neither marked nor counted. An end that moves a handoff is not
//! among them: it is one commit with its move.

use super::work::{Done, Work};
use super::{Outbox, lanes};
use crate::store::{FinishedStep, Mover, StepEnd, StepRow, Store, StoreError};
use baton_core::domain::id::LegId;
use baton_core::handoff::Event;
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A step by key, with the fence it was claimed with.
type Lease = (String, i64);

/// How an attempt ended, and what it means for the handoff.
pub(super) struct End {
    pub step: StepEnd,
    pub event: Option<Event>,
}

impl End {
    pub(super) fn done(Done { vendor_ref, result, event }: Done) -> Self {
        Self { step: StepEnd::Done { vendor_ref, result }, event }
    }

    pub(super) fn failed(work: &dyn Work, why: &str) -> Self {
        Self { step: StepEnd::Failed { error: why.to_owned() }, event: work.fallback(why).failed }
    }

    pub(super) fn gone(work: &dyn Work, why: &str) -> Self {
        Self { step: StepEnd::Failed { error: why.to_owned() }, event: work.fallback(why).gone }
    }

    pub(super) fn expired(work: &dyn Work) -> Self {
        Self { step: StepEnd::Expired, event: work.fallback("it was too late to begin").failed }
    }

    pub(super) fn again(run_at: DateTime<Utc>, error: String, still_sent: bool) -> Self {
        Self { step: StepEnd::Retry { run_at, error, still_sent }, event: None }
    }
}

impl Outbox {
    /// Stored before a request that must not happen twice. `false`: the lease is lost, or the mark could not be stored.
    pub(super) async fn mark_sent(&self, step: &StepRow) -> bool {
        let (store, now) = (self.parts.store.clone(), self.parts.clock.now());
        let held = (step.effect_key.clone(), step.fence);
        let marked = self.marks.add(held, move |held| mark_all(store.clone(), held, now));
        marked.await.unwrap_or(false)
    }

    /// Stores how an attempt ended, if the fence still holds; a zombie's result is kept aside.
    pub(super) async fn finish(self: &Arc<Self>, step: &StepRow, end: Option<End>) {
        let Some(End { step: step_end, event }) = end else {
            tracing::warn!("the lease was lost before anything was sent");
            return;
        };
        let frees = lanes::work(&step.effect).frees().cloned();
        // An end that changes nothing but its step is stored together with others.
        let counted = match (event, frees) {
            (None, None) => self.end(step, step_end).await,
            (event, frees) => self.end_and_move(step, step_end, event, frees).await,
        };
        if counted == Some(false) {
            tracing::warn!("another worker has the step: this result was kept aside");
        }
    }

    /// The end of a step and what it means for reservation and handoff, in one commit; what follows at once is run at once.
    async fn end_and_move(
        self: &Arc<Self>,
        step: &StepRow,
        end: StepEnd,
        event: Option<Event>,
        frees: Option<LegId>,
    ) -> Option<bool> {
        let (step, now) = (step.clone(), self.parts.clock.now());
        let mover = Mover { worker: self.parts.worker.clone(), lease: self.parts.lease, now };
        let rules = Arc::clone(&self.parts.release.borrow().rules);
        let commit = self.parts.store.write("step.finish", move |tx| {
            let (step, end, event) = (step.clone(), end.clone(), event.clone());
            let (frees, mover, rules) = (frees.clone(), mover.clone(), Arc::clone(&rules));
            Box::pin(async move {
                if !tx.step_finish(&step.effect_key, step.fence, &end, now).await? {
                    tx.orphan_insert(&step.effect_key, step.fence, &format!("{end:?}"), now).await?;
                    return Ok(None);
                }
                if let (Some(leg), false) = (&frees, matches!(end, StepEnd::Retry { .. })) {
                    tx.hung_up(&step.handoff_id, leg).await?;
                }
                let Some(event) = event else { return Ok(Some(Vec::new())) };
                Ok(Some(tx.transition(&step.handoff_id, &event, &rules, &mover).await?.steps))
            })
        });
        match commit.await {
            Ok(next) => {
                let counted = next.is_some();
                self.run_now(next.unwrap_or_default(), None);
                Some(counted)
            }
            Err(error) => {
                tracing::error!(%error, "a step's result could not be stored: it will be taken up again");
                None
            }
        }
    }

    /// `None`: it could not be stored, and the step comes again.
    async fn end(&self, step: &StepRow, end: StepEnd) -> Option<bool> {
        let (store, now) = (self.parts.store.clone(), self.parts.clock.now());
        let ended = FinishedStep { effect_key: step.effect_key.clone(), fence: step.fence, end };
        let counted = self.ends.add(ended, move |ended| end_all(store.clone(), ended, now));
        counted.await.flatten()
    }
}

async fn mark_all(store: Store, held: Vec<Lease>, now: DateTime<Utc>) -> Vec<bool> {
    let asked = held.clone();
    let marked = store.write("step.mark_sent", move |tx| {
        let held = asked.clone();
        Box::pin(async move { tx.steps_mark_sent(&held, now).await })
    });
    match marked.await {
        Ok(marked) => held.iter().map(|held| marked.contains(held)).collect(),
        Err(error) => {
            tracing::error!(%error, "steps could not be marked as sent: they are not sent, and come again");
            vec![false; held.len()]
        }
    }
}

async fn end_all(store: Store, ended: Vec<FinishedStep>, now: DateTime<Utc>) -> Vec<Option<bool>> {
    let together = match end_in_one(&store, ended.clone(), now).await {
        Ok(counted) => return ended.iter().map(|end| Some(counted.contains(&end.held()))).collect(),
        Err(error) => error,
    };
    tracing::error!(error = %together, count = ended.len(), "results of steps could not be stored");
    let mut results = vec![None; ended.len()];
    // Alone again, so that one at fault does not hold up the others; but an end that may have been stored would look like a
    // zombie's the second time.
    if ended.len() > 1 && !matches!(together, StoreError::CommitUnknown { .. }) {
        for (end, result) in ended.into_iter().zip(&mut results) {
            let held = end.held();
            *result = end_in_one(&store, vec![end], now).await.ok().map(|counted| counted.contains(&held));
        }
    }
    results
}

async fn end_in_one(
    store: &Store,
    ended: Vec<FinishedStep>,
    now: DateTime<Utc>,
) -> Result<BTreeSet<Lease>, StoreError> {
    let finish = store.write("step.finish", move |tx| {
        let ended = ended.clone();
        Box::pin(async move {
            let counted = tx.steps_finish(&ended, now).await?;
            for end in ended.iter().filter(|end| !counted.contains(&end.held())) {
                tx.orphan_insert(&end.effect_key, end.fence, &format!("{:?}", end.end), now).await?;
            }
            Ok(counted)
        })
    });
    finish.await
}
