//! How things stand for the caller: what is true to say at this moment.

use super::state::{Handoff, Leg, Stage};
use crate::domain::effect::{Instruction, ToSay};
use crate::domain::id::{LegId, RepId};
use crate::domain::lead::ReachBack;
use crate::domain::outcome::{Booking, MeetingChange, MeetingChangeState, Outcome};
use crate::rules::model::set::Introduction;

/// Times that are booked for one lead, or asked for by it, in all: whoever holds the link moves no meeting for ever, which costs its rep
/// a message each time.
const BOOKING_ATTEMPTS_AT_MOST: u32 = 20;

impl Handoff {
    /// What is said, and how it stands, in one word. `is_reachable`: when the line is gone. A caller whom nobody could call back
    /// is asked for a number, unless somebody is about to pick up.
    pub fn to_say(&self, is_reachable: bool) -> (ToSay, &'static str) {
        let rep_on = |leg: &LegId| self.rep_on(leg).unwrap_or(&self.owner).clone();
        let (instruction, status) = match &self.stage {
            Stage::Ringing { .. } | Stage::Briefing { .. } | Stage::Joining { .. } => (self.fetching(), "ringing"),
            Stage::Bridged { leg, .. } => (self.together(rep_on(leg)), "connected"),
            Stage::Searching { .. } => (Instruction::FindTime { rep: self.owner.clone() }, "searching"),
            Stage::Offering { slots, .. } => (Instruction::OfferSlots { slots: slots.clone() }, "offering"),
            Stage::Booking { .. } => return (ToSay::Booking, "booking"),
            Stage::Done { outcome: Outcome::Booked { booking } } => {
                (Instruction::ConfirmBooking { slot: booking.slot.clone() }, "booked")
            }
            // Whoever can be neither called nor written to, as far as is known.
            Stage::Callback { .. } | Stage::NeedsAttention { .. } if !is_reachable => {
                return (ToSay::HowToReach, "missing");
            }
            Stage::Callback { promise } => {
                let (rep, promised_at) = (promise.owner.clone(), promise.promised_at);
                match promise.by_mail {
                    true => (Instruction::PromiseMail { rep, promised_at }, "mail"),
                    false => (Instruction::PromiseCallback { rep, promised_at }, "callback"),
                }
            }
            Stage::NeedsAttention { .. } if self.reach_back == ReachBack::Nothing => {
                (Instruction::NoCall { rep: self.owner.clone() }, "no_call")
            }
            // Nothing has begun, or somebody has spoken with the caller, or is to look: a colleague's turn, each time.
            Stage::Offered
            | Stage::Done {
                outcome:
                    Outcome::Connected { .. }
                    | Outcome::Called { .. }
                    | Outcome::LeftToAgent { .. }
                    | Outcome::CalledOff { .. },
            }
            | Stage::NeedsAttention { .. } => return (ToSay::PassedOn, "passed_on"),
        };
        (ToSay::Decided(instruction), status)
    }

    /// The meeting that stands, or has been.
    pub fn meeting(&self) -> Option<&Booking> {
        match &self.stage {
            Stage::Done { outcome: Outcome::Booked { booking } } => Some(booking),
            Stage::Done { .. }
            | Stage::Offered
            | Stage::Ringing { .. }
            | Stage::Briefing { .. }
            | Stage::Joining { .. }
            | Stage::Bridged { .. }
            | Stage::Searching { .. }
            | Stage::Offering { .. }
            | Stage::Booking { .. }
            | Stage::Callback { .. }
            | Stage::NeedsAttention { .. } => None,
        }
    }

    /// The lead may ask for another time still.
    pub fn may_move_meeting(&self) -> bool {
        self.booking_attempts < BOOKING_ATTEMPTS_AT_MOST
    }

    /// The time that the meeting is being moved to, in the calendar, at this moment.
    pub fn moving_to(&self) -> Option<&MeetingChange> {
        self.change.as_ref().filter(|change| change.state == MeetingChangeState::UnderWay)
    }

    /// Whether a call back can be had in place of what the caller waits for.
    pub(super) fn may_choose_callback(&self) -> bool {
        let waits = match &self.stage {
            Stage::Ringing { .. } | Stage::Briefing { .. } | Stage::Searching { .. } | Stage::Offering { .. } => true,
            Stage::Offered
            | Stage::Joining { .. }
            | Stage::Bridged { .. }
            | Stage::Booking { .. }
            | Stage::Callback { .. }
            | Stage::Done { .. }
            | Stage::NeedsAttention { .. } => false,
        };
        waits && self.reach_back == ReachBack::Call
    }

    /// Whether a key of the caller asks for a call back: it was offered, and is not too late.
    pub fn takes_callback_key(&self) -> bool {
        self.callback_offered && self.may_choose_callback()
    }

    /// Caller and rep hear each other.
    pub(super) fn together(&self, rep: RepId) -> Instruction {
        match self.terms.introduce {
            Introduction::None => Instruction::Connected { rep },
            Introduction::Agent => Instruction::Introduce { rep },
        }
    }

    /// Who is being fetched, and why not whoever was named before. Of several phones that ring the caller is told of the one
    /// that was rung first.
    pub(super) fn fetching(&self) -> Instruction {
        let rep = self.current_legs().next().map_or(&self.owner, |leg| &leg.rep).clone();
        let before = self.in_place_of.as_ref().and_then(|leg| self.legs.iter().find(|known| known.id == *leg));
        match before {
            None => Instruction::Hold { rep, at_most: self.announced_wait },
            Some(Leg { rep: instead_of, state, .. }) => {
                Instruction::HoldOn { rep, instead_of: instead_of.clone(), because: (*state).into() }
            }
        }
    }
}
