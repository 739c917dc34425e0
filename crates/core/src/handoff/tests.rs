//! What happens on one call, told in sentences. The decision is the scenario's; see `routing::scenario`.

mod booking;
mod callback;
mod calling;
mod consent;
mod endpoints;
mod explore;
mod front_door;
mod holding;
mod instead;
mod introducing;
mod leaving;
mod other_hands;
mod ringing;
mod second_event;
mod steps;
mod table;
mod transfer;
mod waiting;

use super::state::NewOwner;
use super::{Event, Handoff, Stage, Transition, advance};
use crate::domain::effect::{
    BriefWhy, Channel, CrmNote, Effect, HangUpReason, Instruction, SlaAct, Timer, ToSay, Topic, WhyNot,
};
use crate::domain::id::LegId;
use crate::domain::known::Known;
use crate::domain::leg::{Fault, LegState};
use crate::domain::outcome::{Booking, NextStepKind, Outcome, Slot};
use crate::domain::rota::Shift;
use crate::routing::scenario::{Scenario, at, rep_id, scenario};
use crate::rules::RuleSet;
use chrono::{DateTime, NaiveTime, TimeDelta, Utc};

/// A handoff under way. Each event is followed by what it must lead to.
struct UnderWay {
    state: Handoff,
    rules: RuleSet,
    now: DateTime<Utc>,
    last: Transition,
}

/// Acme is on the line at 10:00; ben is rung first, then cy.
fn call() -> UnderWay {
    begun(scenario())
}

fn begun(world: Scenario) -> UnderWay {
    let state = Handoff::begin(&world.lead, &world.decide(), &world.rules).seeing(&world.snapshot, &world.rules);
    let last = Transition { state: state.clone(), effects: Vec::new(), turn_moves: None, ignored: false };
    UnderWay { state, rules: world.rules, now: at("10:00"), last }.on(Event::Start)
}

impl UnderWay {
    fn on(mut self, event: Event) -> Self {
        self.last = advance(&self.state, &event, &self.rules, self.now);
        self.state = self.last.state.clone();
        self
    }

    fn after(mut self, seconds: i64) -> Self {
        self.now += TimeDelta::seconds(seconds);
        self
    }

    fn leg(&self, number: u32) -> LegId {
        LegId::of(&self.state.id, number)
    }

    /// Something happens to this leg.
    fn of_leg(self, number: u32, event: impl FnOnce(LegId) -> Event) -> Self {
        let leg = self.leg(number);
        self.on(event(leg))
    }

    fn answered(self, number: u32) -> Self {
        self.of_leg(number, |leg| Event::Answered { leg })
    }

    fn accepted(self, number: u32) -> Self {
        self.of_leg(number, |leg| Event::Accepted { leg })
    }

    fn declined(self, number: u32) -> Self {
        self.of_leg(number, |leg| Event::Declined { leg, why: None })
    }

    fn joined(self, number: u32) -> Self {
        self.of_leg(number, |leg| Event::Joined { leg })
    }

    fn rep_left(self, number: u32) -> Self {
        self.of_leg(number, |leg| Event::RepLeft { leg })
    }

    fn timer(self, timer: Timer) -> Self {
        self.on(Event::Timer { timer })
    }

    fn leg_timer(self, number: u32, timer: impl FnOnce(LegId) -> Timer) -> Self {
        self.of_leg(number, |leg| Event::Timer { timer: timer(leg) })
    }

    /// Ben answers, presses the key and is joined.
    fn bridged(self) -> Self {
        self.after(4).answered(1).after(4).accepted(1).after(1).joined(1)
    }

    fn settled(self) -> Self {
        self.bridged().after(10).leg_timer(1, |leg| Timer::SettledBy { leg })
    }

    /// Nobody can be had, and two times are read to the caller.
    fn offered(self) -> Self {
        let slots = vec![slot(14), slot(15)];
        self.declined(1).declined(2).on(Event::SlotsFound { search: 1, slots })
    }

    fn chosen(self) -> Self {
        self.offered().after(9).on(Event::SlotChosen { slot: slot(14) })
    }

    // ---- what must follow ------------------------------------------------------------------------------------------

    fn rings(self, name: &str, number: u32) -> Self {
        let (leg, rep) = (self.leg(number), rep_id(name));
        assert!(self.state.is_ringing(&leg), "it stands at {:?}", self.state.stage);
        assert!(self.state.holds.iter().any(|hold| hold.rep == rep), "the phone is ours before it rings");
        self.does(&Effect::Ring { leg, rep })
    }

    fn rings_nobody_new(self, legs: usize) -> Self {
        assert_eq!(self.state.legs.len(), legs);
        self
    }

    fn does(self, effect: &Effect) -> Self {
        let planned: Vec<&Effect> = self.last.effects.iter().map(|planned| &planned.effect).collect();
        assert!(planned.contains(&effect), "{effect:?} is not among {planned:#?}");
        self
    }

    fn hangs_up(self, number: u32) -> Self {
        let leg = self.leg(number);
        self.does(&Effect::HangUp { leg, reason: HangUpReason::Cancelled })
    }

    fn briefs(self, name: &str, why: BriefWhy) -> Self {
        self.does(&Effect::Brief { rep: rep_id(name), channel: Channel::Chat, why })
    }

    fn publishes(self, topic: Topic) -> Self {
        self.does(&Effect::Publish { topic })
    }

    fn leg_is(self, number: u32, state: LegState) -> Self {
        let id = self.leg(number);
        let found = self.state.legs.iter().find(|leg| leg.id == id).map(|leg| leg.state);
        assert_eq!(found, Some(state));
        self
    }

    fn holds_nobody(self) -> Self {
        assert_eq!(self.state.holds, []);
        self
    }

    fn owner_is(self, name: &str) -> Self {
        assert_eq!(self.state.owner, rep_id(name));
        self
    }

    fn ignored(self) -> Self {
        assert!(self.last.ignored, "it led to {:?}", self.state.stage);
        self
    }

    fn searches(self, search: u32) -> Self {
        assert_eq!(self.state.stage, Stage::Searching { search });
        let rep = self.state.owner.clone();
        self.does(&Effect::FindSlots { search, rep })
    }

    fn books(self, slot: Slot, attempt: u32) -> Self {
        assert!(matches!(&self.state.stage, Stage::Booking { attempt: current, .. } if *current == attempt));
        self.does(&Effect::Book { slot, attempt })
    }

    fn ends_booked(self) -> Self {
        assert!(
            matches!(&self.state.stage, Stage::Done { outcome: Outcome::Booked { booking } } if *booking == meeting())
        );
        self
    }

    fn ends_connected(self, name: &str) -> Self {
        let connected = matches!(&self.state.stage, Stage::Done { outcome: Outcome::Connected { rep, .. } } if *rep == rep_id(name));
        assert!(connected, "it stands at {:?}", self.state.stage);
        self
    }

    fn promises(self, name: &str, time: &str) -> Self {
        let next = self.state.next_step();
        assert_eq!((next.what, next.owner, next.at), (NextStepKind::Callback, rep_id(name), at(time)));
        self
    }

    fn needs_attention_of(self, name: &str) -> Self {
        let next = self.state.next_step();
        assert_eq!((next.what, next.owner), (NextStepKind::NeedsAttention, rep_id(name)));
        self
    }

    fn says_promise(self) -> Self {
        let next = self.state.next_step();
        let instruction = Instruction::PromiseCallback { rep: next.owner, promised_at: next.at };
        self.does(&Effect::Instruct { instruction })
    }

    fn says_nothing(self) -> Self {
        let mut effects = self.last.effects.iter().map(|planned| &planned.effect);
        assert!(!effects.any(|effect| matches!(effect, Effect::Instruct { .. })), "nobody is there to hear it");
        self
    }
}

/// An hour of Thursday with ben.
fn slot(hour: u32) -> Slot {
    let from = at("00:00") + TimeDelta::hours(24 + i64::from(hour));
    Slot { rep: rep_id("ben"), from, until: from + TimeDelta::minutes(30) }
}

fn meeting() -> Booking {
    Booking { slot: slot(14), vendor_ref: "event-1".to_owned() }
}

/// An hour later.
fn moved() -> Booking {
    Booking { slot: slot(15), ..meeting() }
}

fn booked(attempt: u32) -> Event {
    Event::Booked { attempt, booking: meeting() }
}
