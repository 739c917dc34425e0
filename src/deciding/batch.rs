//! Commit 2: a batch of parsed messages, decided under one lock, stored in one transaction; message by message where that
//! fails.

use super::ahead::{By, CommitLine, PlaceInLine, Standing};
use super::answer::Answer;
use super::aside::{Setbacks, caught};
use super::complete::{Second, complete_all};
use super::delivery::Delivery;
use super::lead::decide_lead;
use super::messages::apply;
use super::parts::DeciderParts;
use super::seconds::{facts_for, seconds};
use super::table::StandingTable;
use crate::facts::LeadFacts;
use crate::intake::event::Message;
use crate::outbox::{Matter, Pace};
use crate::release::Release;
use crate::store::{InboxRow, NewStep, StepRow, StoreError, Tx};
use baton_core::domain::lead::Lead;
use baton_core::routing::as_it_counts;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Notify;

#[derive(Default)]
pub(super) struct Batch {
    pub leads: Vec<(InboxRow, Lead)>,
    pub others: Vec<(InboxRow, Message)>,
}

impl Batch {
    pub(super) fn len(&self) -> usize {
        self.leads.len() + self.others.len()
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = &InboxRow> {
        self.leads.iter().map(|(row, _)| row).chain(self.others.iter().map(|(row, _)| row))
    }

    /// The leads, and everything else.
    pub(super) fn apart(self) -> (Self, Self) {
        (Self { leads: self.leads, others: Vec::new() }, Self { leads: Vec::new(), others: self.others })
    }

    pub(super) fn singles(&self) -> impl Iterator<Item = Self> {
        let leads = self.leads.iter().map(|lead| Self { leads: vec![lead.clone()], others: Vec::new() });
        leads.chain(self.others.iter().map(|other| Self { leads: Vec::new(), others: vec![other.clone()] }))
    }
}

/// What a committed batch leaves to be done.
#[derive(Default)]
struct Committed {
    /// By inbox key.
    answers: Vec<(String, Answer)>,
    /// First steps of leads, with what they are about.
    begun: Vec<(Vec<StepRow>, Arc<Matter>)>,
    /// Steps that other messages led to.
    steps: Vec<StepRow>,
    /// Of calls that are leads already.
    seconds: Vec<Second>,
    /// To be told that the batch is committed.
    place: Option<PlaceInLine>,
}

/// What decides and stores batches; those that are under way at once share it.
pub(super) struct Commits {
    parts: Arc<DeciderParts>,
    delivery: Arc<Delivery>,
    setbacks: Arc<Setbacks>,
    pub line: CommitLine,
    /// Somebody may be able to take a lead who could not before.
    pub back: Notify,
}

impl Commits {
    pub(super) fn new(parts: Arc<DeciderParts>, delivery: Arc<Delivery>, setbacks: Arc<Setbacks>) -> Self {
        Self { parts, delivery, setbacks, line: CommitLine::default(), back: Notify::new() }
    }

    /// Commits a batch whole, or, where that fails, message by message: one that is at fault does not hold up the others.
    pub(super) async fn commit_or_split(self: &Arc<Self>, batch: Batch, pace: Pace) {
        let batch = Arc::new(batch);
        let Err(error) = self.commit_caught(&batch, pace).await else { return };
        if !self.setbacks.is_database_well(&error).await {
            return;
        }
        if batch.len() == 1 {
            return self.once_more(&batch, &error).await;
        }
        tracing::warn!(%error, size = batch.len(), "a batch failed: its messages are decided one at a time");
        for single in batch.singles() {
            let single = Arc::new(single);
            let Err(error) = self.commit_caught(&single, Pace::Calm).await else { continue };
            if !self.setbacks.is_database_well(&error).await {
                return;
            }
            self.once_more(&single, &error).await;
        }
    }

    /// A panic undoes its transaction, gives back its place in the line, and is an error here.
    async fn commit_caught(self: &Arc<Self>, batch: &Arc<Batch>, pace: Pace) -> Result<(), StoreError> {
        caught(self.commit(batch, pace))
            .await
            .inspect(|()| self.setbacks.rest.lets_go(batch.rows().map(|row| &row.key)))
    }

    /// One message that has failed alone, with the database well.
    async fn once_more(self: &Arc<Self>, single: &Arc<Batch>, error: &StoreError) {
        let again = match error.is_transient() {
            true => return single.rows().for_each(|row| self.setbacks.waits(row, error)),
            false => self.commit_caught(single, Pace::Calm).await,
        };
        let Err(error) = again else { return };
        for row in single.rows() {
            self.setbacks.failed_twice(row, &error).await;
        }
    }

    /// Decides and stores a whole batch, then answers and sets its first steps going. While many leads wait it does not wait
    /// for the one before it to be stored.
    async fn commit(self: &Arc<Self>, batch: &Arc<Batch>, pace: Pace) -> Result<(), StoreError> {
        let release = Arc::clone(&self.parts.release.borrow());
        let now = self.parts.clock.now();
        let counts = |lead| as_it_counts(lead, now, &release.rules).0.into_owned();
        let leads: Vec<Lead> = batch.leads.iter().map(|(_, lead)| counts(lead)).collect();
        let facts = if leads.is_empty() { Vec::new() } else { facts_for(&self.parts, leads, &release.rules).await? };
        let (commits, work, facts) = (Arc::clone(self), Arc::clone(batch), Arc::new(facts));
        let tried = AtomicBool::new(false);
        let committed = self.parts.store.write("decide", move |tx| {
            let (commits, work) = (Arc::clone(&commits), Arc::clone(&work));
            let (facts, release) = (Arc::clone(&facts), Arc::clone(&release));
            let by = match (pace, tried.swap(true, Ordering::Relaxed)) {
                (Pace::Surge | Pace::Rush, false) => By::Ahead,
                (Pace::Surge | Pace::Rush, true) => By::Anew,
                (Pace::Calm, _) => By::Lock,
            };
            Box::pin(async move { commits.decide_in(tx, &work, &facts, &release, by).await })
        });
        let mut committed = committed.await?;
        if let Some(place) = committed.place.take() {
            place.committed();
        }
        fail::fail_point!("after_decision_commit");
        for (steps, matter) in committed.begun {
            self.parts.outbox.run_now(steps, Some(matter));
        }
        self.parts.outbox.run_now(committed.steps, None);
        if batch.others.iter().any(|(_, message)| matches!(message, Message::Presence { .. } | Message::Outcome { .. }))
        {
            self.back.notify_one();
        }
        let rows: BTreeMap<&str, &InboxRow> = batch.rows().map(|row| (row.key.as_str(), row)).collect();
        for (key, answer) in &committed.answers {
            if let Some(row) = rows.get(key.as_str()) {
                self.delivery.deliver(row, answer);
            }
        }
        complete_all(&self.parts, &self.delivery, &self.setbacks, committed.seconds).await;
        Ok(())
    }

    async fn decide_in(
        &self,
        tx: &mut Tx,
        batch: &Batch,
        facts: &[LeadFacts],
        release: &Release,
        by: By,
    ) -> Result<Committed, StoreError> {
        let rules = &release.rules;
        let mover = self.parts.mover();
        let keys: Vec<String> = batch.rows().map(|row| row.key.clone()).collect();
        // Before the messages are locked: whoever is behind in the line must not hold what one before it waits for.
        let mut end = self.line.end(by).await;
        let mut open = tx.inbox_lock(&keys).await?;
        let mut done = Committed::default();
        let mut finished = Vec::new();
        if batch.leads.iter().any(|(row, _)| open.contains(&row.key)) {
            let leads: Vec<&Lead> =
                batch.leads.iter().filter(|(row, _)| open.contains(&row.key)).map(|(_, lead)| lead).collect();
            let seconds = seconds(tx, &leads, rules, mover.now).await?;
            let assumed = end.as_mut().and_then(|end| end.assume());
            let standing = match &assumed {
                Some(assumed) => assumed.standing.clone(),
                None => Standing::locked(tx, rules).await?,
            };
            let mut table = StandingTable::of(standing);
            let mut decided = Vec::new();
            for ((row, lead), facts) in batch.leads.iter().zip(facts) {
                // Twice in one batch is once.
                if !open.remove(&row.key) {
                    continue;
                }
                if let Some(first) = seconds.get(&lead.id) {
                    done.seconds.push(Second { row: row.clone(), lead: lead.clone(), first: first.clone() });
                    continue;
                }
                fail::fail_point!(&format!("while_deciding {}", row.key));
                let (one, answer) = decide_lead(&mut table, &row.key, lead, facts, release, &mover);
                finished.push((row.key.clone(), answer.text()?, Some(lead.id.clone())));
                done.answers.push((row.key.clone(), answer));
                decided.push(one);
            }
            done.place = end.take().map(|mut end| end.leave(table.standing.clone()));
            tx.decided_insert(&decided).await?;
            if let Some(assumed) = assumed {
                assumed.came_true(&self.line, tx, rules, &table.touched).await?;
            }
            tx.ledgers_save(&table.entries, &table.changed_ledgers(), "decision", mover.now).await?;
            tx.reps_save(&table.changed_reps()).await?;
            done.begun.extend(decided.into_iter().map(|one| {
                let steps = one.steps.iter().filter_map(NewStep::in_hand).collect();
                (steps, Arc::new(Matter::of(one, release)))
            }));
        }
        drop(end);
        for (row, message) in &batch.others {
            if !open.remove(&row.key) {
                continue;
            }
            fail::fail_point!(&format!("while_deciding {}", row.key));
            let applied = apply(tx, message, rules, &mover).await?;
            done.steps.extend(applied.steps);
            let answer = Answer::Taken { event: row.key.clone(), ignored: applied.ignored };
            finished.push((row.key.clone(), answer.text()?, None));
            done.answers.push((row.key.clone(), answer));
        }
        tx.inbox_finish(&finished).await?;
        Ok(done)
    }
}
