//! From committed messages to committed decisions.
//!
//! Guarantees: a message is acknowledged only after its bytes are in the inbox; one decision per event, however often it
//! comes; what cannot be decided is quarantined with its bytes and the reason, and its neighbours are not held up. Facts are
//! gathered outside any transaction; decision, turn, reservation, handoff and first steps are one. If the process dies after
//! commit 1, the next look at the inbox finds the message; after commit 2, the leases of the first steps lapse.

pub mod accept;
mod calls;
mod held;
mod line;
pub mod reps;
mod rounds;
mod seen;

use super::answer::{Answer, Answers, OutgoingAnswer, within};
use super::aside::{Setbacks, source_in};
use super::batch::Commits;
use super::delivery::Delivery;
pub use super::delivery::Replies;
pub use super::parts::DeciderParts;
use crate::facts::Seen;
use crate::intake::event::{Incoming, Message, parse};
use crate::store::{Arrival, AuditEntry, InboxMessage, InboxRow, StoreError, with};
use crate::telemetry::figures;
use chrono::DateTime;
use line::{Lines, Waiting};
use std::panic::catch_unwind;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How long a batch in the inbox waits for room in the lines.
const ROOM_WITHIN: Duration = Duration::from_millis(250);
/// A repeated event waits this long for the answer to the first one, in real time.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

pub struct Decider {
    pub(super) parts: Arc<DeciderParts>,
    lines: Lines,
    held: Arc<held::Held>,
    delivery: Arc<Delivery>,
    setbacks: Arc<Setbacks>,
    pub(super) commits: Arc<Commits>,
    pub(super) seen_times: seen::SeenTimes,
}

impl Decider {
    pub fn new(parts: DeciderParts) -> Arc<Self> {
        let parts = Arc::new(parts);
        let delivery = Arc::new(Delivery::new(parts.replies.clone()));
        let setbacks = Arc::new(Setbacks::new(parts.store.clone(), Arc::clone(&delivery)));
        let commits = Arc::new(Commits::new(Arc::clone(&parts), Arc::clone(&delivery), Arc::clone(&setbacks)));
        let (lines, held, seen_times) = (Lines::default(), Arc::default(), seen::SeenTimes::default());
        Arc::new(Self { parts, lines, held, delivery, setbacks, commits, seen_times })
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
        let inserted = with(Arc::clone(&rows), |tx, rows| Box::pin(tx.inbox_insert(rows)));
        let new = self.parts.store.write_once("inbox.insert", inserted).await?;
        let known = if new.len() == rows.len() {
            vec![Arrival::New; rows.len()]
        } else {
            let known = with((Arc::clone(&rows), new.clone()), |tx, (rows, new)| {
                Box::pin(tx.inbox_known(rows, new, is_unreadable))
            });
            match self.parts.store.write("inbox.known", known).await {
                Ok(known) => known,
                Err(error) => {
                    // These are in the inbox, whatever becomes of the others: nobody is to wait for the sweep.
                    let new = rows.iter().filter(|message| new.contains(&message.key)).cloned();
                    let new = new.map(|message| Waiting::read(InboxRow::from(message))).collect();
                    self.lines.enter(new, Instant::now() + ROOM_WITHIN).await;
                    return Err(error);
                }
            }
        };
        fail::fail_point!("after_inbox_commit");
        let mut new = Vec::with_capacity(rows.len());
        for (message, known) in rows.iter().zip(&known) {
            figures::received(source_in(&message.key), matches!(known, Arrival::Same | Arrival::Differs));
            let row = InboxRow::from(message.clone());
            match known {
                Arrival::New | Arrival::TriedAgain => new.push(Waiting::read(row)),
                Arrival::Same | Arrival::Differs if row.reply_to.is_some() => self.answer_again(row, *known).await,
                Arrival::Same | Arrival::Differs => {}
            }
        }
        self.lines.enter(new, Instant::now() + ROOM_WITHIN).await;
        Ok(known)
    }

    /// Lets a message that was put aside be tried again, since `actor` asks for it.
    ///
    /// # Errors
    /// `NotFound` if it is not; or the database failed.
    pub async fn replay(&self, key: &str, actor: &str) -> Result<(), StoreError> {
        let (entry, now) = (AuditEntry::of(actor, "quarantine.replay", key, None), self.parts.clock.now());
        let replayed = with((key.to_owned(), entry), move |tx, (key, entry)| {
            Box::pin(async move {
                let row = tx.inbox_replay(key).await?;
                tx.audit(entry, now).await?;
                Ok(row)
            })
        });
        let row = self.parts.store.write("inbox.replay", replayed).await?;
        self.lines.enter(vec![Waiting::read(row)], Instant::now() + ROOM_WITHIN).await;
        Ok(())
    }

    /// Why this worker takes no work at the moment; `None`: it does.
    pub fn why_not(&self) -> Option<Arc<str>> {
        self.parts.outbox.duty().why_not()
    }

    /// How old what decisions go by is, and which vendors are left alone.
    pub fn seen(&self) -> Seen {
        self.parts.facts.seen()
    }

    /// Whether leads are decided beside another system, and nothing is done that anybody would notice.
    pub fn is_in_shadow(&self) -> bool {
        self.parts.outbox.is_in_shadow()
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

    /// How long ago the loop that decides last turned: seconds, while it lives. A worker that takes no work turns nothing.
    pub fn turned_ago(&self) -> Duration {
        self.commits.turned_ago()
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
        Ok(if text.is_empty() { Some(Answer::no_longer_kept(key)) } else { serde_json::from_str(&text).ok() })
    }
}

/// Whether an event will be put aside for what it is, or may be.
fn is_unreadable(body: &[u8]) -> bool {
    // The moment matters to no fault: it stands in for a time that is missing.
    match catch_unwind(|| parse(body, DateTime::UNIX_EPOCH)) {
        Ok(Ok(Incoming { message: Message::Lead(lead), .. })) => !lead.may_begin(),
        Ok(Ok(_)) => false,
        Ok(Err(_)) | Err(_) => true,
    }
}
