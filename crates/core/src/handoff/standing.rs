//! How things stand for the caller: what is true to say at this moment.

use super::state::{Handoff, Leg, Stage};
use crate::domain::effect::{Instruction, ToSay};
use crate::domain::id::LegId;
use crate::domain::lead::ReachBack;
use crate::domain::outcome::Outcome;

impl Handoff {
    /// What is said, and how it stands, in one word. `is_reachable`: when the line is gone. A caller whom nobody could call back
    /// is asked for a number, unless somebody is about to pick up.
    pub fn to_say(&self, is_reachable: bool) -> (ToSay, &'static str) {
        let rep_on = |leg: &LegId| self.rep_on(leg).unwrap_or(&self.owner).clone();
        let (instruction, status) = match &self.stage {
            Stage::Ringing { .. } | Stage::Briefing { .. } | Stage::Joining { .. } => (self.fetching(), "ringing"),
            Stage::Bridged { leg, .. } => (Instruction::Connected { rep: rep_on(leg) }, "connected"),
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
            | Stage::Done { outcome: Outcome::Connected { .. } | Outcome::Called { .. } }
            | Stage::NeedsAttention { .. } => return (ToSay::PassedOn, "passed_on"),
        };
        (ToSay::Decided(instruction), status)
    }

    /// Who is being fetched, and why not whoever was named before. Of several phones that ring the caller is told of the one
    /// that was rung first.
    pub(super) fn fetching(&self) -> Instruction {
        let rep = self.current_legs().next().map_or(&self.owner, |leg| &leg.rep).clone();
        let before = self.in_place_of.as_ref().and_then(|leg| self.legs.iter().find(|known| known.id == *leg));
        match before {
            None => Instruction::Hold { rep },
            Some(Leg { rep: instead_of, state, .. }) => {
                Instruction::HoldOn { rep, instead_of: instead_of.clone(), because: (*state).into() }
            }
        }
    }
}
