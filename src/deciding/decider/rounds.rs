//! The loop: what waits in a line, or was left behind in the inbox, is gathered into batches and decided, so many at once.

use super::Decider;
use super::calls::{Calls, UnderWay};
use super::line::Waiting;
use crate::deciding::batch::{Batch, ORPHANED_AFTER};
use crate::intake::event::Message;
use futures_util::future::BoxFuture;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{MissedTickBehavior, sleep_until};

/// Messages decided in one transaction at most: a live caller waits for one of them, and for its locks.
const BATCH: usize = 32;
/// Batches at once: while one commits, facts are gathered for the next.
const BATCHES_AT_ONCE: usize = 2;
/// How long a batch that has its turn waits for company; whoever is on a line waits for none while nothing else is being decided.
const GATHER: Duration = Duration::from_millis(2);
/// How long what only tells of a call waits for the lead of that call, which may have been sent beside it.
const LEAD_WITHIN: Duration = Duration::from_millis(7);
/// How often orphans are looked for, in real time.
const SWEEP: Duration = Duration::from_secs(2);

impl Decider {
    /// Decides until told to stop. What still waits then lies in the inbox, for the other workers or the next start.
    pub async fn run(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let mut lines = self.lines.ends.lock().await;
        let mut sweep = tokio::time::interval(SWEEP);
        sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let at_once = Arc::new(Semaphore::new(BATCHES_AT_ONCE));
        let commits = Arc::clone(&self.commits);
        let decide = move |batch| -> BoxFuture<'static, ()> {
            let commits = Arc::clone(&commits);
            Box::pin(async move { commits.commit_or_split(batch).await })
        };
        let (mut leads, mut calls) = (UnderWay::default(), Calls::new(decide));
        while self.may_decide(&mut stop).await {
            let mut batch = Vec::with_capacity(BATCH);
            tokio::select! {
                first = lines.next() => batch.extend(first),
                () = calls.ended(), if calls.has_waiting() => {
                    calls.begin(&leads);
                    continue;
                }
                _ = sweep.tick() => {
                    self.delivery.answers.sweep();
                    batch.extend(self.orphans(&calls).await);
                    if batch.len() == BATCH {
                        // There are more: a worker died with its hands full.
                        sweep.reset_immediately();
                    }
                }
                _ = stop.changed() => break,
            }
            if batch.is_empty() {
                continue;
            }
            // Whoever comes until there is a turn, and a moment longer, comes along.
            let has_company = at_once.available_permits() < BATCHES_AT_ONCE;
            let turn = Arc::clone(&at_once).acquire_owned().await.expect("never closed");
            match &batch[..] {
                [first, ..] if first.needs_lead() => tokio::time::sleep(LEAD_WITHIN).await,
                [first, ..] if first.is_live() && !has_company => {}
                _ => tokio::time::sleep(GATHER).await,
            }
            lines.fill(&mut batch, BATCH);
            if batch.iter().any(Waiting::needs_lead) {
                // Their lead may be in the batch that is being decided.
                let _decided = at_once.acquire_many(BATCHES_AT_ONCE as u32 - 1).await.expect("never closed");
            }
            self.decide(batch, (turn, &at_once), &mut leads, &mut calls, &stop).await;
        }
        calls.drained(&leads).await;
        let _all = at_once.acquire_many(BATCHES_AT_ONCE as u32).await;
        self.delivery.all_sent().await;
    }

    /// Waits until this worker decides; `false`: it stops.
    async fn may_decide(&self, stop: &mut watch::Receiver<bool>) -> bool {
        while !*stop.borrow() {
            self.commits.turns();
            if self.why_not().is_some() {
                tokio::select! {
                    () = self.parts.outbox.duty().resumed() => {}
                    _ = stop.changed() => {}
                }
                continue;
            }
            let Some(until) = self.setbacks.rest.until() else { return true };
            tokio::select! {
                () = sleep_until(until) => self.setbacks.wake().await,
                _ = stop.changed() => {}
            }
        }
        false
    }

    /// What a dead worker, or a full line, left behind; and what others have heard of the call of a lead that is held here.
    async fn orphans(&self, calls: &Calls) -> Vec<Waiting> {
        let now = self.parts.clock.now();
        let orphaned = now - ORPHANED_AFTER;
        let before = if self.held.is_empty() { orphaned } else { now };
        // Before the inbox is read: what ends meanwhile is not found again.
        let mut in_hand = calls.in_hand();
        in_hand.extend(self.held.keys());
        // Messages that the database does not take do not stand in the way of those behind them.
        let limit = BATCH + self.setbacks.rest.count_stuck() + in_hand.len();
        match self.parts.store.inbox_take_stale(before, limit).await {
            Ok(found) => {
                let all = found.len() < limit;
                let mut due = self.setbacks.rest.due(found, all);
                due.retain(|row| !in_hand.contains(&row.key));
                let mut due: Vec<Waiting> = due.into_iter().map(Waiting::read).collect();
                due.retain(|message| message.row.received_at < orphaned || self.held.waits_for(message));
                due.truncate(BATCH);
                due
            }
            Err(error) => {
                tracing::error!(%error, "the inbox could not be read");
                Vec::new()
            }
        }
    }

    /// Returns when the next batch may begin.
    async fn decide(
        self: &Arc<Self>,
        messages: Vec<Waiting>,
        (turn, at_once): (OwnedSemaphorePermit, &Arc<Semaphore>),
        under_way: &mut UnderWay,
        of_calls: &mut Calls,
        stop: &watch::Receiver<bool>,
    ) {
        let (mut leads, mut calls, mut others) = (Batch::default(), Vec::new(), Vec::new());
        for message in messages {
            let Some(Waiting { row, read }) = self.held.keep(message) else { continue };
            match read {
                Ok(Message::Lead(lead)) => match self.holds_until(&lead) {
                    Some(until) => self.hold((row, *lead), until, at_once, stop),
                    None => leads.leads.push((row, *lead)),
                },
                Ok(Message::Call(call)) => calls.push((row, call)),
                Ok(message) => others.push(Batch { other: Some((row, message)), ..Batch::default() }),
                Err(why) => self.setbacks.quarantine(&row, why).await,
            }
        }
        // What may begin a lead comes first: what tells of its call alone belongs to it.
        leads.leads.sort_by_key(|(_, lead)| !lead.may_begin());
        // A lead locks ledgers, then reps; a move locks its handoff, then reps. Never both in one transaction, or two workers
        // could wait for each other crosswise.
        if leads.leads.is_empty() {
            drop(turn);
        } else {
            let (commits, begun) = (Arc::clone(&self.commits), under_way.begin());
            tokio::spawn(async move {
                commits.commit_or_split(leads).await;
                drop((turn, begun));
            });
        }
        if !calls.is_empty() {
            of_calls.add(calls, under_way).await;
        }
        if !others.is_empty() {
            // They may be about leads and calls that came before them, and what comes after them sees what they change.
            of_calls.drained(under_way).await;
            let _alone = at_once.acquire_many(BATCHES_AT_ONCE as u32).await.expect("never closed");
            for other in others {
                self.commits.commit_or_split(other).await;
            }
        }
    }
}
