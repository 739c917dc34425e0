//! Schedules, events and automatic replies, alone or in a batch.

use super::told::Told;
use super::{App, GraphEvent, OWNER_IS_EAST, PAGE_SIZE, moment};
use crate::Fault;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, Uri};
use axum::{Extension, Json};
use chrono::{DateTime, NaiveDateTime, Utc};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Mailboxes in one `getSchedule`, and requests in one batch.
const SCHEDULES: usize = 20;
const PARTS: usize = 20;

type Parameters = BTreeMap<String, String>;

/// What a request prefers; it holds for this one request.
#[derive(Clone, Copy)]
pub(super) struct Prefer {
    utc: bool,
    immutable: bool,
}

impl Prefer {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let said: Vec<&str> = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok()).collect();
        Self::said(&said.join(", "))
    }

    fn said(text: &str) -> Self {
        Self { utc: text.contains("outlook.timezone=\"UTC\""), immutable: text.contains("IdType=\"ImmutableId\"") }
    }
}

/// As a body says it: no offset, and the zone beside it.
pub(super) fn instant(moment: &Value) -> Option<DateTime<Utc>> {
    let time: NaiveDateTime = moment["dateTime"].as_str()?.parse().ok()?;
    (moment["timeZone"] == "UTC").then(|| time.and_utc())
}

pub(super) fn not_found() -> Told {
    Told::failure(404, "ErrorItemNotFound", "The specified object was not found in the store.")
}

pub(super) async fn schedule(
    State(app): State<App>,
    Path(user): Path<String>,
    fault: Option<Extension<Fault>>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Told {
    if let Some(refusal) = app.state.refusal(&user, "Calendars.Read") {
        return refusal;
    }
    let (Some(from), Some(until)) = (instant(&body["startTime"]), instant(&body["endTime"])) else {
        return Told::failure(400, "ErrorInvalidRequest", "The times are not understood.");
    };
    let schedules = body["schedules"].as_array().cloned().unwrap_or_default();
    let span = body["availabilityViewInterval"].as_i64().unwrap_or(30);
    if schedules.len() > SCHEDULES || span > (until - from).num_minutes().max(5) {
        return Told::failure(400, "ErrorInvalidRequest", "Too many mailboxes, or an interval longer than the window.");
    }
    let prefer = Prefer::of(&headers);
    let all_fail = matches!(fault.as_deref(), Some(Fault::ErrorInside200));
    let told = schedules.iter().filter_map(Value::as_str).map(|mailbox| {
        let trouble = if all_fail { Some("ErrorServerBusy".to_owned()) } else { app.state.trouble(mailbox) };
        match trouble {
            Some(code) => json!({
                "scheduleId": mailbox, "availabilityView": "", "error": { "message": "on cue", "responseCode": code },
            }),
            None => {
                let items: Vec<Value> =
                    app.state.within(mailbox, from, until).iter().map(|event| item(event, prefer)).collect();
                json!({ "scheduleId": mailbox, "availabilityView": "0", "scheduleItems": items })
            }
        }
    });
    Told::with(200, json!({ "value": told.collect::<Vec<_>>() }))
}

fn item(event: &GraphEvent, prefer: Prefer) -> Value {
    json!({
        "isPrivate": false, "status": event.show_as, "start": moment(event.from, prefer.utc),
        "end": moment(event.until, prefer.utc),
    })
}

pub(super) async fn event(
    State(app): State<App>,
    Path((user, id)): Path<(String, String)>,
    Query(query): Query<Parameters>,
    headers: HeaderMap,
) -> Told {
    if let Some(refusal) = app.state.refusal(&user, "Calendars.Read") {
        return refusal;
    }
    let select = query.get("$select").map(String::as_str);
    app.state
        .standing(&user, &id)
        .map_or_else(not_found, |event| Told::with(200, shown(&event, Prefer::of(&headers), select)))
}

pub(super) async fn view(
    State(app): State<App>,
    Path(user): Path<String>,
    Query(query): Query<Parameters>,
    headers: HeaderMap,
) -> Told {
    page(&app, &user, &host(&headers), Prefer::of(&headers), &query)
}

fn host(headers: &HeaderMap) -> String {
    headers.get("host").and_then(|value| value.to_str().ok()).unwrap_or("localhost").to_owned()
}

fn page(app: &App, user: &str, host: &str, prefer: Prefer, query: &Parameters) -> Told {
    if let Some(refusal) = app.state.refusal(user, "Calendars.Read") {
        return refusal;
    }
    let text = |name: &str| query.get(name).map_or("", String::as_str);
    let (start, end) = (text("startDateTime"), text("endDateTime"));
    let (Ok(from), Ok(until)) = (start.parse::<DateTime<Utc>>(), end.parse::<DateTime<Utc>>()) else {
        return Told::failure(400, "ErrorInvalidRequest", "The window is not understood.");
    };
    let number = |name: &str| text(name).parse::<usize>().ok();
    let top = number("$top").unwrap_or(PAGE_SIZE);
    let (size, skip) = (top.min(app.state.most_on_a_page()), number("$skip").unwrap_or(0));
    let select = query.get("$select").map(String::as_str);
    let found = app.state.within(user, from, until);
    let value: Vec<Value> = found.iter().skip(skip).take(size).map(|event| shown(event, prefer, select)).collect();
    let mut told = json!({ "value": value });
    if skip + size < found.len() {
        let next = skip + size;
        let select = select.map(|fields| format!("&$select={fields}")).unwrap_or_default();
        told["@odata.nextLink"] = json!(format!(
            "http://{host}/v1.0/users/{user}/calendarView?startDateTime={start}&endDateTime={end}&$top={top}&$skip={next}{select}"
        ));
    }
    Told::with(200, told)
}

pub(super) fn shown(event: &GraphEvent, prefer: Prefer, select: Option<&str>) -> Value {
    let id = if prefer.immutable { event.id.clone() } else { format!("AAMkVolatile{}", event.changes) };
    // From midnight to midnight of no zone, whichever is asked for.
    let at = |at: DateTime<Utc>| {
        let at = if event.is_all_day && prefer.utc { at + OWNER_IS_EAST } else { at };
        moment(at, prefer.utc)
    };
    let attendees: Vec<Value> = event
        .attendee_email
        .iter()
        .map(|address| json!({ "type": "required", "emailAddress": { "address": address } }))
        .collect();
    let whole = json!({
        "subject": event.subject, "start": at(event.from), "end": at(event.until), "showAs": event.show_as,
        "isAllDay": event.is_all_day, "isCancelled": false, "transactionId": event.transaction_id,
        "body": { "contentType": "html", "content": event.text }, "attendees": attendees,
        "isOnlineMeeting": event.online, "responseStatus": { "response": event.response },
    });
    let mut told = json!({ "@odata.etag": event.etag(), "id": id });
    for (name, value) in whole.as_object().expect("it is one") {
        if select.is_none_or(|fields| fields.split(',').any(|field| field == name)) {
            told[name.as_str()] = value.clone();
        }
    }
    told
}

/// Parts are answered in another order than they were asked in.
pub(super) async fn batch(
    State(app): State<App>,
    fault: Option<Extension<Fault>>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Told {
    let requests = body["requests"].as_array().cloned().unwrap_or_default();
    if requests.is_empty() || requests.len() > PARTS {
        return Told::failure(400, "BadRequest", "A batch holds 1 to 20 requests.");
    }
    let all_fail = matches!(fault.as_deref(), Some(Fault::ErrorInside200));
    let host = host(&headers);
    let part = |request: &Value| {
        let too_many = || Told { retry_after_s: Some(5), ..Told::failure(429, "TooManyRequests", "Too many requests") };
        let told = if all_fail { too_many() } else { answered(&app, &host, request) };
        told.part(request["id"].as_str().unwrap_or_default())
    };
    Told::with(200, json!({ "responses": requests.iter().rev().map(part).collect::<Vec<_>>() }))
}

fn answered(app: &App, host: &str, request: &Value) -> Told {
    let url = request["url"].as_str().unwrap_or_default();
    let prefer = Prefer::said(request["headers"]["Prefer"].as_str().unwrap_or_default());
    let segments: Vec<&str> = url.split('?').next().unwrap_or_default().split('/').skip(1).collect();
    match segments[..] {
        ["users", user, "mailboxSettings", "automaticRepliesSetting"] => replies(app, user),
        ["users", user, "calendarView"] => {
            let uri: Option<Uri> = url.parse().ok();
            let query = uri.and_then(|uri| Query::<Parameters>::try_from_uri(&uri).ok());
            page(app, user, host, prefer, &query.map(|Query(query)| query).unwrap_or_default())
        }
        _ => Told::failure(400, "BadRequest", "The stand-in knows no such part."),
    }
}

fn replies(app: &App, user: &str) -> Told {
    if let Some(refusal) = app.state.take_refusal("automaticReplies.get") {
        return refusal;
    }
    if let Some(refusal) = app.state.refusal(user, "MailboxSettings.Read") {
        return refusal;
    }
    let set = app.state.kept().replies.get(user).cloned();
    Told::with(200, set.unwrap_or_else(|| json!({ "status": "disabled", "externalAudience": "none" })))
}
