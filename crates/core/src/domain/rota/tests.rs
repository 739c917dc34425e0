mod calling;
mod clocks;
mod opening;
mod zones;

use super::*;
use crate::domain::id::RepId;
use crate::domain::rep::{Busy, BusyKind, Leave, Rep};
use crate::domain::zone::Zone;
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap_or_else(|why| panic!("{text}: {why}"))
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap_or_else(|why| panic!("{text}: {why}"))
}

fn shift(from: &str, until: &str) -> Shift {
    let time = |text: &str| NaiveTime::parse_from_str(text, "%H:%M").expect("a time of day");
    Shift { from: time(from), until: time(until) }
}

/// The same shifts on the first `days` days of the week.
fn hours(days: usize, shifts: &[Shift]) -> Hours {
    let mut week = Week::default();
    week.days[..days].fill(shifts.to_vec());
    Hours { weeks: BTreeMap::from([("week".to_owned(), week)]), ..Hours::default() }
}

fn rep(zone: &str) -> Rep {
    Rep {
        id: RepId::new("ana").expect("a slug"),
        name: "Ana".into(),
        email: "ana@example.com".into(),
        phones: vec![],
        team: String::new(),
        seniority: String::new(),
        languages: BTreeSet::new(),
        skills: BTreeSet::new(),
        products: BTreeSet::new(),
        timezone: zone.parse().expect("a zone"),
        hours: "week".into(),
        holidays: "here".into(),
        chat_id: None,
        calendar: None,
        crm_id: None,
        delegate: None,
        manager: None,
        weight: 1,
        cap_per_day: None,
        cap_per_week: None,
        cap_open: None,
        active: true,
        leave: vec![],
    }
}

fn at_work(until: &str) -> RotaStatus {
    RotaStatus::AtWork { until: at(until) }
}

fn off(reason: OffReason, back_at: &str) -> RotaStatus {
    RotaStatus::Off { reason, back_at: Some(at(back_at)) }
}

fn busy(from: &str, until: &str) -> Busy {
    Busy { from: at(from), until: at(until), kind: BusyKind::Busy }
}

/// `09:00-13:00` of a day, in UTC.
fn on(day: &str, spans: &[&str]) -> Vec<Window> {
    let time = |time: &str| at(&format!("{day}T{time}:00Z"));
    let spans = spans.iter().map(|span| span.split_once('-').expect("two times"));
    spans.map(|(from, until)| (time(from), time(until))).collect()
}

fn windows(hours: &Hours, rep: &Rep, from: &str, until: &str) -> Vec<Window> {
    working_windows(hours, rep, at(from), at(until))
}

#[test]
fn office_hours_are_local_and_the_end_is_exclusive() {
    let hours = hours(5, &[shift("09:00", "17:00")]);
    let rep = rep("America/New_York"); // UTC-5 in January
    assert_eq!(status(&hours, &rep, at("2026-01-07T14:00:00Z")), at_work("2026-01-07T22:00:00Z"));
    assert_eq!(
        status(&hours, &rep, at("2026-01-07T22:00:00Z")),
        off(OffReason::OffRota, "2026-01-08T14:00:00Z"),
        "the shift ends at 17:00 sharp"
    );
    assert_eq!(
        status(&hours, &rep, at("2026-01-09T23:00:00Z")),
        off(OffReason::OffRota, "2026-01-12T14:00:00Z"),
        "Friday evening: back on Monday"
    );
}

#[test]
fn two_shifts_with_a_break_and_two_without() {
    let hours = hours(5, &[shift("09:00", "12:00"), shift("12:00", "13:00"), shift("14:00", "18:00")]);
    let rep = rep("UTC");
    assert_eq!(status(&hours, &rep, at("2026-01-07T10:00:00Z")), at_work("2026-01-07T13:00:00Z"));
    let found = windows(&hours, &rep, "2026-01-07T00:00:00Z", "2026-01-08T00:00:00Z");
    assert_eq!(found, on("2026-01-07", &["09:00-13:00", "14:00-18:00"]));
}

#[test]
fn a_night_shift_belongs_to_the_evening_it_begins() {
    let hours = hours(5, &[shift("22:00", "06:00")]);
    let mut rep = rep("Europe/London");
    // Friday 2026-01-09, 22:00 to Saturday 06:00.
    assert_eq!(status(&hours, &rep, at("2026-01-10T05:59:00Z")), at_work("2026-01-10T06:00:00Z"));
    assert_eq!(status(&hours, &rep, at("2026-01-10T06:00:00Z")), off(OffReason::OffRota, "2026-01-12T22:00:00Z"));
    // Leave on Thursday: Wednesday's shift is worked to its end, Thursday's falls out.
    rep.leave = vec![Leave { from: day("2026-01-08"), until: day("2026-01-08") }];
    assert_eq!(status(&hours, &rep, at("2026-01-08T05:00:00Z")), at_work("2026-01-08T06:00:00Z"));
    assert_eq!(
        status(&hours, &rep, at("2026-01-08T23:00:00Z")),
        off(OffReason::Leave { until: day("2026-01-08") }, "2026-01-09T22:00:00Z")
    );
}

#[test]
fn a_shift_from_midnight_to_midnight_is_the_whole_day() {
    let hours = hours(7, &[shift("00:00", "00:00")]);
    let rep = rep("Asia/Tokyo");
    let (from, until) = (at("2026-01-01T00:00:00Z"), at("2026-01-31T00:00:00Z"));
    assert_eq!(working_windows(&hours, &rep, from, until), [(from, until)]);
    assert!(matches!(status(&hours, &rep, from), RotaStatus::AtWork { .. }));
}

#[test]
fn zones_with_half_and_quarter_hours() {
    let hours = hours(5, &[shift("09:00", "18:00")]);
    let india = rep("Asia/Kolkata"); // UTC+5:30
    assert_eq!(status(&hours, &india, at("2026-01-07T03:29:59Z")), off(OffReason::OffRota, "2026-01-07T03:30:00Z"));
    assert_eq!(status(&hours, &india, at("2026-01-07T03:30:00Z")), at_work("2026-01-07T12:30:00Z"));
    let nepal = rep("Asia/Kathmandu"); // UTC+5:45
    let windows = working_windows(&hours, &nepal, at("2026-01-07T00:00:00Z"), at("2026-01-08T00:00:00Z"));
    let slots = free_slots(&windows, &[], nepal.timezone, HOUR / 2, at("2026-01-07T03:20:00Z"), 1);
    assert_eq!(slots, [(at("2026-01-07T03:45:00Z"), at("2026-01-07T04:15:00Z"))], "09:30 on the wall in Kathmandu");
}

#[test]
fn the_leap_day_is_a_day_like_any_other() {
    let mut hours = hours(7, &[shift("09:00", "17:00")]);
    let rep = rep("UTC");
    assert_eq!(status(&hours, &rep, at("2028-02-29T10:00:00Z")), at_work("2028-02-29T17:00:00Z"));
    hours.holidays.insert("here".into(), BTreeSet::from([day("2028-02-29")]));
    assert_eq!(status(&hours, &rep, at("2028-02-29T10:00:00Z")), off(OffReason::Holiday, "2028-03-01T09:00:00Z"));
    assert_eq!(add_working_time(&hours, &rep, at("2028-02-28T16:00:00Z"), 2 * HOUR), Some(at("2028-03-01T10:00:00Z")));
}

#[test]
fn holidays_at_the_end_of_the_year_follow_the_local_calendar() {
    let mut hours = hours(5, &[shift("09:00", "17:00")]);
    hours.holidays.insert("here".into(), BTreeSet::from([day("2026-12-31"), day("2027-01-01")]));
    let rep = rep("Pacific/Auckland"); // UTC+13: the year turns at 11:00 UTC
    // Already the 31st in Auckland, still the 30th in UTC.
    assert_eq!(status(&hours, &rep, at("2026-12-30T22:00:00Z")), off(OffReason::Holiday, "2027-01-03T20:00:00Z"));
    let mut elsewhere = rep.clone();
    elsewhere.holidays = String::new();
    assert!(matches!(status(&hours, &elsewhere, at("2026-12-30T22:00:00Z")), RotaStatus::AtWork { .. }));
}

#[test]
fn leave_longer_than_the_horizon_has_no_way_back() {
    let hours = hours(5, &[shift("09:00", "17:00")]);
    let mut rep = rep("UTC");
    rep.leave = vec![Leave { from: day("2026-01-01"), until: day("2026-12-31") }];
    let parental = OffReason::Leave { until: day("2026-12-31") };
    assert_eq!(status(&hours, &rep, at("2026-01-07T10:00:00Z")), RotaStatus::Off { reason: parental, back_at: None });
    assert_eq!(add_working_time(&hours, &rep, at("2026-01-07T10:00:00Z"), HOUR), None);
}

#[test]
fn a_rep_whose_week_is_not_listed_never_works() {
    let rep = rep("UTC");
    let nobody = RotaStatus::Off { reason: OffReason::OffRota, back_at: None };
    assert_eq!(status(&Hours::default(), &rep, at("2026-01-07T10:00:00Z")), nobody);
}

#[test]
fn working_time_passes_over_nights_weekends_and_overlapping_shifts() {
    let hours = hours(5, &[shift("09:00", "15:00"), shift("12:00", "17:00")]);
    let rep = rep("UTC");
    let friday = at("2026-01-09T16:00:00Z");
    assert_eq!(add_working_time(&hours, &rep, friday, HOUR / 2), Some(at("2026-01-09T16:30:00Z")));
    assert_eq!(add_working_time(&hours, &rep, friday, 2 * HOUR), Some(at("2026-01-12T10:00:00Z")));
    assert_eq!(add_working_time(&hours, &rep, friday, 9 * HOUR), Some(at("2026-01-12T17:00:00Z")));
    assert_eq!(add_working_time(&hours, &rep, friday, 10 * HOUR), Some(at("2026-01-13T10:00:00Z")));
    let evening = at("2026-01-09T20:00:00Z");
    assert_eq!(add_working_time(&hours, &rep, evening, Duration::ZERO), Some(at("2026-01-12T09:00:00Z")));
}

#[test]
fn slots_lie_between_what_is_taken_and_do_not_overlap() {
    let windows = on("2026-01-07", &["09:00-12:00"]);
    let taken =
        [busy("2026-01-07T10:20:00Z", "2026-01-07T10:40:00Z"), busy("2026-01-07T08:00:00Z", "2026-01-07T09:10:00Z")];
    let slots = free_slots(&windows, &taken, Zone::UTC, HOUR * 3 / 4, at("2026-01-07T00:00:00Z"), 9);
    assert_eq!(slots, on("2026-01-07", &["09:30-10:15", "11:00-11:45"]));
}

#[test]
fn slots_respect_notice_and_the_number_wanted() {
    let windows = on("2026-01-07", &["09:00-17:00"]);
    let slots = free_slots(&windows, &[], Zone::UTC, HOUR / 2, at("2026-01-07T10:00:00.25Z"), 2);
    assert_eq!(slots, on("2026-01-07", &["10:30-11:00", "11:00-11:30"]));
    assert_eq!(free_slots(&windows, &[], Zone::UTC, 9 * HOUR, at("2026-01-07T00:00:00Z"), 2), []);
}
