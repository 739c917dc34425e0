//! Marks and ends of steps, many in one commit.
//!
//! The fence is checked for each: what has lost its lease is neither marked nor counted. An end that moves a handoff is not
//! among them: it is one commit with its move.

use super::Outbox;
use crate::store::{FinishedStep, StepEnd, StepRow, Store, StoreError};
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;

/// A step by key, with the fence it was claimed with.
type Held = (String, i64);

impl Outbox {
    /// Stored before a request that must not happen twice. `false`: the lease is lost, or the mark could not be stored.
    pub(super) async fn mark_sent(&self, step: &StepRow) -> bool {
        let (store, now) = (self.parts.store.clone(), self.parts.clock.now());
        let held = (step.effect_key.clone(), step.fence);
        let marked = self.marks.add(held, move |held| mark_all(store.clone(), held, now));
        marked.await.unwrap_or(false)
    }

    /// Whether the end counts; a zombie's is kept aside. `None`: it could not be stored, and the step comes again.
    pub(super) async fn end(&self, step: &StepRow, end: StepEnd) -> Option<bool> {
        let (store, now) = (self.parts.store.clone(), self.parts.clock.now());
        let ended = FinishedStep { effect_key: step.effect_key.clone(), fence: step.fence, end };
        let counted = self.ends.add(ended, move |ended| end_all(store.clone(), ended, now));
        counted.await.flatten()
    }
}

async fn mark_all(store: Store, held: Vec<Held>, now: DateTime<Utc>) -> Vec<bool> {
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

async fn end_in_one(store: &Store, ended: Vec<FinishedStep>, now: DateTime<Utc>) -> Result<BTreeSet<Held>, StoreError> {
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
