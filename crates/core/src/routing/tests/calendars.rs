//! What stands in a calendar, by its kind: what keeps a rep from a call, and what is an absence.

use super::*;
use crate::domain::rep::BusyKind;
use crate::rules::model::set::{CalendarRules, CountsAs};

fn counting(counts: CountsAs) -> Scenario {
    let mut world = scenario();
    world.rules.calendars = CalendarRules { tentative: counts, focus: counts, all_day: counts };
    world
}

#[test]
fn what_is_neither_meeting_nor_absence_counts_as_the_rules_say() {
    let kept = Rejection::Busy { until: at("10:45") };
    for kind in [BusyKind::Tentative, BusyKind::Focus, BusyKind::AllDay] {
        let in_it = |world: Scenario| world.calendar("ben", kind, at("09:30"), at("10:45"));
        in_it(scenario()).expect_owner("cy").expect_rejected("ben", kept.clone());
        in_it(counting(CountsAs::Busy)).expect_owner("cy").expect_rejected("ben", kept.clone());
        in_it(counting(CountsAs::Free)).expect_owner("ben");
        // Where no phone is rung it is no absence.
        in_it(counting(CountsAs::Busy)).not_live().expect_owner("ben");
    }
}

#[test]
fn meetings_and_absences_count_whatever_the_rules_say() {
    let world = || counting(CountsAs::Free);
    world().busy("ben", "10:45").expect_owner("cy");
    world().out_of_office("ben", at("12:00")).not_live().expect_owner("cy");
    let amid = world().calendar("ben", BusyKind::Focus, at("09:30"), at("12:00"));
    let amid = amid.calendar("ben", BusyKind::Busy, at("09:45"), at("10:15"));
    amid.expect_owner("cy").expect_rejected("ben", Rejection::Busy { until: at("10:15") });
}

#[test]
fn what_counts_as_free_puts_no_owner_off() {
    let later = |counts, until: &str| {
        let world = counting(counts).owner("ana").busy("ana", "11:00");
        let world = world.calendar("ana", BusyKind::Focus, at("11:00"), at("12:00"));
        let because = Rejection::Busy { until: at(until) };
        world.expect_ownership(&[OwnershipResult::KeepsForLater { because, free_at: Some(at(until)) }]);
    };
    later(CountsAs::Free, "11:00");
    later(CountsAs::Busy, "12:00");
}

/// Ana works at night, and is away from this evening on for nine days, as her calendar says.
#[test]
fn an_absence_in_the_calendar_that_begins_before_the_next_shift_is_leave() {
    let until = moment("2026-01-16T06:00:00Z");
    let away = || {
        let world = scenario().owner("ana").off_rota("ana").delegate("ana", "dan");
        world.calendar("ana", BusyKind::OutOfOffice, at("21:00"), until)
    };
    away().leave_at_most(10).expect_owner("ana").expect_first("dan");
    away().leave_at_most(7).expect_owner("ben");
    away().expect_owner("ben"); // more than two days, whatever it is called
    // A meeting for as long is no leave.
    let meets = scenario().owner("ana").off_rota("ana").delegate("ana", "dan").leave_at_most(10);
    meets.calendar("ana", BusyKind::Busy, at("21:00"), until).expect_owner("ben");
}

/// What was known of a lead before absences ahead were leave is decided as it was then.
#[test]
fn an_older_decision_sees_no_leave_ahead() {
    let older = |mut world: Scenario| {
        let mut known = serde_json::to_value(&world.snapshot).expect("a snapshot");
        assert_eq!(
            known.as_object_mut().expect("an object").remove("sees_leave_ahead"),
            Some(serde_json::Value::Bool(true))
        );
        world.snapshot = serde_json::from_value(known).expect("an older one");
        world
    };
    let long = moment("2026-01-16T06:00:00Z");
    let apart = || {
        let world = scenario().owner("ana").off_rota("ana").delegate("ana", "dan").leave_at_most(10);
        world.calendar("ana", BusyKind::OutOfOffice, at("21:00"), long)
    };
    apart().expect_owner("ana").expect_first("dan");
    older(apart()).expect_owner("ben");
}
