//! Stand-in for Google Calendar and Google's token service.
//!
//! Kept true: tokens are given for a user and some scopes, and every call needs one that is good; free/busy answers for an
//! unreachable calendar with an error inside the 200, and leaves out what takes no time; lists come in pages; an id that was
//! once used can never be inserted again; *events that overlap are accepted*, as the real service does, and counted. Every calendar exists as soon as somebody names it.
//! A channel takes an address of https alone, says once that it is open, and later that something has changed, not what.
//! Operations for faults: `token`, `freebusy.query`, `events.list`, `events.insert`, `events.get`, `events.patch`, `events.delete`,
//! `events.watch`, `channels.stop`.

mod calendars;
mod token;

pub use calendars::{CalendarState, SeenChannel, SeenEvent};

use super::{Fault, World, on_the_wire};
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use calendars::{Change, Entry, Insert, Refusal, Watch};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

const VENDOR: &str = "google";
/// Calendars in one free/busy query.
const QUERY_LIMIT: usize = 50;

/// Signs assertions in the sandbox and in tests. It opens nothing: the stand-in takes any key.
pub const SANDBOX_KEY_PEM: &str = include_str!("../../../fixtures/vendors/google-calendar/sandbox_key.pem");

type App = super::App<Arc<CalendarState>>;

/// Serves `/calendar/v3/…` and `/token`, which lives on another host in reality.
pub fn routes(world: Arc<World>, state: Arc<CalendarState>) -> Router {
    let app = App { world: Arc::clone(&world), state };
    let guarded = Router::new()
        .route("/calendar/v3/freeBusy", post(free_busy))
        .route("/calendar/v3/calendars/{calendar}/events", get(list).post(insert))
        .route("/calendar/v3/calendars/{calendar}/events/{event}", get(event).patch(patch).delete(delete))
        .route("/calendar/v3/calendars/{calendar}/events/watch", post(watch))
        .route("/calendar/v3/channels/stop", post(stop))
        .layer(axum::middleware::from_fn_with_state(app.clone(), with_token));
    let all = guarded
        .route("/token", post(token::token))
        .layer(axum::middleware::from_fn_with_state(app.clone(), on_cue))
        .with_state(app);
    on_the_wire(world, VENDOR, operation, all)
}

fn operation(method: &str, path: &str) -> String {
    let name = match (method, path.trim_start_matches('/').split('/').count()) {
        ("POST", 1) => "token",
        ("POST", 3) => "freebusy.query",
        ("POST", 4) => "channels.stop",
        ("POST", 6) => "events.watch",
        ("POST", _) => "events.insert",
        ("PATCH", _) => "events.patch",
        ("DELETE", _) => "events.delete",
        (_, 5) => "events.list",
        _ => "events.get",
    };
    name.to_owned()
}

/// Rate limits and refusals come before anything is looked at.
async fn on_cue(State(app): State<App>, request: Request, next: Next) -> Response {
    if let Some(Fault::RateLimit { retry_after_s }) = request.extensions().get::<Fault>() {
        let mut response = failure(429, "rateLimitExceeded", "Rate Limit Exceeded");
        if let Some(seconds) = *retry_after_s {
            response.headers_mut().insert("retry-after", seconds.into());
        }
        return response;
    }
    let operation = operation(request.method().as_str(), request.uri().path());
    match app.state.take_refusal(&operation) {
        Some(Refusal { status, reason }) => failure(status, &reason, "refused on cue"),
        None => next.run(request).await,
    }
}

async fn with_token(State(app): State<App>, request: Request, next: Next) -> Response {
    let given = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    let token = given.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    let reads_free_busy = request.uri().path().ends_with("/freeBusy");
    let needed = if reads_free_busy { "calendar.freebusy" } else { "calendar.events" };
    match app.state.entry(token, needed, app.now()) {
        Entry::Good => next.run(request).await,
        Entry::BadToken => failure(401, "authError", "Invalid Credentials"),
        Entry::NarrowScope => failure(403, "insufficientPermissions", "Insufficient Permission"),
    }
}

fn failure(status: u16, reason: &str, message: &str) -> Response {
    let error = json!({ "domain": "global", "reason": reason, "message": message });
    let body = json!({ "error": { "errors": [error], "code": status, "message": message } });
    let status = StatusCode::from_u16(status).expect("a scripted status is one");
    (status, Json(body)).into_response()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FreeBusyRequest {
    time_min: DateTime<Utc>,
    time_max: DateTime<Utc>,
    items: Vec<FreeBusyItem>,
}

#[derive(Deserialize)]
struct FreeBusyItem {
    id: String,
}

async fn free_busy(
    State(app): State<App>,
    fault: Option<Extension<Fault>>,
    Json(request): Json<FreeBusyRequest>,
) -> Response {
    if request.items.len() > QUERY_LIMIT {
        return failure(400, "tooManyCalendarsRequested", "Too many calendars were requested.");
    }
    if request.time_min >= request.time_max {
        return failure(400, "timeRangeEmpty", "The specified time range is empty.");
    }
    let all_fail = matches!(fault.as_deref(), Some(Fault::ErrorInside200));
    let calendars: serde_json::Map<String, Value> = request
        .items
        .into_iter()
        .map(|FreeBusyItem { id }| {
            let reason = if all_fail { Some("internalError".to_owned()) } else { app.state.trouble(&id) };
            let entry = match reason {
                Some(reason) => json!({ "errors": [{ "domain": "global", "reason": reason }], "busy": [] }),
                None => json!({ "busy": app.state.busy(&id, request.time_min, request.time_max) }),
            };
            (id, entry)
        })
        .collect();
    let answer = json!({
        "kind": "calendar#freeBusy", "timeMin": request.time_min, "timeMax": request.time_max, "calendars": calendars,
    });
    Json(answer).into_response()
}

async fn insert(
    State(app): State<App>,
    Path(calendar): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
    Json(body): Json<Value>,
) -> Response {
    match app.state.insert(&calendar, &body, tells(&query)) {
        Insert::Duplicate => failure(409, "duplicate", "The requested identifier already exists."),
        Insert::Invalid(what) => failure(400, "invalid", what),
        Insert::Made(event) => {
            let who = event.attendee_email.clone().unwrap_or_else(|| event.id.clone());
            let natural_key = format!("{calendar}/{}/{who}", event.from.to_rfc3339());
            let detail = json!({ "id": event.id, "until": event.until, "invited": event.invited });
            app.world.accept(VENDOR, "book", natural_key, detail);
            Json(shown(&event)).into_response()
        }
    }
}

async fn event(State(app): State<App>, Path((calendar, id)): Path<(String, String)>) -> Response {
    match app.state.event(&calendar, &id) {
        Some(event) => Json(shown(&event)).into_response(),
        None => failure(404, "notFound", "Not Found"),
    }
}

async fn patch(
    State(app): State<App>,
    Path((calendar, id)): Path<(String, String)>,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    let etag = headers.get("if-match").and_then(|etag| etag.to_str().ok());
    let before = app.state.event(&calendar, &id);
    match app.state.patch(&calendar, &id, etag, &body, tells(&query)) {
        Change::Made(event) => {
            if before.is_some_and(|before| before.from != event.from) {
                let detail = json!({ "until": event.until, "told": event.told });
                app.world.accept(VENDOR, "move", format!("{calendar}/{id}/{}", event.from.to_rfc3339()), detail);
            }
            Json(shown(&event)).into_response()
        }
        other => other.refusal(),
    }
}

async fn delete(
    State(app): State<App>,
    Path((calendar, id)): Path<(String, String)>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    match app.state.delete(&calendar, &id, tells(&query)) {
        Change::Made(event) => {
            app.world.accept(VENDOR, "cancel", format!("{calendar}/{id}"), json!({ "told": event.told }));
            StatusCode::NO_CONTENT.into_response()
        }
        other => other.refusal(),
    }
}

async fn watch(State(app): State<App>, Path(calendar): Path<String>, Json(body): Json<Value>) -> Response {
    match app.state.watch(&calendar, &body, app.now()) {
        Watch::Invalid(reason, what) => failure(400, reason, what),
        Watch::Opened(channel) => {
            let SeenChannel { id, resource, token, until, .. } = channel;
            let uri = format!("https://www.googleapis.com/calendar/v3/calendars/{calendar}/events?alt=json");
            Json(json!({
                "kind": "api#channel", "id": id, "resourceId": resource, "resourceUri": uri, "token": token,
                "expiration": until.timestamp_millis().to_string(),
            }))
            .into_response()
        }
    }
}

async fn stop(State(app): State<App>, Json(body): Json<Value>) -> Response {
    match app.state.unwatch(&body) {
        true => StatusCode::NO_CONTENT.into_response(),
        false => failure(404, "channelNotFound", "Channel not found for project."),
    }
}

/// Whether the guests hear of it.
fn tells(query: &BTreeMap<String, String>) -> bool {
    query.get("sendUpdates").is_some_and(|whom| whom == "all")
}

impl Change {
    fn refusal(self) -> Response {
        match self {
            Self::Made(event) => Json(shown(&event)).into_response(),
            Self::Missing => failure(404, "notFound", "Not Found"),
            Self::Deleted => failure(410, "deleted", "Resource has been deleted"),
            Self::Outdated => failure(412, "conditionNotMet", "Precondition Failed"),
            Self::Invalid(what) => failure(400, "invalid", what),
        }
    }
}

/// Of a list; a name may stand there more than once.
struct ListQuery(Vec<(String, String)>);

impl ListQuery {
    fn all<'q>(&'q self, name: &'q str) -> impl Iterator<Item = &'q str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn instant(&self, name: &str) -> Option<DateTime<Utc>> {
        self.all(name).next()?.parse().ok()
    }

    fn wants(&self, event: &SeenEvent) -> bool {
        self.all("eventTypes").next().is_none() || self.all("eventTypes").any(|wanted| wanted == event.kind())
    }
}

async fn list(
    State(app): State<App>,
    Path(calendar): Path<String>,
    Query(query): Query<Vec<(String, String)>>,
) -> Json<Value> {
    let query = ListQuery(query);
    let from = query.instant("timeMin").unwrap_or(DateTime::<Utc>::MIN_UTC);
    let until = query.instant("timeMax").unwrap_or(DateTime::<Utc>::MAX_UTC);
    let all = app.state.within(&calendar, from, until);
    let wanted: Vec<Value> = all.iter().filter(|event| query.wants(event)).map(shown).collect();
    let begins: usize = query.all("pageToken").next().and_then(|token| token.parse().ok()).unwrap_or(0);
    let ends = app.state.page_length().map_or(wanted.len(), |length| wanted.len().min(begins + length));
    let mut answer = json!({
        "kind": "calendar#events", "etag": "\"1\"", "summary": calendar, "updated": app.now(), "timeZone": "UTC",
        "accessRole": "owner", "defaultReminders": [], "items": wanted[begins.min(ends)..ends],
    });
    if ends < wanted.len() {
        answer["nextPageToken"] = json!(ends.to_string());
    } else {
        answer["nextSyncToken"] = json!("sandbox");
    }
    Json(answer)
}

fn shown(event: &SeenEvent) -> Value {
    let guest = event.attendee_email.iter().map(|email| json!({ "email": email, "responseStatus": "needsAction" }));
    let own = event.response.iter().map(|response| json!({ "self": true, "responseStatus": response }));
    let attendees: Vec<Value> = guest.chain(own).collect();
    let moment = |at: DateTime<Utc>| match event.all_day {
        true => json!({ "date": at.date_naive() }),
        false => json!({ "dateTime": at, "timeZone": "UTC" }),
    };
    json!({
        "kind": "calendar#event", "etag": event.etag(), "id": event.id, "summary": event.summary,
        "status": if event.cancelled { "cancelled" } else { "confirmed" }, "eventType": event.kind(),
        "transparency": if event.is_transparent { "transparent" } else { "opaque" },
        "start": moment(event.from), "end": moment(event.until), "attendees": attendees,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_told_by_method_and_depth() {
        for (method, path, expected) in [
            ("POST", "/token", "token"),
            ("POST", "/calendar/v3/freeBusy", "freebusy.query"),
            ("POST", "/calendar/v3/channels/stop", "channels.stop"),
            ("POST", "/calendar/v3/calendars/ana%40rep.example/events/watch", "events.watch"),
            ("POST", "/calendar/v3/calendars/ana%40rep.example/events", "events.insert"),
            ("GET", "/calendar/v3/calendars/ana%40rep.example/events", "events.list"),
            ("GET", "/calendar/v3/calendars/ana%40rep.example/events/abc12", "events.get"),
            ("PATCH", "/calendar/v3/calendars/ana%40rep.example/events/abc12", "events.patch"),
            ("DELETE", "/calendar/v3/calendars/ana%40rep.example/events/abc12", "events.delete"),
        ] {
            assert_eq!(operation(method, path), expected, "{method} {path}");
        }
    }
}
