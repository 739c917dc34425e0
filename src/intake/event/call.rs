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
    pub happened: Happened,
    /// The time that was chosen: there exactly where [`Happened::SlotChosen`] is what happened.
    pub slot: Option<Slot>,
    /// In the platform's words, where something failed.
    pub why: Option<String>,
}

/// The words of `call.event`. A slot that was chosen comes with the slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, JsonSchema)]
#[schemars(rename = "CallWord", rename_all = "snake_case")]
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
    SlotChosen,
    /// The caller wants none of the offered times.
    SlotsDeclined,
}

const CALL_WORDS: [(&str, Happened); 16] = [
    ("held", Happened::Held),
    ("ringing", Happened::Ringing),
    ("answered", Happened::Answered),
    ("machine", Happened::Machine),
    ("no_answer", Happened::NoAnswer),
    ("busy", Happened::Busy),
    ("failed", Happened::Failed),
    ("accepted", Happened::Accepted),
    ("declined", Happened::Declined),
    ("joined", Happened::Joined),
    ("join_failed", Happened::JoinFailed),
    ("rep_left", Happened::RepLeft),
    ("caller_left", Happened::CallerLeft),
    ("ended", Happened::Ended),
    ("slot_chosen", Happened::SlotChosen),
    ("slots_declined", Happened::SlotsDeclined),
];

impl Happened {
    /// The event is about a rep's phone and must say which.
    fn needs_leg(self) -> bool {
        match self {
            Self::Ringing | Self::Answered | Self::Machine | Self::NoAnswer | Self::Busy | Self::Failed => true,
            Self::Accepted | Self::Declined | Self::Joined | Self::JoinFailed | Self::RepLeft => true,
            Self::Held | Self::CallerLeft | Self::Ended | Self::SlotChosen | Self::SlotsDeclined => false,
        }
    }
}

/// `implied` is the word that the message's own type says.
pub(super) fn read(data: &mut Object<'_, '_>, implied: Option<Happened>) -> Option<CallEvent> {
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
    let chosen = word == Some(Happened::SlotChosen);
    let slot = slot(data, chosen).filter(|_| chosen);
    let why = data.text("why").map(str::to_owned);
    if chosen && slot.is_none() {
        return None;
    }
    Some(CallEvent { platform: platform?, call: call?, leg, happened: word?, slot, why })
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
