//! The same leads under two sets of rules: who would go elsewhere, and why.
//!
//! Each set has a world of its own, in which its balances, daily caps and open leads grow with the leads *it* gave. So
//! the two worlds run side by side on two threads, a batch at a time, and nothing of that can be seen in the result.
//! A lead that only falls to another rep because turns fell otherwise before is told apart from one that the change moves.

mod difference;
mod example;
mod met;

pub use difference::MoveCause;
pub use example::{DecisionSummary, Example};
pub use met::Unused;

use super::Trial;
use super::outcome::{DecisionOutcome, Fallback};
use super::world::RehearsalWorld;
use crate::domain::lead::Lead;
use crate::routing::Decision;
use crate::rules::RuleSet;
use chrono::TimeDelta;
use difference::{NO_TERRITORY, difference};
use example::{in_words, side};
use met::Met;
use serde::Serialize;
use std::collections::BTreeMap;

/// Examples kept for each kind of move.
const EXAMPLES: usize = 3;

/// Leads that moved in the same way.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Move {
    pub cause: MoveCause,
    /// In the terms of the cause: a territory, a pool, a rep …
    pub from: String,
    pub to: String,
    pub leads: u32,
    /// The first of them.
    pub examples: Vec<Example>,
}

/// One number in either world.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    pub old: u32,
    pub new: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    pub leads: u32,
    /// Leads that the change moves: every cause but the turn.
    pub moved: u32,
    /// Of those, the ones that another rep owns.
    pub moved_to_another_rep: u32,
    /// Leads that another rep of the same pool gets because turns fell otherwise before.
    pub by_turn: u32,
    /// Most leads first.
    pub moves: Vec<Move>,
    pub reps: BTreeMap<String, Count>,
    pub pools: BTreeMap<String, Count>,
    pub territories: BTreeMap<String, Count>,
    pub tiers: BTreeMap<String, Count>,
    pub routes: BTreeMap<String, Count>,
    pub fallbacks: BTreeMap<Fallback, Count>,
    /// Callers on the line who want to be put through and for whom nobody's phone can ring.
    pub nobody_to_ring: Count,
    /// Leads that came straight to pool or owner before, and now by a fallback.
    pub new_fallbacks: u32,
    /// Leads that an owner kept in the old world and nobody keeps in the new.
    pub lost_an_owner: u32,
    pub unused_old: Unused,
    pub unused_new: Unused,
}

/// Both worlds, as far as the leads have come.
pub struct Comparer<'r> {
    old: RehearsalWorld<'r>,
    new: RehearsalWorld<'r>,
    met: [Met; 2],
    moves: BTreeMap<(MoveCause, String, String), Move>,
    so_far: Comparison,
}

impl<'r> Comparer<'r> {
    /// `open_for`: how long a lead counts against the caps of open leads.
    pub fn new(old: &'r RuleSet, new: &'r RuleSet, first: &Trial, open_for: TimeDelta) -> Self {
        let so_far = Comparison {
            leads: 0,
            moved: 0,
            moved_to_another_rep: 0,
            by_turn: 0,
            moves: Vec::new(),
            reps: BTreeMap::new(),
            pools: BTreeMap::new(),
            territories: BTreeMap::new(),
            tiers: BTreeMap::new(),
            routes: BTreeMap::new(),
            fallbacks: Fallback::ALL.map(|fallback| (fallback, Count::default())).into(),
            nobody_to_ring: Count::default(),
            new_fallbacks: 0,
            lost_an_owner: 0,
            unused_old: Unused::default(),
            unused_new: Unused::default(),
        };
        let world = |rules| RehearsalWorld::new(rules, first.at, open_for);
        Self { old: world(old), new: world(new), met: Default::default(), moves: BTreeMap::new(), so_far }
    }

    /// The next leads, in order of time. Batches of a few hundred keep both worlds busy; their size changes nothing.
    pub fn add(&mut self, batch: &[Trial]) {
        let (old, new) = (&mut self.old, &mut self.new);
        let (before, after) = std::thread::scope(|scope| {
            let other = scope.spawn(|| run(old, batch));
            let after = run(new, batch);
            (other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), after)
        });
        for (case, pair) in batch.iter().zip(before.iter().zip(&after)) {
            self.compare(&case.lead, pair);
        }
    }

    fn compare(&mut self, lead: &Lead, (before, after): (&Decision, &Decision)) {
        let old = DecisionOutcome::of(before, lead, self.old.rules());
        let new = DecisionOutcome::of(after, lead, self.new.rules());
        self.met[0].note(before, &old);
        self.met[1].note(after, &new);
        self.so_far.tally(&old, &new);
        let Some((cause, from, to)) = difference(&old, &new, before, after) else { return };
        match cause {
            MoveCause::Turn => self.so_far.by_turn += 1,
            MoveCause::Owner
            | MoveCause::Route
            | MoveCause::Territory
            | MoveCause::Tier
            | MoveCause::Pool
            | MoveCause::Fallback
            | MoveCause::Candidates
            | MoveCause::Ladder => {
                self.so_far.moved += 1;
                self.so_far.moved_to_another_rep += u32::from(old.owner != new.owner);
            }
        }
        let key = (cause, from.clone(), to.clone());
        let entry = self.moves.entry(key).or_insert(Move { cause, from, to, leads: 0, examples: Vec::new() });
        entry.leads += 1;
        if entry.examples.len() < EXAMPLES {
            let (old, new) = (side(before), side(after));
            entry.examples.push(Example { event: lead.event_id.clone(), lead: in_words(lead), old, new });
        }
    }

    pub fn finish(self) -> Comparison {
        let mut done = self.so_far;
        done.moves = self.moves.into_values().collect();
        // By cause and name where the numbers are equal, since that is how they lie in the map.
        done.moves.sort_by_key(|one| std::cmp::Reverse(one.leads));
        let [old, new] = &self.met;
        (done.unused_old, done.unused_new) = (old.unused(self.old.rules()), new.unused(self.new.rules()));
        done
    }
}

fn run(world: &mut RehearsalWorld, batch: &[Trial]) -> Vec<Decision> {
    let decide = |case| {
        let decision = world.decide(case);
        world.give(&decision);
        decision
    };
    batch.iter().map(decide).collect()
}

impl Comparison {
    fn tally(&mut self, old: &DecisionOutcome, new: &DecisionOutcome) {
        self.leads += 1;
        count(&mut self.reps, Some(old.owner.as_str()), Some(new.owner.as_str()));
        count(&mut self.pools, Some(old.pool.as_str()), Some(new.pool.as_str()));
        count(&mut self.tiers, Some(old.tier.as_str()), Some(new.tier.as_str()));
        count(&mut self.routes, old.route, new.route);
        let [from, to] = [old, new].map(|side| Some(side.territory.map_or(NO_TERRITORY, |name| name.as_str())));
        count(&mut self.territories, from, to);
        self.fallbacks.entry(old.fallback).or_default().old += 1;
        self.fallbacks.entry(new.fallback).or_default().new += 1;
        self.nobody_to_ring.old += u32::from(old.nobody_to_ring);
        self.nobody_to_ring.new += u32::from(new.nobody_to_ring);
        self.new_fallbacks += u32::from(old.fallback == Fallback::None && new.fallback != Fallback::None);
        self.lost_an_owner += u32::from(old.held && !new.held);
    }
}

fn count(counts: &mut BTreeMap<String, Count>, old: Option<&str>, new: Option<&str>) {
    for (name, is_old) in [(old, true), (new, false)] {
        let Some(name) = name else { continue };
        if !counts.contains_key(name) {
            counts.insert(name.to_owned(), Count::default());
        }
        let Some(count) = counts.get_mut(name) else { continue };
        if is_old { count.old += 1 } else { count.new += 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearsal::traffic::Traffic;
    use crate::routing::scenario::{day, scenario};

    fn compared(old: &RuleSet, new: &RuleSet, batch: usize) -> Comparison {
        let cases: Vec<Trial> = Traffic::of(&[old, new], 5, day("2026-01-05"), 60).take(600).collect();
        let mut comparer = Comparer::new(old, new, &cases[0], TimeDelta::days(5));
        cases.chunks(batch).for_each(|batch| comparer.add(batch));
        comparer.finish()
    }

    /// Two threads and any size of batch: the result is that of one lead after the other.
    #[test]
    fn the_size_of_a_batch_changes_nothing() {
        let old = scenario().rules;
        let new = scenario().pool("desk", &["dee"]).rules;
        assert_eq!(compared(&old, &new, 1), compared(&old, &new, 256));
    }

    #[test]
    fn every_lead_is_counted_once_in_every_table() {
        let old = scenario().rules;
        let new = scenario().pool("west", &["cy", "dee"]).serves("west", "West").rules;
        let done = compared(&old, &new, 64);
        let sum = |counts: &BTreeMap<String, Count>| {
            counts.values().fold((0, 0), |sum, one| (sum.0 + one.old, sum.1 + one.new))
        };
        for counts in [&done.reps, &done.pools, &done.tiers, &done.territories] {
            assert_eq!(sum(counts), (600, 600));
        }
        let moved: u32 = done.moves.iter().map(|one| one.leads).sum();
        assert_eq!(moved, done.moved + done.by_turn);
        assert!(done.reps["ben"].new < done.reps["ben"].old, "ben has left the pool");
    }
}
