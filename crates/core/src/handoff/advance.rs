//! One move of a handoff.

mod asked;
mod booking;
mod callback;
mod completed;
mod dial;
mod front_door;
mod given_up;
mod meeting;
mod owner;
mod question;
mod shadow;
mod transfer;
mod waiting;

use super::begin::later;
use super::state::{Event, Handoff, OUR_CLOCK, Stage, Transition, TurnMove};
use crate::domain::effect::{BriefWhy, Channel, Effect, HangUpReason, Planned, Timer};
use crate::domain::id::{LegId, RepId};
use crate::domain::leg::LegState;
use crate::rules::RuleSet;
use chrono::{DateTime, Utc};
use std::borrow::Cow;
use std::time::Duration;

/// A card about a ringing phone is worth nothing later.
const CARD_WHILE_RINGING: Duration = Duration::from_secs(60);
/// A phone that is still up is let go, however late; beyond this it has rung out by itself.
const HANG_UP_WITHIN: Duration = Duration::from_secs(600);
const NOTIFY_WITHIN: Duration = Duration::from_secs(3600);
const RECORD_WITHIN: Duration = Duration::from_secs(7 * 24 * 3600);
/// When the CRM is asked whether the owner is still the one we set.
const READ_OWNER_AFTER: [Duration; 3] =
    [Duration::from_secs(120), Duration::from_secs(24 * 3600), Duration::from_secs(7 * 24 * 3600)];
/// Timers do not expire: late is better than never.
const NEVER: Duration = Duration::from_secs(400 * 24 * 3600);

/// The next state and its effects. Total: an event that does not fit the stage changes nothing and says so.
pub fn advance(state: &Handoff, event: &Event, rules: &RuleSet, now: DateTime<Utc>) -> Transition {
    let mut step = Move { next: state.clone(), effects: Vec::new(), turn_moves: None, rules, now };
    if let Some(used) = step.told_of_lead(event) {
        return step.finish(state, used);
    }
    let used = match event {
        Event::Start => step.start(),
        Event::Answered { leg } => step.answered(leg),
        Event::Accepted { leg } => step.accepted(leg),
        Event::Joined { leg } => step.joined(leg),
        Event::Machine { leg, why } => step.not_accepted(leg, Ended::told(LegState::Machine, why), Phone::MayBeUp),
        Event::Forwarded { leg, why } => step.not_accepted(leg, Ended::told(LegState::Forwarded, why), Phone::MayBeUp),
        Event::Declined { leg, why } => step.not_accepted(leg, Ended::told(LegState::Declined, why), Phone::MayBeUp),
        Event::NoAnswer { leg, why } => step.not_accepted(leg, Ended::told(LegState::NoAnswer, why), Phone::IsDown),
        Event::Busy { leg, why } => step.not_accepted(leg, Ended::told(LegState::Busy, why), Phone::IsDown),
        Event::WrongNumber { leg, why } => {
            step.not_accepted(leg, Ended::told(LegState::WrongNumber, why), Phone::IsDown)
        }
        Event::RingFailed { leg, why, fault } => step.ring_failed(leg, Ended::by((*fault).into(), why.as_str())),
        Event::WhisperFailed { leg, why, fault } => step.not_briefed(leg, (*fault).into(), why),
        Event::JoinFailed { leg, why, fault } => step.not_joined(leg, (*fault).into(), why),
        Event::RepLeft { leg } => step.rep_left(leg),
        Event::TalksOn { leg } => step.talks_on(leg),
        Event::CallNow { rep, by: _ } => step.call_now(rep),
        Event::Pressed { leg, key } => step.pressed(leg, *key),
        // Of a leg that is no lead's.
        Event::LeadLeft { .. } => Used::No,
        Event::Texted { .. } => Used::No,
        Event::CallerLeft | Event::CallEnded => step.caller_left(),
        Event::CallbackWanted => step.callback_wanted(),
        Event::Missed => step.missed(),
        Event::SlotsFound { search, slots } => step.slots_found(*search, slots),
        Event::SlotsUnknown { search, .. } => step.search_is_over(*search),
        Event::SlotChosen { slot } => step.slot_chosen(slot),
        Event::SlotsDeclined => step.slots_declined(),
        Event::Booked { attempt, booking } => step.booked(*attempt, booking),
        Event::SlotTaken { attempt } => step.slot_taken(*attempt),
        Event::BookingFailed { attempt, .. } => step.booking_is_over(*attempt),
        Event::MoveWanted { to } => step.move_wanted(to),
        Event::MeetingMoved { attempt, booking } => step.meeting_moved(*attempt, booking),
        Event::MeetingNotMoved { attempt, taken, .. } => step.meeting_not_moved(*attempt, *taken),
        Event::CalledOff { wants_call } => step.called_off(*wants_call),
        Event::ContactMade { rep, at } => step.contact_made(rep, *at),
        Event::Found(to) => step.found(to),
        Event::Completed(more) => step.completed(more),
        Event::Reassigned(to) => step.reassigned(to),
        Event::Closed { why } => step.closed(*why),
        Event::Timer { timer } => step.timer(timer),
    };
    step.finish(state, used)
}

/// Whom the CRM names as owner is looked at now: it seems to be another. Nobody looks while the lead is on its way to somebody.
pub fn look_at_owner(state: &Handoff, rules: &RuleSet, now: DateTime<Utc>) -> Transition {
    let mut step = Move { next: state.clone(), effects: Vec::new(), turn_moves: None, rules, now };
    if state.stage.settled().is_none() {
        return step.finish(state, Used::No);
    }
    step.plan(Effect::ReadOwner, RECORD_WITHIN);
    step.finish(state, Used::Yes)
}

/// How it ended on a rep's phone, and how that is known.
struct Ended<'e> {
    state: LegState,
    evidence: Option<Cow<'e, str>>,
}

impl<'e> Ended<'e> {
    fn told(state: LegState, why: &'e Option<String>) -> Self {
        Self { state, evidence: why.as_deref().map(Cow::Borrowed) }
    }

    fn by(state: LegState, evidence: impl Into<Cow<'e, str>>) -> Self {
        Self { state, evidence: Some(evidence.into()) }
    }

    /// Nobody told us anything in time.
    fn by_our_clock(state: LegState) -> Self {
        Self::by(state, OUR_CLOCK)
    }
}

/// Whether a phone that is given up must be hung up.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phone {
    MayBeUp,
    IsDown,
}

/// Whether an event fitted the stage it met.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Used {
    Yes,
    No,
}

struct Move<'a> {
    next: Handoff,
    effects: Vec<Planned>,
    turn_moves: Option<TurnMove>,
    rules: &'a RuleSet,
    now: DateTime<Utc>,
}

impl Move<'_> {
    fn timer(&mut self, timer: &Timer) -> Used {
        match timer {
            Timer::RingBy { leg } if self.is(leg, LegState::Ringing) => {
                self.next_rep(leg, Ended::by_our_clock(LegState::NoAnswer), Phone::MayBeUp)
            }
            Timer::AcceptBy { leg } if self.is(leg, LegState::Answered) => {
                self.next_rep(leg, Ended::by_our_clock(LegState::NoAnswer), Phone::MayBeUp)
            }
            Timer::RingBy { .. } | Timer::AcceptBy { .. } => Used::No,
            Timer::AddBy { rung } => self.add_phone(*rung),
            Timer::JoinBy { leg } => self.not_joined(leg, LegState::Vendor, OUR_CLOCK),
            Timer::SettledBy { leg } => self.settled(leg),
            Timer::PatienceBy => self.patience_spent(),
            Timer::OfferCallback => self.offer_callback(),
            Timer::IntroducedBy { leg } => self.introduced(leg),
            Timer::SearchBy { search } if self.next.stage == (Stage::Searching { search: *search }) => {
                self.search_is_over(*search)
            }
            Timer::SearchBy { .. } => Used::No,
            // The same search may be offered again with fewer slots: an earlier offer's timer does not end the later one.
            Timer::SlotBy { search }
                if matches!(self.next.stage, Stage::Offering { .. }) && self.now >= self.next.moves_on_by =>
            {
                self.search_is_over(*search)
            }
            Timer::SlotBy { .. } => Used::No,
            Timer::BookBy { attempt } => self.booking_is_over(*attempt),
            Timer::Remind { promised_at } => self.remind(*promised_at),
            Timer::Escalate { promised_at } => self.escalate(*promised_at),
            Timer::Sla { promised_at, owner, act, from } => self.sla(*promised_at, owner, *act, *from),
            Timer::Breach { promised_at } => self.breach(*promised_at),
            Timer::CallAt { promised_at } => self.call_at(*promised_at),
            Timer::CallAgain { rep, until } => self.call_again(rep, *until),
            Timer::DialBy { leg } => self.not_reached(leg),
            Timer::AnswerBy { leg, asked } => self.not_answered(leg, *asked),
            Timer::ReleaseBy { leg } => self.nobody_talks(leg),
        }
    }

    /// Whether our words reach somebody now.
    fn is_heard(&self) -> bool {
        self.next.live || self.next.in_chat
    }

    /// The leg is current, and stands so.
    fn is(&self, leg: &LegId, state: LegState) -> bool {
        self.next.current_legs().any(|current| current.id == *leg && current.state == state)
    }

    fn is_current(&self, leg: &LegId) -> bool {
        self.next.current_legs().any(|current| current.id == *leg)
    }

    fn current_legs(&self) -> Vec<LegId> {
        self.next.current_legs().map(|leg| leg.id.clone()).collect()
    }

    /// Of several phones that ring, the one that the caller is told of.
    fn named(&self) -> Option<LegId> {
        self.next.current_legs().next().map(|leg| leg.id.clone())
    }

    /// Nobody's phone is ours any more; whether somebody's was.
    fn let_go_all(&mut self) -> bool {
        !std::mem::take(&mut self.next.holds).is_empty()
    }

    fn let_go(&mut self, rep: &RepId) {
        self.next.holds.retain(|hold| hold.rep != *rep);
    }

    /// Caller and rep came together on this leg.
    fn is_connected(&self, leg: &LegId) -> bool {
        self.next.legs.iter().any(|l| l.id == *leg && l.state == LegState::Joined)
    }

    fn rep_of(&self, leg: &LegId) -> RepId {
        let known = self.next.legs.iter().find(|l| l.id == *leg);
        known.map(|l| l.rep.clone()).expect("a current leg was pushed when it began to ring")
    }

    fn set_leg(&mut self, leg: &LegId, state: LegState) {
        self.end_leg(leg, &Ended { state, evidence: None });
    }

    fn end_leg(&mut self, leg: &LegId, ended: &Ended<'_>) {
        let Some(known) = self.next.legs.iter_mut().find(|l| l.id == *leg) else { return };
        let state = ended.state;
        known.state = state;
        known.evidence = ended.evidence.as_deref().map(str::to_owned);
        let update = Effect::UpdateCard { card: known.card.clone(), rep: known.rep.clone() };
        // A rep who calls back has the card of the promise.
        if known.dialled.is_none() && !matches!(state, LegState::Ringing | LegState::Answered | LegState::Accepted) {
            self.plan(update, NOTIFY_WITHIN);
        }
    }

    fn hang_up(&mut self, leg: &LegId) {
        let elsewhere = self.next.legs.iter().any(|l| l.id == *leg && l.state == LegState::Elsewhere);
        let reason = if elsewhere { HangUpReason::AnsweredElsewhere } else { HangUpReason::Cancelled };
        self.plan(Effect::HangUp { leg: leg.clone(), reason }, HANG_UP_WITHIN);
    }

    /// A change of owner by hand comes minutes or days later.
    fn read_owner_later(&mut self) {
        for after in READ_OWNER_AFTER {
            let at = later(self.now, after);
            self.plan_at(Effect::ReadOwner, at, later(at, RECORD_WITHIN));
        }
    }

    /// Card and mail.
    fn tell(&mut self, rep: &RepId, why: BriefWhy) {
        self.plan(Effect::Brief { rep: rep.clone(), channel: Channel::Chat, why }, NOTIFY_WITHIN);
        self.plan(Effect::Brief { rep: rep.clone(), channel: Channel::Email, why }, NOTIFY_WITHIN);
    }

    fn plan(&mut self, effect: Effect, within: Duration) -> String {
        self.plan_at(effect, self.now, later(self.now, within))
    }

    fn plan_until(&mut self, effect: Effect, deadline_at: DateTime<Utc>) -> String {
        self.plan_at(effect, self.now, deadline_at)
    }

    fn timer_at(&mut self, timer: Timer, at: DateTime<Utc>) {
        self.next.moves_on_by = at;
        self.plan_at(Effect::Timer { timer }, at, later(at, NEVER));
    }

    /// Returns the key.
    fn plan_at(&mut self, effect: Effect, run_at: DateTime<Utc>, deadline_at: DateTime<Utc>) -> String {
        self.next.effects_planned += 1;
        let key = format!("{}.{}-{}", self.next.id.suffix(), self.next.effects_planned, effect.kind());
        self.effects.push(Planned { key: key.clone(), effect, run_at, deadline_at });
        key
    }

    fn finish(mut self, before: &Handoff, used: Used) -> Transition {
        if used == Used::No {
            return Transition { state: before.clone(), effects: Vec::new(), turn_moves: None, ignored: true };
        }
        self.next.revision += 1;
        self.next.promised.clear();
        Transition { state: self.next, effects: self.effects, turn_moves: self.turn_moves, ignored: false }
    }
}
