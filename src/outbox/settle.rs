//! Marks and ends of steps, many in one commit; an end stands in it together with all that it leads to.
//!
//! The fence is checked for each: what has lost its lease is neither marked nor counted, and moves nothing.

use super::work::{Done, Work};
use super::{Matter, Outbox, lanes};
use crate::connectors::CrmRef;
use crate::store::{FinishedStep, LeadFile, Move, Moved, Mover, StepEnd, StepRow, Store, StoreError, Tx};
use baton_core::domain::id::{HandoffId, LeadId};
use baton_core::handoff::Event;
use baton_core::rules::RuleSet;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A step by key, with the fence it was claimed with.
type Lease = (String, i64);

/// How an attempt ended, and what it means for the handoff.
pub(super) struct End {
    pub step: StepEnd,
    pub event: Option<Event>,
    pub crm: Option<CrmRef>,
}

impl End {
    pub(super) fn done(Done { vendor_ref, result, event, crm }: Done) -> Self {
        Self { step: StepEnd::Done { vendor_ref, result }, event, crm }
    }

    pub(super) fn failed(work: &dyn Work, why: &str) -> Self {
        Self { step: StepEnd::Failed { error: why.to_owned() }, event: work.fallback(why).failed, crm: None }
    }

    pub(super) fn gone(work: &dyn Work, why: &str) -> Self {
        Self { step: StepEnd::Failed { error: why.to_owned() }, event: work.fallback(why).gone, crm: None }
    }

    pub(super) fn expired(work: &dyn Work) -> Self {
        Self { step: StepEnd::Expired, event: work.fallback("it was too late to begin").failed, crm: None }
    }

    pub(super) fn again(run_at: DateTime<Utc>, error: String, still_sent: bool) -> Self {
        Self { step: StepEnd::Retry { run_at, error, still_sent }, event: None, crm: None }
    }
}

/// An end as it is stored.
#[derive(Clone)]
pub(super) struct Ending {
    step: FinishedStep,
    lead: LeadId,
    handoff: HandoffId,
    crm: Option<CrmRef>,
    moves: Option<Move>,
    /// Of the handoff, as far as whoever waits for this knows it.
    revision: Option<u32>,
}

impl Ending {
    fn of(step: &StepRow, end: End, matter: Option<&Matter>) -> Self {
        let End { step: end, event, crm } = end;
        let ends = !matches!(end, StepEnd::Retry { .. });
        let frees = lanes::work(&step.effect).frees().filter(|_| ends).cloned();
        let moves =
            (event.is_some() || frees.is_some()).then(|| Move { handoff: step.handoff_id.clone(), frees, event });
        Self {
            step: FinishedStep { effect_key: step.effect_key.clone(), fence: step.fence, end },
            lead: step.lead_id.clone(),
            handoff: step.handoff_id.clone(),
            crm,
            moves,
            revision: matter.map(|matter| matter.handoff.revision),
        }
    }

    /// More than its step changes: two of one lead are two commits, one after the other.
    fn changes_lead(&self) -> bool {
        self.moves.is_some() || self.crm.is_some()
    }
}

/// What became of an end.
pub(super) enum Ended {
    /// Another worker has the step.
    Lost,
    /// What moved, and the lead's file where whoever waits does not know it.
    Counted(Option<Box<(Moved, Option<LeadFile>)>>),
}

impl Outbox {
    /// Stored before a request that must not happen twice. `false`: the lease is lost, or the mark could not be stored.
    pub(super) async fn mark_sent(&self, step: &StepRow) -> bool {
        let (store, now) = (self.parts.store.clone(), self.parts.clock.now());
        let held = (step.effect_key.clone(), step.fence);
        let marked = self.marks.add(held, move |held| mark_all(store.clone(), held, now));
        marked.await.unwrap_or(false)
    }

    /// Stores how an attempt ended, if the fence still holds, and what it means for the lead; what follows at once is run at
    /// once. A zombie's result is kept aside.
    pub(super) async fn finish(self: &Arc<Self>, step: &StepRow, end: Option<End>, matter: Option<Arc<Matter>>) {
        let Some(end) = end else {
            tracing::warn!("the lease was lost before anything was sent");
            return;
        };
        let crm = end.crm.clone();
        let outbox = Arc::clone(self);
        let commit = move |endings| {
            let outbox = Arc::clone(&outbox);
            async move { outbox.end_all(endings).await }
        };
        // `None`: it could not be stored, and the step comes again.
        match self.ends.add(Ending::of(step, end, matter.as_deref()), commit).await.flatten() {
            None => {}
            Some(Ended::Lost) => tracing::warn!("another worker has the step: this result was kept aside"),
            Some(Ended::Counted(moved)) => {
                if let (Some(matter), Some(crm)) = (&matter, crm) {
                    matter.learn(crm);
                }
                if let Some((moved, file)) = moved.map(|moved| *moved) {
                    self.follow_up(moved, file, matter);
                }
            }
        }
    }

    fn follow_up(self: &Arc<Self>, moved: Moved, file: Option<LeadFile>, known: Option<Arc<Matter>>) {
        let release = Arc::clone(&self.parts.release.borrow());
        let matter = match (file, known) {
            (Some(file), _) => Some(Matter::of_file(file, &release)),
            (None, known) => known.map(|known| known.moved(moved.handoff, &release)),
        };
        self.run_now(moved.steps, matter.map(Arc::new));
    }

    async fn end_all(&self, endings: Vec<Ending>) -> Vec<Option<Ended>> {
        let mut results: Vec<Option<Ended>> = endings.iter().map(|_| None).collect();
        for turn in in_turns(&endings) {
            let together = turn.iter().map(|index| endings[*index].clone()).collect();
            for (index, ended) in turn.into_iter().zip(self.end_together(together).await) {
                results[index] = ended;
            }
        }
        results
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
        let mover = Mover { worker: self.parts.worker.clone(), lease: self.parts.lease, now: self.parts.clock.now() };
        let rules = Arc::clone(&self.parts.release.borrow().rules);
        let all = Arc::new((endings, rules, mover));
        let finish = self.parts.store.write("step.finish", move |tx| {
            let all = Arc::clone(&all);
            Box::pin(async move { store_all(tx, &all.0, &all.1, &all.2).await })
        });
        finish.await
    }
}

/// Which of these go together: all, but of those that change a lead one of each lead at a time, in order.
fn in_turns(endings: &[Ending]) -> Vec<Vec<usize>> {
    let mut turns: Vec<Vec<usize>> = vec![Vec::new()];
    let mut next: BTreeMap<&HandoffId, usize> = BTreeMap::new();
    for (index, ending) in endings.iter().enumerate() {
        let mut turn = 0;
        if ending.changes_lead() {
            let next = next.entry(&ending.handoff).or_default();
            turn = std::mem::replace(next, *next + 1);
        }
        if turn == turns.len() {
            turns.push(Vec::new());
        }
        turns[turn].push(index);
    }
    turns
}

/// Ends of different leads, with what they mean for each.
async fn store_all(tx: &mut Tx, endings: &[Ending], rules: &RuleSet, mover: &Mover) -> Result<Vec<Ended>, StoreError> {
    let finished: Vec<&FinishedStep> = endings.iter().map(|ending| &ending.step).collect();
    let counted = tx.steps_finish(&finished, mover.now).await?;
    let counts = |ending: &&Ending| counted.contains(&ending.step.held());
    for Ending { step, .. } in endings.iter().filter(|ending| !counts(ending)) {
        tx.orphan_insert(&step.effect_key, step.fence, &format!("{:?}", step.end), mover.now).await?;
    }
    let named = endings.iter().filter(counts).filter_map(|ending| Some((&ending.lead, ending.crm.as_ref()?)));
    tx.leads_set_crm(&named.collect::<Vec<_>>()).await?;
    let moves = endings.iter().filter(counts).filter_map(|ending| ending.moves.clone());
    let moved = tx.transitions(&moves.collect::<Vec<_>>(), rules, mover).await?;
    let moving = endings.iter().filter(|ending| counts(ending) && ending.moves.is_some());
    // Whoever knows the lead as it was before this move knows it now.
    let unknown = moving.zip(&moved).filter(|(ending, moved)| {
        let before = ending.revision.map(|revision| revision + 1);
        !moved.steps.is_empty() && before != Some(moved.handoff.revision)
    });
    let unknown: Vec<&HandoffId> = unknown.map(|(ending, _)| &ending.handoff).collect();
    let mut files = tx.lead_files(&unknown).await?;
    let mut moved = moved.into_iter();
    let ended = endings.iter().map(|ending| match (counts(&ending), &ending.moves) {
        (false, _) => Ended::Lost,
        (true, None) => Ended::Counted(None),
        (true, Some(_)) => Ended::Counted(moved.next().map(|moved| Box::new((moved, files.remove(&ending.handoff))))),
    });
    Ok(ended.collect())
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
