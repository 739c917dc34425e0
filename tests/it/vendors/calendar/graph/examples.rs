//! Every named answer of Microsoft's own description, and what we make of it; and answers that were seen elsewhere.

use super::{Office, request, settings};
use crate::program::root;
use crate::vendors::chat::{at, class, world};
use crate::vendors::contract::at_hand;
use axum::Json;
use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, Uri};
use baton::connectors::calendar::graph::GraphCalendar;
use baton::connectors::{BookRequest, Booked, Calendar, VendorError};
use baton_clock::SharedClock;
use baton_core::domain::rep::{Busy, BusyKind};
use baton_sandbox::serve;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

const CONTRACT: &str = "microsoft-graph/openapi.strict.json";
const REP: &str = "rep@example.com";

/// Status, code and class of every failure when an event is inserted.
const FAILURES: [(u16, &str, &str); 18] = [
    (400, "ErrorInvalidRequest", "needs_person"),
    (400, "RequestBodyRead", "needs_person"),
    (400, "ErrorPropertyValidationFailure", "needs_person"),
    (400, "ErrorInvalidIdMalformed", "needs_person"),
    (400, "TimeZoneNotSupportedException", "needs_person"),
    (401, "InvalidAuthenticationToken", "reauthenticate"),
    (403, "ErrorAccessDenied", "needs_person"),
    (403, "Authorization_RequestDenied", "needs_person"),
    (404, "ErrorItemNotFound", "gone"),
    (404, "MailboxNotEnabledForRESTAPI", "needs_person"),
    (404, "Request_ResourceNotFound", "needs_person"),
    // Somebody else's event has our key, and nobody can find it: later.
    (409, "ErrorIrresolvableConflict", "retry"),
    (412, "ErrorIrresolvableConflict", "retry"),
    (429, "ApplicationThrottled", "rate_limited"),
    (429, "TooManyRequests", "rate_limited"),
    (500, "ErrorInternalServerError", "unknown"),
    (503, "ErrorServerBusy", "retry"),
    (504, "UnknownError", "unknown"),
];

#[tokio::test]
async fn every_named_failure_has_its_class() {
    let office = Office::open().await;
    for (status, code, expected) in FAILURES {
        // The second time with a new token.
        let times = if status == 401 { 2 } else { 1 };
        for _ in 0..times {
            office.state.refuse_next("event.create", status, code, None);
        }
        assert_eq!(class(office.book(1).await), expected, "{status} {code}");
    }
    assert!(office.state.booked().is_empty());
    let Some(text) = at_hand(CONTRACT) else { return };
    let document: Value = serde_json::from_str(&text).expect("a description is JSON");
    let responses = document["components"]["responses"].as_object().expect("it has some");
    let named = responses.iter().filter_map(|(name, response)| {
        let status: u16 = name.strip_prefix('E')?.parse().ok()?;
        let examples = response["content"]["application/json"]["examples"].as_object()?;
        Some(examples.keys().map(move |code| (status, code.clone())))
    });
    let named: BTreeSet<(u16, String)> = named.flatten().collect();
    let ours: BTreeSet<(u16, String)> =
        FAILURES.iter().map(|(status, code, _)| (*status, (*code).to_owned())).collect();
    assert_eq!(named, ours, "the contract names others than are tried here");
}

type Asked = Arc<Mutex<Vec<(String, HeaderMap)>>>;

/// A Graph that says what it is told to, and what it was asked.
#[derive(Clone, Default)]
struct Script {
    schedule: Value,
    replies: Value,
    /// `calendarView`, and what follows it.
    pages: Vec<Value>,
    event: Value,
    /// Instead of `replies` in a batch.
    batch: Option<Value>,
    asked: Asked,
}

impl Script {
    async fn client(self) -> (GraphCalendar, Asked) {
        let asked = Arc::clone(&self.asked);
        let answer = move |uri: Uri, headers: HeaderMap, body: Bytes| {
            let script = self.clone();
            async move { script.says(&uri, headers, &body) }
        };
        let address = serve(Router::new().fallback(answer)).await.expect("a port");
        let clock = world().0 as SharedClock;
        (GraphCalendar::new(settings(&format!("http://{address}")), clock).expect("a client"), asked)
    }

    fn says(&self, uri: &Uri, headers: HeaderMap, body: &[u8]) -> Json<Value> {
        let (path, query) = (uri.path(), uri.query().unwrap_or_default());
        let host = headers.get("host").and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        self.asked.lock().expect("a list").push((path.to_owned(), headers));
        let page = |index: usize| -> Value {
            let text = self.pages[index].to_string().replace("127.0.0.1:1", &host);
            serde_json::from_str(&text).expect("a page is JSON")
        };
        Json(match path {
            _ if path.ends_with("/token") => {
                json!({ "token_type": "Bearer", "expires_in": 3_599, "access_token": "opaque" })
            }
            "/v1.0/$batch" => self.batch.clone().unwrap_or_else(|| {
                let asked: Value = serde_json::from_slice(body).expect("a batch is JSON");
                let parts = asked["requests"].as_array().expect("requests");
                let part = |part: &Value| json!({ "id": part["id"], "status": 200, "body": self.replies });
                json!({ "responses": parts.iter().map(part).collect::<Vec<_>>() })
            }),
            _ if path.ends_with("/getSchedule") => self.schedule.clone(),
            _ if path.ends_with("/calendarView") => page(0),
            "/v1.0/p" => page(if query.ends_with('2') { 1 } else { 2 }),
            _ => self.event.clone(),
        })
    }
}

/// The named answers of an operation of users, of a status.
fn examples(document: &Value, path: &str, method: &str, status: &str) -> Vec<(String, Value)> {
    let operation = &document["paths"][format!("/v1.0/users/{{userId}}{path}")][method];
    let named = operation["responses"][status]["content"]["application/json"]["examples"].as_object();
    let named = named.unwrap_or_else(|| panic!("{method} {path} has examples of {status}"));
    named.iter().map(|(name, example)| (name.clone(), example["value"].clone())).collect()
}

fn off() -> Value {
    json!({ "status": "disabled" })
}

async fn times(script: Script, mailbox: &str) -> Result<Vec<Busy>, String> {
    let (calendar, _) = script.client().await;
    let (from, until) = (at("2026-11-23T08:00:00Z"), at("2026-11-23T18:00:00Z"));
    let mut known = calendar.busy(&[mailbox.to_owned()], from, until).await.expect("an answer");
    known.remove(mailbox).expect("every mailbox is in it")
}

fn told(times: &[Busy]) -> Vec<(String, String, BusyKind)> {
    let time = |at: chrono::DateTime<chrono::Utc>| at.format("%H:%M").to_string();
    times.iter().map(|busy| (time(busy.from), time(busy.until), busy.kind)).collect()
}

#[tokio::test]
async fn every_named_schedule_and_automatic_reply_is_read_as_it_is_meant() {
    let Some(text) = at_hand(CONTRACT) else { return };
    let document: Value = serde_json::from_str(&text).expect("a description is JSON");
    let free = json!({ "value": [{ "scheduleId": REP, "scheduleItems": [] }] });
    let taken = |from: &str, until: &str, kind| (from.to_owned(), until.to_owned(), kind);
    for (name, schedule) in examples(&document, "/calendar/getSchedule", "post", "200") {
        let mailbox = if name == "error" { "gone@example.com" } else { REP };
        let known = times(Script { schedule, replies: off(), ..Script::default() }, mailbox).await;
        match name.as_str() {
            "busy" => {
                let (busy, oof) = (BusyKind::Busy, BusyKind::OutOfOffice);
                assert_eq!(told(&known.unwrap()), [taken("09:00", "10:00", busy), taken("12:00", "13:00", oof)]);
            }
            "free" => assert_eq!(known, Ok(vec![])),
            "error" => assert!(known.unwrap_err().contains("ErrorMailRecipientNotFound")),
            other => panic!("getSchedule has another example: {other}"),
        }
    }
    let settings = examples(&document, "/mailboxSettings", "get", "200").into_iter();
    let mut replies: Vec<(String, Value)> =
        settings.map(|(name, value)| (name, value["automaticRepliesSetting"].clone())).collect();
    replies.extend(examples(&document, "/mailboxSettings/automaticRepliesSetting", "get", "200"));
    for (name, replies) in replies {
        let known = times(Script { schedule: free.clone(), replies, ..Script::default() }, REP).await.unwrap();
        match name.as_str() {
            "off" | "custom_zone" => assert_eq!(known, []),
            // Until Friday: over the whole of what was asked for.
            "scheduled" | "always" => assert_eq!(told(&known), [taken("08:00", "18:00", BusyKind::OutOfOffice)]),
            other => panic!("mailboxSettings has another example: {other}"),
        }
    }
}

#[tokio::test]
async fn every_named_event_is_found_or_booked() {
    let Some(text) = at_hand(CONTRACT) else { return };
    let document: Value = serde_json::from_str(&text).expect("a description is JSON");
    let created = examples(&document, "/events", "post", "201").remove(0).1;
    let ours = BookRequest {
        key: "k1".into(),
        calendar: REP.into(),
        from: at("2026-11-23T09:00:00Z"),
        until: at("2026-11-23T09:30:00Z"),
        ..request(1)
    };
    let theirs = BookRequest { key: "k2".into(), ..ours.clone() };
    let event = Booked::Event { id: "AAMkAGI1AAAt9AHjAAA=".to_owned() };
    for (name, page) in examples(&document, "/calendarView", "get", "200") {
        let script = Script { pages: vec![page], event: created.clone(), ..Script::default() };
        let (calendar, _) = script.client().await;
        match name.as_str() {
            "page" => {
                assert_eq!(calendar.book(&ours).await.unwrap(), event);
                assert_eq!(calendar.book(&theirs).await.unwrap(), Booked::Taken);
            }
            // At the vendor's own address, which is not the one that we were told to speak to.
            "paged" => {
                let error = calendar.book(&ours).await.unwrap_err();
                assert!(
                    matches!(&error, VendorError::NeedsPerson { why, .. } if why.contains("base_url")),
                    "{error:?}"
                );
            }
            "empty" => assert_eq!(calendar.book(&ours).await.unwrap(), event),
            other => panic!("calendarView has another example: {other}"),
        }
    }
    for (_, stands) in examples(&document, "/events/{eventId}", "get", "200") {
        let (calendar, asked) = Script { event: stands, ..Script::default() }.client().await;
        assert_eq!(calendar.move_to("AAMkAGI1AAAt9AHjAAA=", &ours).await.unwrap(), event);
        assert_eq!(asked.lock().unwrap().len(), 2, "a token, and one look: it stands there already");
    }
}

/// Each page is asked for where the one before says, with our `Prefer`, which the address does not carry.
#[tokio::test]
async fn three_pages_are_read_to_their_end() {
    let text = std::fs::read_to_string(root().join("fixtures/vendors/microsoft-graph/three_pages.json")).unwrap();
    let script = Script { pages: serde_json::from_str(&text).unwrap(), ..Script::default() };
    let (calendar, asked) = script.client().await;
    assert_eq!(calendar.book(&request(1)).await.unwrap(), Booked::Taken, "an event without an end may last");
    let asked = asked.lock().unwrap();
    let pages: Vec<&HeaderMap> =
        asked.iter().filter(|(path, _)| path == "/v1.0/p").map(|(_, headers)| headers).collect();
    assert_eq!(pages.len(), 4, "twice two, after the first: of its time, and of the days around it");
    assert!(pages.iter().all(|headers| headers["prefer"] == "outlook.timezone=\"UTC\", IdType=\"ImmutableId\""));
}

#[tokio::test]
async fn of_a_mixed_batch_nobody_is_taken_for_free() {
    let text = std::fs::read_to_string(root().join("fixtures/vendors/microsoft-graph/batch_mixed.json")).unwrap();
    let names: Vec<String> = (0..4).map(|index| format!("rep{index}@example.com")).collect();
    let entries: Vec<Value> = names.iter().map(|name| json!({ "scheduleId": name, "scheduleItems": [] })).collect();
    let script = Script {
        schedule: json!({ "value": entries }),
        batch: Some(serde_json::from_str(&text).unwrap()),
        ..Script::default()
    };
    let (calendar, _) = script.client().await;
    let (from, until) = (at("2026-11-23T08:00:00Z"), at("2026-11-23T18:00:00Z"));
    let known = calendar.busy(&names, from, until).await.unwrap();
    for (name, why) in names.iter().zip(["missing", "do not read", "HTTP 429", "a word that is not known"]) {
        assert!(known[name].as_ref().unwrap_err().contains(why), "{name}: {:?}", known[name]);
    }
}
