//! A call that is owed, made by us: a rep's phone rings, they hear the whisper, and once they accept the lead is dialled.
//!
//! It goes on beside what was promised: a try that comes to nothing leaves the promise as it was, and one that ends in a
//! conversation keeps it. The lead is dialled once for each rep who accepts, and by nobody's mistake at night. A rep whom the lead
//! leaves, or does not come to, is asked what came of it (see [`super::question`]).

use super::super::begin::later;
use super::super::state::{DialledLead, Event, Leg, Reservation, Stage};
use super::transfer::{CRASH_WITHIN, SETTLE};
use super::{Ended, Move, NEVER, NOTIFY_WITHIN, Phone, Used};
use crate::domain::effect::{BriefWhy, Channel, Effect, Timer};
use crate::domain::id::{LegId, RepId};
use crate::domain::leg::LegState;
use crate::domain::outcome::Outcome;
use crate::handoff::promise::is_here;
use chrono::{DateTime, Utc};
use std::time::Duration;

/// How long a lead's phone rings.
const LEAD_RINGS: Duration = Duration::from_secs(30);
/// A promise is not broken while the call is being made, nor the lead offered to others.
const AGAIN_AFTER_CALL: Duration = Duration::from_secs(30);

/// What was told of a lead's phone.
enum OfLead<'e> {
    Up,
    Joined,
    Left,
    Ended(Ended<'e>, Phone),
    /// What no lead can do.
    Nothing,
}

impl<'e> OfLead<'e> {
    /// `None`: it is about something else.
    fn told(event: &'e Event) -> Option<(LegId, Self)> {
        let ended = |state, why, phone| Self::Ended(Ended::told(state, why), phone);
        let (leg, told) = match event {
            Event::Answered { leg } => (leg, Self::Up),
            Event::Joined { leg } => (leg, Self::Joined),
            Event::LeadLeft { leg } => (leg, Self::Left),
            Event::Machine { leg, why } => (leg, ended(LegState::Machine, why, Phone::MayBeUp)),
            Event::Forwarded { leg, why } => (leg, ended(LegState::Forwarded, why, Phone::MayBeUp)),
            Event::Declined { leg, why } => (leg, ended(LegState::Declined, why, Phone::MayBeUp)),
            Event::NoAnswer { leg, why } => (leg, ended(LegState::NoAnswer, why, Phone::IsDown)),
            Event::Busy { leg, why } => (leg, ended(LegState::Busy, why, Phone::IsDown)),
            Event::WrongNumber { leg, why } => (leg, ended(LegState::WrongNumber, why, Phone::IsDown)),
            Event::RingFailed { leg, why, fault } | Event::JoinFailed { leg, why, fault } => {
                (leg, Self::Ended(Ended::by((*fault).into(), why), Phone::MayBeUp))
            }
            Event::Accepted { leg }
            | Event::RepLeft { leg }
            | Event::TalksOn { leg }
            | Event::Pressed { leg, .. }
            | Event::WhisperFailed { leg, .. } => (leg, Self::Nothing),
            Event::Start
            | Event::CallNow { .. }
            | Event::CallerLeft
            | Event::CallbackWanted
            | Event::Missed
            | Event::CallEnded
            | Event::SlotsFound { .. }
            | Event::SlotsUnknown { .. }
            | Event::SlotChosen { .. }
            | Event::SlotsDeclined
            | Event::Booked { .. }
            | Event::SlotTaken { .. }
            | Event::BookingFailed { .. }
            | Event::MoveWanted { .. }
            | Event::MeetingMoved { .. }
            | Event::MeetingNotMoved { .. }
            | Event::CalledOff { .. }
            | Event::ContactMade { .. }
            | Event::Texted { .. }
            | Event::Found(_)
            | Event::Completed(_)
            | Event::Reassigned(_)
            | Event::Closed { .. }
            | Event::Timer { .. } => return None,
        };
        Some((leg.dialled_for()?, told))
    }
}

impl Move<'_> {
    pub(super) fn is_calling(&self, leg: &LegId) -> bool {
        self.next.calling.as_ref() == Some(leg)
    }

    pub(super) fn ring_to_call_back(&mut self, rep: &RepId, endpoint: u32) {
        self.next.call_again.retain(|again| again.rep != *rep);
        // Whoever is called back is not on the line.
        (self.next.live, self.next.in_chat) = (false, false);
        let leg = LegId::of(&self.next.id, self.next.legs.len() as u32 + 1);
        let ring_until = later(self.now, self.next.terms.ring_timeout);
        let until = later(ring_until, self.next.terms.accept_within + self.dialling_takes() + SETTLE + CRASH_WITHIN);
        self.next.holds.push(Reservation { rep: rep.clone(), until });
        self.next.legs.push(Leg {
            id: leg.clone(),
            rep: rep.clone(),
            endpoint,
            state: LegState::Ringing,
            card: String::new(),
            evidence: None,
            dialled: Some(DialledLead::default()),
        });
        self.next.calling = Some(leg.clone());
        self.plan_until(Effect::Ring { leg: leg.clone(), rep: rep.clone() }, ring_until);
        self.call_timer(Timer::RingBy { leg }, ring_until);
    }

    fn dialling_takes(&self) -> Duration {
        LEAD_RINGS + self.next.terms.join_within
    }

    /// Nobody waits on a line: the rep has all the time that they have to accept.
    pub(super) fn brief_for_callback(&mut self, leg: &LegId) -> Used {
        self.set_leg(leg, LegState::Answered);
        let (rep, accept_by) = (self.rep_of(leg), later(self.now, self.next.terms.accept_within));
        self.hold_on(&rep, later(accept_by, self.dialling_takes() + SETTLE));
        self.plan_until(Effect::Whisper { leg: leg.clone(), rep }, accept_by);
        self.call_timer(Timer::AcceptBy { leg: leg.clone() }, accept_by);
        Used::Yes
    }

    /// The rep has accepted. What was lawful when they were rung may not be so now.
    pub(super) fn dial_lead(&mut self, leg: &LegId) -> Used {
        if let Some(why) = self.next.may_not_be_dialled(self.rules, self.now) {
            return self.end_try(leg, &Ended::by(LegState::Cancelled, why.to_string()), Phone::MayBeUp);
        }
        self.set_leg(leg, LegState::Accepted);
        self.set_lead(leg, LegState::Ringing);
        let (rep, dial_by) = (self.rep_of(leg), later(self.now, LEAD_RINGS));
        let join_by = later(self.now, self.dialling_takes());
        self.hold_on(&rep, later(join_by, SETTLE));
        self.plan_until(Effect::DialLead { leg: leg.of_lead() }, dial_by);
        self.call_timer(Timer::DialBy { leg: leg.clone() }, join_by);
        Used::Yes
    }

    /// `None`: the event is about no lead's phone.
    pub(super) fn told_of_lead(&mut self, event: &Event) -> Option<Used> {
        let (leg, told) = OfLead::told(event)?;
        Some(if self.is_calling(&leg) { self.lead_is(&leg, told) } else { self.stray_lead(&leg, &told) })
    }

    fn lead_is(&mut self, leg: &LegId, told: OfLead<'_>) -> Used {
        if self.is_asked(leg) {
            return self.stray_lead(leg, &told);
        }
        let is_dialled = matches!(self.lead_state(leg), Some(LegState::Ringing | LegState::Answered));
        match (told, self.joined_at(leg)) {
            (OfLead::Up, None) if self.lead_state(leg) == Some(LegState::Ringing) => {
                self.set_lead(leg, LegState::Answered);
                Used::Yes
            }
            (OfLead::Joined, None) if is_dialled => self.speaking(leg),
            (OfLead::Left, None) if is_dialled => {
                self.lead_not_had(leg, &Ended { state: LegState::HungUp, evidence: None }, Phone::IsDown)
            }
            (OfLead::Left, Some(at)) if self.have_spoken(at) => {
                if !self.next.is_done() {
                    self.called(leg, at);
                }
                self.set_lead(leg, LegState::HungUp);
                self.ask(leg)
            }
            (OfLead::Left, Some(_)) => {
                self.lead_not_had(leg, &Ended { state: LegState::Lost, evidence: None }, Phone::IsDown)
            }
            (OfLead::Ended(ended, phone), None) if is_dialled => self.lead_not_had(leg, &ended, phone),
            _ => Used::No,
        }
    }

    /// A lead who answers when nobody is there for them any more is let go.
    fn stray_lead(&mut self, leg: &LegId, told: &OfLead<'_>) -> Used {
        let known = self.next.legs.iter().any(|known| known.id == *leg && known.dialled.is_some());
        let is_up = matches!(told, OfLead::Up | OfLead::Joined);
        if !known || !is_up {
            return Used::No;
        }
        self.hang_up(&leg.of_lead());
        Used::Yes
    }

    fn speaking(&mut self, leg: &LegId) -> Used {
        self.set_leg(leg, LegState::Joined);
        self.set_lead(leg, LegState::Joined);
        let now = self.now;
        if let Some(lead) = self.lead_mut(leg) {
            lead.joined_at = Some(now);
        }
        self.next.first_contact_at.get_or_insert(self.now);
        self.hold_on(&self.rep_of(leg), later(self.now, SETTLE));
        self.call_timer(Timer::SettledBy { leg: leg.clone() }, later(self.now, SETTLE));
        Used::Yes
    }

    /// They have spoken for long enough to count; and speak on.
    pub(super) fn settled_call(&mut self, leg: &LegId) -> Used {
        match self.joined_at(leg) {
            Some(at) if self.is_calling(leg) && !self.is_asked(leg) && !self.next.is_done() => {
                self.called(leg, at);
                self.keep_talking();
                Used::Yes
            }
            _ => Used::No,
        }
    }

    pub(super) fn called(&mut self, leg: &LegId, at: DateTime<Utc>) {
        self.next.stage = Stage::Done { outcome: Outcome::Called { rep: self.rep_of(leg), at } };
        self.read_owner_later();
    }

    /// The phone of a rep who talks on after all was done stays ours.
    pub(super) fn keep_talking(&mut self) {
        if let Some(leg) = self.next.calling.clone() {
            self.keep_hold_while_talking(&leg);
        }
    }

    fn have_spoken(&self, joined_at: DateTime<Utc>) -> bool {
        self.next.is_done() || later(joined_at, SETTLE) <= self.now
    }

    pub(super) fn rep_left_call(&mut self, leg: &LegId) -> Used {
        if self.is_asked(leg) {
            return self.question_over(leg, Phone::IsDown);
        }
        match self.joined_at(leg) {
            Some(at) if self.have_spoken(at) => {
                self.hang_up(&leg.of_lead());
                self.call_is_over(leg, at)
            }
            Some(_) => self.rep_gone(leg, LegState::Lost),
            None => self.rep_gone(leg, LegState::HungUp),
        }
    }

    fn call_is_over(&mut self, leg: &LegId, at: DateTime<Utc>) -> Used {
        if !self.next.is_done() {
            self.called(leg, at);
        }
        self.next.calling = None;
        self.let_go_all();
        Used::Yes
    }

    /// Nobody told us anything in time.
    pub(super) fn not_reached(&mut self, leg: &LegId) -> Used {
        let is_dialled = matches!(self.lead_state(leg), Some(LegState::Ringing | LegState::Answered));
        match self.is_calling(leg) && is_dialled {
            true => self.lead_not_had(leg, &Ended::by_our_clock(LegState::NoAnswer), Phone::MayBeUp),
            false => Used::No,
        }
    }

    fn lead_not_had(&mut self, leg: &LegId, ended: &Ended<'_>, phone: Phone) -> Used {
        self.set_lead(leg, ended.state);
        if phone == Phone::MayBeUp {
            self.hang_up(&leg.of_lead());
        }
        // A fault of ours tells nothing of the lead.
        if matches!(ended.state, LegState::Vendor | LegState::Config) {
            let ended = Ended { state: LegState::Cancelled, evidence: ended.evidence.clone() };
            return self.end_try(leg, &ended, Phone::MayBeUp);
        }
        if let Some(known) = self.next.legs.iter_mut().find(|known| known.id == *leg) {
            known.evidence = ended.evidence.as_deref().map(str::to_owned);
        }
        self.ask(leg)
    }

    /// Whoever makes the call was not had on this phone. Where another is left on which they may be, that one is rung.
    pub(super) fn rep_not_had(&mut self, leg: &LegId, ended: &Ended<'_>, phone: Phone) -> Used {
        self.end_call_on(leg, ended, phone);
        match self.phone_after(leg) {
            Some((rep, endpoint)) => self.ring_to_call_back(&rep, endpoint),
            None => {
                // Whoever is on another call by now may be called for later.
                self.next.refused.clear();
                self.tell_of_try(leg);
            }
        }
        Used::Yes
    }

    /// They have not spoken. Whose promise it is has it still.
    pub(super) fn end_try(&mut self, leg: &LegId, ended: &Ended<'_>, phone: Phone) -> Used {
        self.end_call_on(leg, ended, phone);
        self.tell_of_try(leg);
        Used::Yes
    }

    fn tell_of_try(&mut self, leg: &LegId) {
        let rep = self.rep_of(leg);
        if is_here(&rep, self.rules) {
            self.plan(Effect::Brief { rep, channel: Channel::Chat, why: BriefWhy::Tried }, NOTIFY_WITHIN);
        }
    }

    fn end_call_on(&mut self, leg: &LegId, ended: &Ended<'_>, phone: Phone) {
        self.end_leg(leg, ended);
        self.let_go(&self.rep_of(leg));
        if phone == Phone::MayBeUp {
            self.hang_up(leg);
        }
        if matches!(self.lead_state(leg), Some(LegState::Ringing | LegState::Answered | LegState::Joined)) {
            self.set_lead(leg, LegState::Cancelled);
            self.hang_up(&leg.of_lead());
        }
        self.next.calling = None;
    }

    /// Before lead and rep speak: the call is not wanted any more.
    pub(super) fn stop_calling(&mut self) {
        let calling = self.next.calling.clone();
        if let Some(leg) = calling.filter(|leg| self.joined_at(leg).is_none()) {
            self.end_call_on(&leg, &Ended { state: LegState::Cancelled, evidence: None }, Phone::MayBeUp);
        }
    }

    pub(super) fn let_go_unless_talking(&mut self) {
        self.stop_calling();
        if self.next.calling.is_none() {
            self.let_go_all();
        }
    }

    /// What would take the lead from whoever speaks with them waits.
    pub(super) fn after_the_call(&mut self, timer: Timer) -> Used {
        self.call_timer(timer, later(self.now, AGAIN_AFTER_CALL));
        Used::Yes
    }

    pub(super) fn breach_later(&mut self, promised_at: DateTime<Utc>) -> Used {
        self.timer_at(Timer::Breach { promised_at }, later(self.now, AGAIN_AFTER_CALL));
        Used::Yes
    }

    pub(super) fn lead_mut(&mut self, leg: &LegId) -> Option<&mut DialledLead> {
        self.next.legs.iter_mut().find(|known| known.id == *leg)?.dialled.as_mut()
    }

    fn lead_of(&self, leg: &LegId) -> Option<&DialledLead> {
        self.next.legs.iter().find(|known| known.id == *leg)?.dialled.as_ref()
    }

    fn lead_state(&self, leg: &LegId) -> Option<LegState> {
        self.lead_of(leg)?.state
    }

    pub(super) fn joined_at(&self, leg: &LegId) -> Option<DateTime<Utc>> {
        self.lead_of(leg)?.joined_at
    }

    fn set_lead(&mut self, leg: &LegId, state: LegState) {
        if let Some(lead) = self.lead_mut(leg) {
            lead.state = Some(state);
        }
    }

    /// Beside what the stage waits for.
    pub(super) fn call_timer(&mut self, timer: Timer, at: DateTime<Utc>) {
        self.plan_at(Effect::Timer { timer }, at, later(at, NEVER));
    }
}
