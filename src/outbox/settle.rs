//! Marks and ends of steps, many in one commit; an end stands in it together with all that it leads to.
//!
//! The fence is checked for each: what has lost its lease is neither marked nor counted, and moves nothing.

use super::ending::{End, Ended, Ending, store_all};
use super::group::Place;
use super::{Matter, Outbox};
use crate::store::{Moved, Mover, StepRow, Store, StoreError, with};
use crate::telemetry::figures;
use chrono::{DateTime, Utc};
use std::sync::Arc;
use std::time::Duration;

/// A step by key, with the fence it was claimed with.
type Lease = (String, i64);

impl Outbox {
    /// Stored before a request that must not happen twice. `false`: the lease is lost, or the mark could not be stored.
    pub(super) async fn mark_sent(&self, step: &StepRow) -> bool {
        let (store, now) = (self.parts.store.clone(), self.parts.clock.now());
        let held = (step.effect_key.clone(), step.fence);
        let place = Place { urgent: step.effect.lane().is_urgent(), changes: None };
        let marked = self.marks.add(place, held, move |held| mark_all(store.clone(), held, now));
        marked.await.unwrap_or(false)
    }

    /// A step that found no hand in time is due for whoever has one, this worker as well.
    pub(super) async fn put_back(&self, step: &StepRow) {
        let store = self.parts.store.clone();
        let held = (step.effect_key.clone(), step.fence);
        // If that fails, the lease brings it back.
        let put = move |held| put_back_all(store.clone(), held);
        let _put = self.unbegun.add(Place::default(), held, put).await;
    }

    /// Stores how an attempt ended, if the fence still holds, and what it means for the lead; what follows at once is run at
    /// once. A zombie's result is kept aside.
    pub(super) async fn finish(
        self: &Arc<Self>,
        step: &StepRow,
        end: Option<End>,
        matter: Option<Arc<Matter>>,
        took: Duration,
    ) {
        let Some(end) = end else {
            tracing::warn!("the lease was lost before anything was sent");
            return;
        };
        let (crm, result) = (end.crm.clone(), end.step.name());
        let outbox = Arc::clone(self);
        let commit = move |endings| {
            let outbox = Arc::clone(&outbox);
            async move { outbox.end_together(endings).await }
        };
        let ending = Ending::of(step, end);
        let place = ending.place(step.effect.lane());
        // `None`: it could not be stored, and the step comes again.
        let ended = self.ends.add(place, ending, commit).await.flatten();
        let counted = ended.as_ref().map(|ended| if matches!(ended, Ended::Lost) { "lost" } else { result });
        if let Some(result) = counted {
            figures::step_ended(step.effect.kind(), result, took);
        }
        match ended {
            None => {}
            Some(Ended::Lost) => tracing::warn!("another worker has the step: this result was kept aside"),
            Some(Ended::Counted(moved)) => {
                if let (Some(matter), Some(crm)) = (&matter, crm) {
                    matter.learn(crm);
                }
                if let Some(moved) = moved.filter(|moved| !moved.steps.is_empty()) {
                    self.follow_up(*moved, matter).await;
                }
            }
        }
    }

    /// Whoever knows the lead as it was before this move knows it now; otherwise it is read once for all that follows.
    async fn follow_up(self: &Arc<Self>, moved: Moved, known: Option<Arc<Matter>>) {
        let Moved { steps, handoff, .. } = moved;
        let release = Arc::clone(&self.parts.release.borrow());
        let matter = match known.filter(|known| known.handoff.revision + 1 == handoff.revision) {
            Some(known) => Some(known.moved(handoff, &release)),
            // Not to be read: each step says so for itself.
            None => {
                self.parts.store.lead_file(&handoff.id).await.ok().flatten().map(|file| Matter::of_file(file, &release))
            }
        };
        self.run_now(steps, matter.map(Arc::new));
    }

    async fn end_together(&self, endings: Vec<Ending>) -> Vec<Option<Ended>> {
        let count = endings.len();
        let error = match self.end_in_one(endings.clone()).await {
            Ok(ended) => return ended.into_iter().map(Some).collect(),
            Err(error) => error,
        };
        tracing::error!(%error, count, "results of steps could not be stored: they will be taken up again");
        let mut results = Vec::with_capacity(count);
        // Alone again, so that one at fault does not hold up the others; but an end that may have been stored would look like a
        // zombie's the second time.
        let alone = count > 1 && !matches!(error, StoreError::CommitUnknown { .. });
        for ending in endings {
            let ended =
                if alone { self.end_in_one(vec![ending]).await.ok().and_then(|mut ended| ended.pop()) } else { None };
            results.push(ended);
        }
        results
    }

    async fn end_in_one(&self, endings: Vec<Ending>) -> Result<Vec<Ended>, StoreError> {
        let (worker, lease, clock) = (self.parts.worker.clone(), self.parts.lease, Arc::clone(&self.parts.clock));
        let rules = Arc::clone(&self.parts.release.borrow().rules);
        let alone = endings.iter().all(Ending::is_its_step_alone);
        let finish = with((endings, rules), move |tx, (endings, rules)| {
            // When the transaction has begun: the leases of what follows begin with it.
            let mover = Mover { worker: worker.clone(), lease, now: clock.now() };
            Box::pin(async move { store_all(tx, endings, rules, &mover).await })
        });
        // With nothing to move beside the steps, it is one statement.
        match alone {
            true => self.parts.store.write_once("step.finish", finish).await,
            false => self.parts.store.write("step.finish", finish).await,
        }
    }
}

async fn mark_all(store: Store, held: Vec<Lease>, now: DateTime<Utc>) -> Vec<bool> {
    let mark = with(held.clone(), move |tx, held| Box::pin(tx.steps_mark_sent(held, now)));
    let marked = match store.write_once("step.mark_sent", mark).await {
        // A mark that is set twice is one.
        Err(StoreError::CommitUnknown { .. }) => {
            let again = with(held.clone(), move |tx, held| Box::pin(tx.steps_mark_sent(held, now)));
            store.write("step.mark_sent", again).await
        }
        marked => marked,
    };
    match marked {
        Ok(marked) => held.iter().map(|held| marked.contains(held)).collect(),
        Err(error) => {
            tracing::error!(%error, "steps could not be marked as sent: they are not sent, and come again");
            vec![false; held.len()]
        }
    }
}

async fn put_back_all(store: Store, held: Vec<Lease>) -> Vec<()> {
    let given = vec![(); held.len()];
    let put = with(held, |tx, held| Box::pin(tx.steps_put_back(held)));
    if let Err(error) = store.write("step.put_back", put).await {
        tracing::warn!(%error, "steps could not be put back: their leases bring them back");
    }
    given
}
