//! When a call to a lead is over and its rep is still there, they are asked what came of it, and say so by key.
//!
//! Until they have, or their time is over, the call counts as being made: the rep is held, and the promise is neither broken nor
//! given away. Nobody has to answer. What is said by key is in the handoff; whoever stores the move records it as feedback.

use super::super::begin::later;
use super::super::state::{DialledLead, Stage};
use super::{Ended, Move, Phone, Used};
use crate::domain::effect::{Effect, Timer};
use crate::domain::id::LegId;
use crate::domain::leg::LegState;
use crate::domain::outcome::{CameOf, Outcome};
use std::borrow::Cow;
use std::time::Duration;

/// From when it is asked to the last moment for a key: the question takes some seven seconds, and ten are left after it.
const ANSWERED_WITHIN: Duration = Duration::from_secs(17);
/// A key that was not offered has the question asked once more.
const ASKED_AT_MOST: u32 = 2;

impl Move<'_> {
    pub(super) fn is_asked(&self, leg: &LegId) -> bool {
        self.asked_of(leg).is_some()
    }

    /// The lead whose call is over, where the rep on this leg is asked about it.
    fn asked_of(&self, leg: &LegId) -> Option<&DialledLead> {
        self.next.asked_on().filter(|asked| asked.id == *leg)?.dialled.as_ref()
    }

    pub(super) fn ask(&mut self, leg: &LegId) -> Used {
        let Some(lead) = self.lead_mut(leg) else { return Used::No };
        lead.asked += 1;
        let (asked, have_spoken) = (lead.asked, lead.joined_at.is_some());
        let answer_by = later(self.now, ANSWERED_WITHIN);
        self.hold_on(&self.rep_of(leg), answer_by);
        self.plan_until(Effect::Ask { leg: leg.clone(), have_spoken, again: asked > 1 }, answer_by);
        self.call_timer(Timer::AnswerBy { leg: leg.clone(), asked }, answer_by);
        Used::Yes
    }

    pub(super) fn pressed(&mut self, leg: &LegId, key: char) -> Used {
        let Some(DialledLead { asked, joined_at, .. }) = self.asked_of(leg) else { return Used::No };
        let may_be_asked_again = *asked < ASKED_AT_MOST;
        match CameOf::of_key(key, joined_at.is_some()) {
            Some(said) => self.came_of(leg, said),
            None if may_be_asked_again => self.ask(leg),
            None => self.question_over(leg, Phone::MayBeUp),
        }
    }

    /// The card asks still.
    pub(super) fn not_answered(&mut self, leg: &LegId, asked: u32) -> Used {
        match self.asked_of(leg).is_some_and(|lead| lead.asked == asked) {
            true => self.question_over(leg, Phone::MayBeUp),
            false => Used::No,
        }
    }

    fn came_of(&mut self, leg: &LegId, said: CameOf) -> Used {
        if let Some(lead) = self.lead_mut(leg) {
            lead.said = Some(said);
        }
        let (has_spoken, is_owed_again) = match said {
            CameOf::Qualified | CameOf::NotNow => (true, false),
            CameOf::NotReached => (false, self.is_called_on(leg) && !self.next.closed),
            CameOf::WrongPerson => (false, false),
        };
        // Also where they were cut off within seconds: the rep knows better.
        if let Some(at) = self.joined_at(leg).filter(|_| has_spoken && !self.next.is_done()) {
            self.called(leg, at);
        }
        if said == CameOf::NotReached && self.next.first_contact_at == self.joined_at(leg) {
            self.next.first_contact_at = None;
        }
        self.question_over(leg, Phone::MayBeUp);
        if is_owed_again {
            self.take_back(leg);
        }
        Used::Yes
    }

    /// What was promised counts as kept by this very call.
    fn is_called_on(&self, leg: &LegId) -> bool {
        match &self.next.stage {
            Stage::Done { outcome: Outcome::Called { at, .. } } => self.joined_at(leg) == Some(*at),
            _ => false,
        }
    }

    /// A machine had answered, or somebody else: there was no contact, and a call is owed as before. The time that was promised may
    /// be over, so that it is another one.
    fn take_back(&mut self, leg: &LegId) {
        self.set_leg(leg, LegState::Cancelled);
        self.promise_callback(false);
    }

    /// The rep is let go. Where they have not spoken the call is owed still.
    pub(super) fn question_over(&mut self, leg: &LegId, phone: Phone) -> Used {
        if self.next.is_done() {
            if phone == Phone::MayBeUp {
                self.hang_up(leg);
            }
            self.next.calling = None;
            self.let_go_all();
            return Used::Yes;
        }
        let known = self.next.legs.iter().find(|known| known.id == *leg);
        let evidence = known.and_then(|known| known.evidence.clone()).map(Cow::Owned);
        self.end_try(leg, &Ended { state: LegState::Cancelled, evidence }, phone)
    }
}
