//! Meetings in Google's calendars that are moved and cancelled: the one event, once, and its guest is told.

use super::{ANA, Office, request};
use crate::vendors::chat::{at, class};
use baton::connectors::{BookRequest, Booked, Calendar, VendorError};
use baton_core::domain::text::CallerText;
use baton_sandbox::Fault;

/// The meeting of 10:00 at another time.
fn at_time(from: &str, until: &str) -> BookRequest {
    let description = CallerText("moved".to_owned());
    BookRequest { from: at(from), until: at(until), description, ..request(2) }
}

pub(super) fn at_noon() -> BookRequest {
    at_time("2026-11-23T12:00:00Z", "2026-11-23T12:30:00Z")
}

impl Office {
    pub(super) async fn booked(&self) -> String {
        let Booked::Event { id } = self.book(1).await.expect("a meeting") else { panic!("taken") };
        id
    }

    pub(super) async fn cancel(&self, id: &str) -> Result<(), VendorError> {
        self.calendar.cancel(ANA, id, &CallerText("called off".to_owned())).await
    }
}

#[tokio::test]
async fn a_meeting_is_moved_once_however_often_that_is_asked() {
    let office = Office::open().await;
    let id = office.booked().await;
    for _ in 0..2 {
        let moved = office.calendar.move_to(&id, &at_noon()).await.unwrap();
        assert_eq!(moved, Booked::Event { id: id.clone() });
    }
    let [event] = &office.state.booked()[..] else { panic!("one event") };
    assert_eq!((event.from, event.until), (at_noon().from, at_noon().until));
    assert_eq!((event.description.as_str(), event.told), ("moved", 1), "the guest is told once");
    assert_eq!(office.calls("PATCH", &id), 1);
}

#[tokio::test]
async fn a_guest_who_refuses_mail_is_not_told() {
    let office = Office::open().await;
    let id = office.booked().await;
    let quiet = BookRequest { attendee_email: None, ..at_noon() };
    office.calendar.move_to(&id, &quiet).await.unwrap();
    assert_eq!((office.state.booked()[0].from, office.state.booked()[0].told), (quiet.from, 0));
}

#[tokio::test]
async fn a_time_that_is_taken_leaves_the_meeting_where_it_is() {
    let office = Office::open().await;
    let id = office.booked().await;
    office.state.add_busy(ANA, at("2026-11-23T12:15:00Z"), at("2026-11-23T12:45:00Z"));
    assert_eq!(office.calendar.move_to(&id, &at_noon()).await.unwrap(), Booked::Taken);
    assert_eq!(office.state.booked()[0].from, request(1).from);
}

/// Free/busy calls the meeting's own time busy, and tells what touches as one.
#[tokio::test]
async fn a_meeting_is_not_in_its_own_way() {
    let office = Office::open().await;
    let id = office.booked().await;
    let a_little_later = at_time("2026-11-23T10:15:00Z", "2026-11-23T10:45:00Z");
    assert_eq!(office.calendar.move_to(&id, &a_little_later).await.unwrap(), Booked::Event { id: id.clone() });
    office.state.add_busy(ANA, at("2026-11-23T10:45:00Z"), at("2026-11-23T11:00:00Z"));
    let into_the_next = at_time("2026-11-23T10:30:00Z", "2026-11-23T11:00:00Z");
    assert_eq!(office.calendar.move_to(&id, &into_the_next).await.unwrap(), Booked::Taken);
}

#[tokio::test]
async fn what_is_not_there_is_not_moved_and_is_cancelled_already() {
    let office = Office::open().await;
    let id = office.booked().await;
    office.state.cancel(ANA, &id);
    assert_eq!(class(office.calendar.move_to(&id, &at_noon()).await), "gone");
    assert_eq!(class(office.calendar.move_to("neverthere1", &at_noon()).await), "gone");
    office.cancel(&id).await.unwrap();
    office.cancel("neverthere1").await.unwrap();
    assert_eq!(office.calls("DELETE", &id), 0);
}

#[tokio::test]
async fn after_a_lost_answer_both_are_found_done() {
    let office = Office::open().await;
    let id = office.booked().await;
    office.world.arm("google", "events.patch", Fault::DropAnswer, 1);
    assert_eq!(class(office.calendar.move_to(&id, &at_noon()).await), "unknown");
    assert_eq!(office.calendar.move_to(&id, &at_noon()).await.unwrap(), Booked::Event { id: id.clone() });
    office.world.arm("google", "events.delete", Fault::DropAnswer, 1);
    assert_eq!(class(office.cancel(&id).await), "unknown");
    office.cancel(&id).await.unwrap();
    assert!(office.state.booked().is_empty() && office.world.duplicates().is_empty());
}

#[tokio::test]
async fn an_event_that_changes_at_this_moment_is_read_again() {
    let office = Office::open().await;
    let id = office.booked().await;
    office.state.refuse_next("events.patch", 412, "conditionNotMet");
    assert_eq!(class(office.calendar.move_to(&id, &at_noon()).await), "retry");
    office.state.reschedule(ANA, &id, at("2026-11-23T15:00:00Z"), at("2026-11-23T15:30:00Z"));
    assert!(matches!(office.calendar.move_to(&id, &at_noon()).await.unwrap(), Booked::Event { .. }));
}

#[tokio::test]
async fn a_guest_is_told_in_our_words_that_it_is_called_off() {
    let office = Office::open().await;
    let id = office.booked().await;
    office.cancel(&id).await.unwrap();
    assert!(office.state.booked().is_empty());
    let accepted = office.world.accepted();
    let last = accepted.last().expect("the end of it");
    assert_eq!((last.kind, last.detail["told"].as_u64()), ("cancel", Some(1)));
    assert_eq!(office.calls("PATCH", &id), 1, "the words stand in it when Google tells");
}
