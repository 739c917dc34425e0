//! Handoffs by the thousand, each with a fate of its own: several callers at once, reps who answer, decline, are busy, leave or
//! never pick up, carriers whose word is late, doubled or lost, and workers that die for up to twenty-five seconds and then are told
//! once more what they were told last. What `explore` follows to the end in a small world is tried here in larger ones, at any
//! instant, and held against the same invariants. Times, ring plans, second phones, keys, introductions, the front door, steps of
//! the service level and calls back differ from day to day; calendars, further events of a call, and leads that a person gives to
//! somebody else are not among them.
//!
//! A number is a fate: the same number is the same story. `BATON_SIM_HANDOFFS=N` changes how many are followed, by several tests
//! that share the days.

mod chance;
mod day;
mod phones;

use super::super::advance;
use super::faults::PLANTED;
use super::held::Advance;
use crate::rules::model::set::RingPlan;
use day::{Day, Ended, Terms};
use std::collections::BTreeMap;

/// Handoffs of an ordinary run; `./test long` follows ten times as many.
const HANDOFFS: u64 = 100_000;
/// Tests that share them: each follows every fifth day.
const PARTS: u64 = 5;
/// Within which a planted fault shows.
const TO_FIND: u64 = 20_000;
/// What people write, in so many ways; every part meets each of them.
const WAYS: u64 = 24;

/// How the handoffs of a run ended.
#[derive(Default)]
struct Tally {
    handoffs: u64,
    moves: usize,
    ends: BTreeMap<&'static str, u64>,
}

/// From day to day, until so many handoffs have ended or one has broken an invariant.
fn follow(part: u64, handoffs: u64, plan: Option<RingPlan>, advance: Advance) -> Result<Tally, String> {
    let ways: Vec<Terms> = (0..WAYS).map(|way| Terms::of(way, plan)).collect();
    let mut tally = Tally::default();
    for number in (part..).step_by(PARTS as usize) {
        if tally.handoffs >= handoffs {
            break;
        }
        let terms = &ways[(number % WAYS) as usize];
        let Ended { moves, ends } = match Day::of(terms, number, advance).run() {
            Ok(ended) => ended,
            Err((invariant, how)) => {
                let story = Day::of(terms, number, advance).telling().story();
                return Err(format!("day {number} breaks {invariant}: {how}\n  {}", story.join("\n  ")));
            }
        };
        tally.moves += moves;
        for end in ends {
            tally.handoffs += 1;
            *tally.ends.entry(end).or_default() += 1;
        }
    }
    Ok(tally)
}

#[expect(clippy::disallowed_methods, reason = "whoever runs the tests says how long they may take")]
fn wanted() -> u64 {
    std::env::var("BATON_SIM_HANDOFFS").ok().and_then(|text| text.parse().ok()).unwrap_or(HANDOFFS)
}

/// Whatever happens.
fn every_handoff_ends_as_it_may(part: u64) {
    let followed = follow(part, wanted() / PARTS, None, advance);
    let Tally { handoffs, moves, ends } = followed.unwrap_or_else(|told| panic!("{told}"));
    println!("{handoffs} handoffs in {moves} moves: {ends:?}");
    for end in ["connected", "booked", "called", "left_to_agent", "needs_attention"] {
        let share = ends.get(end).copied().unwrap_or(0) * 1000 / handoffs;
        assert!(share >= 10, "{share} of a thousand are {end}: the days are not as varied as they should be");
    }
}

#[test]
fn on_every_fifth_day_every_handoff_ends_as_it_may() {
    every_handoff_ends_as_it_may(0);
}

#[test]
fn on_the_days_after_those_every_handoff_ends_as_it_may() {
    every_handoff_ends_as_it_may(1);
}

#[test]
fn on_the_second_days_after_those_every_handoff_ends_as_it_may() {
    every_handoff_ends_as_it_may(2);
}

#[test]
fn on_the_third_days_after_those_every_handoff_ends_as_it_may() {
    every_handoff_ends_as_it_may(3);
}

#[test]
fn on_the_fourth_days_after_those_every_handoff_ends_as_it_may() {
    every_handoff_ends_as_it_may(4);
}

/// What the days are worth: each fault that somebody could make in a move shows in one of them.
#[test]
fn planted_faults_show() {
    for planted in PLANTED {
        let told = follow(0, TO_FIND, Some(planted.plan), planted.advance).err();
        let told = told.unwrap_or_else(|| panic!("{} does not show", planted.what));
        println!("{}: {}", planted.what, told.lines().next().unwrap_or_default());
    }
}
