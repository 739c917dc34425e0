//! A meeting that stands, and the lead's second thoughts about it: another time of the same rep, or none.
//!
//! The meeting stands where it is until the calendar has moved it; called off it is at once, whatever the calendar says. Either is
//! told to the rep. Who calls a meeting off is called in its place, or has closed the lead; it keeps its owner in any case.

use super::super::promise::is_here;
use super::super::state::Stage;
use super::booking::UNATTENDED_WITHIN;
use super::{Move, RECORD_WITHIN, Used};
use crate::domain::effect::{BriefWhy, CrmNote, Effect, Topic};
use crate::domain::outcome::{Booking, MeetingChange, MeetingChangeState, Outcome, Slot};

impl Move<'_> {
    /// The meeting that the lead can still move, or call off: it is to come, and is not being moved.
    fn open_meeting(&self) -> Option<Booking> {
        let meeting = self.next.meeting().filter(|meeting| self.now < meeting.slot.from)?;
        self.next.moving_to().is_none().then(|| meeting.clone())
    }

    pub(super) fn move_wanted(&mut self, to: &Slot) -> Used {
        let Some(booking) = self.open_meeting() else { return Used::No };
        if to.rep != booking.slot.rep || *to == booking.slot || to.from <= self.now || !self.next.may_move_meeting() {
            return Used::No;
        }
        self.next.booking_attempts += 1;
        let (attempt, to) = (self.next.booking_attempts, to.clone());
        // Another lead is booking it at this moment: the lead may ask for it once more, later.
        let taken = self.next.taken_slots.len();
        self.next.taken_slots.retain(|slot| *slot != to);
        let state = match self.next.taken_slots.len() < taken {
            true => MeetingChangeState::Taken,
            false => MeetingChangeState::UnderWay,
        };
        self.next.change = Some(MeetingChange { to: to.clone(), attempt, state });
        if state == MeetingChangeState::UnderWay {
            self.plan(Effect::MoveMeeting { booking, to, attempt }, UNATTENDED_WITHIN);
        }
        Used::Yes
    }

    /// The meeting is being moved, by this attempt.
    fn is_moving(&self, attempt: u32) -> bool {
        self.next.meeting().is_some() && self.next.moving_to().is_some_and(|change| change.attempt == attempt)
    }

    pub(super) fn meeting_moved(&mut self, attempt: u32, booking: &Booking) -> Used {
        if !self.is_moving(attempt) {
            return Used::No;
        }
        self.next.change = None;
        self.next.meeting_moves += 1;
        self.next.stage = Stage::Done { outcome: Outcome::Booked { booking: booking.clone() } };
        let slot = booking.slot.clone();
        self.tell(&slot.rep.clone(), BriefWhy::Moved);
        self.confirm(&slot);
        self.plan(Effect::WriteCrm { owner: self.next.owner.clone(), note: CrmNote::Moved { slot } }, RECORD_WITHIN);
        self.plan(Effect::Publish { topic: Topic::MeetingMoved }, RECORD_WITHIN);
        Used::Yes
    }

    /// The lead is shown that, and may choose again.
    pub(super) fn meeting_not_moved(&mut self, attempt: u32, taken: bool) -> Used {
        if !self.is_moving(attempt) {
            return Used::No;
        }
        let state = if taken { MeetingChangeState::Taken } else { MeetingChangeState::Failed };
        if let Some(change) = &mut self.next.change {
            change.state = state;
        }
        Used::Yes
    }

    pub(super) fn called_off(&mut self, wants_call: bool) -> Used {
        let Some(booking) = self.open_meeting() else { return Used::No };
        let slot = booking.slot.clone();
        self.next.change = None;
        // What was told of booking it does not bring it back.
        self.next.booking_attempts += 1;
        self.plan(Effect::CancelMeeting { booking }, RECORD_WITHIN);
        self.plan(
            Effect::WriteCrm { owner: self.next.owner.clone(), note: CrmNote::CalledOff { slot: slot.clone() } },
            RECORD_WITHIN,
        );
        self.plan(Effect::Publish { topic: Topic::MeetingCancelled }, RECORD_WITHIN);
        if wants_call {
            self.promise_callback(false);
        } else {
            self.next.stage = Stage::Done { outcome: Outcome::CalledOff { at: self.now } };
            self.next.closed = true;
        }
        self.text_meeting(&slot, true);
        let rep = if is_here(&slot.rep, self.rules) { slot.rep } else { self.above(&slot.rep) };
        self.tell(&rep, BriefWhy::CalledOff);
        Used::Yes
    }
}
