//! Calendars that do not go into one answer.

use super::{PASSWORD, client, event, hour, taken};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use baton::connectors::Calendar;
use baton_core::domain::rep::BusyKind;
use std::sync::{Arc, Mutex};

/// Events, and bytes of what is written in each of them.
#[derive(Clone)]
struct Large {
    events: usize,
    bytes_each: usize,
    /// How many were asked for at once.
    asked: Arc<Mutex<Vec<usize>>>,
}

async fn answer(State(large): State<Large>, method: Method, body: Bytes) -> Response {
    let body = String::from_utf8_lossy(&body).into_owned();
    let several = |responses: &str| {
        let body = format!(
            "<?xml version=\"1.0\"?><d:multistatus xmlns:d=\"DAV:\" xmlns:c=\"urn:ietf:params:xml:ns:caldav\">{responses}\
             <d:sync-token>1</d:sync-token></d:multistatus>"
        );
        (StatusCode::MULTI_STATUS, body).into_response()
    };
    let told = |href: &str, properties: &str| {
        format!(
            "<d:response><d:href>{href}</d:href><d:propstat><d:prop>{properties}</d:prop><d:status>HTTP/1.1 200 OK</d:status>\
             </d:propstat></d:response>"
        )
    };
    let hrefs = (0..large.events).map(|number| format!("/cal/{number}.ics"));
    if method.as_str() == "PROPFIND" {
        let can = ["d:sync-collection", "c:calendar-multiget", "c:calendar-query"];
        let can = can.map(|name| format!("<d:supported-report><d:report><{name}/></d:report></d:supported-report>"));
        let is = "<d:resourcetype><d:collection/><c:calendar/></d:resourcetype>";
        let properties = format!("<d:supported-report-set>{}</d:supported-report-set>{is}", can.concat());
        return several(&told("/cal/", &properties));
    }
    if body.contains("sync-collection") {
        return several(&hrefs.map(|href| told(&href, "<d:getetag>\"1\"</d:getetag>")).collect::<String>());
    }
    let is_query = body.contains("calendar-query");
    let wanted: Vec<String> = hrefs.filter(|href| is_query || body.contains(&format!(">{href}<"))).collect();
    if !is_query {
        large.asked.lock().expect("what was asked").push(wanted.len());
    }
    let text = |href: &str| {
        let hour = href.trim_matches(|c: char| !c.is_ascii_digit()).parse::<usize>().expect("a number") % 24;
        let lines = format!(
            "DTSTART:20260504T{hour:02}0000Z\r\nDTEND:20260504T{hour:02}3000Z\r\nDESCRIPTION:{}",
            "x".repeat(large.bytes_each)
        );
        event(href, &lines)
    };
    let data = |href: &String| {
        told(
            href,
            &format!("<d:getetag>\"1\"</d:getetag><c:calendar-data><![CDATA[{}]]></c:calendar-data>", text(href)),
        )
    };
    several(&wanted.iter().map(data).collect::<String>())
}

/// Of what was asked for at once, and of the busy times or why they are not known.
async fn read(events: usize, bytes_each: usize) -> (Vec<usize>, Result<usize, String>) {
    let large = Large { events, bytes_each, asked: Arc::default() };
    let routes = Router::new().fallback(answer).with_state(large.clone());
    let url = format!("http://{}", baton_sandbox::serve(routes).await.expect("a port"));
    let told = client(&url, PASSWORD).busy(&["/cal/".to_owned()], hour(4, 0), hour(5, 0)).await;
    let busy = told.map_err(|error| error.to_string()).and_then(|told| told["/cal/"].clone());
    if let Ok(busy) = &busy {
        let first = chrono::TimeDelta::minutes(30);
        assert_eq!(busy[0], taken(hour(4, 0), hour(4, 0) + first, BusyKind::Busy));
    }
    let asked = large.asked.lock().expect("what was asked").clone();
    (asked, busy.map(|busy| busy.len()))
}

#[tokio::test]
async fn what_is_too_long_at_once_is_read_in_parts() {
    let (asked, busy) = read(24, 300_000).await;
    assert_eq!((asked, busy), (vec![24, 12, 12], Ok(24)), "seven megabytes");
    let (asked, busy) = read(2, 5_000_000).await;
    assert!(busy.is_err_and(|why| why.contains("longer than")) && asked == [2, 1], "no part is short enough");
}
