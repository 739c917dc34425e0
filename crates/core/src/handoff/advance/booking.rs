//! A meeting instead of a conversation: free times, the caller's choice, the entry in the calendar.

use super::super::begin::later;
use super::super::state::Stage;
use super::{CARD_WHILE_RINGING, Move, NOTIFY_WITHIN, RECORD_WITHIN, Used};
use crate::domain::effect::{BriefWhy, Confirmation, CrmNote, Effect, Instruction, Timer, Topic};
use crate::domain::outcome::{Booking, Outcome, Slot};
use crate::rules::model::set::{ConfirmBy, Rung};
use std::time::Duration;

/// Looking up free times while the caller waits.
const SEARCH_WITHIN: Duration = Duration::from_secs(8);
/// Confirming a booking while the caller waits.
const BOOK_WITHIN: Duration = Duration::from_secs(20);
/// The same two when nobody waits.
pub(super) const UNATTENDED_WITHIN: Duration = Duration::from_secs(300);
/// Searches for one lead, after slots turned out taken.
const SEARCHES_AT_MOST: u32 = 3;

impl Move<'_> {
    /// No rep on this call: the next rung of the ladder.
    pub(super) fn leave_transfer(&mut self) {
        self.let_go_all();
        if self.next.live && self.next.rungs.contains(&Rung::Agent) {
            self.leave_to_agent();
        } else if self.next.rungs.contains(&Rung::Booking) {
            self.search();
        } else {
            self.promise_callback(false);
        }
    }

    pub(super) fn search(&mut self) {
        self.next.searches += 1;
        let search = self.next.searches;
        let by = later(self.now, if self.next.live { SEARCH_WITHIN } else { UNATTENDED_WITHIN });
        self.next.stage = Stage::Searching { search };
        if self.is_heard() {
            let instruction = Instruction::FindTime { rep: self.next.owner.clone() };
            self.plan_until(Effect::Instruct { instruction }, by);
        }
        self.plan_until(Effect::FindSlots { search, rep: self.next.owner.clone() }, by);
        self.timer_at(Timer::SearchBy { search }, by);
    }

    pub(super) fn slots_found(&mut self, search: u32, slots: &[Slot]) -> Used {
        if self.next.stage != (Stage::Searching { search }) {
            return Used::No;
        }
        match slots.split_first() {
            None => self.promise_callback(false),
            Some(_) if self.next.live => self.offer(search, slots.to_vec()),
            Some((first, others)) => self.book(first.clone(), others.to_vec()),
        }
        Used::Yes
    }

    pub(super) fn offer(&mut self, search: u32, slots: Vec<Slot>) {
        let by = later(self.now, self.next.terms.booking.answer_within);
        self.plan_until(Effect::Instruct { instruction: Instruction::OfferSlots { slots: slots.clone() } }, by);
        self.next.stage = Stage::Offering { search, slots };
        self.timer_at(Timer::SlotBy { search }, by);
    }

    pub(super) fn search_is_over(&mut self, search: u32) -> Used {
        match &self.next.stage {
            Stage::Searching { search: current } | Stage::Offering { search: current, .. } if *current == search => {
                self.promise_callback(false);
                Used::Yes
            }
            _ => Used::No,
        }
    }

    pub(super) fn slot_chosen(&mut self, slot: &Slot) -> Used {
        let Stage::Offering { slots, .. } = &self.next.stage else { return Used::No };
        if !slots.contains(slot) {
            return Used::No;
        }
        let others = slots.iter().filter(|other| *other != slot).cloned().collect();
        self.book(slot.clone(), others);
        Used::Yes
    }

    pub(super) fn slots_declined(&mut self) -> Used {
        if !matches!(self.next.stage, Stage::Offering { .. }) {
            return Used::No;
        }
        self.promise_callback(false);
        Used::Yes
    }

    pub(super) fn book(&mut self, slot: Slot, others: Vec<Slot>) {
        if self.next.taken_slots.contains(&slot) {
            return self.book_another(others);
        }
        self.next.booking_attempts += 1;
        let attempt = self.next.booking_attempts;
        let by = later(self.now, if self.next.live { BOOK_WITHIN } else { UNATTENDED_WITHIN });
        self.plan_until(Effect::Book { slot: slot.clone(), attempt }, by);
        self.next.stage = Stage::Booking { slot, attempt, others };
        self.timer_at(Timer::BookBy { attempt }, by);
    }

    /// Also when it comes late, after a callback was promised instead: the meeting stands in the calendar.
    pub(super) fn booked(&mut self, attempt: u32, booking: &Booking) -> Used {
        let expected = match &self.next.stage {
            Stage::Booking { attempt: current, .. } => *current == attempt,
            Stage::Callback { .. } | Stage::NeedsAttention { .. } => attempt == self.next.booking_attempts,
            _ => false,
        };
        if !expected {
            return Used::No;
        }
        let slot = booking.slot.clone();
        self.stop_calling();
        self.next.stage = Stage::Done { outcome: Outcome::Booked { booking: booking.clone() } };
        if self.is_heard() {
            self.plan(
                Effect::Instruct { instruction: Instruction::ConfirmBooking { slot: slot.clone() } },
                CARD_WHILE_RINGING,
            );
        }
        self.keep_talking();
        self.tell(&slot.rep.clone(), BriefWhy::Booked);
        self.confirm(&slot);
        self.plan(Effect::WriteCrm { owner: self.next.owner.clone(), note: CrmNote::Booked { slot } }, RECORD_WITHIN);
        self.plan(Effect::Publish { topic: Topic::MeetingBooked }, RECORD_WITHIN);
        self.read_owner_later();
        Used::Yes
    }

    /// The lead is told of the meeting that stands, in each way that the rules name.
    pub(super) fn confirm(&mut self, slot: &Slot) {
        if self.next.terms.booking.confirm.contains(&ConfirmBy::Email) {
            self.plan(Effect::ConfirmToCaller { what: Confirmation::Booking { slot: slot.clone() } }, NOTIFY_WITHIN);
        }
        self.text_meeting(slot, false);
    }

    /// As soon as a text may arrive, and only if that is before the meeting.
    pub(super) fn text_meeting(&mut self, slot: &Slot, called_off: bool) {
        let at = self.next.texts_from(self.rules, self.now);
        if self.next.terms.booking.confirm.contains(&ConfirmBy::Text) && at < slot.from {
            self.plan_at(Effect::TextMeeting { slot: slot.clone(), called_off }, at, slot.from);
        }
    }

    pub(super) fn slot_taken(&mut self, attempt: u32) -> Used {
        let Stage::Booking { attempt: current, others, .. } = self.next.stage.clone() else { return Used::No };
        if current != attempt {
            return Used::No;
        }
        self.book_another(others);
        Used::Yes
    }

    /// The time is another's: a caller on the line chooses again, for one who is not the next time is taken.
    fn book_another(&mut self, mut others: Vec<Slot>) {
        others.retain(|slot| !self.next.taken_slots.contains(slot));
        match others.split_first() {
            _ if !self.next.rungs.contains(&Rung::Booking) => self.promise_callback(false),
            Some(_) if self.next.live => self.offer(self.next.searches, others),
            Some((first, rest)) => self.book(first.clone(), rest.to_vec()),
            None if self.next.searches < SEARCHES_AT_MOST => self.search(),
            None => self.promise_callback(false),
        }
    }

    pub(super) fn booking_is_over(&mut self, attempt: u32) -> Used {
        match &self.next.stage {
            Stage::Booking { attempt: current, .. } if *current == attempt => {
                self.promise_callback(false);
                Used::Yes
            }
            _ => Used::No,
        }
    }
}
