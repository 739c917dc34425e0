//! Stand-in for Slack's Web API: the five methods that Baton calls, with channels and direct messages that exist as soon
//! as somebody posts to them.
//!
//! Kept true: errors are HTTP 200 with `ok: false`; every post makes a new message, however often it is sent; a user id
//! stands for the direct channel; metadata comes back from the history only when asked for, and survives an update that
//! does not mention it. Operations for faults are named like the methods (`chat.postMessage`).

use super::{Fault, World, on_the_wire};
use axum::extract::{Path, Query, Request, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

const VENDOR: &str = "slack";
/// What the app was granted; `auth.test` tells in a header.
const SCOPES: &str = "chat:write,im:write,im:history,channels:history,groups:history,users:read";
/// Messages on a page of the history unless asked for fewer.
const PAGE_SIZE: usize = 100;

/// A message as it stands in its channel.
#[derive(Debug, Clone, PartialEq)]
pub struct SlackMessage {
    pub channel: String,
    pub ts: String,
    pub posted_at: DateTime<Utc>,
    pub text: String,
    pub blocks: Value,
    pub metadata: Value,
    /// How often it was rewritten.
    pub updates: usize,
}

impl SlackMessage {
    /// The key in Baton's metadata; empty for a message without.
    pub fn key(&self) -> &str {
        self.metadata["event_payload"]["key"].as_str().unwrap_or_default()
    }
}

#[derive(Default)]
pub struct SlackState(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    messages: Vec<SlackMessage>,
    /// Method and error of answers to come.
    refusals: Vec<(String, Value)>,
}

impl SlackState {
    pub fn new() -> Arc<Self> {
        Arc::new(Self::default())
    }

    /// In the order of their posting.
    pub fn messages(&self) -> Vec<SlackMessage> {
        self.kept().messages.clone()
    }

    /// Answers the next call of a method with `ok: false` and this error, nothing done.
    pub fn refuse_next(&self, method: &str, error: &str) {
        self.kept().refusals.push((method.to_owned(), failure(error)));
    }

    /// The same for a scope that the token lacks.
    pub fn lack_scope_next(&self, method: &str, needed: &str) {
        let mut answer = failure("missing_scope");
        answer["needed"] = json!(needed);
        answer["provided"] = json!(SCOPES);
        self.kept().refusals.push((method.to_owned(), answer));
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.0.lock().expect("nothing panics while holding the messages")
    }

    fn take_refusal(&self, method: &str) -> Option<Value> {
        let refusals = &mut self.kept().refusals;
        let index = refusals.iter().position(|(of, _)| of == method)?;
        Some(refusals.remove(index).1)
    }
}

#[derive(Clone)]
struct App {
    world: Arc<World>,
    state: Arc<SlackState>,
}

/// Serves `/api/{method}`.
pub fn routes(world: Arc<World>, state: Arc<SlackState>) -> Router {
    let app = App { world: Arc::clone(&world), state };
    let methods = Router::new()
        .route("/api/conversations.history", get(history))
        .route("/api/{method}", post(call))
        .layer(axum::middleware::from_fn_with_state(app.clone(), at_the_door))
        .with_state(app);
    on_the_wire(world, VENDOR, operation, methods)
}

fn operation(_method: &str, path: &str) -> String {
    path.trim_start_matches("/api/").to_owned()
}

/// Faults, refusals on cue and the token come before the method.
async fn at_the_door(State(app): State<App>, request: Request, next: axum::middleware::Next) -> Response {
    let method = operation("", request.uri().path());
    match request.extensions().get::<Fault>() {
        Some(Fault::RateLimit { retry_after_s }) => return too_many(*retry_after_s),
        Some(Fault::ErrorInside200) => return Json(failure("internal_error")).into_response(),
        _ => {}
    }
    if let Some(answer) = app.state.take_refusal(&method) {
        return Json(answer).into_response();
    }
    if let Some(error) = refused_token(request.headers()) {
        return Json(failure(error)).into_response();
    }
    next.run(request).await
}

fn too_many(retry_after_s: Option<u64>) -> Response {
    let mut response = (axum::http::StatusCode::TOO_MANY_REQUESTS, Json(failure("ratelimited"))).into_response();
    if let Some(seconds) = retry_after_s {
        response.headers_mut().insert("retry-after", seconds.into());
    }
    response
}

fn refused_token(headers: &HeaderMap) -> Option<&'static str> {
    let given = headers.get("authorization").and_then(|value| value.to_str().ok());
    match given.and_then(|value| value.strip_prefix("Bearer ")) {
        None => Some("not_authed"),
        Some(token) if !token.starts_with("xoxb-") => Some("invalid_auth"),
        Some(_) => None,
    }
}

fn failure(error: &str) -> Value {
    json!({ "ok": false, "error": error })
}

async fn call(State(app): State<App>, Path(method): Path<String>, body: Option<Json<Value>>) -> Response {
    let body = body.map_or(Value::Null, |Json(body)| body);
    match method.as_str() {
        "auth.test" => auth_test(),
        "conversations.open" => Json(open(&body)).into_response(),
        "chat.postMessage" => Json(post_message(&app, body)).into_response(),
        "chat.update" => Json(update(&app, body)).into_response(),
        _ => Json(failure("unknown_method")).into_response(),
    }
}

fn auth_test() -> Response {
    let answer = json!({
        "ok": true, "url": "https://sandbox.slack.com/", "team": "Sandbox", "user": "baton",
        "team_id": "T0SANDBOX", "user_id": "U0BATON", "bot_id": "B0BATON",
    });
    ([("x-oauth-scopes", SCOPES)], Json(answer)).into_response()
}

fn open(body: &Value) -> Value {
    match body["users"].as_str().filter(|user| is_user(user)) {
        Some(user) => json!({ "ok": true, "channel": { "id": direct_channel(user) } }),
        None => failure("user_not_found"),
    }
}

fn is_user(id: &str) -> bool {
    id.starts_with(['U', 'W'])
}

/// `D…` for a user, the channel itself otherwise.
fn direct_channel(id: &str) -> String {
    if is_user(id) { format!("D{}", &id[1..]) } else { id.to_owned() }
}

fn post_message(app: &App, mut body: Value) -> Value {
    let Some(channel) = body["channel"].as_str().map(direct_channel) else {
        return failure("channel_not_found");
    };
    if body["text"].as_str().is_none_or(str::is_empty) && body["blocks"].is_null() {
        return failure("no_text");
    }
    let posted_at = app.world.clock.now();
    let mut kept = app.state.kept();
    let message = SlackMessage {
        ts: stamp(posted_at, &kept.messages),
        posted_at,
        text: body["text"].as_str().unwrap_or_default().to_owned(),
        blocks: body["blocks"].take(),
        metadata: body["metadata"].take(),
        updates: 0,
        channel,
    };
    let natural_key = format!("{}/{}", message.channel, message.key());
    app.world.accept(VENDOR, "message", natural_key, json!({ "channel": message.channel, "ts": message.ts }));
    let answer = json!({ "ok": true, "channel": message.channel, "ts": message.ts, "message": shown(&message, true) });
    kept.messages.push(message);
    answer
}

/// Later than every earlier one, as stamps are the names of messages.
fn stamp(at: DateTime<Utc>, earlier: &[SlackMessage]) -> String {
    let write = |at: DateTime<Utc>| format!("{}.{:06}", at.timestamp(), at.timestamp_subsec_micros());
    let mut at = at;
    while earlier.iter().any(|message| message.ts == write(at)) {
        at += TimeDelta::microseconds(1);
    }
    write(at)
}

fn update(app: &App, mut body: Value) -> Value {
    let (channel, ts) = (body["channel"].as_str().unwrap_or_default(), body["ts"].as_str().unwrap_or_default());
    let mut kept = app.state.kept();
    let found = kept.messages.iter_mut().find(|message| message.channel == channel && message.ts == ts);
    let Some(message) = found else { return failure("message_not_found") };
    if let Some(text) = body["text"].as_str() {
        message.text = text.to_owned();
    }
    message.blocks = body["blocks"].take();
    if !body["metadata"].is_null() {
        message.metadata = body["metadata"].take();
    }
    message.updates += 1;
    json!({ "ok": true, "channel": message.channel, "ts": message.ts, "text": message.text })
}

#[derive(Deserialize)]
struct HistoryQuery {
    channel: String,
    #[serde(default)]
    oldest: String,
    #[serde(default)]
    include_all_metadata: bool,
    limit: Option<usize>,
    /// How many messages were told already.
    cursor: Option<usize>,
}

async fn history(
    State(app): State<App>,
    Query(query): Query<HistoryQuery>,
    fault: Option<Extension<Fault>>,
) -> Json<Value> {
    let now = app.world.clock.now();
    let lag = match fault.as_deref() {
        Some(Fault::SearchLags(lag)) => TimeDelta::from_std(*lag).unwrap_or(TimeDelta::MAX),
        _ => TimeDelta::zero(),
    };
    let kept = app.state.kept();
    let visible = kept.messages.iter().rev().filter(|message| {
        message.channel == query.channel
            && seconds(&message.ts) > seconds(&query.oldest)
            && now - message.posted_at >= lag
    });
    let (from, limit) = (query.cursor.unwrap_or(0), query.limit.unwrap_or(PAGE_SIZE).max(1));
    let mut messages: Vec<Value> =
        visible.skip(from).take(limit + 1).map(|message| shown(message, query.include_all_metadata)).collect();
    let has_more = messages.len() > limit;
    messages.truncate(limit);
    let next_cursor = if has_more { (from + limit).to_string() } else { String::new() };
    Json(json!({
        "ok": true, "messages": messages, "has_more": has_more, "pin_count": 0,
        "response_metadata": { "next_cursor": next_cursor },
    }))
}

/// A stamp as (seconds, microseconds); what is none comes before all.
fn seconds(ts: &str) -> (u64, u64) {
    let (whole, micros) = ts.split_once('.').unwrap_or((ts, ""));
    (whole.parse().unwrap_or(0), micros.parse().unwrap_or(0))
}

fn shown(message: &SlackMessage, with_metadata: bool) -> Value {
    let mut shown = json!({
        "type": "message", "user": "U0BATON", "bot_id": "B0BATON", "ts": message.ts, "text": message.text,
        "blocks": message.blocks,
    });
    if with_metadata && !message.metadata.is_null() {
        shown["metadata"] = message.metadata.clone();
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_are_unique_and_ordered() {
        assert!(seconds("1795424400.000042") > seconds("1795424400.000041"));
        assert!(seconds("1795424400.000042") > seconds("") && seconds("9.5") < seconds("10.0"));
        let at = "2026-11-23T09:00:00Z".parse().unwrap();
        let first = SlackMessage {
            channel: "C1A".into(),
            ts: stamp(at, &[]),
            posted_at: at,
            text: String::new(),
            blocks: Value::Null,
            metadata: Value::Null,
            updates: 0,
        };
        assert_eq!(first.ts, "1795424400.000000");
        assert_eq!(stamp(at, &[first]), "1795424400.000001");
    }
}
