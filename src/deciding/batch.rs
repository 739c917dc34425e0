//! Commit 2: a batch of parsed messages, decided under one lock, stored in one transaction; message by message where that
//! fails.

use super::answer::Answer;
use super::aside::{Setbacks, caught};
use super::complete::{Second, complete_all};
use super::delivery::Delivery;
use super::lead::decide_lead;
use super::messages::{CallsApplied, apply, apply_calls};
use super::parts::DeciderParts;
use super::seconds::{facts_for, seconds, wanted};
use super::table::{Standing, StandingTable};
use crate::facts::LeadFacts;
use crate::intake::event::{CallEvent, Message};
use crate::outbox::Matter;
use crate::release::Release;
use crate::store::{
    Changes, DecidedLead, Handled, InboxRow, Mover, NewStep, StepRow, StoreError, Tx, chosen_by, next_step_name,
};
use crate::telemetry::figures;
use crate::telemetry::traces::{BatchSpans, for_leads};
use baton_core::domain::lead::Lead;
use baton_core::routing::as_it_counts;
use baton_core::rules::RuleSet;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// A message that nobody has decided after this long belongs to whoever finds it.
pub(super) const ORPHANED_AFTER: TimeDelta = TimeDelta::seconds(5);
/// One that came within this time is still this worker's when it is decided: by less than [`ORPHANED_AFTER`] as much as clocks
/// differ and a commit takes. Whoever holds it while this worker decides it would wait for its locks, and it for theirs.
const JUST_CAME: TimeDelta = TimeDelta::seconds(2);

/// Whoever holds a lead has found by then what another worker has heard of its call, and has decided it: a sweep, and what a decision
/// takes. It is less than what an inbox that lags is told by.
const FOUND_WITHIN: TimeDelta = TimeDelta::seconds(7);

/// Messages that are decided in one transaction: leads, or events of calls, or one of the others.
#[derive(Default)]
pub(super) struct Batch {
    pub leads: Vec<(InboxRow, Lead)>,
    pub calls: Vec<(InboxRow, CallEvent)>,
    pub other: Option<(InboxRow, Message)>,
}

impl Batch {
    fn len(&self) -> usize {
        self.leads.len() + self.calls.len() + usize::from(self.other.is_some())
    }

    fn rows(&self) -> impl Iterator<Item = &InboxRow> {
        let leads = self.leads.iter().map(|(row, _)| row);
        leads.chain(self.calls.iter().map(|(row, _)| row)).chain(self.other.iter().map(|(row, _)| row))
    }

    fn singles(&self) -> impl Iterator<Item = Self> {
        let leads = self.leads.iter().map(|lead| Self { leads: vec![lead.clone()], ..Self::default() });
        let calls = self.calls.iter().map(|call| Self { calls: vec![call.clone()], ..Self::default() });
        leads.chain(calls).chain(self.other.clone().map(|other| Self { other: Some(other), ..Self::default() }))
    }
}

/// Whether it has been tried to decide a batch, whole or in part, before.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Attempt {
    First,
    Again,
}

/// What a committed batch leaves to be done.
#[derive(Default)]
struct Committed {
    /// By inbox key.
    answers: Vec<(String, Answer)>,
    decided: Vec<figures::Decided>,
    /// Steps of a lead, with what they are about, if that is known.
    steps: Vec<(Vec<StepRow>, Option<Arc<Matter>>)>,
    /// Of calls that are leads already.
    seconds: Vec<Second>,
    /// Keys of what tells of calls whose leads may be on their way.
    early: Vec<String>,
    /// Leads of whom nothing is known but their call, or that begin none, and their call is nobody's.
    unreachable: Vec<(InboxRow, String)>,
}

/// Why such a lead is put aside, with what it says that could not be read.
fn unreachable(lead: &Lead) -> String {
    if lead.can_be_reached() {
        return "it only completes a lead (call.opens is false), and there is no lead of this call yet; allowed: to be sent \
                again or replayed once there is one"
            .to_owned();
    }
    let unread: String = lead.unread.iter().map(|note| format!("; {note}")).collect();
    format!(
        "there is no way to reach the person, and no lead of this call{unread}; allowed: contact.phone, contact.email, the \
         caller's number in call.from (call.to if outbound), a live call, or a call of which there is a lead"
    )
}

/// What decides and stores batches; those that are under way at once share it.
pub(super) struct Commits {
    parts: Arc<DeciderParts>,
    delivery: Arc<Delivery>,
    setbacks: Arc<Setbacks>,
    /// Somebody may be able to take a lead who could not before.
    pub back: Notify,
    /// When the loop last looked for something to decide, or an attempt ended.
    turned_at: Mutex<Instant>,
}

impl Commits {
    pub(super) fn new(parts: Arc<DeciderParts>, delivery: Arc<Delivery>, setbacks: Arc<Setbacks>) -> Self {
        Self { parts, delivery, setbacks, back: Notify::new(), turned_at: Mutex::new(Instant::now()) }
    }

    pub(super) fn turns(&self) {
        *self.turned_at.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    pub(super) fn turned_ago(&self) -> Duration {
        self.turned_at.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }

    /// Commits a batch whole, or, where that fails, message by message: one that is at fault does not hold up the others.
    pub(super) async fn commit_or_split(self: &Arc<Self>, batch: Batch) {
        let batch = Arc::new(batch);
        let Err(error) = self.commit_caught(&batch, Attempt::First).await else { return };
        if !self.setbacks.is_database_well(&error).await {
            return;
        }
        if batch.len() == 1 {
            return self.once_more(&batch, &error).await;
        }
        tracing::warn!(%error, size = batch.len(), "a batch failed: its messages are decided one at a time");
        for single in batch.singles() {
            let single = Arc::new(single);
            let Err(error) = self.commit_caught(&single, Attempt::Again).await else { continue };
            if !self.setbacks.is_database_well(&error).await {
                return;
            }
            self.once_more(&single, &error).await;
        }
    }

    /// A panic undoes its transaction, and is an error here.
    async fn commit_caught(self: &Arc<Self>, batch: &Arc<Batch>, attempt: Attempt) -> Result<(), StoreError> {
        let done = caught(self.commit(batch, attempt)).await;
        self.turns();
        done
    }

    /// One message that has failed alone, with the database well.
    async fn once_more(self: &Arc<Self>, single: &Arc<Batch>, error: &StoreError) {
        let again = match error.is_transient() {
            true => return single.rows().for_each(|row| self.setbacks.waits(row, error)),
            false => self.commit_caught(single, Attempt::Again).await,
        };
        let Err(error) = again else { return };
        for row in single.rows() {
            self.setbacks.failed_twice(row, &error).await;
        }
    }

    /// Decides and stores a whole batch, then answers and sets its first steps going.
    async fn commit(self: &Arc<Self>, batch: &Arc<Batch>, attempt: Attempt) -> Result<(), StoreError> {
        let began = Instant::now();
        let release = Arc::clone(&self.parts.release.borrow());
        let now = self.parts.clock.now();
        let counts = |lead| as_it_counts(lead, now, &release.rules).0.into_owned();
        let leads: Vec<Lead> = batch.leads.iter().map(|(_, lead)| counts(lead)).collect();
        let told = batch.leads.iter().map(|(row, lead)| (&lead.id, row.trace_context.as_ref()));
        let mut spans = BatchSpans::decide(told);
        let facts = match leads.is_empty() {
            true => Vec::new(),
            false => for_leads(spans.contexts(), facts_for(&self.parts, leads, &release.rules)).await?,
        };
        let (commits, work, facts) = (Arc::clone(self), Arc::clone(batch), Arc::new(facts));
        // Nobody else looks for what came just now; should somebody have had it all the same, it is a conflict, and locked then.
        let now = self.parts.clock.now();
        let is_ours = attempt == Attempt::First && batch.rows().all(|row| now - row.received_at < JUST_CAME);
        let is_ours = Arc::new(AtomicBool::new(is_ours));
        let committed = self.parts.store.write_often("decide", move |tx| {
            let (commits, work) = (Arc::clone(&commits), Arc::clone(&work));
            let (facts, release, is_ours) = (Arc::clone(&facts), Arc::clone(&release), Arc::clone(&is_ours));
            Box::pin(async move {
                let open = work.rows().map(|row| row.key.clone()).collect();
                let open = if is_ours.swap(false, Ordering::Relaxed) { open } else { tx.inbox_lock(&open).await? };
                commits.decide_in(tx, &work, open, &facts, &release).await
            })
        });
        let committed = committed.await.inspect_err(|_| spans.fail("database"))?;
        drop(spans);
        fail::fail_point!("after_decision_commit");
        self.setbacks.rest.lets_go(batch.rows().map(|row| &row.key));
        committed.early.iter().for_each(|key| self.setbacks.rest.holds(key, None));
        let (took, committed_at) = (began.elapsed(), self.parts.clock.now());
        committed.decided.iter().for_each(|lead| figures::decided(lead, took, committed_at));
        for (steps, matter) in committed.steps {
            self.parts.outbox.run_now(steps, matter);
        }
        if matches!(batch.other, Some((_, Message::Presence { .. } | Message::Outcome { .. }))) {
            self.back.notify_one();
        }
        let rows: BTreeMap<&str, &InboxRow> = batch.rows().map(|row| (row.key.as_str(), row)).collect();
        for (key, answer) in &committed.answers {
            if let Some(row) = rows.get(key.as_str()) {
                self.delivery.deliver(row, answer);
            }
        }
        for (row, why) in committed.unreachable {
            self.setbacks.quarantine(&row, why).await;
        }
        complete_all(&self.parts, &self.delivery, &self.setbacks, committed.seconds).await;
        Ok(())
    }

    /// `open`: keys of the messages that nobody has handled.
    async fn decide_in(
        &self,
        tx: &mut Tx,
        batch: &Batch,
        mut open: BTreeSet<String>,
        facts: &[LeadFacts],
        release: &Release,
    ) -> Result<Committed, StoreError> {
        let mover = self.parts.mover();
        let mut done = Committed::default();
        let mut handled = Vec::new();
        // Twice in one batch is once.
        let leads: Vec<_> = batch.leads.iter().zip(facts).filter(|((row, _), _)| open.remove(&row.key)).collect();
        if !leads.is_empty() {
            self.decide_leads(tx, &leads, release, &mover, &mut done).await?;
        }
        let calls: Vec<_> = batch.calls.iter().filter(|(row, _)| open.remove(&row.key)).collect();
        if !calls.is_empty() {
            let told: Vec<&CallEvent> = calls.iter().map(|(_, call)| call).collect();
            let CallsApplied { moved, nobodys } = apply_calls(tx, &told, &release.rules, &mover).await?;
            for (steps, file) in moved {
                done.steps.push((steps, file.map(|file| Arc::new(Matter::of_file(file, release)))));
            }
            for (place, (row, _)) in calls.into_iter().enumerate() {
                fail::fail_point!(&format!("while_deciding {}", row.key));
                if nobodys.contains(&place) && self.may_have_lead(row, &release.rules, mover.now) {
                    done.early.push(row.key.clone());
                    continue;
                }
                done.taken(row, None, &mut handled)?;
            }
        }
        if let Some((row, message)) = batch.other.as_ref().filter(|(row, _)| open.remove(&row.key)) {
            fail::fail_point!(&format!("while_deciding {}", row.key));
            let applied = apply(tx, message, &release.rules, &mover).await?;
            done.steps.push((applied.steps, None));
            done.taken(row, applied.ignored, &mut handled)?;
        }
        tx.change(&Changes { handled: &handled, ..Changes::default() }).await?;
        Ok(done)
    }

    /// Whether the lead of a call may be held, by whichever worker, until the CRM has named its owner. What tells of the call waits in
    /// the inbox then, where whoever holds the lead finds it.
    fn may_have_lead(&self, row: &InboxRow, rules: &RuleSet, now: DateTime<Utc>) -> bool {
        now - row.received_at < FOUND_WITHIN && self.parts.facts.may_wait_for_owner(rules)
    }

    async fn decide_leads(
        &self,
        tx: &mut Tx,
        leads: &[(&(InboxRow, Lead), &LeadFacts)],
        release: &Release,
        mover: &Mover,
        done: &mut Committed,
    ) -> Result<(), StoreError> {
        let all: Vec<&Lead> = leads.iter().map(|((_, lead), _)| lead).collect();
        let (calls, standing) = Standing::locked_with(tx, &wanted(&all), &release.rules).await?;
        let seconds = seconds(tx, &all, calls, &release.rules, mover.now).await?;
        let mut table = StandingTable::of(standing);
        table.waits = self.parts.facts.recent_waits();
        table.shadow = self.parts.outbox.is_in_shadow();
        let (mut decided, mut handled) = (Vec::with_capacity(leads.len()), Vec::with_capacity(leads.len()));
        for ((row, lead), facts) in leads {
            if let Some(first) = seconds.get(&lead.id) {
                done.seconds.push(Second { row: row.clone(), lead: lead.clone(), first: first.clone() });
                continue;
            }
            if !lead.may_begin() {
                done.unreachable.push((row.clone(), unreachable(lead)));
                continue;
            }
            fail::fail_point!(&format!("while_deciding {}", row.key));
            let (one, answer) = decide_lead(tx, &mut table, row, lead, facts, release, mover).await?;
            handled.push(Handled { key: row.key.clone(), answer: answer.text()?, lead_id: Some(lead.id.clone()) });
            done.answers.push((row.key.clone(), answer));
            decided.push(one);
        }
        let changes = Changes {
            decided: &decided,
            turns: &table.entries,
            ledgers: &table.changed_ledgers(),
            reps: &table.changed_reps(),
            handled: &handled,
            at: mover.now,
            ..Changes::default()
        };
        tx.change(&changes).await?;
        done.decided.extend(decided.iter().map(counted));
        done.steps.extend(decided.into_iter().map(|one| {
            let steps = one.steps.iter().filter_map(NewStep::in_hand).collect();
            (steps, Some(Arc::new(Matter::of(one, release))))
        }));
        Ok(())
    }
}

/// What the figures tell of a lead.
fn counted(one: &DecidedLead) -> figures::Decided {
    figures::Decided {
        next_step: next_step_name(one.handoff.next_step().what),
        rung: chosen_by(&one.decision),
        channel: one.lead.channel.as_str(),
        received_at: one.lead.received_at,
    }
}

impl Committed {
    fn taken(&mut self, row: &InboxRow, ignored: Option<String>, handled: &mut Vec<Handled>) -> Result<(), StoreError> {
        let answer = Answer::Taken { event: row.key.clone(), ignored };
        handled.push(Handled { key: row.key.clone(), answer: answer.text()?, lead_id: None });
        self.answers.push((row.key.clone(), answer));
        Ok(())
    }
}
