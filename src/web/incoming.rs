//! Events on their way in, whichever door they came through: committed first, then answered, if the decision is there in time.
//!
//! What the inbox has taken is decided even if nobody waits for it any more. If the process dies here, whoever got no answer
//! sends again, and the same event gets the same answer.

use super::standing::Whose;
use super::{Door, Problem, Rights};
use crate::deciding::answer::{Answer, within};
use crate::deciding::call::is_same_call;
use crate::intake::event::{CallEvent, Incoming, Message, key_of, kind_of, lead_id_of_key, parse, source_of};
use crate::store::{Arrival, CARRIER, InboxMessage, LeadRecord, with};
use crate::telemetry::traces::DoorSpan;
use baton_core::domain::id::LegId;
use baton_core::domain::lead::Lead;
use chrono::{DateTime, Utc};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

/// A caller is on the line: nobody waits longer for words than this.
pub(super) const LONGEST_WAIT: Duration = Duration::from_millis(1500);

/// How long whoever does not wait for a decision waits for the commit.
pub(super) const TAKEN_WITHIN: Duration = Duration::from_secs(5);

/// An event that the inbox has.
pub(super) struct Taken {
    pub key: String,
    pub known: Arrival,
    pub coming: oneshot::Receiver<Answer>,
    /// Ends with this: when it is answered.
    pub span: DoorSpan,
}

/// What became of an event that was handed in.
pub(super) struct Brought {
    pub key: String,
    pub known: Arrival,
    /// `None` where nobody waits, or it was not there in time.
    pub answer: Option<Answer>,
}

impl Door {
    /// Commits these events together, in their order, and gives what became of each. `waits`: for their answers too, until then.
    ///
    /// # Errors
    /// Nothing is known to be stored: this worker takes nothing at the moment, the database failed, or the time was up.
    pub(super) async fn bring(
        &self,
        messages: Vec<InboxMessage>,
        until: Instant,
        waits: bool,
    ) -> Result<Vec<Brought>, Problem> {
        let taken = self.take(messages, until).await?;
        Ok(self.answers(taken, until, waits).await)
    }

    /// The first half of it: the commit.
    ///
    /// # Errors
    /// As of the whole.
    pub(super) async fn take(&self, mut messages: Vec<InboxMessage>, until: Instant) -> Result<Vec<Taken>, Problem> {
        if let Some(why) = self.decider.why_not() {
            return Err(Problem::busy(format!("{why}; the same request may be sent again")));
        }
        let expect = |message: &InboxMessage| (message.key.clone(), self.decider.answers().expect(&message.key));
        let expected: Vec<(String, oneshot::Receiver<Answer>)> = messages.iter().map(expect).collect();
        let mut spans: Vec<DoorSpan> = messages.iter_mut().map(door_span).collect();
        let decider = Arc::clone(&self.decider);
        // In a task of its own: whoever stops waiting does not stop what the inbox has taken from being queued.
        let taking = self.in_hand.spawn(async move { decider.take(messages).await });
        let taken = match timeout_at(until, taking).await {
            Ok(Ok(Ok(known))) => Ok(known),
            Ok(Ok(Err(error))) => Err(Problem::ours(&error)),
            Ok(Err(_)) => Err(Problem::busy("the request could not be finished; it may be sent again")),
            Err(_) => Err(self.not_in_time()),
        };
        let known = taken.inspect_err(|_| spans.iter_mut().for_each(|span| span.fails("database")))?;
        let taken = expected.into_iter().zip(known).zip(spans);
        let taken = taken.map(|(((key, coming), known), mut span)| {
            if matches!(known, Arrival::Same | Arrival::Differs) {
                span.repeats();
            }
            Taken { key, known, coming, span }
        });
        Ok(taken.collect())
    }

    /// The second half: whatever fails now, the events are stored.
    pub(super) async fn answers(&self, taken: Vec<Taken>, until: Instant, waits: bool) -> Vec<Brought> {
        let mut brought = Vec::with_capacity(taken.len());
        for Taken { key, known, coming, span } in taken {
            let answer = if waits { self.answered(&key, known, coming, until).await } else { None };
            drop(span);
            brought.push(Brought { key, known, answer });
        }
        brought
    }

    /// What was answered before, or what is answered until then.
    async fn answered(
        &self,
        key: &str,
        known: Arrival,
        coming: oneshot::Receiver<Answer>,
        until: Instant,
    ) -> Option<Answer> {
        if matches!(known, Arrival::Same | Arrival::Differs) {
            match timeout_at(until, self.decider.answer_of(key)).await {
                Ok(Ok(Some(before))) => return Some(before),
                Ok(Err(error)) => {
                    tracing::warn!(%error, "what an event was answered before could not be read");
                    return None;
                }
                Ok(Ok(None)) | Err(_) => {}
            }
        }
        within(coming, until.saturating_duration_since(Instant::now())).await
    }

    /// Whoever may speak for one source tells nothing of a call that is another's, and adds nothing to its lead: neither the
    /// call's platform is theirs, nor the lead that came of it. Nor do they take a line over on which another's caller is. Agents
    /// name no such call either.
    ///
    /// # Errors
    /// One of the events does, or it could not be read in time whose call it is.
    pub(super) async fn own_calls(
        &self,
        rights: &Rights,
        messages: &[InboxMessage],
        until: Instant,
    ) -> Result<(), Problem> {
        let Some(own) = &rights.source else { return Ok(()) };
        let platform = Rights::platform_of(own);
        for message in messages {
            let Ok(Incoming { message, .. }) = parse(&message.body, message.received_at) else { continue };
            let told = if let Message::Lead(lead) = &message { Some(lead.clone()) } else { None };
            // Of whom the front door leaves to the agent, its platform tells.
            let on_line = match told.as_ref().and_then(|told| line_of(told)) {
                Some(line) => self.lead_of(line, until).await?.filter(|known| !known.lead.is_at_front_door()),
                None => None,
            };
            let of_call = match whose(message, &platform) {
                Some(whose) => self.lead_of(whose, until).await?,
                None => None,
            };
            // An id that was given twice: it becomes a lead of its own.
            let of_call = of_call.filter(|known| told.as_ref().is_none_or(|told| is_same_call(&known.lead, told)));
            for LeadRecord { lead, .. } in on_line.into_iter().chain(of_call) {
                if !rights.may_bring(&lead.source) && lead.call.is_none_or(|call| call.platform != platform) {
                    let detail = format!(
                        "the token {:?} brings events of the source {own:?}, and this one is of a call of another source; \
                         nothing was stored",
                        rights.name
                    );
                    return Err(Problem::forbidden(detail, None));
                }
            }
        }
        Ok(())
    }

    /// The lead that an event of a call is about, as whoever applies it finds it; `None`: there is none yet.
    pub(super) async fn lead_of(&self, whose: Whose, until: Instant) -> Result<Option<LeadRecord>, Problem> {
        let reading = with(whose, |tx, whose| {
            Box::pin(async move {
                let handoff = match whose {
                    Whose::Call { platform, id } => tx.handoff_of_call(platform, id).await?,
                    Whose::Lead(lead) => return tx.lead(lead).await,
                };
                let Some(handoff) = handoff else { return Ok(None) };
                tx.lead(&handoff.lead()).await
            })
        });
        let Ok(read) = timeout_at(until, self.store.read("call.lead", reading)).await else {
            return Err(self.not_in_time());
        };
        read.map_err(|error| Problem::ours(&error))
    }

    /// The time is up, and nothing is known to be stored.
    pub(super) fn not_in_time(&self) -> Problem {
        self.store.doubt();
        let cause = self.store.known_trouble().unwrap_or("the database did not answer in time");
        Problem::busy(format!("{cause}; the same request may be sent again"))
    }
}

/// `None`: the event is of no call, or of a rep's phone, told by whoever speaks for the platform that it names. Telephony that
/// is commanded rings reps on the calls of other platforms. Whoever knows a lead's event can derive its legs: this keeps errors
/// away, and proves nothing.
fn whose(message: Message, own_platform: &str) -> Option<Whose> {
    match message {
        Message::Call(event) => match event.leg.as_ref().and_then(LegId::handoff) {
            Some(_) if is_of_our_phone(&event) && event.platform == own_platform => None,
            Some(handoff) => Some(Whose::Lead(handoff.lead())),
            None => Some(Whose::Call { platform: event.platform, id: event.call }),
        },
        Message::Lead(lead) => {
            let call = lead.call.filter(|call| !call.id.is_empty())?;
            Some(Whose::Call { platform: call.platform, id: call.id })
        }
        Message::Presence { .. } | Message::Contact { .. } | Message::Outcome { .. } => None,
    }
}

/// Whose line the caller of a lead is on, as it says: what is told of the line by whoever carries it is told of that lead.
fn line_of(lead: &Lead) -> Option<Whose> {
    let leg = lead.call.as_ref()?.leg.clone()?;
    Some(Whose::Call { platform: CARRIER.to_owned(), id: leg })
}

/// It is about a phone that we have had dialled: a rep's, or that of a lead who is called back.
fn is_of_our_phone(event: &CallEvent) -> bool {
    event.happened.needs_leg() || event.leg.as_ref().is_some_and(|leg| leg.dialled_for().is_some())
}

/// What the request is told of by; its context is kept with the message.
fn door_span(message: &mut InboxMessage) -> DoorSpan {
    let span = DoorSpan::of_request(|| lead_id_of_key(&message.key));
    message.trace_context.clone_from(&span.kept);
    span
}

/// An event of ours as the inbox takes it, readable or not.
pub(super) fn message(event: &Value, received_at: DateTime<Utc>) -> InboxMessage {
    let body = event.to_string().into_bytes();
    let (key, kind) = (key_of(&body), kind_of(&body).map_or("unreadable", |kind| kind.as_str()).to_owned());
    InboxMessage { key, kind, body, received_at, reply_to: None, correlation_id: None, trace_context: None }
}

/// The same event for what came before with other content: under an id of its own, by which it completes the lead of the call.
pub(super) fn with_more(event: &Value) -> Value {
    let mut more = event.clone();
    more["id"] = format!("{}:{}", event["id"].as_str().unwrap_or_default(), digest(&event["data"].to_string())).into();
    more
}

/// Stands for what is not to be seen in an id: ids are shown and logged, numbers and addresses are not.
pub(super) fn digest(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// Whoever may speak for one source brings no event of another: neither under its name, nor over one that it has brought.
///
/// # Errors
/// The event says that it is of another source.
pub(super) fn own_source(rights: &Rights, body: &[u8]) -> Result<(), Problem> {
    let (Some(own), Some(claimed)) = (&rights.source, source_of(body)) else { return Ok(()) };
    if rights.may_bring(&claimed) {
        return Ok(());
    }
    let detail = format!(
        "the token {:?} brings events of the source {own:?} (or {own}/…), and this one says {claimed:?}; nothing was stored",
        rights.name
    );
    Err(Problem::forbidden(detail, None))
}
