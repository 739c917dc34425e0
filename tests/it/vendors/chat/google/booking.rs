//! Meetings in Google's calendars: one for each attempt, on a time that is free, whatever becomes of the answer.

use super::{ANA, BEN, Office, request};
use crate::vendors::chat::{at, class};
use baton::connectors::{BookRequest, Booked, Calendar, VendorError};
use baton_sandbox::Fault;
use baton_sandbox::google::SeenEvent;
use std::time::Duration;

#[tokio::test]
async fn a_meeting_is_booked_and_the_guest_is_told() {
    let office = Office::open().await;
    let Booked::Event { id } = office.book(1).await.unwrap() else { panic!("taken") };
    let booked = office.state.booked();
    assert_eq!((booked.len(), booked[0].id.as_str(), booked[0].calendar.as_str()), (1, id.as_str(), ANA));
    assert_eq!((booked[0].from, booked[0].until), (request(1).from, request(1).until));
    assert!(booked[0].invited && booked[0].summary == "Intro call");
    let accepted = office.world.accepted();
    assert_eq!(accepted[0].natural_key, "ana@rep.example/2026-11-23T10:00:00+00:00/ada@lead.example");

    let alone = BookRequest { attendee_email: None, attendee_name: None, calendar: BEN.into(), ..request(1) };
    office.calendar.book(&alone).await.unwrap();
    assert!(!office.state.booked()[1].invited);
}

#[tokio::test]
async fn booking_again_finds_the_first() {
    let office = Office::open().await;
    let first = office.book(1).await.unwrap();
    assert_eq!(office.book(1).await.unwrap(), first);
    let second = office.book(2).await.unwrap();
    assert_eq!(second, Booked::Taken, "the first attempt's event is in the way");
    assert_eq!((office.state.booked().len(), office.world.accepted().len()), (1, 1));
}

#[tokio::test]
async fn two_workers_at_once_make_one_event() {
    let office = Office::open().await;
    let request = request(1);
    let answers = futures_util::future::join_all((0..8).map(|_| office.calendar.book(&request))).await;
    let first = answers[0].clone().unwrap();
    assert!(answers.into_iter().all(|answer| answer.unwrap() == first));
    assert_eq!((office.state.booked().len(), office.world.accepted().len()), (1, 1));
    assert!(office.calls("POST", "/events") > 1, "the others were told that the id exists");
}

#[tokio::test]
async fn a_time_that_somebody_else_has_taken_is_not_booked() {
    let office = Office::open().await;
    office.state.add_busy(ANA, at("2026-11-23T10:15:00Z"), at("2026-11-23T10:45:00Z"));
    assert_eq!(office.book(1).await.unwrap(), Booked::Taken);
    let next_to_it = BookRequest { from: at("2026-11-23T09:45:00Z"), until: at("2026-11-23T10:15:00Z"), ..request(1) };
    assert!(matches!(office.calendar.book(&next_to_it).await.unwrap(), Booked::Event { .. }));
    assert!(office.state.double_bookings().is_empty());
}

/// Whether they count the rules have said when the time was offered; free/busy calls all of them busy.
#[tokio::test]
async fn what_counts_by_the_rules_alone_takes_no_time_and_a_meeting_within_it_does() {
    let office = Office::open().await;
    let (from, until) = (at("2026-11-23T09:00:00Z"), at("2026-11-23T12:00:00Z"));
    let seen = || SeenEvent { calendar: ANA.into(), from, until, ..SeenEvent::default() };
    office.state.add_event(SeenEvent { event_type: "focusTime".into(), ..seen() });
    office.state.add_event(SeenEvent { response: Some("tentative".into()), ..seen() });
    let (from, until) = (at("2026-11-23T00:00:00Z"), at("2026-11-24T00:00:00Z"));
    office.state.add_event(SeenEvent { from, until, all_day: true, ..seen() });
    assert!(matches!(office.book(1).await.unwrap(), Booked::Event { .. }));
    assert_eq!(office.book(2).await.unwrap(), Booked::Taken, "by the meeting of the first attempt");

    let later = BookRequest { from: at("2026-11-23T11:00:00Z"), until: at("2026-11-23T11:30:00Z"), ..request(3) };
    office.state.refuse_next("events.list", 403, "insufficientPermissions");
    assert_eq!(office.calendar.book(&later).await.unwrap(), Booked::Taken, "what it is could not be read");
    office.state.add_out_of_office(ANA, later.from, later.until);
    assert_eq!(office.calendar.book(&later).await.unwrap(), Booked::Taken);
}

#[tokio::test]
async fn after_a_lost_answer_booking_again_makes_no_second_event() {
    let office = Office::open().await;
    office.world.arm("google", "events.insert", Fault::DropAnswer, 1);
    assert_eq!(class(office.book(1).await), "unknown");
    assert_eq!(office.state.booked().len(), 1);
    let Booked::Event { id } = office.book(1).await.unwrap() else { panic!("taken by ourselves") };
    assert_eq!((office.state.booked().len(), office.state.booked()[0].id.clone()), (1, id));
    assert!(office.world.duplicates().is_empty());
}

#[tokio::test]
async fn what_a_person_did_to_the_event_is_respected() {
    let office = Office::open().await;
    let Booked::Event { id } = office.book(1).await.unwrap() else { panic!("taken") };
    office.state.reschedule(ANA, &id, at("2026-11-23T10:15:00Z"), at("2026-11-23T10:45:00Z"));
    assert_eq!(class(office.book(1).await), "needs_person");
    office.state.reschedule(ANA, &id, at("2026-11-23T15:00:00Z"), at("2026-11-23T15:30:00Z"));
    assert_eq!(class(office.book(1).await), "needs_person");

    office.state.cancel(ANA, &id);
    let error = office.book(1).await.unwrap_err();
    assert!(matches!(&error, VendorError::Gone { why, .. } if why.contains("new attempt")), "{error:?}");
    assert!(matches!(office.book(2).await.unwrap(), Booked::Event { .. }));
}

/// Status and reason of an insert, its class, and how long to wait.
const REFUSALS: [(u16, &str, &str, Option<u64>); 10] = [
    (403, "rateLimitExceeded", "rate_limited", None),
    (403, "userRateLimitExceeded", "rate_limited", None),
    (429, "rateLimitExceeded", "rate_limited", None),
    (403, "quotaExceeded", "rate_limited", Some(3_600)),
    (403, "forbiddenForNonOrganizer", "needs_person", None),
    (403, "insufficientPermissions", "needs_person", None),
    (404, "notFound", "needs_person", None),
    (400, "invalid", "needs_person", None),
    (500, "backendError", "unknown", None),
    (503, "backendError", "retry", None),
];

#[tokio::test]
async fn the_reason_decides_and_not_the_status() {
    let office = Office::open().await;
    for (status, reason, expected, wait_s) in REFUSALS {
        office.state.refuse_next("events.insert", status, reason);
        let error = office.book(1).await.unwrap_err();
        assert_eq!(error.class(), expected, "{status} {reason}: {error}");
        if let VendorError::RateLimited { after, .. } = error {
            assert_eq!(after, wait_s.map(Duration::from_secs), "{status} {reason}");
        }
    }
    assert!(office.state.booked().is_empty());
    let fault = Fault::RateLimit { retry_after_s: Some(7) };
    office.world.arm("google", "events.insert", fault, 1);
    let error = office.book(1).await.unwrap_err();
    assert!(matches!(error, VendorError::RateLimited { after: Some(after), .. } if after.as_secs() == 7), "{error:?}");
    office.world.arm("google", "freebusy.query", Fault::Unavailable, 1);
    assert_eq!(class(office.book(1).await), "retry");
}

#[tokio::test]
async fn nothing_is_booked_into_a_calendar_that_cannot_be_read() {
    let office = Office::open().await;
    office.state.unreachable(ANA);
    assert_eq!(class(office.book(1).await), "retry");
    assert!(office.state.booked().is_empty());
}
