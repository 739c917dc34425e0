//! Clocks that are changed: what a shift is then, to the second.

use super::*;

fn utc(text: &str) -> DateTime<Utc> {
    at(&format!("{}:00Z", text.replace(' ', "T")))
}

/// `22:00-06:00`, every day.
fn every_day(text: &str) -> Hours {
    let (from, until) = text.split_once('-').expect("two times");
    hours(7, &[shift(from, until)])
}

/// What is worked of the shift within so many hours.
#[test]
fn a_shift_over_a_change_is_the_time_that_passes_between_its_ends_on_the_wall() {
    for (zone, shift, from, hours, worked) in [
        // 02:00 becomes 03:00: an hour less, also where the shift begins in the missing hour, and none of what lies in it.
        ("Europe/Berlin", "01:00-04:00", "2026-03-28 20:00", 24, Some(("2026-03-29 00:00", "2026-03-29 02:00"))),
        ("Europe/Berlin", "02:30-06:00", "2026-03-28 20:00", 24, Some(("2026-03-29 01:00", "2026-03-29 04:00"))),
        ("Europe/Berlin", "02:10-02:50", "2026-03-28 20:00", 24, None),
        // 03:00 becomes 02:00: the hour that comes twice is worked twice, two and a half hours without a hole.
        ("Europe/Berlin", "01:00-02:30", "2026-10-24 20:00", 24, Some(("2026-10-24 23:00", "2026-10-25 01:30"))),
        // In the south spring takes an hour from the night, seven are left, and autumn gives it one, which makes nine.
        ("Australia/Sydney", "22:00-06:00", "2026-10-03 08:00", 24, Some(("2026-10-03 12:00", "2026-10-03 19:00"))),
        ("Australia/Sydney", "22:00-06:00", "2026-04-04 08:00", 24, Some(("2026-04-04 11:00", "2026-04-04 20:00"))),
        // 02:00 becomes 01:30: a change of half an hour is half an hour.
        ("Australia/Lord_Howe", "01:00-03:00", "2026-04-04 12:00", 12, Some(("2026-04-04 14:00", "2026-04-04 16:30"))),
        // 00:00 becomes 01:00: a midnight that is skipped ends one day, after all six hours, and begins the next.
        ("America/Santiago", "18:00-00:00", "2026-09-05 12:00", 24, Some(("2026-09-05 22:00", "2026-09-06 04:00"))),
        ("America/Santiago", "00:00-00:00", "2026-09-05 00:00", 72, Some(("2026-09-05 00:00", "2026-09-08 00:00"))),
        // 01:00 becomes 00:00: an evening lasts to the second midnight.
        ("America/Havana", "20:00-00:00", "2025-11-01 12:00", 24, Some(("2025-11-02 00:00", "2025-11-02 05:00"))),
    ] {
        let found = working_windows(&every_day(shift), &rep(zone), utc(from), utc(from) + HOUR * hours);
        let expected: Vec<Window> = worked.into_iter().map(|(from, until)| (utc(from), utc(until))).collect();
        assert_eq!(found, expected, "{zone}: {shift} after {from}");
    }
}

#[test]
fn working_time_over_a_change_is_time_that_passed() {
    for (zone, shift, from, hours, end) in [
        // This night has seven hours,
        ("Europe/Berlin", "22:00-06:00", "2026-03-28 20:00", 6, "2026-03-29 03:00"),
        ("Europe/Berlin", "22:00-06:00", "2026-03-28 20:00", 7, "2026-03-29 04:00"),
        ("Europe/Berlin", "22:00-06:00", "2026-03-28 20:00", 8, "2026-03-29 21:00"),
        // and this one nine.
        ("Europe/Berlin", "22:00-06:00", "2026-10-24 19:00", 9, "2026-10-25 05:00"),
        ("Europe/Berlin", "22:00-06:00", "2026-10-24 19:00", 10, "2026-10-25 22:00"),
        ("Europe/Berlin", "01:00-02:30", "2026-10-24 22:00", 2, "2026-10-25 01:00"),
        // A midnight that comes twice is worked once.
        ("America/Havana", "00:00-00:00", "2025-11-02 00:00", 10, "2025-11-02 10:00"),
    ] {
        let found = add_working_time(&every_day(shift), &rep(zone), utc(from), HOUR * hours);
        assert_eq!(found, Some(utc(end)), "{zone}: {hours} h of {shift} after {from}");
    }
}

#[test]
fn spring_office_hours_move_in_utc_and_not_on_the_wall() {
    let hours = hours(7, &[shift("09:00", "17:00")]);
    let rep = rep("Europe/Berlin");
    assert_eq!(status(&hours, &rep, at("2026-03-28T08:00:00Z")), at_work("2026-03-28T16:00:00Z"));
    assert_eq!(status(&hours, &rep, at("2026-03-29T07:00:00Z")), at_work("2026-03-29T15:00:00Z"));
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
