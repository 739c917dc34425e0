//! What Baton does to the world, as values: the handoff plans them, `store` keeps them as steps, `outbox` carries them out.

mod consent;
mod lane;
mod shadow;
mod timer;
mod topic;

pub use consent::{May, Under};
pub use lane::{CalendarEffect, CallEffect, ChatEffect, CrmEffect, InLane, Lane, MailEffect, TextEffect};
pub use timer::{SlaAct, Timer};
pub use topic::Topic;

use super::id::{LegId, RepId};
use super::lead::is_default;
use super::leg::LegState;
use super::outcome::{Booking, Slot};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// An effect with its name and its times. `key` is made of the handoff and an ordinal, never of time, attempt or worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Planned {
    /// `7k2m….12-ring`; unique for ever.
    pub key: String,
    pub effect: Effect,
    pub run_at: DateTime<Utc>,
    /// After this instant doing it is worse than not doing it.
    pub deadline_at: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
pub enum Effect {
    /// Tells the voice agent what to say or do next.
    Instruct {
        instruction: Instruction,
    },
    /// The caller waits, and is not left alone with silence.
    Hold {
        #[serde(default, skip_serializing_if = "is_default")]
        comfort: Comfort,
    },
    Ring {
        leg: LegId,
        rep: RepId,
    },
    /// Plays the whisper to the rep and waits for a key.
    Whisper {
        leg: LegId,
        rep: RepId,
    },
    Join {
        leg: LegId,
    },
    /// Dials the lead for a rep who has accepted to call them back, and joins the two when they answer. `leg` is the lead's.
    DialLead {
        leg: LegId,
    },
    /// Asks a rep whose call to a lead is over what came of it, and waits for a key.
    Ask {
        leg: LegId,
        /// The two were on one line: only then can it be more than that nobody was reached.
        have_spoken: bool,
        /// The key was none of those that were offered.
        #[serde(default, skip_serializing_if = "is_default")]
        again: bool,
    },
    HangUp {
        leg: LegId,
        #[serde(default, skip_serializing_if = "is_default")]
        reason: HangUpReason,
    },
    /// Hangs the caller up: they have spoken, and the rep is gone.
    EndCall,
    /// Lets the voice agent go, who has made caller and rep known to each other.
    LeaveAgent,
    /// Looks for free times of `rep`; `search` counts from 1.
    FindSlots {
        search: u32,
        rep: RepId,
    },
    /// `attempt` counts from 1; a deleted calendar event keeps its id for ever, so the id must change with it.
    Book {
        slot: Slot,
        attempt: u32,
    },
    /// Moves the meeting in the calendar to another time of its rep; `attempt` is counted with those of `Book`.
    MoveMeeting {
        booking: Booking,
        to: Slot,
        attempt: u32,
    },
    /// Takes the meeting out of the calendar.
    CancelMeeting {
        booking: Booking,
    },
    /// Upserts the lead with its owner and writes what happened as a task or note.
    WriteCrm {
        owner: RepId,
        note: CrmNote,
    },
    /// Sends the briefing to a rep.
    Brief {
        rep: RepId,
        channel: Channel,
        why: BriefWhy,
    },
    /// Rewrites the card of an earlier `Brief`, named by its key, to show how it went.
    UpdateCard {
        card: String,
        rep: RepId,
    },
    /// Mail to the caller, where consent allows.
    ConfirmToCaller {
        what: Confirmation,
    },
    /// A text to somebody who was missed and is owed a call, where the rules and they themselves allow it.
    TextBack,
    /// A text to the lead of a meeting, where the rules and they themselves allow it: that it stands, or was called off.
    TextMeeting {
        slot: Slot,
        #[serde(default, skip_serializing_if = "is_default")]
        called_off: bool,
    },
    /// Our own event on `baton.events`, and to the webhooks that ask for it.
    Publish {
        topic: Topic,
    },
    /// Not an effect on the world: the clock's own event, given back to the handoff at `run_at`.
    Timer {
        timer: Timer,
    },
    /// Reads the owner back from the CRM, to learn of a change made by hand.
    ReadOwner,
}

/// What a phone is told that is hung up, and may show.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HangUpReason {
    #[default]
    Cancelled,
    /// Another rep has taken the call: nobody missed it.
    AnsweredElsewhere,
}

/// What a caller hears while phones ring.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Comfort {
    #[default]
    Music,
    /// The voice agent stays with the caller, and goes on speaking.
    Agent,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "instruction", rename_all = "snake_case")]
pub enum Instruction {
    /// "One moment, I am getting Priya."
    Hold {
        rep: RepId,
        /// How long it takes, as far as can be known, where the caller is to be told; never more than is left of their patience.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at_most: Option<Duration>,
    },
    /// "Priya is on another call, I am trying Tom."
    HoldOn {
        rep: RepId,
        instead_of: RepId,
        because: WhyNot,
    },
    /// "Press 1, and we call you back": for whoever has waited for a while.
    OfferCallback,
    /// The rep is there: the agent may leave.
    Connected {
        rep: RepId,
    },
    /// The rep is there: the agent makes the two known to each other, and leaves.
    Introduce {
        rep: RepId,
    },
    /// "Let me see when she is free": the line must not fall silent while the calendar is read.
    FindTime {
        rep: RepId,
    },
    OfferSlots {
        slots: Vec<Slot>,
    },
    ConfirmBooking {
        slot: Slot,
    },
    PromiseCallback {
        rep: RepId,
        promised_at: DateTime<Utc>,
    },
    /// For a caller who is not to be called, or has left no number.
    PromiseMail {
        rep: RepId,
        promised_at: DateTime<Utc>,
    },
    /// Nobody will call, and there is no agreed way to write. Whoever has refused nothing is asked for one.
    NoCall {
        rep: RepId,
    },
}

/// Why somebody else is fetched than was named before: as much of it as is the caller's business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhyNot {
    /// On another call.
    Busy,
    /// Not reached, whatever kept us from it.
    NotReached,
    /// There, and cannot take the call now.
    CannotNow,
    /// The two had just been put through.
    CutOff,
}

impl From<LegState> for WhyNot {
    fn from(state: LegState) -> Self {
        match state {
            LegState::Busy => Self::Busy,
            LegState::Declined | LegState::HungUp => Self::CannotNow,
            LegState::Joined | LegState::Lost => Self::CutOff,
            LegState::Ringing
            | LegState::Answered
            | LegState::Accepted
            | LegState::NoAnswer
            | LegState::Machine
            | LegState::Forwarded
            | LegState::WrongNumber
            | LegState::Vendor
            | LegState::Config
            | LegState::Elsewhere
            | LegState::Cancelled => Self::NotReached,
        }
    }
}

/// What is true to say to a caller at a moment.
#[derive(Debug, Clone, PartialEq)]
pub enum ToSay {
    Decided(Instruction),
    /// The time that was chosen is being written into the calendar.
    Booking,
    /// A call is owed, and nothing is known that could be called.
    HowToReach,
    /// Somebody has it, or is to look.
    PassedOn,
    /// Nothing by us: to the agent itself, which does what it would have done without us.
    GoOn,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "note", rename_all = "snake_case")]
pub enum CrmNote {
    Routed,
    Connected {
        rep: RepId,
        at: DateTime<Utc>,
    },
    Booked {
        slot: Slot,
    },
    /// The lead has moved the meeting to this time.
    Moved {
        slot: Slot,
    },
    /// The lead has called off the meeting of this time.
    CalledOff {
        slot: Slot,
    },
    CallbackPromised {
        promised_at: DateTime<Utc>,
    },
    MailPromised {
        promised_at: DateTime<Utc>,
    },
    NeedsAttention {
        why: String,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    #[serde(alias = "slack")] // as earlier versions stored it
    Chat,
    Email,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BriefWhy {
    Ringing,
    Connected,
    Booked,
    /// The lead has moved the meeting.
    Moved,
    /// The lead has called the meeting off.
    CalledOff,
    Callback,
    /// An answer by mail is owed, by the reader or by whom they answer for: the person is not to be called, or cannot be.
    Mail,
    Reminder,
    Escalation,
    NeedsAttention,
    /// A call that was owed was tried, and they have not spoken.
    Tried,
    /// After all was done the person has refused to be called or written to, or agrees to it again.
    Refusals,
    /// The lead was another rep's and is the reader's now.
    HandedOver,
    /// The lead was the reader's and is another rep's now.
    GivenAway,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Confirmation {
    Booking { slot: Slot },
    Callback { rep: RepId, promised_at: DateTime<Utc> },
    Mail { rep: RepId, promised_at: DateTime<Utc> },
}

/// What may follow a lost answer: decides what the outbox does with a step that was sent and not heard of again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// A: repeat freely (our own id, or an upsert).
    Repeatable,
    /// B: repeat with the same idempotency key within the vendor's window.
    Keyed,
    /// C: look first, then repeat.
    LookFirst,
    /// D: at most once, then the fallback.
    AtMostOnce,
}

impl Effect {
    /// Last part of the key, and the `kind` of the step.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Instruct { .. } => "instruct",
            Self::Hold { .. } => "hold",
            Self::Ring { .. } => "ring",
            Self::Whisper { .. } => "whisper",
            Self::Join { .. } => "join",
            Self::DialLead { .. } => "dial_lead",
            Self::Ask { .. } => "ask",
            Self::HangUp { .. } => "hang_up",
            Self::EndCall => "end_call",
            Self::LeaveAgent => "leave_agent",
            Self::FindSlots { .. } => "find_slots",
            Self::Book { .. } => "book",
            Self::MoveMeeting { .. } => "move_meeting",
            Self::CancelMeeting { .. } => "cancel_meeting",
            Self::WriteCrm { .. } => "write_crm",
            Self::Brief { channel: Channel::Chat, .. } => "brief_chat",
            Self::Brief { channel: Channel::Email, .. } => "brief_email",
            Self::UpdateCard { .. } => "update_card",
            Self::ConfirmToCaller { .. } => "confirm_to_caller",
            Self::TextBack => "text_back",
            Self::TextMeeting { .. } => "text_meeting",
            Self::Publish { .. } => "publish",
            Self::Timer { .. } => "timer",
            Self::ReadOwner => "read_owner",
        }
    }

    /// 0 is first: live calls before bookings before CRM writes before notifications.
    pub fn priority(&self) -> u8 {
        match self {
            Self::Hold { .. } | Self::Ring { .. } | Self::Whisper { .. } | Self::Join { .. } | Self::HangUp { .. } => 0,
            Self::DialLead { .. } | Self::Ask { .. } | Self::EndCall | Self::LeaveAgent => 0,
            Self::Instruct { .. } | Self::Timer { .. } => 0,
            Self::FindSlots { .. } | Self::Book { .. } => 1,
            Self::MoveMeeting { .. } | Self::CancelMeeting { .. } => 1,
            Self::Brief { .. } | Self::UpdateCard { .. } => 2,
            Self::WriteCrm { .. } | Self::TextBack | Self::TextMeeting { .. } => 2,
            Self::Publish { .. } | Self::ConfirmToCaller { .. } | Self::ReadOwner => 3,
        }
    }
}

#[cfg(test)]
mod tests;
