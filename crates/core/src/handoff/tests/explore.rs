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
use explorer::{Explored, explore};
use faults::PLANTED;
use held::INVARIANTS;
use std::collections::BTreeSet;
use world::World;

/// Fewer than these would be another world than the one that was reviewed.
const STATES_OF_ONE: usize = 1_000;
const STATES_OF_TWO: usize = 10_000;

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
