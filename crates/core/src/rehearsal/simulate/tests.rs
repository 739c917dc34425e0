use super::*;
use crate::domain::known::Fact;
use crate::routing::scenario::{acme, moment, pool_id, rep_id, scenario};
use crate::rules::model::set::SlaStep;
use std::time::Duration;

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
    rules.handoff.live_at_most = Duration::from_secs(24 * 3600);
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
    let silent = rung_by(RingPlan::AddEvery(Duration::from_secs(5)), 0);
    assert_eq!((silent.connected, elsewhere(&silent)), (0, 0));
    assert!(silent.phones_rung >= 20, "both ring for each: {}", silent.phones_rung);
}

/// Acme leaves word at ten and is promised a call for eleven; ben or cy owes it.
fn promised(steps: &[(u64, SlaAct)], accept_percent: u32) -> Simulation {
    let mut rules = scenario().rules;
    let step = |(minutes, act): &(u64, SlaAct)| SlaStep { after: Duration::from_secs(60 * minutes), act: *act };
    rules.handoff.callback.steps = steps.iter().map(step).collect();
    let account =
        Fact::Known { value: None.into(), observed_at: moment("2026-01-07T10:00:00Z"), source: "test".into() };
    let case = Trial {
        lead: acme().after_the_call(),
        at: moment("2026-01-07T10:00:00Z"),
        account,
        assigned: None,
        reps: BTreeMap::new(),
        ledgers: BTreeMap::new(),
    };
    let manner = Manner { accept_percent, decline_percent: 0, handling_s: 60, open_days: 1 };
    let day = NaiveDate::from_ymd_opt(2026, 1, 7).expect("a day");
    simulate(&rules, [case].into_iter(), day, 1, manner, 1)
}

const STEPS: [(u64, SlaAct); 3] = [(5, SlaAct::Remind), (15, SlaAct::Escalate), (30, SlaAct::Reassign)];

fn counts(done: &Simulation) -> (u32, u32, u32, u32) {
    let PromisedCalls { promised, in_time, broken, open, .. } = done.promised_calls;
    (promised, in_time, broken, open)
}

/// Ben lets it lie until half past ten, and cy from then on: the third step would come to cy no sooner than the promise.
#[test]
fn a_call_that_nobody_makes_goes_through_the_steps_and_to_somebody_else() {
    let done = promised(&STEPS, 0);
    assert_eq!(counts(&done), (1, 0, 1, 0));
    let came: Vec<(u64, SlaAct, u32)> =
        done.promised_calls.steps.iter().map(|step| (step.after_s, step.act, step.came)).collect();
    let expected = [(300, SlaAct::Remind, 2), (900, SlaAct::Escalate, 2), (1800, SlaAct::Reassign, 1)];
    assert_eq!(came, expected);
    assert_eq!(done.promised_calls.steps[2].moved_to, BTreeMap::from([(rep_id("cy"), 1)]));
    let leads = |name: &str| done.reps[&rep_id(name)].leads;
    assert_eq!((leads("ben"), leads("cy")), (0, 1));
    let west = &done.pools[&pool_id("west")];
    let got = |name: &str| west.members[&rep_id(name)].got;
    assert_eq!((west.turns, got("ben"), got("cy")), (1, 0, 1), "who let it lie has had no turn");
    assert_eq!((done.waited, done.still_waiting), (0, 0), "somebody had it all the time");
}

#[test]
fn a_call_that_is_made_comes_to_no_further_step() {
    let done = promised(&STEPS, 100);
    assert_eq!(counts(&done), (1, 1, 0, 0));
    let reassigned = &done.promised_calls.steps[2];
    assert!(reassigned.came <= 1 && reassigned.moved_to.len() as u32 == reassigned.came, "{reassigned:?}");
}

#[test]
fn without_steps_a_call_is_made_or_not() {
    for (accept_percent, expected) in [(0, (1, 0, 1, 0)), (100, (1, 1, 0, 0))] {
        let done = promised(&[], accept_percent);
        assert_eq!(counts(&done), expected, "{accept_percent} of a hundred");
        assert_eq!(done.promised_calls.steps, []);
        assert_eq!(done.reps[&rep_id("ben")].leads, 1, "it stays with whoever has it");
    }
}
