//! Thousands of leads in made-up worlds, from the decision to the end of the handoff, without a database.
//!
//! The world answers as telephones, calendars and people do: in order, late, twice, for the wrong leg, or not at all. After
//! every move it is checked what must hold for every lead (DESIGN §2). `BATON_SIM_SEED=N` runs one world again and
//! `BATON_SIM_WORLDS=N` changes how many are run.

mod arbitrary;
mod chance;
mod checks;
mod people;
mod world;

use crate::program::{root, rule_files};
use baton_core::domain::lead::Lead;
use baton_core::routing::ledger::{Ledger, TURN};
use baton_core::routing::{Decision, Snapshot, decide};
use baton_core::rules::model::set::OrderPolicy;
use baton_core::rules::{RuleSet, compile};
use chance::Chance;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use world::{Ends, World};

/// Leads that come within minutes of each other and compete for the same phones.
const LEADS: usize = 20;
/// Per test; four tests make 10,400 lives.
const WORLDS: u64 = 130;

#[test]
fn lives_from_seed_one_end_well() {
    run(1);
}

#[test]
fn lives_from_seed_ten_thousand_end_well() {
    run(10_000);
}

#[test]
fn lives_from_seed_twenty_thousand_end_well() {
    run(20_000);
}

#[test]
fn lives_from_seed_thirty_thousand_end_well() {
    run(30_000);
}

fn run(first: u64) {
    let with_calendars: [fn(usize) -> bool; 4] = [|_| true, |number| number.is_multiple_of(3), |_| true, |_| false];
    let rules = with_calendars.map(shipped_with);
    let (first, worlds) = match setting("BATON_SIM_SEED") {
        Some(seed) => (seed, 1),
        None => (first, setting("BATON_SIM_WORLDS").unwrap_or(WORLDS)),
    };
    let mut sum = Ends::default();
    for seed in first..first + worlds {
        World::new(&rules[(seed % 4) as usize], seed).live(LEADS, &mut sum);
    }
    if worlds >= WORLDS {
        let lives = worlds as usize * LEADS;
        let kinds = [sum.connected, sum.booked, sum.called, sum.needs_attention];
        assert_eq!(kinds.iter().sum::<usize>(), lives);
        assert!(kinds.iter().all(|kind| *kind * 20 > lives), "a dull world: {sum:?}");
        assert!(sum.ignored * 50 > sum.events && sum.passed_over > 0, "a world without trouble: {sum:?}");
        let told = [sum.told_twice * 5, sum.rung_anew * 200, sum.changed_hands * 20, sum.closed * 30];
        assert!(told.iter().all(|times| *times > lives), "a world that hears nothing more of its leads: {sum:?}");
    }
}

/// A number that the environment asks for.
#[expect(clippy::disallowed_methods, reason = "a person says from outside which world is run again")]
fn setting(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|error| panic!("{name}={text}: {error}; allowed: a number")))
}

/// Fairness on the shipped workspace: as reps come and go, nobody's balance strays from zero by more than the bound of the
/// greedy rule for changing sets, (n − 1) / 2 (Ajtai et al., 1998). Pools that order by another key have no such bound.
#[test]
fn turns_stay_near_everybodys_share() {
    let rules = shipped();
    let mut ledgers: BTreeMap<_, Ledger> = BTreeMap::new();
    let mut chance = Chance::new(7);
    let mut now = instant("2026-03-03T00:00:00Z");
    for number in 0..4000 {
        now += chance.seconds(0, 300);
        let lead = people::lead(&mut chance, &rules, number, 7, now);
        let reps = rules.reps.keys().map(|rep| (rep.clone(), people::rep_facts(&mut chance, now))).collect();
        let account = people::account(&mut chance, &rules, now);
        let snapshot = Snapshot { reps, ledgers: ledgers.clone(), ..Snapshot::of_lead(now, account, None) };
        let Some(turn) = decide(&lead, &snapshot, &rules).turn else { continue };
        let pool = &rules.pools[&turn.pool];
        let ledger = ledgers.entry(pool.id.clone()).or_insert_with(|| Ledger::empty(pool.id.clone()));
        ledger.apply(&turn);
        assert_eq!(ledger.balances.values().sum::<i64>(), 0, "lead {number}: {turn:?}");
        let by_turns = matches!(pool.policy, OrderPolicy::Balanced | OrderPolicy::Strict) && !pool.owned_leads_count;
        let bound = TURN * (pool.members.len() as i64 - 1) / 2 + TURN / 100; // and rounding
        let worst = ledger.balances.values().map(|balance| balance.abs()).max().unwrap_or(0);
        assert!(!by_turns || worst <= bound, "lead {number}: {worst} of {bound} in {}: {:?}", pool.id, ledger.balances);
    }
    assert!(ledgers.len() >= 8, "only {} pools had a turn", ledgers.len());
    assert!(ledgers.values().map(|ledger| ledger.seq).sum::<i64>() > 2500);
}

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

/// The rules that are shipped.
fn shipped() -> RuleSet {
    compile(&rule_files(&root().join("rules"))).unwrap_or_else(|faults| panic!("{faults:?}")).rules
}

/// The same with the calendars of these reps, by their number: the cell may be left empty.
fn shipped_with(calendars: fn(usize) -> bool) -> RuleSet {
    let mut rules = shipped();
    for (number, rep) in rules.reps.values_mut().enumerate() {
        rep.calendar = rep.calendar.take().filter(|_| calendars(number));
    }
    rules
}

/// Every decision in the lives of these worlds, with what it was made from and by the shipped rules.
pub fn decisions(seeds: std::ops::Range<u64>) -> (RuleSet, Vec<(Lead, Snapshot, Decision)>) {
    let rules = shipped();
    let decided = seeds.flat_map(|seed| World::new(&rules, seed).live(LEADS, &mut Ends::default())).collect();
    (rules, decided)
}
