//! Stand-in for Microsoft Graph, its calendars and automatic replies, and for the token service before it.
//!
//! Kept true: times come in the owner's zone and ids change with every move unless `Prefer` says otherwise, on each request anew;
//! a schedule answers for a mailbox that cannot be read with an error inside the 200, and so does each part of a batch; a second
//! event with a `transactionId` is the first one; a change to an event changes its ETag, the guest's answer included; *events that
//! overlap are accepted*. Every mailbox exists as soon as somebody names it. Every owner lives an hour east of UTC.
//! Operations for faults: `token`, `batch`, `automaticReplies.get` (a part of a batch), `calendar.getSchedule`,
//! `calendarView.list`, `event.create`, `event.get`, `event.update`, `event.delete`, `event.cancel`.

mod mailboxes;
mod reads;
mod token;
mod told;
mod writes;

pub use mailboxes::{GraphEvent, GraphState};

use super::{Fault, World, on_the_wire};
use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use std::sync::Arc;
use told::Told;

const VENDOR: &str = "microsoft";
/// What the app is granted unless a test says otherwise.
const ROLES: [&str; 2] = ["Calendars.ReadWrite", "MailboxSettings.Read"];

/// Events on a page: unless asked for otherwise, and at most.
const PAGE_SIZE: usize = 10;
const MOST_ON_A_PAGE: usize = 1_000;
const OWNER_IS_EAST: TimeDelta = TimeDelta::hours(1);

/// The app's certificate, whose key is Google's sandbox key. It opens nothing: the stand-in takes any.
pub const SANDBOX_CERTIFICATE_PEM: &str =
    include_str!("../../../fixtures/vendors/microsoft-graph/sandbox_certificate.pem");

type App = super::App<Arc<GraphState>>;

/// Serves `/v1.0/…` and `/{tenant}/oauth2/v2.0/token`, which lives on another host in reality.
pub fn routes(world: Arc<World>, state: Arc<GraphState>) -> Router {
    let app = App { world: Arc::clone(&world), state };
    let guarded = Router::new()
        .route("/v1.0/$batch", post(reads::batch))
        .route("/v1.0/users/{user}/calendar/getSchedule", post(reads::schedule))
        .route("/v1.0/users/{user}/calendarView", get(reads::view))
        .route("/v1.0/users/{user}/events", post(writes::create))
        .route("/v1.0/users/{user}/events/{event}", get(reads::event).patch(writes::update).delete(writes::delete))
        .route("/v1.0/users/{user}/events/{event}/cancel", post(writes::cancel))
        .layer(from_fn_with_state(app.clone(), with_token));
    let all = guarded
        .route("/{tenant}/oauth2/v2.0/token", post(token::token))
        .layer(from_fn_with_state(app.clone(), on_cue))
        .with_state(app);
    on_the_wire(world, VENDOR, operation, all)
}

fn operation(method: &str, path: &str) -> String {
    let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let name = match (method, segments.as_slice()) {
        (_, [_, "oauth2", ..]) => "token",
        (_, [_, "$batch"]) => "batch",
        (_, [.., "getSchedule"]) => "calendar.getSchedule",
        (_, [.., "calendarView"]) => "calendarView.list",
        (_, [.., "events", _, "cancel"]) => "event.cancel",
        (_, [.., "events"]) => "event.create",
        ("PATCH", _) => "event.update",
        ("DELETE", _) => "event.delete",
        _ => "event.get",
    };
    name.to_owned()
}

/// Limits and refusals come before anything is looked at.
async fn on_cue(State(app): State<App>, request: Request, next: Next) -> Response {
    if let Some(Fault::RateLimit { retry_after_s }) = request.extensions().get::<Fault>() {
        let why = "Application is over its MailboxConcurrency limit.";
        return Told { retry_after_s: *retry_after_s, ..Told::failure(429, "ApplicationThrottled", why) }
            .into_response();
    }
    match app.state.take_refusal(&operation(request.method().as_str(), request.uri().path())) {
        Some(refusal) => refusal.into_response(),
        None => next.run(request).await,
    }
}

async fn with_token(State(app): State<App>, request: Request, next: Next) -> Response {
    let given = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    let token = given.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    if !app.state.is_good(token, app.now()) {
        return Told::failure(401, "InvalidAuthenticationToken", "Lifetime validation failed, the token is expired.")
            .into_response();
    }
    next.run(request).await
}

/// A wall clock time, and the zone it is of.
fn moment(at: DateTime<Utc>, in_utc: bool) -> Value {
    let (at, zone) = if in_utc { (at, "UTC") } else { (at + OWNER_IS_EAST, "W. Europe Standard Time") };
    json!({ "dateTime": at.format("%Y-%m-%dT%H:%M:%S.0000000").to_string(), "timeZone": zone })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_told_by_method_and_path() {
        for (method, path, expected) in [
            ("POST", "/m.example/oauth2/v2.0/token", "token"),
            ("POST", "/v1.0/$batch", "batch"),
            ("POST", "/v1.0/users/ana%40m.example/calendar/getSchedule", "calendar.getSchedule"),
            ("GET", "/v1.0/users/ana%40m.example/calendarView", "calendarView.list"),
            ("POST", "/v1.0/users/ana%40m.example/events", "event.create"),
            ("GET", "/v1.0/users/ana%40m.example/events/AAMk1", "event.get"),
            ("PATCH", "/v1.0/users/ana%40m.example/events/AAMk1", "event.update"),
            ("DELETE", "/v1.0/users/ana%40m.example/events/AAMk1", "event.delete"),
            ("POST", "/v1.0/users/ana%40m.example/events/AAMk1/cancel", "event.cancel"),
        ] {
            assert_eq!(operation(method, path), expected, "{method} {path}");
        }
    }
}
