//! Each call alone: an outage, a limit and a lost answer are told apart.

use super::changing::later;
use super::{ANA, BEN, Office, request, settings};
use crate::vendors::chat::{class, each_fault, world};
use axum::Router;
use axum::http::StatusCode;
use baton::connectors::calendar::graph::GraphCalendar;
use baton::connectors::{BookRequest, Booked, Calendar};
use baton_clock::SharedClock;
use baton_core::domain::text::CallerText;
use baton_sandbox::serve;

#[tokio::test]
async fn every_call_tells_an_outage_a_limit_and_a_lost_answer_apart() {
    for (fault, read, written) in each_fault() {
        let office = Office::open().await;
        let arm = |operation: &str| office.world.arm("microsoft", operation, fault.clone(), 1);
        for operation in ["token", "calendar.getSchedule"] {
            if operation == "token" && read == "rate_limited" {
                continue; // the description tells of none for tokens
            }
            arm(operation);
            let failed = office.busy(&[ANA]).await.expect_err(operation);
            assert_eq!(failed.class(), read, "{operation}, {fault:?}: {failed}");
        }
        arm("batch");
        let known = office.busy(&[ANA]).await.expect("schedules are told");
        assert!(known[ANA].is_err(), "whether they are away is not known: {fault:?}, {known:?}");
        arm("calendarView.list");
        let failed = office.book(1).await.expect_err("the time cannot be looked at");
        assert_eq!(failed.class(), read, "{fault:?}: {failed}");
        arm("event.create");
        let failed = office.book(1).await.expect_err("it is not booked for sure");
        assert_eq!(failed.class(), written, "{fault:?}: {failed}");
        let id = office.booked().await;
        for (operation, expected) in [("event.get", read), ("event.update", written)] {
            arm(operation);
            let failed = office.calendar.move_to(&id, &later()).await.expect_err(operation);
            assert_eq!(failed.class(), expected, "{operation}, {fault:?}: {failed}");
        }
        let words = CallerText("Sorry.".to_owned());
        arm("event.cancel");
        let failed = office.calendar.cancel(ANA, &id, &words).await.expect_err("it is not called off for sure");
        assert_eq!(failed.class(), written, "{fault:?}: {failed}");
        // Without a guest there is nothing to call off, and the event is deleted.
        let alone = BookRequest { attendee_email: None, attendee_name: None, calendar: BEN.into(), ..request(2) };
        let Booked::Event { id } = office.calendar.book(&alone).await.expect("a meeting") else { panic!("taken") };
        arm("event.delete");
        let failed = office.calendar.cancel(BEN, &id, &words).await.expect_err("it is not deleted for sure");
        assert_eq!(failed.class(), written, "{fault:?}: {failed}");
    }
}

#[tokio::test]
async fn a_limit_on_tokens_is_none_on_who_we_are() {
    let busy = Router::new().fallback(|| async { (StatusCode::TOO_MANY_REQUESTS, "Too many requests (429)") });
    let address = serve(busy).await.expect("a port");
    let clock = world().0 as SharedClock;
    let calendar = GraphCalendar::new(settings(&format!("http://{address}")), clock).expect("a client");
    assert_eq!(class(calendar.check().await), "rate_limited");
}
