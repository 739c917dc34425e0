//! The events Baton takes: bytes in, one checked [`Message`] or every fault at once out.

use super::envelope::{self, Envelope};
pub use super::envelope::{MAX_BYTES as LARGEST, key_of, kind_of, source_of, structured};
pub use super::fault::EventFault;
use super::fault::nearest;
pub use super::kind::EventKind;
use super::lead;
pub use super::lead::lead_id;
use super::reader::{Findings, Object};
use baton_core::domain::id::{LeadId, LegId, RepId};
use baton_core::domain::lead::Lead;
use baton_core::domain::outcome::{OutcomeKind, Slot};
use baton_core::domain::rep::Presence;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;

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

/// What happened on a call, told by whoever drives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallEvent {
    pub platform: String,
    /// The platform's id of the caller's call.
    pub call: String,
    /// The rep's leg, by the id that Baton gave it; present for every event of a rep's phone.
    pub leg: Option<LegId>,
    pub happened: Happened,
    /// In the platform's words, where something failed.
    pub why: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happened {
    /// The caller hears hold music.
    Held,
    Ringing,
    Answered,
    Machine,
    NoAnswer,
    Busy,
    Failed,
    /// The rep pressed the key.
    Accepted,
    Declined,
    /// Rep and caller hear each other.
    Joined,
    JoinFailed,
    RepLeft,
    CallerLeft,
    /// Nobody is on the line any more.
    Ended,
    SlotChosen(Slot),
    /// The caller wants none of the offered times.
    SlotsDeclined,
}

/// The words of `call.event`. A slot that was chosen comes with the slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(super) enum CallWord {
    /// The caller hears hold music.
    Held,
    Ringing,
    Answered,
    Machine,
    NoAnswer,
    Busy,
    Failed,
    /// The rep pressed the key.
    Accepted,
    Declined,
    /// Rep and caller hear each other.
    Joined,
    JoinFailed,
    RepLeft,
    CallerLeft,
    /// Nobody is on the line any more.
    Ended,
    SlotChosen,
    /// The caller wants none of the offered times.
    SlotsDeclined,
}

const CALL_WORDS: [(&str, CallWord); 16] = [
    ("held", CallWord::Held),
    ("ringing", CallWord::Ringing),
    ("answered", CallWord::Answered),
    ("machine", CallWord::Machine),
    ("no_answer", CallWord::NoAnswer),
    ("busy", CallWord::Busy),
    ("failed", CallWord::Failed),
    ("accepted", CallWord::Accepted),
    ("declined", CallWord::Declined),
    ("joined", CallWord::Joined),
    ("join_failed", CallWord::JoinFailed),
    ("rep_left", CallWord::RepLeft),
    ("caller_left", CallWord::CallerLeft),
    ("ended", CallWord::Ended),
    ("slot_chosen", CallWord::SlotChosen),
    ("slots_declined", CallWord::SlotsDeclined),
];

impl CallWord {
    /// The event is about a rep's phone and must say which.
    fn needs_leg(self) -> bool {
        match self {
            Self::Ringing | Self::Answered | Self::Machine | Self::NoAnswer | Self::Busy | Self::Failed => true,
            Self::Accepted | Self::Declined | Self::Joined | Self::JoinFailed | Self::RepLeft => true,
            Self::Held | Self::CallerLeft | Self::Ended | Self::SlotChosen | Self::SlotsDeclined => false,
        }
    }

    /// `None` where a slot belongs to it and is not there.
    fn happened(self, slot: Option<Slot>) -> Option<Happened> {
        Some(match self {
            Self::Held => Happened::Held,
            Self::Ringing => Happened::Ringing,
            Self::Answered => Happened::Answered,
            Self::Machine => Happened::Machine,
            Self::NoAnswer => Happened::NoAnswer,
            Self::Busy => Happened::Busy,
            Self::Failed => Happened::Failed,
            Self::Accepted => Happened::Accepted,
            Self::Declined => Happened::Declined,
            Self::Joined => Happened::Joined,
            Self::JoinFailed => Happened::JoinFailed,
            Self::RepLeft => Happened::RepLeft,
            Self::CallerLeft => Happened::CallerLeft,
            Self::Ended => Happened::Ended,
            Self::SlotChosen => Happened::SlotChosen(slot?),
            Self::SlotsDeclined => Happened::SlotsDeclined,
        })
    }
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
        EventKind::CallEvent => call_event(&mut data, None).map(Message::Call),
        EventKind::CallEnded => call_event(&mut data, Some(CallWord::Ended)).map(Message::Call),
        EventKind::SlotChosen => call_event(&mut data, Some(CallWord::SlotChosen)).map(Message::Call),
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

/// `implied` is the word that the message's own type says.
fn call_event(data: &mut Object<'_, '_>, implied: Option<CallWord>) -> Option<CallEvent> {
    let platform = data.required_text("platform").map(lead::printed);
    let call = data.required_text("call").map(lead::printed);
    let word = match implied {
        Some(word) => Some(word),
        None => data.required_choice("event", &CALL_WORDS),
    };
    let leg = match word {
        Some(word) if word.needs_leg() => data.required_id("leg"),
        _ => data.id("leg"),
    };
    let slot = slot(data, word == Some(CallWord::SlotChosen));
    let why = data.text("why").map(str::to_owned);
    let happened = word?.happened(slot)?;
    Some(CallEvent { platform: platform?, call: call?, leg, happened, why })
}

fn slot(data: &mut Object<'_, '_>, required: bool) -> Option<Slot> {
    let mut slot = data.object("slot");
    if slot.is_absent() && !required {
        return None;
    }
    let rep = slot.required_id::<RepId>("rep");
    let (from, until) = (slot.required_instant("from"), slot.required_instant("until"));
    if let (Some(from), Some(until)) = (from, until)
        && until <= from
    {
        slot.fault("until", &until.to_rfc3339().into(), "a time after \"from\"", None);
    }
    slot.finish();
    Some(Slot { rep: rep?, from: from?, until: until? })
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
