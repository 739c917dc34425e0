//! Stand-in for Slack's Web API: the methods that Baton calls, with channels and direct messages that exist as soon as somebody
//! posts to them, and people who are members once they have joined. What people press is told by whoever plays them.
//!
//! Kept true: errors are HTTP 200 with `ok: false`; every post makes a new message, however often it is sent; a user id
//! stands for the direct channel; metadata comes back from the history only when asked for, and survives an update that
//! does not mention it. Operations for faults are named like the methods (`chat.postMessage`); what people
//! are answered who have pressed something is `response_url` of `answers of slack`.

mod messages;
mod people;

pub use messages::{SlackMessage, SlackState};
pub use people::SlackWhisper;

use super::{Fault, World, on_the_wire};
use axum::extract::{Path, Query, Request, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use chrono::TimeDelta;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

const VENDOR: &str = "slack";
/// Under this name go the answers to what people press: no method, and so described nowhere.
const ANSWERS: &str = "answers of slack";
/// What the app was granted; `auth.test` tells in a header.
const SCOPES: &str = "chat:write,im:write,im:history,channels:history,groups:history,users:read,users:read.email,\
                      commands";
/// Messages on a page of the history unless asked for fewer.
const PAGE_SIZE: usize = 100;

type App = super::App<Arc<SlackState>>;

/// Serves `/api/{method}`, and `/response/{person}` for what people are answered who have pressed something.
pub fn routes(world: Arc<World>, state: Arc<SlackState>) -> Router {
    let app = App { world: Arc::clone(&world), state };
    let methods = Router::new()
        .route("/api/conversations.history", get(history))
        .route("/api/users.list", get(members))
        .route("/api/users.lookupByEmail", get(people::lookup))
        .route("/api/users.info", get(people::info))
        .route("/api/{method}", post(call))
        .layer(axum::middleware::from_fn_with_state(app.clone(), at_the_door))
        .with_state(app.clone());
    let answers = Router::new().route("/response/{person}", post(people::answered)).with_state(app);
    let answers = on_the_wire(Arc::clone(&world), ANSWERS, |_, _| "response_url".to_owned(), answers);
    on_the_wire(world, VENDOR, operation, methods).merge(answers)
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
    let prefix = if method == "apps.connections.open" { "xapp-" } else { "xoxb-" };
    if let Some(error) = refused_token(request.headers(), prefix) {
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

/// Connections are opened with a token of the app, and all else is done with the bot's.
fn refused_token(headers: &HeaderMap, prefix: &str) -> Option<&'static str> {
    let given = headers.get("authorization").and_then(|value| value.to_str().ok());
    match given.and_then(|value| value.strip_prefix("Bearer ")) {
        None => Some("not_authed"),
        Some(token) if !token.starts_with(prefix) => Some("invalid_auth"),
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
        "chat.postEphemeral" => Json(people::whisper(&app, &body)).into_response(),
        "views.open" => Json(people::open_form(&app, &body)).into_response(),
        "views.publish" => Json(people::publish(&app, &body)).into_response(),
        "apps.connections.open" => Json(people::connect(&app)).into_response(),
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
    let posted_at = app.now();
    let mut kept = app.state.kept();
    let message = SlackMessage {
        ts: messages::stamp(posted_at, &kept.messages),
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
    let now = app.now();
    let lag = match fault.as_deref() {
        Some(Fault::SearchLags(lag)) => TimeDelta::from_std(*lag).unwrap_or(TimeDelta::MAX),
        _ => TimeDelta::zero(),
    };
    let kept = app.state.kept();
    let visible = kept.messages.iter().rev().filter(|message| {
        message.channel == query.channel
            && messages::seconds(&message.ts) > messages::seconds(&query.oldest)
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

/// All on one page.
async fn members(State(app): State<App>) -> Json<Value> {
    let kept = app.state.kept();
    let shown = |(id, active): (&String, &bool)| json!({ "id": id, "team_id": "T0SANDBOX", "deleted": !active });
    let members: Vec<Value> = kept.members.iter().map(shown).collect();
    Json(json!({ "ok": true, "members": members, "response_metadata": { "next_cursor": "" } }))
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
