//! Each call alone: an outage, a limit and a lost answer are told apart.

use super::moving::at_noon;
use super::{ANA, Office, all, day};
use crate::vendors::chat::{class, each_fault, world};
use axum::Router;
use axum::http::StatusCode;
use baton::connectors::Calendar;
use baton::connectors::calendar::ChannelRequest;
use baton::connectors::calendar::google::{GoogleCalendar, GoogleConfig};
use baton::connectors::http::Secret;
use baton_clock::SharedClock;
use baton_sandbox::google::SANDBOX_KEY_PEM;
use baton_sandbox::serve;
use chrono::TimeDelta;

#[tokio::test]
async fn every_call_tells_an_outage_a_limit_and_a_lost_answer_apart() {
    for (fault, read, written) in each_fault() {
        let office = Office::open().await;
        let arm = |operation: &str| office.world.arm("google", operation, fault.clone(), 1);
        for operation in ["token", "freebusy.query"] {
            if operation == "token" && read == "rate_limited" {
                continue; // the description tells of none for tokens
            }
            arm(operation);
            let failed = office.busy(&[ANA]).await.expect_err(operation);
            assert_eq!(failed.class(), read, "{operation}, {fault:?}: {failed}");
        }
        arm("events.list");
        let (from, until) = day();
        let named = office.calendar.absences(&all(&[ANA]), from, until).await;
        assert!(named.is_empty(), "what is not known is not said: {fault:?}");
        arm("events.insert");
        let failed = office.book(1).await.expect_err("it is not booked for sure");
        assert_eq!(failed.class(), written, "{fault:?}: {failed}");
        office.book(1).await.expect("it is booked");
        arm("events.get");
        let failed = office.book(1).await.expect_err("it cannot be read");
        assert_eq!(failed.class(), read, "{fault:?}: {failed}");
        let id = office.booked().await;
        arm("events.patch");
        let failed = office.calendar.move_to(&id, &at_noon()).await.expect_err("it is not moved for sure");
        assert_eq!(failed.class(), written, "{fault:?}: {failed}");
        arm("events.delete");
        let failed = office.cancel(&id).await.expect_err("it is not called off for sure");
        assert_eq!(failed.class(), written, "{fault:?}: {failed}");
        let (google, request) = (office.calendar.watches().expect("it tells of changes"), channel());
        arm("events.watch");
        let failed = google.watch(ANA, &request).await.expect_err("it is not open for sure");
        assert_eq!(failed.class(), written, "{fault:?}: {failed}");
        let opened =
            google.watch(ANA, &ChannelRequest { id: "second".to_owned(), ..request }).await.expect("a channel");
        arm("channels.stop");
        let failed = google.unwatch(ANA, "second", &opened.resource).await.expect_err("it is not closed for sure");
        assert_eq!(failed.class(), written, "{fault:?}: {failed}");
        google.unwatch(ANA, "second", &opened.resource).await.expect("closed by now, whoever did it");
    }
}

fn channel() -> ChannelRequest {
    ChannelRequest {
        id: "first".to_owned(),
        token: "proof".to_owned(),
        address: "https://baton.example/v1/calendars/google".to_owned(),
        until: day().1,
    }
}

#[tokio::test]
async fn a_channel_ends_when_google_says_and_leads_to_an_address_of_https_alone() {
    let office = Office::open().await;
    let google = office.calendar.watches().expect("it tells of changes");
    let opened = google.watch(ANA, &channel()).await.expect("a channel");
    assert_eq!((opened.until, office.state.channels().len()), (day().1, 1));
    let long = ChannelRequest { id: "long".to_owned(), until: day().1 + TimeDelta::days(90), ..channel() };
    let cut = google.watch(ANA, &long).await.expect("a channel").until;
    assert!(cut < long.until, "{cut}: Google grants a week at most");
    let failed = google.watch(ANA, &channel()).await.expect_err("its id is in use");
    assert_eq!(failed.class(), "needs_person", "{failed}");
    google.unwatch(ANA, "first", &opened.resource).await.expect("it is closed");
    let left: Vec<String> = office.state.channels().into_iter().map(|channel| channel.id).collect();
    assert_eq!(left, ["long"]);
}

#[tokio::test]
async fn a_limit_on_tokens_is_none_on_who_we_are() {
    let busy = Router::new().fallback(|| async { (StatusCode::TOO_MANY_REQUESTS, "Too many requests (429)") });
    let address = serve(busy).await.expect("a port");
    let mut config = GoogleConfig::new("baton@project.example", Secret::new(SANDBOX_KEY_PEM));
    (config.base_url, config.token_url) = (format!("http://{address}"), format!("http://{address}/token"));
    let calendar = GoogleCalendar::new(config, world().0 as SharedClock).expect("a client");
    assert_eq!(class(calendar.check().await), "rate_limited");
}
