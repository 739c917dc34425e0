use super::*;
use crate::domain::known::Fact;
use crate::routing::scenario::{acme, moment, scenario};

#[test]
fn a_spread_of_nothing_is_nothing_and_of_one_is_that() {
    assert_eq!(spread(vec![]), Spread::default());
    assert_eq!(spread(vec![7]), Spread { p50: 7, p90: 7, max: 7 });
    assert_eq!(spread((1..=100).collect()), Spread { p50: 51, p90: 91, max: 100 });
}

/// Four reps may take one lead a day each: the fifth and the sixth caller of a day wait for the next one.
#[test]
fn leads_over_everybodys_cap_wait_for_the_next_day_oldest_first() {
    let mut world = scenario();
    for pool in ["west", "desk"] {
        world = world.change_pool(pool, |pool| pool.caps.per_day = Some(1));
    }
    let rules = world.rules;
    let none = Fact::Known { value: None.into(), observed_at: moment("2026-01-07T10:00:00Z"), source: "test".into() };
    let case = |at: &str| Trial {
        lead: acme(),
        at: moment(at),
        account: none.clone(),
        assigned: None,
        reps: BTreeMap::new(),
        ledgers: BTreeMap::new(),
    };
    let wednesday = (0..6).map(|number| case(&format!("2026-01-07T10:{number}0:00Z")));
    let cases: Vec<Trial> = wednesday.chain([case("2026-01-08T10:00:00Z")]).collect();
    let manner = Manner { accept_percent: 100, decline_percent: 0, handling_s: 60, open_days: 1 };
    let day = NaiveDate::from_ymd_opt(2026, 1, 7).expect("a day");
    let done = simulate(&rules, cases.iter().cloned(), day, 2, manner, 1);
    assert_eq!((done.leads, done.waited, done.still_waiting), (7, 2, 0));
    let day_less = |minutes: i64| 24 * 3600 - 60 * minutes;
    assert_eq!((done.wait_in_pool_s.p50, done.wait_in_pool_s.max), (day_less(40), day_less(40)));
    assert_eq!(done.reps.values().map(|load| load.leads).sum::<u32>(), 7, "everybody has an owner in the end");
    let done = simulate(&rules, cases.iter().take(6).cloned(), day, 2, manner, 1);
    assert_eq!((done.waited, done.still_waiting), (2, 2));
}

/// Ben and cy are at work, and one caller at a time is on the line.
fn rung_by(plan: RingPlan, accept_percent: u32) -> Simulation {
    let mut rules = scenario().rules;
    rules.handoff.ring = plan;
    let account =
        Fact::Known { value: None.into(), observed_at: moment("2026-01-07T10:00:00Z"), source: "test".into() };
    let case = |minute: u32| Trial {
        lead: acme(),
        at: moment(&format!("2026-01-07T10:{:02}:00Z", minute)),
        account: account.clone(),
        assigned: None,
        reps: BTreeMap::new(),
        ledgers: BTreeMap::new(),
    };
    // As the callers of made-up days are: on the line at the moment at which they are decided.
    rules.handoff.live_at_most = std::time::Duration::from_secs(24 * 3600);
    let manner = Manner { accept_percent, decline_percent: 0, handling_s: 60, open_days: 1 };
    let day = NaiveDate::from_ymd_opt(2026, 1, 7).expect("a day");
    simulate(&rules, (0..10).map(|number| case(number * 5)), day, 1, manner, 1)
}

#[test]
fn phones_ring_by_the_plan_and_whoever_was_slower_is_told_so() {
    let elsewhere = |done: &Simulation| done.reps.values().map(|load| load.rings_elsewhere).sum::<u32>();
    let one = rung_by(RingPlan::OneByOne, 100);
    assert_eq!((one.rung, one.connected, one.phones_rung, elsewhere(&one)), (10, 10, 10, 0));
    let two = rung_by(RingPlan::AtOnce(2), 100);
    assert_eq!((two.rung, two.connected, two.phones_rung, elsewhere(&two)), (10, 10, 20, 10));
    assert!(two.wait_now_s.p50 <= one.wait_now_s.p50, "whoever is quicker has the call");
    let silent = rung_by(RingPlan::AddEvery(std::time::Duration::from_secs(5)), 0);
    assert_eq!((silent.connected, elsewhere(&silent)), (0, 0));
    assert!(silent.phones_rung >= 20, "both ring for each: {}", silent.phones_rung);
}
