//! Each call alone: an outage, a limit and a lost answer are told apart.

use super::{NOW, PASSWORD, at, client, event, hour, request};
use crate::vendors::chat::each_fault;
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};
use baton::connectors::Calendar;
use baton_clock::{FakeClock, SharedClock};
use baton_core::domain::text::CallerText;
use baton_sandbox::{Fault, World, on_the_wire, serve};
use std::sync::Arc;

const CALENDAR: &str = "<d:resourcetype><d:collection/><c:calendar/></d:resourcetype>";

/// A server of one calendar, which has one event of ours.
async fn answer(fault: Option<Extension<Fault>>, method: Method, uri: Uri) -> Response {
    if let Some(Extension(Fault::RateLimit { .. })) = fault {
        return StatusCode::TOO_MANY_REQUESTS.into_response();
    }
    let several = |href: &str, properties: &str| {
        let body = format!(
            "<?xml version=\"1.0\"?><d:multistatus xmlns:d=\"DAV:\" xmlns:c=\"urn:ietf:params:xml:ns:caldav\"><d:response>\
             <d:href>{href}</d:href><d:propstat><d:prop>{properties}</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat>\
             </d:response></d:multistatus>"
        );
        (StatusCode::MULTI_STATUS, body).into_response()
    };
    match (method.as_str(), uri.path()) {
        ("PROPFIND", "/.well-known/caldav") => {
            several("/", "<d:current-user-principal><d:href>/me/</d:href></d:current-user-principal>")
        }
        ("PROPFIND", "/me/") => several("/me/", "<c:calendar-home-set><d:href>/home/</d:href></c:calendar-home-set>"),
        ("PROPFIND", "/home/" | "/cal/") => several("/cal/", CALENDAR),
        ("OPTIONS", "/home/") => ([("dav", "1, calendar-access")], "").into_response(),
        ("REPORT", "/cal/") => several("/cal/", ""),
        ("GET", "/cal/baton-k1.ics") => {
            let text = event("baton-k1", "DTSTART:20260504T090000Z\r\nDTEND:20260504T093000Z");
            ([("etag", "\"1\"")], text).into_response()
        }
        ("PUT", _) => StatusCode::CREATED.into_response(),
        ("DELETE", _) => StatusCode::NO_CONTENT.into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

#[tokio::test]
async fn every_call_tells_an_outage_a_limit_and_a_lost_answer_apart() {
    for (fault, read, written) in each_fault() {
        let world = World::new(FakeClock::new(at(NOW)) as SharedClock);
        let routes = Router::new().fallback(answer);
        let routes = on_the_wire(Arc::clone(&world), "caldav", |method, _| method.to_owned(), routes);
        let client = client(&format!("http://{}", serve(routes).await.expect("a port")), PASSWORD);
        let arm = |method: &str| world.arm("caldav", method, fault.clone(), 1);
        let (asked, id, words) = (["/cal/".to_owned()], "baton-k1", CallerText("Sorry.".to_owned()));
        for method in ["PROPFIND", "REPORT"] {
            arm(method);
            let failed = client.busy(&asked, hour(1, 0), hour(15, 0)).await.expect_err(method);
            assert_eq!(failed.class(), read, "{method}, {fault:?}: {failed}");
        }
        arm("OPTIONS");
        let failed = client.check().await.expect_err("whether it invites is not known");
        assert_eq!(failed.class(), read, "{fault:?}: {failed}");
        arm("PUT");
        let failed = client.book(&request("/cal/", "k2", hour(5, 9))).await.expect_err("it is not booked for sure");
        assert_eq!(failed.class(), written, "{fault:?}: {failed}");
        for (method, expected) in [("GET", read), ("PUT", written)] {
            arm(method);
            let failed = client.move_to(id, &request("/cal/", "k1", hour(4, 11))).await.expect_err(method);
            assert_eq!(failed.class(), expected, "{method}, {fault:?}: {failed}");
        }
        arm("DELETE");
        let failed = client.cancel("/cal/", id, &words).await.expect_err("it is not deleted for sure");
        assert_eq!(failed.class(), written, "{fault:?}: {failed}");
    }
}
