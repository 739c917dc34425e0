//! CalDAV against real servers, Radicale and xandikos: the same scenarios on both, which differ in nearly every status.

mod faults;
mod large;
mod plain;
mod server;
mod worker;

use baton::connectors::calendar::CalendarOwner;
use baton::connectors::calendar::caldav::CaldavCalendar;
use baton::connectors::http::Secret;
use baton::connectors::{BookRequest, Booked, Calendar, VendorError};
use baton_clock::{FakeClock, SharedClock};
use baton_core::domain::rep::{Busy, BusyKind};
use baton_core::domain::text::CallerText;
use baton_core::domain::zone::Zone;
use chrono::{DateTime, Utc};
use server::{Kind, PASSWORD, Server, USER};
use std::collections::BTreeMap;

const NOW: &str = "2026-05-01T08:00:00Z";

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

/// Of the hour on a day of May.
fn hour(day: u32, hour: u32) -> DateTime<Utc> {
    at(&format!("2026-05-{day:02}T{hour:02}:00:00Z"))
}

fn client(url: &str, password: &str) -> CaldavCalendar {
    let clock = FakeClock::new(at(NOW)) as SharedClock;
    CaldavCalendar::new(url, USER, &Secret::new(password), clock).expect("a client")
}

/// A client that knows that these calendars are of somebody in Berlin.
fn client_of(server: &Server, calendars: &[&str]) -> CaldavCalendar {
    let client = client(&server.url, PASSWORD);
    let email = Some("priya@acme.example".to_owned());
    let owner = CalendarOwner { zone: Some(Zone::named("Europe/Berlin")), email };
    client.owners(calendars.iter().map(|name| ((*name).to_owned(), vec![owner.clone()])).collect());
    client
}

async fn busy(client: &CaldavCalendar, calendar: &str) -> Vec<Busy> {
    let asked = [calendar.to_owned()];
    let mut told = client.busy(&asked, hour(1, 0), hour(15, 0)).await.expect("an answer");
    told.remove(calendar).expect("it was asked for").unwrap_or_else(|why| panic!("{calendar}: {why}"))
}

fn taken(from: DateTime<Utc>, until: DateTime<Utc>, kind: BusyKind) -> Busy {
    Busy { from, until, kind }
}

fn event(uid: &str, lines: &str) -> String {
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Acme//Test//EN\r\nBEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20260101T080000Z\r\n\
         {lines}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
}

fn request(calendar: &str, key: &str, from: DateTime<Utc>) -> BookRequest {
    BookRequest {
        key: key.to_owned(),
        calendar: calendar.to_owned(),
        from,
        until: from + chrono::TimeDelta::minutes(30),
        attendee_email: Some("ada@customer.example".to_owned()),
        attendee_name: Some("Ada; \"the\" Buyer".to_owned()),
        summary: CallerText("Call with Acme, Ltd; <b>".to_owned()),
        description: CallerText("One\nTwo & three".to_owned()),
    }
}

async fn scenarios(kind: Kind) {
    let Some(server) = Server::start(kind).await else { return };
    calendars_are_found_by_name_and_by_path(&server).await;
    what_stands_there_is_told_ten_times_alike(&server).await;
    what_changes_is_followed(&server).await;
    a_time_is_booked_once(&server).await;
    an_event_of_ours_under_another_name_is_found(&server).await;
    a_booking_is_moved_and_cancelled(&server).await;
    if server.asks_for_passwords() {
        let refused = client(&server.url, "wrong").check().await.expect_err("a wrong password");
        assert_eq!(refused.class(), "reauthenticate", "{refused}");
        let refused = client(&server.url, "wrong").busy(&["work".to_owned()], hour(1, 0), hour(2, 0)).await;
        assert_eq!(refused.expect_err("a wrong password").class(), "reauthenticate");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_radicale() {
    scenarios(Kind::Radicale).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_xandikos() {
    scenarios(Kind::Xandikos).await;
}

async fn calendars_are_found_by_name_and_by_path(server: &Server) {
    let path = server.make("names", "Priya's work").await;
    server.put(&path, "one", &event("one", "DTSTART:20260504T090000Z\r\nDTEND:20260504T100000Z")).await;
    let client = client_of(server, &[]);
    client.check().await.expect("it is found and signed in to");
    for name in ["names", "Priya's work", &path, &format!("{}{path}", server.url)] {
        assert_eq!(busy(&client, name).await, [taken(hour(4, 9), hour(4, 10), BusyKind::Busy)], "{name}");
    }
    let none = ["nobody".to_owned(), "names".to_owned()];
    let told = client.busy(&none, hour(1, 0), hour(2, 0)).await.expect("one of them is known");
    let why = told["nobody"].as_ref().expect_err("there is none");
    assert!(why.contains("no calendar is called \"nobody\"") && why.contains("names"), "{why}");
    assert_eq!(told["names"], Ok(Vec::new()));
}

/// One server finds a time of another zone six times, and then looks for it elsewhere.
async fn what_stands_there_is_told_ten_times_alike(server: &Server) {
    let path = server.make("shapes", "Shapes").await;
    let lines = [
        ("ny", "DTSTART;TZID=America/New_York:20260504T090000\r\nDTEND;TZID=America/New_York:20260504T100000"),
        ("off", "DTSTART;VALUE=DATE:20260506\r\nSUMMARY:Urlaub"),
        ("floating", "DTSTART:20260505T090000\r\nDTEND:20260505T100000"),
        ("cancelled", "DTSTART:20260507T090000Z\r\nDTEND:20260507T100000Z\r\nSTATUS:CANCELLED"),
        ("free", "DTSTART:20260507T110000Z\r\nDTEND:20260507T120000Z\r\nTRANSP:TRANSPARENT"),
        ("perhaps", "DTSTART:20260507T130000Z\r\nDTEND:20260507T140000Z\r\nSTATUS:TENTATIVE"),
        ("over", "DTSTART:20200507T130000Z\r\nDTEND:20200507T140000Z"),
        ("weekly", "DTSTART:20240108T150000Z\r\nDTEND:20240108T160000Z\r\nRRULE:FREQ=WEEKLY;BYDAY=FR"),
    ];
    for (name, lines) in lines {
        server.put(&path, name, &event(name, lines)).await;
    }
    let expected = [
        taken(hour(1, 15), hour(1, 16), BusyKind::Busy),
        taken(hour(4, 13), hour(4, 14), BusyKind::Busy),
        taken(hour(5, 7), hour(5, 8), BusyKind::Busy),
        taken(hour(5, 22), hour(6, 22), BusyKind::OutOfOffice),
        taken(hour(7, 13), hour(7, 14), BusyKind::Tentative),
        taken(hour(8, 15), hour(8, 16), BusyKind::Busy),
    ];
    let kept = client_of(server, &["shapes"]);
    for time in 0..10 {
        assert_eq!(busy(&kept, "shapes").await, expected, "in step, time {time}");
        let anew = client_of(server, &["shapes"]);
        assert_eq!(busy(&anew, "shapes").await, expected, "anew, time {time}");
    }
    // Between two events that it has: nothing begins or ends there.
    let asked = ["shapes".to_owned()];
    let narrow = kept.busy(&asked, at("2026-05-06T10:00:00Z"), at("2026-05-06T11:00:00Z")).await.expect("an answer");
    assert_eq!(narrow["shapes"], Ok(vec![taken(hour(6, 10), hour(6, 11), BusyKind::OutOfOffice)]));
}

async fn what_changes_is_followed(server: &Server) {
    let path = server.make("changes", "Changes").await;
    let client = client_of(server, &["changes"]);
    assert_eq!(busy(&client, "changes").await, []);
    let names: Vec<String> = (0..52).map(|number| format!("many-{number}")).collect();
    for name in &names {
        server.put(&path, name, &event(name, "DTSTART:20260504T090000Z\r\nDTEND:20260504T100000Z")).await;
    }
    assert_eq!(busy(&client, "changes").await, [taken(hour(4, 9), hour(4, 10), BusyKind::Busy)]);
    server.put(&path, "many-0", &event("many-0", "DTSTART:20260505T090000Z\r\nDTEND:20260505T100000Z")).await;
    for name in &names[1..] {
        server.delete(&path, name).await;
    }
    assert_eq!(busy(&client, "changes").await, [taken(hour(5, 9), hour(5, 10), BusyKind::Busy)]);
    server.delete(&path, "many-0").await;
    assert_eq!(busy(&client, "changes").await, []);
}

async fn a_time_is_booked_once(server: &Server) {
    let path = server.make("book", "Book").await;
    let client = client_of(server, &["book"]);
    let wanted = request("book", "aaa1", hour(4, 9));
    let Ok(Booked::Event { id }) = client.book(&wanted).await else { panic!("it is free") };
    assert_eq!(client.book(&wanted).await, Ok(Booked::Event { id: id.clone() }), "the answer was lost");
    let text = server.get(&path, &id).await.expect("it is there");
    assert!(text.contains("ada@customer.example"), "{text}");
    assert_eq!(text.matches("BEGIN:VEVENT").count(), 1, "{text}");
    assert_eq!(client.book(&request("book", "aaa2", hour(4, 9))).await, Ok(Booked::Taken));
    assert_eq!(busy(&client, "book").await, [taken(wanted.from, wanted.until, BusyKind::Busy)]);
    // What is perhaps, the rules have weighed.
    server.put(&path, "p", &event("p", "DTSTART:20260505T090000Z\r\nDTEND:20260505T100000Z\r\nSTATUS:TENTATIVE")).await;
    assert!(matches!(client.book(&request("book", "aaa3", hour(5, 9))).await, Ok(Booked::Event { .. })));
    // A person moves it, and the answer to our booking was lost.
    let moved = text.replace("20260504T09", "20260508T09");
    server.put(&path, &id, &moved).await;
    let refused = client.book(&wanted).await.expect_err("it was moved");
    assert_eq!(refused.class(), "needs_person", "{refused}");
}

/// Servers that give names of their own, and people who copy: the name is free, and the UID is not.
async fn an_event_of_ours_under_another_name_is_found(server: &Server) {
    let path = server.make("renamed", "Renamed").await;
    let lines = "DTSTART:20260504T090000Z\r\nDTEND:20260504T093000Z\r\nTRANSP:TRANSPARENT";
    server.put(&path, "another", &event("baton-bbb1", lines)).await;
    let client = client_of(server, &["renamed"]);
    let booked = client.book(&request("renamed", "bbb1", hour(4, 9))).await;
    assert_eq!(booked, Ok(Booked::Event { id: "baton-bbb1".to_owned() }));
    let moved = client.move_to("baton-bbb1", &request("renamed", "bbb1", hour(4, 11))).await;
    assert_eq!(moved, Ok(Booked::Event { id: "baton-bbb1".to_owned() }));
    let text = server.get(&path, "another").await.expect("it is there");
    assert!(text.contains("DTSTART:20260504T110000Z") && text.contains("TRANSP:TRANSPARENT"), "{text}");
    assert_eq!(server.get(&path, "baton-bbb1").await, None, "there is no second");
}

async fn a_booking_is_moved_and_cancelled(server: &Server) {
    let path = server.make("moves", "Moves").await;
    let client = client_of(server, &["moves"]);
    let Ok(Booked::Event { id }) = client.book(&request("moves", "ccc1", hour(4, 9))).await else { panic!("free") };
    server.put(&path, "other", &event("other", "DTSTART:20260505T090000Z\r\nDTEND:20260505T100000Z")).await;
    assert_eq!(client.move_to(&id, &request("moves", "ccc1", hour(5, 9))).await, Ok(Booked::Taken));
    // A little later: it does not stand in its own way.
    let half = request("moves", "ccc1", at("2026-05-04T09:15:00Z"));
    for _ in 0..2 {
        assert_eq!(client.move_to(&id, &half).await, Ok(Booked::Event { id: id.clone() }));
    }
    let other = taken(hour(5, 9), hour(5, 10), BusyKind::Busy);
    assert_eq!(busy(&client, "moves").await, [taken(half.from, half.until, BusyKind::Busy), other]);
    let gone = client.move_to("baton-none", &half).await.expect_err("there is none");
    assert!(matches!(gone, VendorError::Gone { .. }), "{gone}");
    let words = CallerText("Sorry; we are ill.\nAnother time?".to_owned());
    for _ in 0..2 {
        assert_eq!(client.cancel("moves", &id, &words).await, Ok(()));
    }
    assert_eq!(busy(&client, "moves").await, [other]);
    // A server that tells guests keeps it until they are told; others have nobody to tell.
    let kept = server.get(&path, &id).await;
    assert_eq!(kept.is_some(), server.invites(), "{kept:?}");
    assert!(kept.is_none_or(|text| text.contains("STATUS:CANCELLED") && text.contains("COMMENT:Sorry")), "the words");
    assert_eq!(client.cancel("moves", "baton-none", &words).await, Ok(()), "gone already");
}

/// Every calendar that is asked for is in the answer, also where all fail.
#[tokio::test]
async fn a_server_that_is_not_there_is_a_failure_of_all() {
    let nobody = client(&format!("http://127.0.0.1:{}", crate::program::free_port()), PASSWORD);
    let told = nobody.busy(&["a".to_owned(), "b".to_owned()], hour(1, 0), hour(2, 0)).await;
    let refused: VendorError = told.map(|_: BTreeMap<_, _>| ()).expect_err("nobody answers");
    assert_eq!(refused.class(), "retry", "{refused}");
}
