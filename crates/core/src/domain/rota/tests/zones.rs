//! Zones that moved, days that are missing, holidays and leave by the clocks of a place; and what holds in every zone.

use super::*;
use crate::domain::zone::Zone;
use chrono::{LocalResult, TimeDelta, TimeZone};

#[test]
fn quarter_hours_with_summer_time_are_kept_on_both_sides_of_the_change() {
    let office = hours(5, &[shift("09:00", "17:00")]);
    let chatham = rep("Pacific/Chatham"); // UTC+13:45 until 2026-04-05, then UTC+12:45
    let both = windows(&office, &chatham, "2026-04-02T12:00:00Z", "2026-04-06T12:00:00Z");
    let before = (at("2026-04-02T19:15:00Z"), at("2026-04-03T03:15:00Z"));
    assert_eq!(both, [before, (at("2026-04-05T20:15:00Z"), at("2026-04-06T04:15:00Z"))]);
    let slots = free_slots(&both, &[], chatham.timezone, HOUR / 2, at("2026-04-05T20:20:00Z"), 1);
    assert_eq!(slots, [(at("2026-04-05T20:45:00Z"), at("2026-04-05T21:15:00Z"))], "09:30 on the wall");
}

#[test]
fn half_hour_zones_count_working_time_from_their_own_nine_oclock() {
    let office = hours(5, &[shift("09:00", "18:00")]);
    let evening = at("2026-01-07T12:00:00Z"); // 17:30 in Kolkata, 17:45 in Kathmandu
    let in_zone = |zone| add_working_time(&office, &rep(zone), evening, HOUR);
    assert_eq!(in_zone("Asia/Kolkata"), Some(at("2026-01-08T04:00:00Z")));
    assert_eq!(in_zone("Asia/Kathmandu"), Some(at("2026-01-08T04:00:00Z")));
    assert_eq!(in_zone("Australia/Adelaide"), Some(at("2026-01-07T23:30:00Z")));
}

#[test]
fn a_zone_that_gave_up_summer_time_keeps_its_winter_hours() {
    let office = hours(5, &[shift("09:00", "17:00")]);
    let mexico = rep("America/Mexico_City"); // the last summer time ended on 2022-10-30
    let back = |at_night: &str| match status(&office, &mexico, at(at_night)) {
        RotaStatus::Off { back_at, .. } => back_at,
        RotaStatus::AtWork { .. } => None,
    };
    assert_eq!(back("2022-07-06T08:00:00Z"), Some(at("2022-07-06T14:00:00Z")));
    assert_eq!(back("2023-07-05T08:00:00Z"), Some(at("2023-07-05T15:00:00Z")));
}

#[test]
fn a_zone_that_moved_back_an_hour_on_the_leap_day_works_that_hour_twice() {
    let almaty = rep("Asia/Almaty"); // 2024-03-01 00:00 became 2024-02-29 23:00: UTC+6 to UTC+5
    let office = hours(5, &[shift("09:00", "18:00")]);
    assert_eq!(
        windows(&office, &almaty, "2024-02-29T00:00:00Z", "2024-03-02T00:00:00Z"),
        [on("2024-02-29", &["03:00-12:00"]), on("2024-03-01", &["04:00-13:00"])].concat()
    );
    let evenings = hours(5, &[shift("20:00", "00:00")]);
    let evening = windows(&evenings, &almaty, "2024-02-29T12:00:00Z", "2024-03-01T12:00:00Z");
    assert_eq!(evening, on("2024-02-29", &["14:00-19:00"]), "five hours");
}

#[test]
fn a_day_that_a_zone_skipped_is_nobodys_working_day() {
    let apia = rep("Pacific/Apia"); // 2011-12-30 did not happen: UTC-10 to UTC+14
    let office = hours(7, &[shift("09:00", "17:00")]);
    assert_eq!(
        windows(&office, &apia, "2011-12-29T12:00:00Z", "2011-12-31T12:00:00Z"),
        [
            (at("2011-12-29T19:00:00Z"), at("2011-12-30T03:00:00Z")),
            (at("2011-12-30T19:00:00Z"), at("2011-12-31T03:00:00Z")),
        ]
    );
    let from = at("2011-12-30T02:00:00Z");
    assert_eq!(add_working_time(&office, &apia, from, 2 * HOUR), Some(at("2011-12-30T20:00:00Z")));
}

#[test]
fn a_rep_who_moves_works_the_same_hours_on_another_wall() {
    let office = hours(5, &[shift("09:00", "17:00")]);
    let mut ana = rep("Europe/London");
    ana.leave = vec![Leave { from: day("2026-01-08"), until: day("2026-01-08") }];
    let leave = || OffReason::Leave { until: day("2026-01-08") };
    let noon = at("2026-01-07T12:00:00Z");
    assert!(matches!(status(&office, &ana, noon), RotaStatus::AtWork { .. }));
    assert_eq!(status(&office, &ana, at("2026-01-08T00:30:00Z")), off(leave(), "2026-01-09T09:00:00Z"));
    ana.timezone = Zone::named("America/New_York");
    assert_eq!(status(&office, &ana, noon), off(OffReason::OffRota, "2026-01-07T14:00:00Z"));
    assert_eq!(
        status(&office, &ana, at("2026-01-08T00:30:00Z")),
        off(OffReason::OffRota, "2026-01-09T14:00:00Z"),
        "the leave begins with the day where she is now"
    );
    assert_eq!(status(&office, &ana, at("2026-01-08T15:00:00Z")), off(leave(), "2026-01-09T14:00:00Z"));
}

#[test]
fn leave_to_the_leap_day_ends_with_it() {
    let office = hours(5, &[shift("09:00", "17:00")]);
    let mut ana = rep("Asia/Kathmandu");
    ana.leave = vec![Leave { from: day("2028-02-25"), until: day("2028-02-29") }];
    let until = OffReason::Leave { until: day("2028-02-29") };
    assert_eq!(status(&office, &ana, at("2028-02-29T06:00:00Z")), off(until, "2028-03-01T03:15:00Z"));
    ana.leave[0].until = day("2028-02-28");
    assert!(matches!(status(&office, &ana, at("2028-02-29T06:00:00Z")), RotaStatus::AtWork { .. }));
}

#[test]
fn working_time_passes_over_the_holidays_at_the_end_of_the_year() {
    let mut office = hours(5, &[shift("09:00", "17:00")]);
    let days = ["2026-12-24", "2026-12-25", "2026-12-28", "2026-12-31", "2027-01-01"];
    office.holidays.insert("here".into(), days.map(day).into());
    let london = rep("Europe/London");
    let from = at("2026-12-23T16:00:00Z");
    assert_eq!(add_working_time(&office, &london, from, 2 * HOUR), Some(at("2026-12-29T10:00:00Z")));
    assert_eq!(add_working_time(&office, &london, from, 18 * HOUR), Some(at("2027-01-04T10:00:00Z")));
    assert_eq!(status(&office, &london, at("2026-12-31T23:59:59Z")), off(OffReason::Holiday, "2027-01-04T09:00:00Z"));
}

/// In every zone, over every change of a year: windows come in order without touching, and working time is their sum.
#[test]
fn in_every_zone_working_time_is_the_sum_of_the_shifts() {
    let shifts = hours(7, &[shift("00:30", "03:15"), shift("09:00", "17:00"), shift("22:00", "00:30")]);
    let mut ana = rep("UTC");
    for zone in Zone::all() {
        ana.timezone = zone;
        for month in [2, 5, 8, 11] {
            let from = at(&format!("2026-{month:02}-10T12:34:56Z"));
            let windows = working_windows(&shifts, &ana, from, from + TimeDelta::days(50));
            assert!(windows.windows(2).all(|pair| pair[0].0 < pair[0].1 && pair[0].1 < pair[1].0), "{zone} {from}");
            let worked: TimeDelta = windows.iter().map(|(start, end)| *end - *start).sum();
            let end = windows.last().expect("it is worked every day").1;
            let span = worked.to_std().expect("a span");
            assert_eq!(add_working_time(&shifts, &ana, from, span), Some(end), "{zone} {from}");
        }
    }
}

/// Over a year in zones that change their clocks in every way there is: whoever's clock shows a time of their shift is at work,
/// and whoever's does not, is not, but in an hour that comes twice.
#[test]
fn who_is_at_work_is_what_the_clock_on_the_wall_says() {
    let zones = [
        "Africa/Cairo",
        "America/Asuncion",
        "America/New_York",
        "America/Santiago",
        "America/St_Johns",
        "Antarctica/Troll",
        "Asia/Almaty",
        "Asia/Kolkata",
        "Australia/Lord_Howe",
        "Europe/Berlin",
        "Pacific/Chatham",
        "Pacific/Kiritimati",
    ];
    let shifts = [shift("09:00", "17:30"), shift("22:00", "06:00"), shift("15:00", "23:59"), shift("16:00", "00:00")];
    let mut instants = 0;
    for (zone, shift) in zones.into_iter().flat_map(|zone| shifts.map(|shift| (zone, shift))) {
        let (every_day, rep) = (hours(7, &[shift]), rep(zone));
        let mut now = at("2024-01-01T00:00:00Z");
        while now < at("2025-01-01T00:00:00Z") {
            let wall = now.with_timezone(&rep.timezone).naive_local();
            let shown = if shift.from < shift.until {
                shift.from <= wall.time() && wall.time() < shift.until
            } else {
                shift.from <= wall.time() || wall.time() < shift.until
            };
            let at_work = why_off(&every_day, &rep, now).is_none();
            let twice = matches!(rep.timezone.from_local_datetime(&wall), LocalResult::Ambiguous(..));
            assert!(at_work == shown || at_work && twice, "{zone}: {wall} on the wall, {shift:?}, at work: {at_work}");
            instants += 1;
            now += TimeDelta::minutes(73);
        }
    }
    assert!(instants > 300_000);
}
