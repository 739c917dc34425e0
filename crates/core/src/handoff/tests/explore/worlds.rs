//! Small worlds beside that of callers and phones: a call is owed from the beginning, or the caller has come by the front door. And
//! what somebody could get wrong there.

use super::super::*;
use super::held::Advance;
use super::world::World;
use crate::rules::model::set::{CallbackDial, RingPlan, Rung, SlaStep};
use std::time::Duration;

#[derive(Clone, Copy)]
pub(super) enum Which {
    /// What is not done in time is offered to others.
    Steps,
    /// The clock makes the call.
    AtTheTime,
    /// Where nobody takes the caller the agent does.
    FrontDoor,
}

impl Which {
    pub(super) fn open(self, advance: Advance) -> World {
        let world = World::of(1, RingPlan::OneByOne, advance);
        match self {
            Self::Steps => world.otherwise(
                |begun| {
                    let reassign = SlaStep { after: Duration::from_secs(1800), act: SlaAct::Reassign };
                    begun.terms.callback.steps = vec![reassign];
                    is_owed(begun);
                },
                other_hands,
            ),
            Self::AtTheTime => world.otherwise(
                |begun| {
                    begun.terms.callback.dial = CallbackDial::AtTheTime;
                    is_owed(begun);
                },
                other_hands,
            ),
            Self::FrontDoor => {
                let rungs = vec![Rung::WarmTransfer, Rung::Agent, Rung::Callback];
                world.otherwise(|begun| begun.rungs = rungs, |_| vec![Event::Missed])
            }
        }
    }
}

/// Nobody is on the line, and no meeting is offered.
fn is_owed(begun: &mut Handoff) {
    (begun.live, begun.rungs) = (false, vec![Rung::Callback]);
}

/// Somebody gives it to fay, once; cy has time for whatever is on offer.
fn other_hands(state: &Handoff) -> Vec<Event> {
    let is_owed = matches!(state.stage, Stage::Callback { .. } | Stage::NeedsAttention { .. });
    let to_fay = Event::Reassigned(NewOwner::new(rep_id("fay"), "told"));
    let given = (is_owed && state.owner == rep_id("ben")).then_some(to_fay);
    given.into_iter().chain([Event::Found(NewOwner::new(rep_id("cy"), "is free"))]).collect()
}

/// A fault, the world in which it shows, and the invariant that finds it.
pub(super) struct PlantedBeside {
    pub what: &'static str,
    pub advance: Advance,
    pub world: Which,
    pub breaks: &'static str,
}

const fn planted(what: &'static str, advance: Advance, world: Which, breaks: &'static str) -> PlantedBeside {
    PlantedBeside { what, advance, world, breaks }
}

pub(super) const BESIDE: [PlantedBeside; 4] = [
    planted("who was to call is not told that another does", gives_quietly, Which::Steps, "who_has_the_lead_is_told"),
    planted(
        "a lead is offered to others while its rep calls",
        offers_meanwhile,
        Which::Steps,
        "nobody_takes_it_while_its_rep_calls",
    ),
    planted("the clock rings who promised first", rings_the_first, Which::AtTheTime, "the_clock_calls_for_who_owes"),
    planted("who is missed has left as others do", leaves_as_others, Which::FrontDoor, "who_is_missed_is_called_back"),
];

fn gives_quietly(state: &Handoff, event: &Event, rules: &RuleSet, now: DateTime<Utc>) -> Transition {
    let mut made = advance(state, event, rules, now);
    let tells = |effect: &Effect| matches!(effect, Effect::Brief { why: BriefWhy::GivenAway, .. });
    made.effects.retain(|planned| !tells(&planned.effect));
    made
}

fn offers_meanwhile(state: &Handoff, event: &Event, rules: &RuleSet, now: DateTime<Utc>) -> Transition {
    let Event::Timer { timer: Timer::Sla { .. } } = event else { return advance(state, event, rules, now) };
    let idle = Handoff { calling: None, ..state.clone() };
    let mut made = advance(&idle, event, rules, now);
    made.state.calling.clone_from(&state.calling);
    made
}

fn rings_the_first(state: &Handoff, event: &Event, rules: &RuleSet, now: DateTime<Utc>) -> Transition {
    match event {
        Event::Timer { timer: Timer::CallAt { .. } } => {
            advance(state, &Event::CallNow { rep: rep_id("ben"), by: String::new() }, rules, now)
        }
        _ => advance(state, event, rules, now),
    }
}

fn leaves_as_others(state: &Handoff, event: &Event, rules: &RuleSet, now: DateTime<Utc>) -> Transition {
    let event = if *event == Event::Missed { &Event::CallerLeft } else { event };
    advance(state, event, rules, now)
}
