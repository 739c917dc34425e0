//! Published calendars: fetched once a minute and only where they have changed; unknown rather than free; and never written.

use crate::eventually::SOON;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use baton::connectors::calendar::CalendarOwner;
use baton::connectors::calendar::ics::IcsFeeds;
use baton::connectors::http::Secret;
use baton::connectors::{BookRequest, Calendar};
use baton_clock::{FakeClock, SharedClock};
use baton_core::domain::rep::{Busy, BusyKind};
use baton_core::domain::text::CallerText;
use baton_core::domain::zone::Zone;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const FEED: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Acme//Test//EN\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260101T000000Z\r\n\
                    DTSTART;VALUE=DATE:20260505\r\nSUMMARY:Vacation\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

/// The path, and the tag that was said to be known.
type Asked = (String, Option<String>);

/// A publisher, whose feed has a tag.
#[derive(Clone, Default)]
struct Publisher {
    asked: Arc<Mutex<Vec<Asked>>>,
    is_broken: Arc<Mutex<bool>>,
}

async fn answer(State(publisher): State<Publisher>, uri: Uri, headers: HeaderMap) -> Response {
    let tag = headers.get("if-none-match").map(|tag| tag.to_str().expect("text").to_owned());
    publisher.asked.lock().expect("what was asked").push((uri.path().to_owned(), tag.clone()));
    if *publisher.is_broken.lock().expect("whether it is broken") {
        return StatusCode::BAD_GATEWAY.into_response();
    }
    match uri.path() {
        "/priya.ics" if tag.as_deref() == Some("\"1\"") => StatusCode::NOT_MODIFIED.into_response(),
        "/priya.ics" => ([("etag", "\"1\"")], FEED).into_response(),
        "/moved.ics" => (StatusCode::MOVED_PERMANENTLY, [("location", "/priya.ics")]).into_response(),
        "/away.ics" => (StatusCode::FOUND, [("location", "http://elsewhere.example/x.ics")]).into_response(),
        "/inside.ics" => (StatusCode::FOUND, [("location", "https://127.0.0.1:1/x.ics")]).into_response(),
        "/round.ics" => (StatusCode::FOUND, [("location", "/round.ics")]).into_response(),
        "/login.ics" => "<html>Please sign in</html>".into_response(),
        "/endless.ics" => "X".repeat(5 * 1024 * 1024).into_response(),
        // As publishers do, who repeat what nobody else may know.
        path => (StatusCode::NOT_FOUND, format!("{path} was not found")).into_response(),
    }
}

struct Town {
    publisher: Publisher,
    clock: Arc<FakeClock>,
    feeds: IcsFeeds,
}

impl Town {
    async fn open(names: &[&str]) -> Self {
        let publisher = Publisher::default();
        let routes = Router::new().fallback(answer).with_state(publisher.clone());
        let address = baton_sandbox::serve(routes).await.expect("a port");
        let named = |name: &&str| ((*name).to_owned(), Secret::new(format!("http://{address}/{name}.ics")));
        let clock = FakeClock::new("2026-05-04T08:00:00Z".parse().expect("an instant"));
        let shared = Arc::clone(&clock) as SharedClock;
        let feeds = IcsFeeds::new(&names.iter().map(named).collect(), shared).expect("a client");
        let owner = CalendarOwner { zone: Some(Zone::named("America/New_York")), email: None };
        feeds.owners(names.iter().map(|name| ((*name).to_owned(), vec![owner.clone()])).collect());
        Self { publisher, clock, feeds }
    }

    async fn told(&self, name: &str) -> Result<Vec<Busy>, String> {
        let mut told = self.feeds.busy(&[name.to_owned()], at("01"), at("15")).await.expect("an answer for each");
        told.remove(name).expect("it was asked for")
    }

    fn asked(&self) -> Vec<(String, Option<String>)> {
        self.publisher.asked.lock().expect("what was asked").clone()
    }
}

fn at(day: &str) -> DateTime<Utc> {
    format!("2026-05-{day}T00:00:00Z").parse().expect("an instant")
}

fn vacation() -> Vec<Busy> {
    let at = |text: &str| text.parse().expect("an instant");
    vec![Busy { from: at("2026-05-05T04:00:00Z"), until: at("2026-05-06T04:00:00Z"), kind: BusyKind::OutOfOffice }]
}

#[tokio::test]
async fn a_feed_is_fetched_once_a_minute_and_only_where_it_has_changed() {
    let town = Town::open(&["priya"]).await;
    for _ in 0..3 {
        assert_eq!(town.told("priya").await, Ok(vacation()), "a day of New York");
    }
    assert_eq!(town.asked(), [("/priya.ics".to_owned(), None)]);
    town.clock.advance(Duration::from_secs(61));
    for _ in 0..2 {
        assert_eq!(town.told("priya").await, Ok(vacation()));
    }
    assert_eq!(town.asked().len(), 2);
    assert_eq!(town.asked()[1].1.as_deref(), Some("\"1\""));
    // It was known once, and is not known now.
    town.clock.advance(Duration::from_secs(61));
    *town.publisher.is_broken.lock().expect("whether it is broken") = true;
    assert!(town.told("priya").await.is_err_and(|why| why.contains("HTTP 502")));
    *town.publisher.is_broken.lock().expect("whether it is broken") = false;
    assert_eq!(town.told("priya").await, Ok(vacation()), "at once, not a minute later");
}

/// A day is one by the clock of each: who is away in both places cannot be told from who is away in one.
#[tokio::test]
async fn a_feed_of_two_reps_has_the_days_of_both() {
    let town = Town::open(&["priya"]).await;
    let of = |zone| CalendarOwner { zone: Some(Zone::named(zone)), email: None };
    let both = vec![of("Europe/Berlin"), of("America/New_York")];
    let days = |owners: Vec<CalendarOwner>| town.feeds.owners(BTreeMap::from([("priya".to_owned(), owners)]));
    let away = |until: DateTime<Utc>| {
        let from = "2026-05-04T22:00:00Z".parse().expect("an instant");
        Ok(vec![Busy { from, until, kind: BusyKind::OutOfOffice }])
    };
    for owners in [both.clone(), both.iter().rev().cloned().collect()] {
        days(owners);
        assert_eq!(town.told("priya").await, away(vacation()[0].until));
    }
    days(vec![of("Europe/Berlin")]);
    assert_eq!(town.told("priya").await, away("2026-05-05T22:00:00Z".parse().expect("an instant")));
}

#[tokio::test]
async fn what_is_no_feed_is_unknown_and_none_leads_out_of_the_way() {
    let names = ["priya", "moved", "away", "inside", "round", "login", "endless", "gone"];
    let town = Town::open(&names).await;
    assert_eq!(town.told("moved").await, Ok(vacation()));
    for (name, why) in [
        ("away", "without TLS"),
        ("inside", "into our own network"),
        ("round", "without end"),
        ("login", "no iCalendar"),
        ("endless", "longer than"),
        ("gone", "HTTP 404"),
        ("nobody", "no feed is called \"nobody\""),
    ] {
        let told = tokio::time::timeout(SOON, town.told(name)).await.expect("it ends");
        let told = told.expect_err(name);
        assert!(told.contains(why), "{name}: {told}");
    }
    assert_eq!(town.asked().iter().filter(|(path, _)| path == "/round.ics").count(), 4);
    assert!(town.feeds.check().await.is_err(), "one of them is no feed");
    let told = town.told("gone").await.expect_err("it is gone");
    assert!(!told.contains("gone.ics"), "whoever knows the address can read the calendar: {told}");
}

#[tokio::test]
async fn nothing_is_booked_in_a_feed() {
    let town = Town::open(&["priya"]).await;
    let request = BookRequest {
        key: "k".to_owned(),
        calendar: "priya".to_owned(),
        from: at("07"),
        until: at("08"),
        attendee_email: None,
        attendee_name: None,
        summary: CallerText(String::new()),
        description: CallerText(String::new()),
    };
    let refused = town.feeds.book(&request).await.expect_err("it is read only");
    assert!(refused.in_log().contains("needs_person, a feed can be read only: name a calendar"), "{refused}");
    assert_eq!(town.feeds.move_to("id", &request).await, Err(refused.clone()));
    assert_eq!(town.feeds.cancel("priya", "id", &CallerText(String::new())).await, Err(refused));
    assert_eq!(town.asked(), []);
    town.feeds.check().await.expect("it can be read");
}

#[test]
fn an_address_is_one_of_the_web() {
    let clock = || FakeClock::new(at("01")) as SharedClock;
    let of = |address: &str| IcsFeeds::new(&BTreeMap::from([("priya".to_owned(), Secret::new(address))]), clock());
    assert!(of("webcal://calendars.example/p.ics").is_ok() && of("https://calendars.example/p.ics").is_ok());
    for address in ["", "calendars.example/p.ics", "file:///etc/passwd", "ftp://calendars.example/p.ics"] {
        assert!(of(address).is_err(), "{address}");
    }
}
