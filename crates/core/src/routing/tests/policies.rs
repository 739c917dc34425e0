//! Each way of sharing leads that people ask for, by name, as a sequence of leads.

use super::*;
use crate::domain::id::RepId;
use crate::routing::ledger::{KEPT_AT_MOST, Ledger};
use std::collections::BTreeSet;

/// Who gets each of the next leads, one after the other, with the turn and the load booked.
fn gets(mut world: Scenario, leads: usize) -> (Vec<String>, Scenario) {
    let mut owners = Vec::new();
    for _ in 0..leads {
        let decision = world.decide();
        let owner = decision.plan.owner.clone();
        if let Some(turn) = &decision.turn {
            let fresh = || Ledger::empty(turn.pool.clone());
            world.snapshot.ledgers.entry(turn.pool.clone()).or_insert_with(fresh).apply(turn);
        }
        let facts = world.snapshot.reps.get_mut(&owner).expect("the owner is known");
        (facts.taken_today, facts.taken_this_week, facts.open) =
            (facts.taken_today + 1, facts.taken_this_week + 1, facts.open + 1);
        owners.push(owner.to_string());
    }
    (owners, world)
}

fn three(policy: OrderPolicy) -> Scenario {
    let world = scenario().pool("west", &["ben", "cy", "fay"]).serves("west", "West");
    world.change_pool("west", |pool| pool.policy = policy)
}

fn balance(world: &Scenario, rep: &str) -> i64 {
    world.snapshot.ledgers[&pool_id("west")].balance(&rep_id(rep))
}

#[test]
fn strict_round_robin_gives_one_each_whatever_the_weights() {
    let world = three(OrderPolicy::Strict).rep("ben", |rep| rep.weight = 5);
    assert_eq!(gets(world, 6).0, ["ben", "cy", "fay", "ben", "cy", "fay"]);
}

#[test]
fn weighted_round_robin_gives_by_weight_without_runs() {
    let world = three(OrderPolicy::Balanced).change_pool("west", |pool| pool.members.extend([(rep_id("ben"), 2)]));
    assert_eq!(gets(world, 8).0, ["ben", "cy", "fay", "ben", "ben", "cy", "fay", "ben"]);
}

#[test]
fn skip_unavailable_passes_over_who_is_away_and_gives_nothing_back_later() {
    let (first, world) = gets(three(OrderPolicy::Strict).away("cy"), 4);
    assert_eq!(first, ["ben", "fay", "ben", "fay"]);
    let back = world.facts("cy", |facts| facts.presence = crate::domain::rep::Presence::Available);
    assert_eq!(gets(back, 6).0, ["cy", "ben", "fay", "cy", "ben", "fay"], "no flood");
}

#[test]
fn longest_idle_gives_to_who_waited_longest_for_a_turn() {
    let (first, world) = gets(three(OrderPolicy::LongestIdle).busy("ben", "10:30"), 2);
    assert_eq!(first, ["cy", "fay"]);
    let mut free = world;
    free.snapshot.now = at("10:45");
    assert_eq!(gets(free, 3).0, ["ben", "cy", "fay"], "ben has never had one");
}

#[test]
fn least_loaded_gives_to_who_has_the_fewest_open_leads() {
    let world = three(OrderPolicy::LeastLoaded).facts("ben", |facts| facts.open = 2);
    assert_eq!(gets(world, 5).0, ["cy", "fay", "cy", "fay", "ben"]);
}

#[test]
fn a_hybrid_of_skill_load_and_cap() {
    let skilled = |rep: &mut crate::domain::rep::Rep| rep.skills = BTreeSet::from(["voice-ai".to_owned()]);
    let world = three(OrderPolicy::LeastLoaded).rep("ben", skilled).rep("cy", skilled).change_pool("west", |pool| {
        pool.require_skills = BTreeSet::from(["voice-ai".to_owned()]);
        pool.caps.per_day = Some(2);
    });
    assert_eq!(gets(world, 5).0, ["ben", "cy", "ben", "cy", "dee"], "then both are full, fay lacks the skill");
}

#[test]
fn a_hybrid_of_preference_and_turns() {
    let world = three(OrderPolicy::Balanced)
        .speaks("de")
        .rep("fay", |rep| rep.languages = BTreeSet::from(["de".to_owned()]))
        .rep("fay", |rep| rep.cap_per_day = Some(2))
        .change_pool("west", |pool| pool.prefer = vec![PoolPreference { wish: Wish::Language, relax_after: None }]);
    assert_eq!(gets(world, 5).0, ["fay", "fay", "ben", "cy", "ben"]);
}

#[test]
fn caps_of_day_week_and_open_leads_are_told_with_their_numbers() {
    let capped =
        |change: fn(&mut crate::rules::model::set::Caps)| scenario().change_pool("west", |pool| change(&mut pool.caps));
    let load = |world: Scenario| {
        world.facts("ben", |facts| (facts.taken_today, facts.taken_this_week, facts.open) = (3, 12, 20))
    };
    load(capped(|caps| caps.per_day = Some(3))).expect_rejected("ben", Rejection::AtCap { cap: 3, load: 3 });
    load(capped(|caps| caps.per_week = Some(12))).expect_rejected("ben", Rejection::AtWeekCap { cap: 12, load: 12 });
    load(capped(|caps| caps.open = Some(20))).expect_rejected("ben", Rejection::AtOpenCap { cap: 20, open: 20 });
    load(capped(|caps| caps.per_week = Some(13))).expect_first("ben");
    // The rep's own cap holds where it is smaller.
    let own = load(capped(|caps| caps.per_week = Some(50)));
    own.clone()
        .rep("ben", |rep| rep.cap_per_week = Some(10))
        .expect_rejected("ben", Rejection::AtWeekCap { cap: 10, load: 12 });
    own.rep("ben", |rep| rep.cap_open = Some(5)).expect_rejected("ben", Rejection::AtOpenCap { cap: 5, open: 20 });
}

#[test]
fn who_is_full_forgoes_the_turn_or_keeps_up_to_two() {
    let full = |when_full| {
        three(OrderPolicy::Balanced)
            .rep("ben", |rep| rep.cap_per_day = Some(0))
            .change_pool("west", |pool| pool.when_full = when_full)
    };
    let (owners, world) = gets(full(WhenFull::Forgo), 12);
    assert_eq!((balance(&world, "ben"), owners.contains(&"ben".to_owned())), (0, false));
    let (owners, world) = gets(full(WhenFull::KeepTurn), 12);
    assert!(!owners.contains(&"ben".to_owned()));
    let kept = balance(&world, "ben");
    assert!(kept <= KEPT_AT_MOST && kept > KEPT_AT_MOST - TURN, "{kept}");
    let again = world.rep("ben", |rep| rep.cap_per_day = None);
    assert_eq!(gets(again, 4).0[..2], ["ben", "ben"], "what was kept is given back");
}

#[test]
fn only_a_cap_keeps_a_turn_and_only_where_nothing_else_is_wrong() {
    let keeps = |world: Scenario| {
        let world = world.change_pool("west", |pool| pool.when_full = WhenFull::KeepTurn);
        world.decide().turn.expect("a turn").changes.contains_key(&rep_id("ben"))
    };
    let capped = |world: Scenario| world.rep("ben", |rep| rep.cap_open = Some(0));
    assert!(keeps(capped(scenario())));
    assert!(!keeps(scenario().busy("ben", "10:30")), "busy is no cap");
    assert!(!keeps(scenario().reserved("ben", "10:30")), "nor is another call");
    assert!(!keeps(capped(scenario().on_leave("ben"))), "full and on leave: absent");
    assert!(!keeps(capped(scenario().busy("ben", "10:30"))), "full and busy: busy");
}

proptest! {
    /// Weights, absences, caps and joins as they come: balances sum to zero, nobody saves up more than is kept, nobody is
    /// further from the share than the bound of the greedy rule and what is kept.
    #[test]
    fn whoever_comes_and_goes_the_ledger_stays_fair(
        keep in any::<bool>(),
        weights in prop::collection::vec(1u32..5, 2..8),
        days in prop::collection::vec(prop::collection::vec((any::<bool>(), 0u32..4), 8), 1..12),
    ) {
        let names: Vec<String> = (0..weights.len()).map(|i| format!("rep{i}")).collect();
        let members: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut world = scenario().pool("west", &members).serves("west", "West").change_pool("west", |pool| {
            pool.when_full = if keep { WhenFull::KeepTurn } else { WhenFull::Forgo };
            pool.overflow = None;
        });
        for (name, weight) in names.iter().zip(&weights) {
            world = world.rep(name, |rep| rep.weight = *weight);
        }
        for day in days {
            for (name, (away, cap)) in names.iter().zip(&day) {
                world = world
                    .facts(name, |facts| {
                        facts.taken_today = 0;
                        facts.presence = if *away { crate::domain::rep::Presence::Away } else { crate::domain::rep::Presence::Unset };
                    })
                    .rep(name, |rep| rep.cap_per_day = Some(*cap));
            }
            world = gets(world, 6).1;
            let Some(ledger) = world.snapshot.ledgers.get(&pool_id("west")) else { continue };
            prop_assert_eq!(ledger.balances.values().sum::<i64>(), 0);
            let bound = (weights.len() as i64) * TURN / 2 + KEPT_AT_MOST * weights.len() as i64;
            let worst: Option<(&RepId, &i64)> = ledger.balances.iter().max_by_key(|(_, balance)| balance.abs());
            prop_assert!(worst.is_none_or(|(_, balance)| balance.abs() <= bound), "{worst:?}");
        }
    }
}
