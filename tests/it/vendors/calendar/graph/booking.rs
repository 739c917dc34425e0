//! Meetings in Microsoft's calendars: one for each key, on a time that is free, whatever becomes of the answer.

use super::{ANA, BEN, Office, request};
use crate::vendors::chat::{at, class};
use baton::connectors::{BookRequest, Booked, Calendar};
use baton_sandbox::Fault;

#[tokio::test]
async fn a_meeting_is_booked_and_the_guest_is_invited() {
    let office = Office::open().await;
    let id = office.booked().await;
    let booked = office.state.booked();
    assert_eq!((booked.len(), booked[0].id.as_str(), booked[0].mailbox.as_str()), (1, id.as_str(), ANA));
    assert_eq!((booked[0].from, booked[0].until), (request(1).from, request(1).until));
    assert_eq!((booked[0].subject.as_str(), booked[0].online), ("Intro call", false));
    let accepted = office.world.accepted();
    assert_eq!(accepted[0].natural_key, "ana@rep.example/2026-11-23T10:00:00+00:00/ada@lead.example");

    let alone = BookRequest { attendee_email: None, attendee_name: None, calendar: BEN.into(), ..request(1) };
    office.calendar.book(&alone).await.unwrap();
    assert_eq!(office.state.booked()[1].attendee_email, None);

    let online = Office::with(|config| config.online_meetings = true).await;
    online.booked().await;
    assert!(online.state.booked()[0].online);
}

#[tokio::test]
async fn booking_again_finds_the_first() {
    let office = Office::open().await;
    let first = office.book(1).await.unwrap();
    assert_eq!(office.book(1).await.unwrap(), first);
    assert_eq!(office.book(2).await.unwrap(), Booked::Taken, "the first attempt's event is in the way");
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
}

#[tokio::test]
async fn a_time_that_somebody_else_has_taken_is_not_booked() {
    let office = Office::open().await;
    office.state.add(ANA, "busy", at("2026-11-23T10:15:00Z"), at("2026-11-23T10:45:00Z"));
    assert_eq!(office.book(1).await.unwrap(), Booked::Taken);
    let next_to_it = BookRequest { from: at("2026-11-23T09:45:00Z"), until: at("2026-11-23T10:15:00Z"), ..request(1) };
    assert!(matches!(office.calendar.book(&next_to_it).await.unwrap(), Booked::Event { .. }));
}

#[tokio::test]
async fn what_leaves_room_for_a_meeting_does_not_keep_it_from_being_booked() {
    let office = Office::open().await;
    let declined = office.state.add(ANA, "busy", at("2026-11-23T10:15:00Z"), at("2026-11-23T10:45:00Z"));
    office.state.decline(&declined);
    office.state.add(ANA, "tentative", at("2026-11-23T10:00:00Z"), at("2026-11-23T11:00:00Z"));
    office.state.add_all_day(ANA, "busy", at("2026-11-23T00:00:00Z"), at("2026-11-24T00:00:00Z"));
    office.booked().await;
    let away = Office::open().await;
    away.state.add_all_day(ANA, "oof", at("2026-11-23T00:00:00Z"), at("2026-11-24T00:00:00Z"));
    assert_eq!(away.book(1).await.unwrap(), Booked::Taken);
}

#[tokio::test]
async fn after_a_lost_answer_booking_again_makes_no_second_event() {
    let office = Office::open().await;
    office.world.arm("microsoft", "event.create", Fault::DropAnswer, 1);
    assert_eq!(class(office.book(1).await), "unknown");
    assert_eq!(office.state.booked().len(), 1);
    let id = office.booked().await;
    assert_eq!((office.state.booked().len(), office.state.booked()[0].id.clone()), (1, id));
    assert!(office.world.duplicates().is_empty());
}

/// The event of the key is found wherever a person has moved it, page by page, and is not booked a second time.
#[tokio::test]
async fn what_a_person_did_to_the_event_is_respected() {
    let office = Office::open().await;
    let id = office.booked().await;
    office.state.reschedule(&id, at("2026-11-23T10:15:00Z"), at("2026-11-23T10:45:00Z"));
    assert_eq!(class(office.book(1).await), "needs_person");
    office.state.reschedule(&id, at("2026-11-25T15:00:00Z"), at("2026-11-25T15:30:00Z"));
    assert_eq!(class(office.book(1).await), "needs_person", "the answer is the first event, at its new time");

    office.state.page(1);
    office.state.add(ANA, "busy", at("2026-11-23T10:00:00Z"), at("2026-11-23T10:30:00Z"));
    office.state.add(ANA, "busy", at("2026-11-24T10:00:00Z"), at("2026-11-24T10:30:00Z"));
    let before = office.calls("/calendarView");
    assert_eq!(class(office.book(1).await), "needs_person", "it stands on the third page");
    assert_eq!(office.calls("/calendarView"), before + 4);
    assert_eq!(office.book(2).await.unwrap(), Booked::Taken);
    assert_eq!(office.state.booked().len(), 1);

    office.state.delete(&id);
    assert_eq!(office.book(1).await.unwrap(), Booked::Taken);
}

#[tokio::test]
async fn limits_are_told_with_how_long_to_wait() {
    let office = Office::open().await;
    office.world.arm("microsoft", "event.create", Fault::RateLimit { retry_after_s: Some(180) }, 1);
    let error = office.book(1).await.unwrap_err();
    assert_eq!(error.class(), "rate_limited");
    assert!(format!("{error:?}").contains("after: Some(180s)"), "{error:?}");
    office.world.arm("microsoft", "event.create", Fault::RateLimit { retry_after_s: None }, 1);
    assert!(format!("{:?}", office.book(1).await.unwrap_err()).contains("after: None"));
    office.world.arm("microsoft", "event.create", Fault::Unavailable, 1);
    assert_eq!(class(office.book(1).await), "retry");
    office.booked().await;
    assert_eq!(office.state.booked().len(), 1);
}
