//! `advance` explored whole: every state that a small world can come to, and every move out of each.
//!
//! Two callers wait at once for three reps, with a ladder of transfer, booking and callback. Anything that can be told of a phone
//! may be told at any time after it rang, late, twice and out of order; a step may never be done, or long after it was planned,
//! as where a worker dies; a timer fires at its time or up to thirty seconds late. Time moves between a few instants, so that
//! there is an end to it. One caller alone is followed to the very end of what was promised; two are followed for as long as they
//! can meet on a phone.

mod explorer;
mod faults;
mod happens;
mod held;
mod side;
mod world;

use super::*;
use crate::domain::lead::ReachBack;
use crate::rules::model::set::Rung;
use explorer::{Explored, explore};
use faults::PLANTED;
pub(super) use held::INVARIANTS;
use serde_json::json;
use side::{conversation, current};
use std::collections::{BTreeMap, BTreeSet};
use world::World;

/// The states that one caller comes to, one of each shape; and the same where no meeting is offered, where nobody may call or write to
/// them, where the lead waits for whoever can take it, and where
/// nobody was on the line.
pub(super) fn explored() -> (Vec<(Handoff, DateTime<Utc>)>, RuleSet) {
    let mut world = World::of(1, advance);
    explore(&mut world);
    let mut shapes: BTreeMap<_, (Handoff, DateTime<Utc>)> = BTreeMap::new();
    for (state, now) in world.met() {
        let stage = json!(state.stage)["stage"].to_string();
        let counts = (state.legs.len(), state.next_target, state.searches, state.booking_attempts);
        let flags = (state.live, state.holds.is_some(), state.first_contact_at.is_some(), state.patience_until <= now);
        shapes.entry((stage, json!(state.stage)["outcome"].to_string(), counts, flags)).or_insert((state.clone(), now));
    }
    let gone = |state: &mut Handoff| {
        if state.stage.settled().is_some() && !state.is_done() || matches!(state.stage, Stage::Searching { .. }) {
            (state.live, state.legs) = (false, Vec::new());
        }
    };
    let changes: [fn(&mut Handoff); 5] = [
        |_| {},
        |state| state.rungs = vec![Rung::WarmTransfer, Rung::Callback],
        |state| state.reach_back = ReachBack::Nothing,
        |state| state.waits_in = "west".to_owned().try_into().ok(),
        gone,
    ];
    let mut all = Vec::new();
    for change in changes {
        for (state, now) in shapes.values() {
            let mut state = state.clone();
            change(&mut state);
            all.push((state, *now));
        }
    }
    (all, world.rules)
}

/// The leg that the stage is about, or that caller and rep spoke on.
pub(super) fn current_leg(state: &Handoff) -> Option<LegId> {
    let current = current(state).first().map(|(leg, _)| (*leg).clone());
    current.or_else(|| conversation(state).cloned())
}

/// Fewer than these would be another world than the one that was reviewed.
const STATES_OF_ONE: usize = 10_000;
const STATES_OF_TWO: usize = 20_000;

fn whole(explored: &Explored) -> &Explored {
    assert!(explored.broken.is_none(), "{}", explored.broken.as_ref().map(ToString::to_string).unwrap_or_default());
    explored
}

#[test]
fn one_caller_is_never_without_a_next_step_and_every_way_ends() {
    let explored = explore(&mut World::of(1, advance));
    println!("one caller: {} states, {} moves", explored.states, explored.moves);
    assert!(whole(&explored).states >= STATES_OF_ONE, "{} states", explored.states);
}

#[test]
fn two_callers_never_meet_on_one_phone() {
    let explored = explore(&mut World::of(2, advance));
    println!("two callers: {} states, {} moves", explored.states, explored.moves);
    assert!(whole(&explored).states >= STATES_OF_TWO, "{} states", explored.states);
}

/// What the search is worth: faults that somebody could make, one for each invariant, are found by the one that they break.
#[test]
fn planted_faults_are_found() {
    let planted: BTreeSet<&str> = PLANTED.iter().map(|(.., breaks)| *breaks).collect();
    assert_eq!(planted, INVARIANTS.iter().map(|(name, _)| *name).collect());
    for (name, fault, callers, breaks) in PLANTED {
        let found = explore(&mut World::of(callers, fault)).broken;
        let found = found.unwrap_or_else(|| panic!("{name} is not found"));
        assert_eq!(found.invariant, breaks, "{name}: {found}");
    }
}
