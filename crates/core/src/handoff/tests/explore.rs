//! `advance` explored whole: every state that a small world can come to, and every move out of each.
//!
//! One caller or two wait for three reps, with a ladder of transfer, booking and callback, and each ring plan. Anything that can
//! be told of a phone may be told at any time after it rang, late, twice and out of order; a step may never be done, or long
//! after it was planned, as where a worker dies; a timer fires at its time or up to thirty seconds late. Time moves between a
//! few instants, so that there is an end to it. One caller alone is followed to the very end of what was promised; two are
//! followed for as long as they can meet on a phone, and without times. Beside them are a lead who is owed a call from the
//! beginning, which changes hands or is made by the clock, and a caller of the front door.

mod explorer;
mod faults;
mod hands;
mod happens;
mod held;
mod invariants;
mod side;
mod simulated;
mod world;
mod worlds;

use super::*;
use crate::domain::lead::ReachBack;
use crate::domain::outcome::{MeetingChange, MeetingChangeState};
use crate::handoff::state::CallAgain;
use crate::rules::model::set::{Introduction, RingPlan, Rung};
use explorer::{Explored, explore};
use faults::PLANTED;
pub(super) use invariants::INVARIANTS;
use serde_json::json;
use side::{asked, conversation, current};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;
use std::time::Duration;
use world::World;
use worlds::{BESIDE, Which};

const TWO_AT_ONCE: RingPlan = RingPlan::AtOnce(2);
const ONE_MORE: RingPlan = RingPlan::AddEvery(Duration::from_secs(5));

/// A world that was explored, and its states: one of each shape.
struct Walk {
    explored: Explored,
    states: Vec<(Handoff, DateTime<Utc>)>,
    rules: RuleSet,
}

static ONE_BY_ONE: LazyLock<Walk> = LazyLock::new(|| walk(1, RingPlan::OneByOne));
static ADDED: LazyLock<Walk> = LazyLock::new(|| walk(1, ONE_MORE));

fn walk(callers: usize, plan: RingPlan) -> Walk {
    walked(World::of(callers, plan, advance), &format!("{callers} callers, {plan:?}"))
}

fn walked(mut world: World, which: &str) -> Walk {
    let explored = explore(&mut world);
    println!("{which}: {} states, {} moves", explored.states, explored.moves);
    let mut shapes: BTreeMap<_, (Handoff, DateTime<Utc>)> = BTreeMap::new();
    for (state, now) in world.met() {
        let stage = json!(state.stage);
        let names = [&stage["stage"], &stage["outcome"]["outcome"]].map(ToString::to_string);
        let counts = (state.current_legs().count(), state.legs.len(), state.searches, state.booking_attempts);
        let flags = (state.live, state.holds.is_empty(), state.first_contact_at.is_some(), state.patience_until <= now);
        let lead = state.current_legs().find_map(|leg| leg.dialled.as_ref()).map(|lead| lead.state);
        let question = state.asked_on().and_then(|leg| leg.dialled.as_ref()).map(|lead| (lead.asked, lead.joined_at));
        shapes.entry((names, counts, flags, lead, question)).or_insert((state.clone(), now));
    }
    Walk { explored, states: shapes.into_values().collect(), rules: world.rules }
}

/// The states that one caller comes to; and the same where no meeting is offered, where nobody may call or write to them,
/// where nobody makes caller and rep known to each other, where the lead waits for whoever can take it, where nobody was on the
/// line, where the agent comes after the reps, where a meeting is being moved, and where it was called off.
pub(super) fn explored() -> (Vec<(Handoff, DateTime<Utc>)>, &'static RuleSet) {
    // Nobody is on the line, and ben was on another call when this one was to be made.
    let gone = |state: &mut Handoff| {
        if state.stage.settled().is_some() && !state.is_done() || matches!(state.stage, Stage::Searching { .. }) {
            (state.live, state.legs, state.calling) = (false, Vec::new(), None);
            let again = CallAgain { rep: rep_id("ben"), at: state.decided_at };
            state.call_again = state.stage.settled().map(|_| again).into_iter().collect();
        }
    };
    let at_the_front_door = |state: &mut Handoff| {
        state.rungs = vec![Rung::WarmTransfer, Rung::Agent, Rung::Callback];
        if let Stage::Done { outcome: Outcome::Called { at, .. } } = &state.stage {
            let outcome = Outcome::LeftToAgent { at: *at };
            (state.stage, state.live, state.closed) = (Stage::Done { outcome }, true, true);
        }
    };
    let being_moved = |state: &mut Handoff| {
        if state.meeting().is_some() {
            let (to, attempt) = (slot(15), state.booking_attempts);
            state.change = Some(MeetingChange { to, attempt, state: MeetingChangeState::UnderWay });
        }
    };
    let called_off = |state: &mut Handoff| {
        if state.meeting().is_some() {
            state.stage = Stage::Done { outcome: Outcome::CalledOff { at: state.decided_at } };
            state.closed = true;
        }
    };
    let changes: [fn(&mut Handoff); 9] = [
        |_| {},
        |state| state.rungs = vec![Rung::WarmTransfer, Rung::Callback],
        |state| state.reach_back = ReachBack::Nothing,
        |state| state.terms.introduce = Introduction::None,
        |state| state.waits_in = "west".to_owned().try_into().ok(),
        gone,
        at_the_front_door,
        being_moved,
        called_off,
    ];
    let mut all = Vec::new();
    for change in changes {
        for (state, now) in ONE_BY_ONE.states.iter().chain(&ADDED.states) {
            let mut state = state.clone();
            change(&mut state);
            all.push((state, *now));
        }
    }
    (all, &ONE_BY_ONE.rules)
}

/// The leg that the stage is about first, or that caller and rep spoke on.
pub(super) fn current_leg(state: &Handoff) -> Option<LegId> {
    let current = current(state).first().map(|(leg, _)| (*leg).clone());
    current.or_else(|| conversation(state).or_else(|| asked(state)).cloned())
}

/// Fewer states would be another world than the one that was reviewed.
fn holds_in(explored: &Explored, at_least: usize) {
    assert!(explored.broken.is_none(), "{}", explored.broken.as_ref().map(ToString::to_string).unwrap_or_default());
    assert!(explored.states >= at_least, "{} states", explored.states);
}

#[test]
fn one_caller_is_never_without_a_next_step_and_every_way_ends() {
    holds_in(&ONE_BY_ONE.explored, 10_000);
}

#[test]
fn one_caller_for_whom_two_phones_ring_is_joined_to_one_rep() {
    holds_in(&walk(1, TWO_AT_ONCE).explored, 10_000);
}

/// Of one rep, rung one after the other; and beside the phones of others.
#[test]
fn one_caller_for_whom_a_rep_has_two_phones_is_joined_on_one() {
    for plan in [RingPlan::OneByOne, TWO_AT_ONCE] {
        let world = World::of(1, plan, advance).with_two_phones();
        holds_in(&walked(world, &format!("two phones, {plan:?}")).explored, 10_000);
    }
}

#[test]
fn one_caller_for_whom_phones_are_added_is_joined_to_one_rep() {
    holds_in(&ADDED.explored, 15_000);
}

#[test]
fn two_callers_never_meet_on_one_phone() {
    holds_in(&walk(2, RingPlan::OneByOne).explored, 20_000);
}

#[test]
fn two_callers_for_whom_two_phones_ring_never_meet_on_one() {
    holds_in(&walk(2, TWO_AT_ONCE).explored, 30_000);
}

#[test]
fn two_callers_for_whom_phones_are_added_never_meet_on_one() {
    holds_in(&walk(2, ONE_MORE).explored, 40_000);
}

/// Nobody calls in time, and another has the lead; or its rep calls at last.
#[test]
fn a_lead_that_is_let_lie_changes_hands_and_is_called_or_looked_at() {
    holds_in(&walked(Which::Steps.open(advance), "steps").explored, 100);
}

#[test]
fn a_call_at_its_time_is_made_by_whoever_owes_it() {
    holds_in(&walked(Which::AtTheTime.open(advance), "at the time").explored, 100);
}

#[test]
fn a_caller_of_the_front_door_is_joined_or_the_agents_or_called_back() {
    holds_in(&walked(Which::FrontDoor.open(advance), "front door").explored, 1_000);
}

/// What the search is worth: faults that somebody could make, one for each invariant at least, are found by the one that
/// they break.
#[test]
fn planted_faults_are_found() {
    let beside = BESIDE.iter().map(|planted| planted.breaks);
    let planted: BTreeSet<&str> = PLANTED.iter().map(|planted| planted.breaks).chain(beside).collect();
    assert_eq!(planted, INVARIANTS.iter().map(|(name, _)| *name).collect());
    let finds = |mut world: World, what: &str, breaks: &str| {
        let found = explore(&mut world).broken.unwrap_or_else(|| panic!("{what} is not found"));
        assert_eq!(found.invariant, breaks, "{what}: {found}");
    };
    for planted in PLANTED {
        finds(World::of(planted.callers, planted.plan, planted.advance), planted.what, planted.breaks);
    }
    for planted in BESIDE {
        finds(planted.world.open(planted.advance), planted.what, planted.breaks);
    }
}
