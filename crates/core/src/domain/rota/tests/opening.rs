//! Hours that are nobody's own.

use super::*;

fn opening(zone: &str) -> Opening {
    Opening { week: "week".to_owned(), holidays: "here".to_owned(), zone: zone.parse().expect("a zone") }
}

fn open_at(zone: &str, times: [&str; 4]) -> [bool; 4] {
    let mut hours = hours(5, &[shift("09:00", "17:00")]);
    hours.holidays = BTreeMap::from([("here".to_owned(), BTreeSet::from([day("2026-11-26")]))]);
    times.map(|time| is_open(&hours, &opening(zone), at(time)))
}

#[test]
fn a_place_is_open_from_the_first_second_of_its_hours_to_the_last() {
    let times = ["2026-11-30T13:59:59Z", "2026-11-30T14:00:00Z", "2026-11-30T21:59:59Z", "2026-11-30T22:00:00Z"];
    assert_eq!(open_at("America/New_York", times), [false, true, true, false]);
}

#[test]
fn it_is_closed_on_holidays_and_on_days_without_hours() {
    let times = ["2026-11-25T15:00:00Z", "2026-11-26T15:00:00Z", "2026-11-27T15:00:00Z", "2026-11-28T15:00:00Z"];
    assert_eq!(open_at("America/New_York", times), [true, false, true, false], "the holiday, and Saturday");
}

/// By the clock on the wall: an hour of the universal one later once summer is over.
#[test]
fn it_opens_by_the_clocks_of_its_zone_in_summer_and_winter() {
    let times = ["2026-10-30T13:30:00Z", "2026-11-02T13:30:00Z", "2026-10-30T21:30:00Z", "2026-11-02T21:30:00Z"];
    assert_eq!(open_at("America/New_York", times), [true, false, false, true]);
    assert_eq!(open_at("UTC", times), [true, true, false, false]);
}
