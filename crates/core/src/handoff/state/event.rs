//! What moves a handoff.

use crate::domain::effect::Timer;
use crate::domain::id::{LegId, PoolId, RepId};
use crate::domain::lead::{ReachBack, is_default};
use crate::domain::leg::Fault;
use crate::domain::outcome::{Booking, OutcomeKind, Slot};
use crate::domain::rep::Busy;
use crate::domain::whereabouts::Whereabouts;
use crate::domain::zone::Zone;
use crate::routing::decision::Target;
use crate::rules::model::set::Rung;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Something that happened. Events of the phone name a leg; one that is not current can only be hung up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    Start,
    Answered {
        leg: LegId,
    },
    Machine {
        leg: LegId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
    NoAnswer {
        leg: LegId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
    Busy {
        leg: LegId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
    /// The phone sends its calls elsewhere: whoever answers there is not the rep.
    Forwarded {
        leg: LegId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
    /// Nobody has this number.
    WrongNumber {
        leg: LegId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
    RingFailed {
        leg: LegId,
        why: String,
        #[serde(default, skip_serializing_if = "is_default")]
        fault: Fault,
    },
    Accepted {
        leg: LegId,
    },
    Declined {
        leg: LegId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
    /// The whisper could not be played.
    WhisperFailed {
        leg: LegId,
        why: String,
        #[serde(default, skip_serializing_if = "is_default")]
        fault: Fault,
    },
    Joined {
        leg: LegId,
    },
    JoinFailed {
        leg: LegId,
        why: String,
        #[serde(default, skip_serializing_if = "is_default")]
        fault: Fault,
    },
    RepLeft {
        leg: LegId,
    },
    /// Whoever carries the call was asked, after a long time, and has the rep on the line still.
    TalksOn {
        leg: LegId,
    },
    /// Makes the call that is owed: this rep's phone rings, and the lead is dialled once they accept.
    CallNow {
        rep: RepId,
        /// Who says so.
        by: String,
    },
    /// A key of a rep who was asked what came of calling the lead.
    Pressed {
        leg: LegId,
        key: char,
    },
    /// The lead whom we dialled has hung up.
    LeadLeft {
        leg: LegId,
    },
    CallerLeft,
    /// The caller would rather be called back than wait.
    CallbackWanted,
    /// The caller has left, and the agent that was to take them had not come.
    Missed,
    /// Nobody is on the line any more.
    CallEnded,
    SlotsFound {
        search: u32,
        slots: Vec<Slot>,
    },
    /// The calendar could not be read in time.
    SlotsUnknown {
        search: u32,
        why: String,
    },
    SlotChosen {
        slot: Slot,
    },
    /// The caller wants none of the times.
    SlotsDeclined,
    Booked {
        attempt: u32,
        booking: Booking,
    },
    SlotTaken {
        attempt: u32,
    },
    BookingFailed {
        attempt: u32,
        why: String,
    },
    /// The lead wants their meeting at another time that its rep has free.
    MoveWanted {
        to: Slot,
    },
    MeetingMoved {
        attempt: u32,
        booking: Booking,
    },
    /// It stays where it is.
    MeetingNotMoved {
        attempt: u32,
        why: String,
        /// The new time is somebody else's.
        #[serde(default, skip_serializing_if = "is_default")]
        taken: bool,
    },
    /// The lead calls their meeting off.
    CalledOff {
        /// They want to be called in its place.
        wants_call: bool,
    },
    /// A human of ours has spoken with the caller outside the handoff.
    ContactMade {
        rep: RepId,
        at: DateTime<Utc>,
    },
    /// The person has been sent a text, or will be sent none for this reason. It is told in the story and moves nothing.
    Texted {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why_not: Option<String>,
    },
    /// Somebody can take the lead that waited: it is theirs from now on.
    Found(NewOwner),
    /// A second event told of the same call; what it brought is in the lead by now.
    Completed(Completed),
    /// The lead is somebody else's from now on, whatever stage it is in.
    Reassigned(NewOwner),
    /// The lead counts as open no more.
    Closed {
        why: Closing,
    },
    Timer {
        timer: Timer,
    },
}

/// Who has a lead from now on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewOwner {
    pub rep: RepId,
    /// The ledger on which they pay a turn, if any.
    pub turn_in: Option<PoolId>,
    /// Nobody can take it: it waits in this pool, and `rep` answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_in: Option<PoolId>,
    /// What stands in their calendar, where that is known. It is no part of a lead's story.
    #[serde(skip)]
    pub busy: Option<Vec<Busy>>,
    pub reason: String,
}

impl NewOwner {
    /// Without a turn, and of whose calendar nothing is known.
    pub fn new(rep: RepId, reason: impl Into<String>) -> Self {
        Self { rep, turn_in: None, waits_in: None, busy: None, reason: reason.into() }
    }
}

/// What a second event of a call brought.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Completed {
    /// The second event, by source and id.
    pub by: String,
    /// Names of what the lead had lacked until then.
    pub added: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<Zone>,
    /// Where the caller may be by all that is known now, if it is not what was known before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller: Option<Box<Whereabouts>>,
    /// How the person may be reached by all that is agreed to now, if it is not what it was before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reach_back: Option<ReachBack>,
    /// Something is refused that was not before, or no longer is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub refusals_changed: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub times: Vec<DateTime<Utc>>,
    /// The first event did not say that the caller is on the line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_the_line: Option<OnTheLine>,
}

/// A caller who waits, of whom this was not known before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OnTheLine {
    pub since: DateTime<Utc>,
    /// Whom to ring, and what is tried, decided for a caller on the line.
    pub targets: Vec<Target>,
    pub rungs: Vec<Rung>,
}

/// What closes a lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Closing {
    Won,
    Lost,
    /// It has been open for longer than `open_for` of `handoff.yaml`, and nobody told what became of it.
    Age,
    /// It needed a person, who looked at it and let it be.
    ByHand,
}

impl Closing {
    /// `None`: the rep still works on it.
    pub fn of(outcome: OutcomeKind) -> Option<Self> {
        match outcome {
            OutcomeKind::Won => Some(Self::Won),
            OutcomeKind::Lost => Some(Self::Lost),
            OutcomeKind::Opportunity | OutcomeKind::MeetingHeld | OutcomeKind::NoShow => None,
        }
    }
}
