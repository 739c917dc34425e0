//! Clocks that are changed: what a shift is then, to the second.

use super::*;

#[test]
fn spring_a_shift_over_the_missing_hour_is_an_hour_shorter() {
    let hours = hours(7, &[shift("01:00", "04:00")]);
    let rep = rep("Europe/Berlin"); // 2026-03-29: 02:00 becomes 03:00
    assert_eq!(
        working_windows(&hours, &rep, at("2026-03-28T20:00:00Z"), at("2026-03-29T20:00:00Z")),
        [(at("2026-03-29T00:00:00Z"), at("2026-03-29T02:00:00Z"))]
    );
}

#[test]
fn spring_a_shift_that_begins_in_the_missing_hour_begins_at_the_skip() {
    let begins = hours(7, &[shift("02:30", "06:00")]);
    let swallowed = hours(7, &[shift("02:10", "02:50")]);
    let rep = rep("Europe/Berlin");
    let (from, until) = (at("2026-03-28T20:00:00Z"), at("2026-03-29T20:00:00Z"));
    assert_eq!(working_windows(&begins, &rep, from, until), [(at("2026-03-29T01:00:00Z"), at("2026-03-29T04:00:00Z"))]);
    assert_eq!(working_windows(&swallowed, &rep, from, until), []);
}

#[test]
fn spring_office_hours_move_in_utc_and_not_on_the_wall() {
    let hours = hours(7, &[shift("09:00", "17:00")]);
    let rep = rep("Europe/Berlin");
    assert_eq!(status(&hours, &rep, at("2026-03-28T08:00:00Z")), at_work("2026-03-28T16:00:00Z"));
    assert_eq!(status(&hours, &rep, at("2026-03-29T07:00:00Z")), at_work("2026-03-29T15:00:00Z"));
}

#[test]
fn autumn_the_hour_that_comes_twice_is_worked_twice() {
    let hours = hours(7, &[shift("01:00", "02:30")]);
    let rep = rep("Europe/Berlin"); // 2026-10-25: 03:00 becomes 02:00
    assert_eq!(
        working_windows(&hours, &rep, at("2026-10-24T20:00:00Z"), at("2026-10-25T20:00:00Z")),
        [(at("2026-10-24T23:00:00Z"), at("2026-10-25T01:30:00Z"))],
        "two and a half hours, without a hole"
    );
    assert_eq!(add_working_time(&hours, &rep, at("2026-10-24T22:00:00Z"), 2 * HOUR), Some(at("2026-10-25T01:00:00Z")));
}

#[test]
fn southern_spring_takes_an_hour_from_the_night_shift() {
    let nights = hours(7, &[shift("22:00", "06:00")]);
    let sydney = rep("Australia/Sydney"); // 2026-10-04: 02:00 becomes 03:00
    assert_eq!(
        windows(&nights, &sydney, "2026-10-03T08:00:00Z", "2026-10-04T08:00:00Z"),
        [(at("2026-10-03T12:00:00Z"), at("2026-10-03T19:00:00Z"))],
        "seven hours"
    );
}

#[test]
fn southern_autumn_gives_the_night_shift_an_hour() {
    let nights = hours(7, &[shift("22:00", "06:00")]);
    let sydney = rep("Australia/Sydney"); // 2026-04-05: 03:00 becomes 02:00
    assert_eq!(
        windows(&nights, &sydney, "2026-04-04T08:00:00Z", "2026-04-05T08:00:00Z"),
        [(at("2026-04-04T11:00:00Z"), at("2026-04-04T20:00:00Z"))],
        "nine hours"
    );
}

#[test]
fn a_change_of_half_an_hour_is_half_an_hour() {
    let early = hours(7, &[shift("01:00", "03:00")]);
    let lord_howe = rep("Australia/Lord_Howe"); // 2026-04-05: 02:00 becomes 01:30
    assert_eq!(
        windows(&early, &lord_howe, "2026-04-04T12:00:00Z", "2026-04-05T00:00:00Z"),
        [(at("2026-04-04T14:00:00Z"), at("2026-04-04T16:30:00Z"))]
    );
}

#[test]
fn working_time_over_a_change_is_time_that_passed() {
    let nights = hours(7, &[shift("22:00", "06:00")]);
    let berlin = rep("Europe/Berlin");
    let spring = at("2026-03-28T20:00:00Z"); // the night has seven hours
    assert_eq!(add_working_time(&nights, &berlin, spring, 6 * HOUR), Some(at("2026-03-29T03:00:00Z")));
    assert_eq!(add_working_time(&nights, &berlin, spring, 7 * HOUR), Some(at("2026-03-29T04:00:00Z")));
    assert_eq!(add_working_time(&nights, &berlin, spring, 8 * HOUR), Some(at("2026-03-29T21:00:00Z")));
    let autumn = at("2026-10-24T19:00:00Z"); // and this one nine
    assert_eq!(add_working_time(&nights, &berlin, autumn, 9 * HOUR), Some(at("2026-10-25T05:00:00Z")));
    assert_eq!(add_working_time(&nights, &berlin, autumn, 10 * HOUR), Some(at("2026-10-25T22:00:00Z")));
}

#[test]
fn a_midnight_that_is_skipped_ends_one_day_and_begins_the_next() {
    let santiago = rep("America/Santiago"); // 2026-09-06: 00:00 becomes 01:00
    let evenings = hours(7, &[shift("18:00", "00:00")]);
    assert_eq!(
        windows(&evenings, &santiago, "2026-09-05T12:00:00Z", "2026-09-06T12:00:00Z"),
        [(at("2026-09-05T22:00:00Z"), at("2026-09-06T04:00:00Z"))],
        "all six hours"
    );
    let always = hours(7, &[shift("00:00", "00:00")]);
    let (from, until) = (at("2026-09-05T00:00:00Z"), at("2026-09-08T00:00:00Z"));
    assert_eq!(working_windows(&always, &santiago, from, until), [(from, until)]);
}

#[test]
fn a_midnight_that_comes_twice_is_worked_once() {
    let havana = rep("America/Havana"); // 2025-11-02: 01:00 becomes 00:00
    let evenings = hours(7, &[shift("20:00", "00:00")]);
    assert_eq!(
        windows(&evenings, &havana, "2025-11-01T12:00:00Z", "2025-11-02T12:00:00Z"),
        [(at("2025-11-02T00:00:00Z"), at("2025-11-02T05:00:00Z"))],
        "to the second midnight"
    );
    let always = hours(7, &[shift("00:00", "00:00")]);
    let from = at("2025-11-02T00:00:00Z");
    assert_eq!(add_working_time(&always, &havana, from, 10 * HOUR), Some(at("2025-11-02T10:00:00Z")));
}

#[test]
fn a_night_shift_into_a_holiday_with_a_change_of_the_clock_is_worked_to_its_end() {
    let mut nights = hours(7, &[shift("22:00", "06:00")]);
    nights.holidays.insert("here".into(), BTreeSet::from([day("2026-03-29")]));
    let berlin = rep("Europe/Berlin");
    let until = at("2026-03-29T04:00:00Z"); // 06:00, summer time by then
    assert_eq!(status(&nights, &berlin, at("2026-03-29T03:59:59Z")), RotaStatus::AtWork { until });
    assert_eq!(status(&nights, &berlin, at("2026-03-29T20:30:00Z")), off(OffReason::Holiday, "2026-03-30T20:00:00Z"));
}
