//! When a caller may be called, and when the rep is there for it.

use super::*;
use crate::domain::whereabouts::Whereabouts;

#[test]
fn calling_hours_are_the_callers() {
    let hours = Hours { calling: shift("08:00", "21:00"), ..Hours::default() };
    let chicago = &Whereabouts::in_zone(Zone::named("America/Chicago")); // UTC-6 in January
    assert!(!calling_allowed(&hours, chicago, at("2026-01-07T13:59:59Z")));
    assert!(calling_allowed(&hours, chicago, at("2026-01-07T14:00:00Z")));
    assert!(calling_allowed(&hours, chicago, at("2026-01-08T02:59:59Z")));
    assert_eq!(next_calling_time(&hours, chicago, at("2026-01-08T03:00:00Z")), at("2026-01-08T14:00:00Z"));
    assert!(
        calling_allowed(&hours, &Whereabouts::default(), at("2026-01-08T03:00:00Z")),
        "nothing can be checked without a zone"
    );
    assert!(calling_allowed(&Hours::default(), chicago, at("2026-01-08T03:00:00Z")), "no hours set: any time");
}

#[test]
fn a_call_back_needs_both_the_rep_at_work_and_the_caller_awake() {
    let mut hours = hours(5, &[shift("09:00", "17:00")]);
    hours.calling = shift("08:00", "21:00");
    let rep = rep("Europe/London");
    let los_angeles = &Whereabouts::in_zone(Zone::named("America/Los_Angeles")); // 08:00 there is 16:00 in London
    assert_eq!(next_call_at(&hours, &rep, los_angeles, at("2026-01-07T10:00:00Z")), Some(at("2026-01-07T16:00:00Z")));
    assert_eq!(
        next_call_at(&hours, &rep, los_angeles, at("2026-01-09T17:00:00Z")),
        Some(at("2026-01-12T16:00:00Z")),
        "Friday evening in London"
    );
    hours.calling = shift("18:00", "20:00"); // 02:00 to 04:00 in London
    assert_eq!(next_call_at(&hours, &rep, los_angeles, at("2026-01-07T10:00:00Z")), None);
}

/// The first lawful moment after a morning in New York, by what may be the caller's clock and whose law holds.
#[test]
fn a_call_is_lawful_on_every_clock_that_may_be_the_callers() {
    let mut hours = Hours { calling: shift("08:00", "21:00"), ..Hours::default() };
    let mut florida = Week::default();
    florida.days[..6].fill(vec![shift("08:00", "20:00")]);
    hours.calling_in.insert("US-FL".to_owned(), florida);
    hours.calling_in.insert("DE".to_owned(), Week { days: std::array::from_fn(|_| vec![shift("10:00", "12:00")]) });
    for (zones, place, from, lawful) in [
        ("America/New_York", "US-NY", "2026-01-07T11:00:00Z", "2026-01-07T13:00:00Z"),
        ("America/Los_Angeles", "US-CA", "2026-01-07T11:00:00Z", "2026-01-07T16:00:00Z"),
        ("Pacific/Honolulu", "US-HI", "2026-01-07T11:00:00Z", "2026-01-07T18:00:00Z"),
        ("America/New_York Pacific/Honolulu", "US", "2026-01-07T11:00:00Z", "2026-01-07T18:00:00Z"),
        ("America/New_York Pacific/Honolulu", "US", "2026-01-08T02:00:00Z", "2026-01-08T18:00:00Z"),
        ("America/New_York America/Chicago", "US-FL", "2026-01-07T13:30:00Z", "2026-01-07T14:00:00Z"),
        ("America/New_York", "US-FL", "2026-01-10T14:00:00Z", "2026-01-10T14:00:00Z"), // a Saturday
        ("America/New_York", "US-FL", "2026-01-11T14:00:00Z", "2026-01-12T13:00:00Z"), // a Sunday
        ("Europe/Berlin", "DE-BY", "2026-01-07T11:00:00Z", "2026-01-08T09:00:00Z"),
        // They never agree: ten to twelve here is night there. The likeliest decides.
        ("Europe/Berlin Pacific/Auckland", "DE", "2026-01-07T11:00:00Z", "2026-01-08T09:00:00Z"),
        ("", "", "2026-01-07T03:00:00Z", "2026-01-07T03:00:00Z"),
    ] {
        let zones = zones.split_whitespace().map(Zone::named).collect();
        let place = (!place.is_empty()).then(|| place.to_owned());
        let caller = Whereabouts { zones, place, ..Whereabouts::default() };
        assert_eq!(next_calling_time(&hours, &caller, at(from)), at(lawful), "{caller:?} from {from}");
    }
}
