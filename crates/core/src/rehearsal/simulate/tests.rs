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
