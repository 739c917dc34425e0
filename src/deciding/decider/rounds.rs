//! The loop: what is in the queue, or was left behind in the inbox, is gathered into batches and decided, so many at once.

use super::Decider;
use crate::deciding::aside::panicked;
use crate::deciding::batch::Batch;
use crate::intake::event::{Incoming, Message, parse};
use crate::outbox::Pace;
use crate::store::InboxRow;
use chrono::TimeDelta;
use std::panic::catch_unwind;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, sleep_until};

/// Messages decided in one transaction at most.
const BATCH: usize = 100;
/// Batches at once: while one commits, facts are gathered for the next.
const BATCHES_AT_ONCE: usize = 2;
/// How long the first message of a batch waits for company.
const GATHER: Duration = Duration::from_millis(3);
/// A message that nobody has decided after this long belongs to whoever finds it.
const ORPHANED_AFTER: TimeDelta = TimeDelta::seconds(5);
/// How long decisions go before everything but timers, and how long before what can wait, in real time.
const SURGE_AT_MOST: Duration = Duration::from_secs(3);
const RUSH_AT_MOST: Duration = Duration::from_secs(6);
/// A rush is over when nothing has come for so long.
const RUSH_OVER_AFTER: Duration = Duration::from_millis(30);
/// How often orphans are looked for, in real time.
const SWEEP: Duration = Duration::from_secs(2);

/// Whether more leads come than are decided at once, and since when.
#[derive(Default)]
struct Rush(Option<Instant>);

impl Rush {
    /// Called with the number of messages at hand, before they are decided. A rush ends when few are left, and a lasting one by
    /// itself: what was put off must be done at some time.
    fn pace(&mut self, at_hand: usize, now: Instant) -> Pace {
        if at_hand < BATCH / 10 {
            self.0 = None;
        } else if at_hand >= BATCH / 3 {
            self.0.get_or_insert(now);
        }
        match self.0.map(|since| now - since) {
            Some(lasts) if lasts < SURGE_AT_MOST => Pace::Surge,
            Some(lasts) if lasts < RUSH_AT_MOST => Pace::Rush,
            Some(_) | None => Pace::Calm,
        }
    }

    fn is_on(&self) -> bool {
        self.0.is_some()
    }
}

impl Decider {
    /// Decides until told to stop. What is still in the queue then lies in the inbox, for the other workers or the next start.
    pub async fn run(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let mut waiting = self.waiting.lock().await;
        let mut sweep = tokio::time::interval(SWEEP);
        let mut rush = Rush::default();
        let at_once = Arc::new(Semaphore::new(BATCHES_AT_ONCE));
        while !*stop.borrow() {
            if self.why_not().is_some() {
                tokio::select! {
                    () = self.parts.outbox.duty().resumed() => {}
                    _ = stop.changed() => {}
                }
                continue;
            }
            if let Some(until) = self.setbacks.rest.until() {
                tokio::select! {
                    () = sleep_until(until) => {}
                    _ = stop.changed() => break,
                }
                if self.setbacks.wake().await {
                    sweep.reset_immediately();
                }
                continue;
            }
            let mut rows = Vec::with_capacity(BATCH);
            tokio::select! {
                first = waiting.recv() => rows.extend(first),
                _ = sweep.tick() => {
                    self.delivery.answers.sweep();
                    rows.extend(self.orphans().await);
                    if rows.len() == BATCH {
                        // There are more: a worker died with its hands full.
                        sweep.reset_immediately();
                    }
                }
                () = tokio::time::sleep(RUSH_OVER_AFTER), if rush.is_on() => rush = Rush::default(),
                _ = stop.changed() => break,
            }
            if rows.is_empty() {
                if !rush.is_on() {
                    self.parts.outbox.set_pace(Pace::Calm);
                }
                continue;
            }
            let company = tokio::time::timeout(GATHER, waiting.recv_many(&mut rows, BATCH));
            let _either_way = company.await;
            let pace = rush.pace(rows.len() + waiting.len(), Instant::now());
            self.parts.outbox.set_pace(pace);
            self.decide(rows, &at_once, pace).await;
        }
        self.parts.outbox.set_pace(Pace::Calm);
        let _all = at_once.acquire_many(BATCHES_AT_ONCE as u32).await;
        self.delivery.all_sent().await;
    }

    /// Rows that a dead worker, or a full queue, left behind.
    async fn orphans(&self) -> Vec<InboxRow> {
        let before = self.parts.clock.now() - ORPHANED_AFTER;
        // Messages that the database does not take do not stand in the way of those behind them.
        let limit = BATCH + self.setbacks.rest.count_stuck();
        match self.parts.store.inbox_take_stale(before, limit).await {
            Ok(found) => {
                let all = found.len() < limit;
                let mut due = self.setbacks.rest.due(found, all);
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
    async fn decide(&self, rows: Vec<InboxRow>, at_once: &Arc<Semaphore>, pace: Pace) {
        let mut batch = Batch::default();
        for row in rows {
            match catch_unwind(|| parse(&row.body, row.received_at)) {
                Err(panic) => self.setbacks.quarantine(&row, panicked(&*panic).to_string()).await,
                Ok(Ok(Incoming { message: Message::Lead(lead), .. })) => batch.leads.push((row, *lead)),
                Ok(Ok(Incoming { message, .. })) => batch.others.push((row, message)),
                Ok(Err(faults)) => {
                    let why = faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
                    self.setbacks.quarantine(&row, why).await;
                }
            }
        }
        // A lead locks ledgers, then reps; a move locks its handoff, then reps. Never both in one transaction, or two workers
        // could wait for each other crosswise.
        let (leads, others) = batch.apart();
        if leads.len() > 0 {
            let turn = Arc::clone(at_once).acquire_owned().await.expect("never closed");
            let commits = Arc::clone(&self.commits);
            tokio::spawn(async move {
                commits.commit_or_split(leads, pace).await;
                drop(turn);
            });
        }
        if others.len() > 0 {
            // They may be about leads that came before them.
            let _alone = at_once.acquire_many(BATCHES_AT_ONCE as u32).await.expect("never closed");
            for other in others.singles() {
                self.commits.commit_or_split(other, Pace::Calm).await;
            }
        }
    }
}
