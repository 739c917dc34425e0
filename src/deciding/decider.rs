//! From committed messages to committed decisions.
//!
//! Guarantees: a message is acknowledged only after its bytes are in the inbox; one decision per event, however often it
//! comes; what cannot be decided is quarantined with its bytes and the reason, and its neighbours are not held up. Facts are
//! gathered outside any transaction; decision, turn, reservation, handoff and first steps are one. If the process dies after
//! commit 1, the next look at the inbox finds the message; after commit 2, the leases of the first steps lapse.

use super::ahead::DecidedAhead;
use super::answer::{Answer, Answers, OutgoingAnswer, within};
use super::aside::{Setbacks, panicked};
use super::batch::{Batch, Commits};
use super::delivery::Delivery;
pub use super::delivery::Replies;
pub use super::parts::DeciderParts;
use crate::intake::event::{Incoming, Message, parse};
use crate::outbox::Pace;
use crate::store::{Arrival, InboxMessage, InboxRow, StoreError};
use chrono::{DateTime, TimeDelta};
use std::panic::catch_unwind;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout_at};

/// Messages decided in one transaction at most.
const BATCH: usize = 100;
/// Batches at once: while one commits, facts are gathered for the next.
const BATCHES_AT_ONCE: usize = 2;
/// How long the first message of a batch waits for company.
const GATHER: Duration = Duration::from_millis(3);
/// How long a batch in the inbox waits for a place in the queue.
const ROOM_WITHIN: Duration = Duration::from_secs(1);
/// A message that nobody has decided after this long belongs to whoever finds it.
const ORPHANED_AFTER: TimeDelta = TimeDelta::seconds(5);
/// A repeated event waits this long for the answer to the first one, in real time.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
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

pub struct Decider {
    pub(super) parts: Arc<DeciderParts>,
    queue: mpsc::Sender<InboxRow>,
    waiting: tokio::sync::Mutex<mpsc::Receiver<InboxRow>>,
    delivery: Arc<Delivery>,
    setbacks: Arc<Setbacks>,
    pub(super) commits: Arc<Commits>,
}

impl Decider {
    pub fn new(parts: DeciderParts) -> Arc<Self> {
        let (queue, waiting) = mpsc::channel(1024);
        let waiting = tokio::sync::Mutex::new(waiting);
        let parts = Arc::new(parts);
        let delivery = Arc::new(Delivery::new(parts.replies.clone()));
        let setbacks = Arc::new(Setbacks::new(parts.store.clone(), Arc::clone(&delivery)));
        let commits = Arc::new(Commits::new(Arc::clone(&parts), Arc::clone(&delivery), Arc::clone(&setbacks)));
        Arc::new(Self { parts, queue, waiting, delivery, setbacks, commits })
    }

    /// Commit 1: the bytes are in the inbox when this returns; deciding follows. Returns what each message was to the inbox;
    /// what came before is answered again, what was put aside is tried again.
    ///
    /// # Errors
    /// The database did not commit, or this worker takes nothing at the moment: nothing may be acknowledged.
    pub async fn take(&self, messages: Vec<InboxMessage>) -> Result<Vec<Arrival>, StoreError> {
        if let Some(why) = self.why_not() {
            return Err(StoreError::Unfit { why: why.to_string() });
        }
        let rows: Arc<[InboxMessage]> = messages.into();
        let batch = Arc::clone(&rows);
        let taken = self.parts.store.write("inbox.insert", move |tx| {
            let batch = Arc::clone(&batch);
            Box::pin(async move { tx.inbox_take(&batch, is_unreadable).await })
        });
        let known = taken.await?;
        fail::fail_point!("after_inbox_commit");
        let until = Instant::now() + ROOM_WITHIN;
        for (message, known) in rows.iter().zip(&known) {
            let row = InboxRow::from(message.clone());
            match known {
                Arrival::New | Arrival::TriedAgain => self.enqueue(row, until).await,
                Arrival::Same | Arrival::Differs if row.reply_to.is_some() => self.answer_again(row, *known).await,
                Arrival::Same | Arrival::Differs => {}
            }
        }
        Ok(known)
    }

    /// Lets a message that was put aside be tried again.
    ///
    /// # Errors
    /// `NotFound` if it is not; or the database failed.
    pub async fn replay(&self, key: &str) -> Result<(), StoreError> {
        let key = key.to_owned();
        let replayed = self.parts.store.write("inbox.replay", move |tx| {
            let key = key.clone();
            Box::pin(async move { tx.inbox_replay(&key).await })
        });
        self.enqueue(replayed.await?, Instant::now() + ROOM_WITHIN).await;
        Ok(())
    }

    /// Waiting here slows the sender down to the pace of deciding. No room even so is no loss: the row is in the inbox, and the
    /// sweep finds it.
    async fn enqueue(&self, row: InboxRow, until: Instant) {
        let _queued = timeout_at(until, self.queue.send(row)).await;
    }

    /// Why this worker takes no work at the moment; `None`: it does.
    pub fn why_not(&self) -> Option<Arc<str>> {
        self.parts.outbox.duty().why_not()
    }

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

    /// The same event again gets the same answer: the stored one, or the one that is being made.
    async fn answer_again(&self, row: InboxRow, known: Arrival) {
        let coming = self.delivery.answers.expect(&row.key);
        match self.answer_of(&row.key).await {
            Ok(Some(answer)) => self.delivery.reply(&row, &OutgoingAnswer::of(&answer, known)),
            Ok(None) => {
                let delivery = Arc::clone(&self.delivery);
                tokio::spawn(async move {
                    if let Some(answer) = within(coming, ANSWER_WITHIN).await {
                        delivery.reply(&row, &OutgoingAnswer::of(&answer, known));
                    }
                });
            }
            Err(error) => tracing::warn!(%error, "an answer could not be repeated"),
        }
    }

    /// Who waits for which answer.
    pub fn answers(&self) -> &Answers {
        &self.delivery.answers
    }

    /// How often a surge was decided ahead of its commits, and how often that had to be undone.
    pub fn decided_ahead(&self) -> DecidedAhead {
        self.commits.line.decided_ahead()
    }

    /// Why messages wait although the database takes writes, if any do; in words of ours.
    pub fn held_up_by(&self) -> Option<&'static str> {
        self.setbacks.rest.cause()
    }

    /// Whether a commit would work now.
    pub async fn is_ready(&self) -> bool {
        self.why_not().is_none() && self.parts.store.takes_writes().await.is_ok()
    }

    /// The answer to an event that was handled before; `None` while it is not.
    ///
    /// # Errors
    /// The database could not be read, or holds what is no answer.
    pub async fn answer_of(&self, key: &str) -> Result<Option<Answer>, StoreError> {
        let Some(text) = self.parts.store.inbox_answer(key).await? else { return Ok(None) };
        Ok(serde_json::from_str(&text).ok())
    }
}

/// Whether an event will be put aside for what it is.
fn is_unreadable(body: &[u8]) -> bool {
    // The moment matters to no fault: it stands in for a time that is missing.
    !matches!(catch_unwind(|| parse(body, DateTime::UNIX_EPOCH)), Ok(Ok(_)))
}
