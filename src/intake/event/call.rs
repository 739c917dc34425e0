//! What happened on a call, told by whoever drives it: its words, and how they are read.

use crate::intake::lead::{platform_name, printed};
use crate::intake::reader::Object;
use baton_core::domain::id::{LegId, RepId};
use baton_core::domain::outcome::Slot;
use schemars::JsonSchema;

/// What happened on a call, told by whoever drives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallEvent {
    pub platform: String,
    /// The platform's id of the caller's call.
    pub call: String,
    /// The rep's leg, by the id that Baton gave it; present for every event of a rep's phone.
    pub leg: Option<LegId>,
    pub happened: CallWord,
    /// Present where one was chosen.
    pub slot: Option<Slot>,
    /// The key that a rep pressed: 0 to 9, * or #.
    pub key: Option<char>,
    /// How it is known, in the platform's words: why something failed, or "SIP 486 by the phone".
    pub why: Option<String>,
}

/// The words of `call.event`. A slot that was chosen comes with the slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub enum CallWord {
    /// The caller hears hold music.
    Held,
    Ringing,
    Answered,
    Machine,
    NoAnswer,
    Busy,
    /// The rep's phone sends its calls elsewhere.
    Forwarded,
    /// Nobody has this number.
    WrongNumber,
    /// The platform could not ring it, or not as it is set up.
    Failed,
    /// The rep pressed the key.
    Accepted,
    Declined,
    /// Rep and caller hear each other.
    Joined,
    JoinFailed,
    RepLeft,
    CallerLeft,
    /// The caller would rather be called back than wait.
    CallbackWanted,
    /// The caller has left, and the agent that was to take them had not come.
    Missed,
    /// Nobody is on the line any more.
    Ended,
    SlotChosen,
    /// The caller wants none of the offered times.
    SlotsDeclined,
    /// A rep who was asked what came of calling the lead has pressed a key.
    Pressed,
}

const CALL_WORDS: [(&str, CallWord); 21] = [
    ("held", CallWord::Held),
    ("ringing", CallWord::Ringing),
    ("answered", CallWord::Answered),
    ("machine", CallWord::Machine),
    ("no_answer", CallWord::NoAnswer),
    ("busy", CallWord::Busy),
    ("forwarded", CallWord::Forwarded),
    ("wrong_number", CallWord::WrongNumber),
    ("failed", CallWord::Failed),
    ("accepted", CallWord::Accepted),
    ("declined", CallWord::Declined),
    ("joined", CallWord::Joined),
    ("join_failed", CallWord::JoinFailed),
    ("rep_left", CallWord::RepLeft),
    ("caller_left", CallWord::CallerLeft),
    ("callback_wanted", CallWord::CallbackWanted),
    ("missed", CallWord::Missed),
    ("ended", CallWord::Ended),
    ("slot_chosen", CallWord::SlotChosen),
    ("slots_declined", CallWord::SlotsDeclined),
    ("pressed", CallWord::Pressed),
];

impl CallWord {
    /// The event is about a rep's phone and must say which.
    pub fn needs_leg(self) -> bool {
        match self {
            Self::Ringing | Self::Answered | Self::Machine | Self::NoAnswer | Self::Busy => true,
            Self::Forwarded | Self::WrongNumber | Self::Failed => true,
            Self::Accepted | Self::Declined | Self::Joined | Self::JoinFailed | Self::RepLeft | Self::Pressed => true,
            Self::Held | Self::CallerLeft | Self::Missed | Self::CallbackWanted | Self::Ended => false,
            Self::SlotChosen | Self::SlotsDeclined => false,
        }
    }
}

/// `implied` is the word that the message's own type says.
pub(super) fn read(data: &mut Object<'_, '_>, implied: Option<CallWord>) -> Option<CallEvent> {
    let platform = data.required_text("platform").map(platform_name);
    let call = data.required_text("call").map(printed);
    let word = match implied {
        Some(word) => Some(word),
        None => data.required_choice("event", &CALL_WORDS),
    };
    let leg = match word {
        Some(word) if word.needs_leg() => data.required_id("leg"),
        _ => data.id("leg"),
    };
    let slot = slot(data, word == Some(CallWord::SlotChosen));
    let key = if implied.is_none() { key(data, word == Some(CallWord::Pressed)) } else { None };
    let why = data.text("why").map(str::to_owned);
    Some(CallEvent { platform: platform?, call: call?, leg, happened: word?, slot, key, why })
}

fn key(data: &mut Object<'_, '_>, required: bool) -> Option<char> {
    let told = if required { data.required_text("key") } else { data.text("key") };
    let text = told?;
    let key = text.chars().next().filter(|key| text.len() == 1 && (key.is_ascii_digit() || matches!(key, '*' | '#')));
    if key.is_none() {
        data.fault("key", &text.into(), "one of 0 to 9, * and #", None);
    }
    key
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
