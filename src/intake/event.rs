//! The events Baton takes: bytes in, one checked [`Message`] or every fault at once out.

mod call;

pub use call::{CallEvent, CallWord};

use super::envelope::{self, Envelope};
pub use super::envelope::{MAX_BYTES as LARGEST, key_of, kind_of, source_of, structured, with_id};
pub use super::fault::EventFault;
use super::fault::nearest;
pub use super::kind::EventKind;
use super::lead;
pub use super::lead::{lead_id, lead_id_of_key};
use super::reader::{Findings, Object};
use baton_core::domain::id::{LeadId, RepId};
use baton_core::domain::lead::Lead;
use baton_core::domain::outcome::OutcomeKind;
use baton_core::domain::rep::Presence;
use chrono::{DateTime, Utc};

/// A message that was understood.
#[derive(Debug, Clone, PartialEq)]
pub struct Incoming {
    pub kind: EventKind,
    pub message: Message,
    /// Values and fields that were kept out, and why. They count as unknown.
    pub notes: Vec<EventFault>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    Lead(Box<Lead>),
    /// Also `call.ended` and `slot.chosen`, which are call events under a name of their own.
    Call(CallEvent),
    Presence {
        rep: RepId,
        /// Never [`Presence::Unset`].
        presence: Presence,
        /// The event's own time, if it says one.
        at: Option<DateTime<Utc>>,
    },
    /// A rep has spoken with the person outside the handoff.
    Contact {
        lead: LeadId,
        rep: RepId,
        at: DateTime<Utc>,
    },
    Outcome {
        lead: LeadId,
        kind: OutcomeKind,
        at: DateTime<Utc>,
        /// In the currency of the CRM.
        amount: Option<f64>,
    },
}

/// Reads one message in structured form ([`super::envelope::structured`] makes it of the binary one).
///
/// # Errors
/// Every fault of the event, object by object; never an empty list. A lead is at fault only where it has no id or source, or
/// where nothing at all is known of how to reach the person.
pub fn parse(bytes: &[u8], received_at: DateTime<Utc>) -> Result<Incoming, Vec<EventFault>> {
    let findings = Findings::default();
    let envelope = envelope::open(bytes, &findings).map_err(|fault| vec![fault])?;
    let understood = message(&envelope, received_at, &findings);
    let (faults, notes) = findings.into_told();
    match understood {
        Some((kind, mut message)) if faults.is_empty() => {
            if let Message::Lead(lead) = &mut message {
                lead.unread = notes.clone();
            }
            Ok(Incoming { kind, message, notes })
        }
        _ => {
            assert!(!faults.is_empty(), "a message is missing only where a fault says why");
            Err(faults)
        }
    }
}

fn message(envelope: &Envelope, received_at: DateTime<Utc>, findings: &Findings) -> Option<(EventKind, Message)> {
    let kind = kind(envelope.kind.as_deref()?, findings)?;
    let absent = envelope.data.is_null();
    let mut data = Object::new("/data".into(), Some(&envelope.data), findings);
    if absent || data.is_absent() {
        return None;
    }
    if kind == EventKind::LeadQualified && envelope.id.is_some() && envelope.source.is_some() {
        findings.be_lenient();
    }
    let message = match kind {
        EventKind::LeadQualified => {
            lead::read(&mut data, envelope, received_at).map(|lead| Message::Lead(Box::new(lead)))
        }
        EventKind::CallEvent => call::read(&mut data, None).map(Message::Call),
        EventKind::CallEnded => call::read(&mut data, Some(CallWord::Ended)).map(Message::Call),
        EventKind::SlotChosen => call::read(&mut data, Some(CallWord::SlotChosen)).map(Message::Call),
        EventKind::RepPresence => presence(&mut data, envelope.time),
        EventKind::ContactMade => contact(&mut data),
        EventKind::OutcomeRecorded => outcome(&mut data),
    };
    data.finish();
    Some((kind, message?))
}

fn kind(text: &str, findings: &Findings) -> Option<EventKind> {
    let kind = EventKind::from_name(text);
    if kind.is_none() {
        let words = EventKind::ALL.map(EventKind::as_str);
        let hint = nearest(text, words).map(|near| format!("did you mean {near:?}?"));
        findings.fault("/type".into(), format!("{text:?}"), format!("one of {}", words.join(", ")), hint);
    }
    kind
}

fn presence(data: &mut Object<'_, '_>, at: Option<DateTime<Utc>>) -> Option<Message> {
    let rep = data.required_id("rep");
    let words = [("available", Presence::Available), ("away", Presence::Away)];
    let presence = data.required_choice("presence", &words);
    Some(Message::Presence { rep: rep?, presence: presence?, at })
}

fn contact(data: &mut Object<'_, '_>) -> Option<Message> {
    let lead = data.required_id("lead");
    let rep = data.required_id("rep");
    let at = data.required_instant("at");
    Some(Message::Contact { lead: lead?, rep: rep?, at: at? })
}

fn outcome(data: &mut Object<'_, '_>) -> Option<Message> {
    let lead = data.required_id("lead");
    let kind = data.required_choice("kind", &OutcomeKind::ALL.map(|kind| (kind.as_str(), kind)));
    let at = data.required_instant("at");
    let amount = data.number("amount");
    if let Some(below_zero) = amount.filter(|amount| *amount < 0.0) {
        data.fault("amount", &below_zero.into(), "a number of at least 0", None);
    }
    Some(Message::Outcome { lead: lead?, kind: kind?, at: at?, amount })
}
