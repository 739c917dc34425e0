//! What becomes of a lead whose owner is busy, on leave or off the rota, and who stands in.

use super::*;
use crate::domain::rep::{BusyKind, Leave};

#[test]
fn an_absent_owner_keeps_the_lead_and_the_delegate_takes_the_call() {
    let because = Rejection::OnLeave { until: day("2026-01-16") };
    scenario()
        .owner("ana")
        .on_leave("ana")
        .leave_at_most(10)
        .delegate("ana", "dan")
        .expect_ownership(&[OwnershipResult::Delegated { to: rep_id("dan"), because }])
        .expect_owner("ana")
        .expect_targets(&["dan", "ben", "cy"])
        .expect_reason("account owner on leave until Fri 16 Jan 2026: the delegate takes the call, the lead stays");
}

#[test]
fn a_busy_owner_of_a_live_call_is_stood_in_for_like_an_absent_one() {
    scenario().owner("ana").busy("ana", "10:30").delegate("ana", "dan").expect_owner("ana").expect_first("dan");
    scenario().owner("ana").reserved("ana", "10:05").delegate("ana", "dan").expect_owner("ana").expect_first("dan");
    scenario().owner("ana").rep("ana", |rep| rep.phones.clear()).delegate("ana", "dan").expect_first("dan");
}

#[test]
fn an_owner_back_in_time_keeps_the_lead_for_a_booking() {
    let because = Rejection::Busy { until: at("11:00") };
    scenario()
        .owner("ana")
        .busy("ana", "11:00")
        .expect_ownership(&[OwnershipResult::KeepsForLater { because, free_at: Some(at("11:00")) }])
        .expect_owner("ana")
        .expect_targets(&[])
        .expect_rungs(&WITHOUT_TRANSFER)
        .expect_reason("account owner busy until Wed 7 Jan 2026 11:00 UTC: keeps the lead, by booking or callback");
}

#[test]
fn a_delegate_who_is_absent_too_is_not_rung() {
    let absent = || scenario().owner("ana").busy("ana", "11:00").delegate("ana", "dan");
    absent().on_leave("dan").expect_targets(&[]);
    absent().rep("dan", |rep| rep.active = false).expect_targets(&[]);
    absent().away("dan").expect_targets(&[]);
}

#[test]
fn an_owner_who_is_back_too_late_is_given_up_and_the_next_rule_asked() {
    let because = Rejection::OnLeave { until: day("2026-01-16") };
    let given_up = OwnershipResult::GivenUp { because, free_at: Some(moment("2026-01-19T09:00:00Z")) };
    scenario()
        .owner("ana")
        .on_leave("ana")
        .expect_ownership(&[given_up.clone(), OwnershipResult::NoOwner])
        .expect_owner("ben")
        .opportunity_owner("dan")
        .expect_ownership(&[given_up, OwnershipResult::Keeps])
        .expect_owner("dan")
        .expect_reason("owner of the open opportunity, at work now");
}

#[test]
fn the_calendar_counts_when_the_first_free_moment_is_looked_for() {
    let world = scenario().owner("ana").out_of_office("ana", moment("2026-01-08T17:00:00Z"));
    world.clone().expect_owner("ana"); // back on Friday, 47 hours from now
    world
        .calendar("ana", BusyKind::Busy, moment("2026-01-09T09:00:00Z"), moment("2026-01-09T17:00:00Z"))
        .expect_owner("ben"); // Friday is full: Monday is too late
}

#[test]
fn without_a_limit_the_owner_is_waited_for_within_the_rota() {
    let mut world = scenario().owner("ana").on_leave("ana");
    world.rules.ownership[0].wait_at_most = None;
    let world = world.expect_owner("ana").expect_targets(&[]);
    world
        .rep("ana", |rep| rep.leave[0].until = day("2026-12-31"))
        .expect_ownership(&[
            OwnershipResult::GivenUp { because: Rejection::OnLeave { until: day("2026-12-31") }, free_at: None },
            OwnershipResult::NoOwner,
        ])
        .expect_owner("ben");
}

#[test]
fn a_lead_without_a_call_stays_with_a_busy_owner_and_asks_no_delegate() {
    scenario()
        .owner("ana")
        .busy("ana", "11:00")
        .delegate("ana", "dan")
        .not_live()
        .expect_ownership(&[OwnershipResult::Keeps])
        .expect_owner("ana")
        .expect_targets(&[]);
    scenario().owner("ana").on_leave("ana").delegate("ana", "dan").not_live().expect_owner("ben");
}

/// A live caller of somebody on three weeks' leave was given to the delegate, and the lead lay with nobody.
#[test]
fn a_limit_for_absences_is_asked_also_where_a_delegate_is_free() {
    let given_up = |world: Scenario| world.delegate("ana", "dan").expect_owner("ben");
    given_up(scenario().owner("ana").on_leave("ana"));
    given_up(scenario().owner("ana").on_leave("ana").leave_at_most(7));
    given_up(scenario().owner("ana").out_of_office("ana", moment("2026-01-16T17:00:00Z")).leave_at_most(7));
    given_up(scenario().owner("ana").rep("ana", |rep| rep.hours = "monday".into()));
    let kept = |world: Scenario| world.delegate("ana", "dan").expect_owner("ana").expect_first("dan");
    kept(scenario().owner("ana").on_leave("ana").leave_at_most(10));
    kept(scenario().owner("ana").out_of_office("ana", moment("2026-01-08T17:00:00Z")));
    kept(scenario().owner("ana").off_rota("ana"));
}

/// A part-timer's days off are no leave, and each can have its own limit.
#[test]
fn leave_is_one_thing_and_days_off_are_another() {
    let part_timer = || scenario().owner("ana").rep("ana", |rep| rep.hours = "monday".into());
    let limits = |wait, leave, off_rota| {
        move |mut world: Scenario| {
            let days = |days: u32| (days > 0).then(|| Duration::from_secs(86_400) * days);
            let rule = &mut world.rules.ownership[0];
            (rule.wait_at_most, rule.leave_at_most, rule.off_rota_at_most) = (days(wait), days(leave), days(off_rota));
            world
        }
    };
    let leave = |from: &str, until: &str| {
        let leave = Leave { from: day(from), until: day(until) };
        move |world: Scenario| world.rep("ana", |rep| rep.leave = vec![leave])
    };
    // Wednesday: the next Monday is five days away.
    limits(2, 0, 0)(part_timer()).expect_owner("ben");
    limits(0, 2, 0)(part_timer()).expect_owner("ana");
    limits(2, 0, 7)(part_timer()).expect_owner("ana");
    limits(7, 0, 2)(part_timer()).expect_owner("ben");
    // Leave until Friday ends in less than three days, whatever the weekend adds.
    let friday = leave("2026-01-05", "2026-01-09");
    limits(0, 3, 0)(friday(scenario().owner("ana"))).expect_owner("ana");
    limits(3, 0, 0)(friday(scenario().owner("ana"))).expect_owner("ben");
    limits(0, 2, 7)(friday(scenario().owner("ana"))).expect_owner("ben");
    // The day off is the beginning of three weeks.
    let ahead = leave("2026-01-12", "2026-01-30");
    limits(0, 7, 7)(ahead(part_timer())).expect_owner("ben");
    limits(0, 30, 7)(ahead(part_timer())).expect_owner("ana");
    // Leave that lies behind the next shift is not this absence.
    let later = leave("2026-01-13", "2026-01-30");
    limits(0, 7, 7)(later(part_timer())).expect_owner("ana");
}

/// Two are away at once, and the third of the chain sat there unasked.
#[test]
fn whoever_stands_in_for_the_stand_in_is_asked() {
    let away = || scenario().owner("ana").busy("ana", "11:00").delegate("ana", "dan").away("dan");
    away().delegate("dan", "eve").expect_owner("ana").expect_first("eve");
    away().delegate("dan", "eve").busy("eve", "10:30").delegate("eve", "fay").expect_first("fay");
    away().delegate("dan", "eve").rep("dan", |rep| rep.active = false).expect_first("eve");
    away().delegate("dan", "eve").busy("eve", "10:30").expect_targets(&[]);
    // The loader refuses a circle; an old release may hold one.
    away().delegate("dan", "ana").expect_targets(&[]);
    let chain = away().delegate("dan", "eve");
    let (lead, rules) = (&chain.lead, &chain.rules);
    let asked = Considered::by_lead(lead, rules).knowing(lead, &chain.snapshot.account, None, rules, at("10:00"));
    assert!(asked.reps.contains(&rep_id("eve")), "a calendar is worth asking for: {asked:?}");
}
