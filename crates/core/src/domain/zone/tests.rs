//! What the clocks of real places show, over the changes of recent years, and what a file of rules may hold.

use super::posix::PosixRule;
use super::tzif::Rules;
use super::*;
use chrono::{DateTime, Utc};

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap_or_else(|why| panic!("{text}: {why}"))
}

fn wall(zone: &str, utc: &str) -> String {
    at(utc).with_timezone(&Zone::named(zone)).format("%Y-%m-%d %H:%M").to_string()
}

#[test]
fn every_name_has_rules_and_stands_at_its_place_in_the_table() {
    for (place, zone) in Zone::all().enumerate() {
        assert_eq!(zone.index(), place, "{zone}");
        let file = table::built_in_file(zone).unwrap_or_else(|| panic!("{zone} is not built in"));
        assert!(Rules::read(file).is_some(), "{zone}");
    }
}

/// The changes of 2024 to 2026, each with a moment before it; what the zones showed is public (the tz database's NEWS).
#[test]
fn the_changes_of_recent_years_are_known() {
    for (zone, utc, shows) in [
        // Kazakhstan became one zone on 2024-03-01.
        ("Asia/Almaty", "2024-02-29T12:00:00Z", "2024-02-29 18:00"),
        ("Asia/Almaty", "2024-03-01T12:00:00Z", "2024-03-01 17:00"),
        ("Asia/Qostanay", "2024-03-01T12:00:00Z", "2024-03-01 17:00"),
        // Paraguay stays on summer time from October 2024 on.
        ("America/Asuncion", "2024-07-01T12:00:00Z", "2024-07-01 08:00"),
        ("America/Asuncion", "2025-07-01T12:00:00Z", "2025-07-01 09:00"),
        // Aysén left Chile's winter time in 2025.
        ("America/Coyhaique", "2024-07-01T12:00:00Z", "2024-07-01 08:00"),
        ("America/Coyhaique", "2025-07-01T12:00:00Z", "2025-07-01 09:00"),
        ("America/Santiago", "2025-07-01T12:00:00Z", "2025-07-01 08:00"),
        // The Philippines' clocks of 1990 (found out in 2025).
        ("Asia/Manila", "1990-06-15T00:00:00Z", "1990-06-15 09:00"),
        // British Columbia did not go back on 2026-11-01.
        ("America/Vancouver", "2026-10-31T12:00:00Z", "2026-10-31 05:00"),
        ("America/Vancouver", "2026-11-30T15:30:00Z", "2026-11-30 08:30"),
        ("America/Vancouver", "2027-01-15T12:00:00Z", "2027-01-15 05:00"),
        ("Canada/Pacific", "2026-11-30T15:30:00Z", "2026-11-30 08:30"),
        ("America/Los_Angeles", "2026-11-30T15:30:00Z", "2026-11-30 07:30"),
        // Nor did Alberta and Manitoba.
        ("America/Edmonton", "2026-11-30T12:00:00Z", "2026-11-30 06:00"),
        ("America/Winnipeg", "2026-11-30T12:00:00Z", "2026-11-30 07:00"),
        ("America/Chicago", "2026-11-30T12:00:00Z", "2026-11-30 06:00"),
        // Morocco went to UTC on 2026-09-20.
        ("Africa/Casablanca", "2026-09-19T12:00:00Z", "2026-09-19 13:00"),
        ("Africa/Casablanca", "2026-09-21T12:00:00Z", "2026-09-21 12:00"),
        ("Africa/Casablanca", "2026-11-30T12:00:00Z", "2026-11-30 12:00"),
        // Havana stays at UTC-4.
        ("America/Havana", "2026-11-30T12:00:00Z", "2026-11-30 08:00"),
        // And these still change as they did.
        ("Europe/Berlin", "2026-11-30T12:00:00Z", "2026-11-30 13:00"),
        ("America/New_York", "2030-07-01T12:00:00Z", "2030-07-01 08:00"),
        ("Africa/Cairo", "2027-06-01T12:00:00Z", "2027-06-01 15:00"),
        ("Europe/Dublin", "2030-01-01T12:00:00Z", "2030-01-01 12:00"),
        ("Asia/Kathmandu", "2026-11-30T12:00:00Z", "2026-11-30 17:45"),
    ] {
        assert_eq!(wall(zone, utc), shows, "{zone} at {utc}");
    }
}

/// Every change of every zone: each moment is found again from what the clocks show, and what two moments show is told twice.
#[test]
fn local_times_lead_back_to_the_moments_at_which_they_are_shown() {
    let (from, until) = (at("1970-01-01T00:00:00Z"), at("2040-01-01T00:00:00Z"));
    for zone in Zone::all() {
        for change in table::rules(zone).changes(from.timestamp(), until.timestamp()) {
            for minutes in [-181, -61, -60, -31, -1, 0, 1, 29, 59, 60, 119, 181] {
                let utc = DateTime::from_timestamp(change + minutes * 60, 0).expect("a moment");
                let local = utc.with_timezone(&zone);
                match zone.from_local_datetime(&local.naive_local()) {
                    LocalResult::Single(only) => assert_eq!(only, local, "{zone} {utc}"),
                    LocalResult::Ambiguous(first, second) => {
                        assert!(first < second && (first == local || second == local), "{zone} {utc}");
                        assert_eq!(first.naive_local(), second.naive_local(), "{zone} {utc}");
                    }
                    LocalResult::None => panic!("{zone} shows {local} at {utc}, and it is not found"),
                }
            }
        }
    }
}

#[test]
fn an_hour_that_is_skipped_is_never_shown() {
    let berlin = Zone::named("Europe/Berlin");
    let skipped = "2031-03-30T02:30:00".parse().expect("a time");
    assert_eq!(berlin.from_local_datetime(&skipped), LocalResult::None);
    let samoa = Zone::named("Pacific/Apia");
    assert_eq!(samoa.from_local_datetime(&"2011-12-30T12:00:00".parse().expect("a time")), LocalResult::None);
    let twice = "2031-10-26T02:30:00".parse().expect("a time");
    let LocalResult::Ambiguous(first, second) = berlin.from_local_datetime(&twice) else { panic!("shown once") };
    assert_eq!((first.to_utc(), second.to_utc()), (at("2031-10-26T00:30:00Z"), at("2031-10-26T01:30:00Z")));
    assert_eq!((first.offset().to_string(), second.offset().to_string()), ("CEST".to_owned(), "CET".to_owned()));
}

#[test]
fn a_zone_is_written_and_read_by_its_name() {
    let zone = Zone::named("America/Argentina/Buenos_Aires");
    let written = serde_json::to_string(&zone).expect("written");
    assert_eq!(written, "\"America/Argentina/Buenos_Aires\"");
    assert_eq!(serde_json::from_str::<Zone>(&written).expect("read"), zone);
    assert!(serde_json::from_str::<Zone>("\"America/Nowhere\"").is_err());
}

#[test]
fn yearly_rules_are_read_in_every_form_that_occurs() {
    let begins = |rule: &str, year| {
        let rule = PosixRule::read(rule).unwrap_or_else(|| panic!("{rule}"));
        let summer = rule.summer.unwrap_or_else(|| panic!("no summer time"));
        let wall = |seconds| DateTime::from_timestamp(seconds, 0).expect("a moment").naive_utc().to_string();
        (wall(summer.begins.at(year)), wall(summer.ends.at(year)), summer.offset.local_minus_utc())
    };
    for (rule, year, begin, end, offset) in [
        ("CET-1CEST,M3.5.0,M10.5.0/3", 2026, "2026-03-29 02:00:00", "2026-10-25 03:00:00", 7200),
        ("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", 2026, "2026-03-28 23:00:00", "2026-10-25 00:00:00", -3600),
        ("EET-2EEST,M4.5.5/0,M10.5.4/24", 2026, "2026-04-24 00:00:00", "2026-10-30 00:00:00", 10800),
        ("IST-1GMT0,M10.5.0,M3.5.0/1", 2026, "2026-10-25 02:00:00", "2026-03-29 01:00:00", 0),
        ("<+0330>-3:30<+0430>,J79/24,J263/24", 2024, "2024-03-21 00:00:00", "2024-09-21 00:00:00", 16200),
        ("AAA3BBB,59,J60/0:30:15", 2024, "2024-02-29 02:00:00", "2024-03-01 00:30:15", -7200),
    ] {
        assert_eq!(begins(rule, year), (begin.to_owned(), end.to_owned(), offset), "{rule}");
    }
    for wrong in
        ["", "CET", "CET-1CEST,M13.5.0,M10.5.0", "CET-1CEST,M3.5.0", "CET-1x", "CET-1CEST,M3.5.7,M1.1.1", "<+01-1"]
    {
        assert_eq!(PosixRule::read(wrong), None, "{wrong}");
    }
}

/// What is no file of rules is refused, wherever it is cut off or broken, and never read beyond its end.
#[test]
fn a_broken_file_is_refused() {
    let file = table::built_in_file(Zone::named("America/New_York")).expect("built in");
    let header = 44;
    for end in (0..file.len() - 30).step_by(7) {
        assert_eq!(Rules::read(&file[..end]), None, "cut off after {end}");
    }
    for (byte, value) in [(0, b'X'), (4, 0), (24, 0xff), (header + 28, 0xff), (header + 31, 1)] {
        let mut broken = file.to_vec();
        broken[byte] = value;
        assert!(Rules::read(&broken).is_none_or(|rules| !rules.abbreviation(rules.at(0)).is_empty()), "byte {byte}");
    }
}
