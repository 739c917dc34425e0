//! Stand-in for Twilio's text messages, an account like that of the calls.
//!
//! Kept true: a message that is created twice is sent twice, since no key makes it one; messages are listed with the newest first.
//! Every message goes into the ledger under the number that it was sent to. Operations for faults are named `messages.create` and
//! `messages.list`.

use super::Account;
use super::api::{Pairs, on_cue, refusal, stranger, too_many, value};
use crate::{Fault, World, on_the_wire};
use axum::extract::{Form, Query, Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Json, Router};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

/// Its exchanges are held against a description of their own.
const VENDOR: &str = "twilio-messages";

struct Message {
    sid: String,
    to: String,
    /// A number, or else a service.
    from: Option<String>,
    service: Option<String>,
    body: String,
    created: DateTime<Utc>,
}

#[derive(Default)]
struct Held {
    messages: Vec<Message>,
    /// Status and code of what is refused next.
    refusals: VecDeque<(StatusCode, u32)>,
}

pub struct MessagesState {
    world: Arc<World>,
    account: Account,
    held: Mutex<Held>,
}

type App = Arc<MessagesState>;

impl MessagesState {
    pub fn new(world: Arc<World>, account: Account) -> Arc<Self> {
        Arc::new(Self { world, account, held: Mutex::default() })
    }

    /// Refuses the next message, under this status and code.
    pub fn refuse_next(&self, status: StatusCode, code: u32) {
        self.held().refusals.push_back((status, code));
    }

    /// Number and words of every message, in order.
    pub fn sent(&self) -> Vec<(String, String)> {
        self.held().messages.iter().map(|message| (message.to.clone(), message.body.clone())).collect()
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().expect("nothing panics while holding the messages")
    }

    fn shown(&self, message: &Message) -> Value {
        let account = &self.account.sid;
        json!({
            "sid": message.sid,
            "account_sid": account,
            "api_version": "2010-04-01",
            "to": message.to,
            "from": message.from,
            "messaging_service_sid": message.service,
            "body": message.body,
            "direction": "outbound-api",
            "status": "queued",
            "num_segments": "1",
            "num_media": "0",
            "date_created": message.created.to_rfc2822(),
            "date_sent": null,
            "date_updated": message.created.to_rfc2822(),
            "error_code": null,
            "error_message": null,
            "price": null,
            "price_unit": null,
            "uri": format!("/2010-04-01/Accounts/{account}/Messages/{}.json", message.sid),
        })
    }
}

/// Serves `/2010-04-01/Accounts/{account}/Messages.json`.
pub fn message_routes(state: App) -> Router {
    let world = Arc::clone(&state.world);
    let routes = Router::new()
        .route("/2010-04-01/Accounts/{account}/Messages.json", get(list).post(create))
        .layer(axum::middleware::from_fn_with_state(Arc::clone(&state), at_the_door))
        .with_state(state);
    on_the_wire(world, VENDOR, operation, routes)
}

fn operation(method: &str, _path: &str) -> String {
    let name = if method == "POST" { "messages.create" } else { "messages.list" };
    name.to_owned()
}

/// Faults and the login come before everything else.
async fn at_the_door(State(state): State<App>, request: Request, next: Next) -> Response {
    if let Some(refused) = too_many(&request).or_else(|| stranger(&state.account, &request, "")) {
        return refused;
    }
    next.run(request).await
}

async fn create(State(state): State<App>, Form(fields): Form<Pairs>) -> Response {
    let given = |name: &str| value(&fields, name).map(str::to_owned);
    let (to, body) = (given("To").unwrap_or_default(), given("Body").unwrap_or_default());
    let (from, service) = (given("From"), given("MessagingServiceSid"));
    let mut held = state.held();
    if let Some((status, code)) = held.refusals.pop_front() {
        return on_cue(status, code);
    }
    if !to.starts_with('+') {
        return refusal(StatusCode::BAD_REQUEST, 21211, &format!("Invalid 'To' Phone Number: {to}"));
    }
    if body.is_empty() {
        return refusal(StatusCode::BAD_REQUEST, 21602, "Message body is required.");
    }
    if from.is_none() && service.is_none() {
        return refusal(StatusCode::BAD_REQUEST, 21603, "A 'From' phone number is required.");
    }
    let sid = format!("SM{:032x}", held.messages.len() + 1);
    state.world.accept(VENDOR, "text", to.clone(), json!({ "sid": sid, "body": body }));
    let message = Message { sid, to, from, service, body, created: state.world.clock.now() };
    let shown = state.shown(&message);
    held.messages.push(message);
    (StatusCode::CREATED, Json(shown)).into_response()
}

async fn list(State(state): State<App>, fault: Option<Extension<Fault>>, Query(query): Query<Pairs>) -> Json<Value> {
    let lag = match fault.as_deref() {
        Some(Fault::SearchLags(lag)) => TimeDelta::from_std(*lag).unwrap_or(TimeDelta::MAX),
        _ => TimeDelta::zero(),
    };
    let (to, from) = (value(&query, "To"), value(&query, "From"));
    let now = state.world.clock.now();
    let held = state.held();
    let fits = |message: &&Message| {
        to.is_none_or(|to| message.to == to)
            && from.is_none_or(|from| message.from.as_deref() == Some(from))
            && now - message.created >= lag
    };
    let found: Vec<Value> = held.messages.iter().rev().filter(fits).map(|message| state.shown(message)).collect();
    Json(json!({ "messages": found, "page": 0, "page_size": 50, "next_page_uri": null, "previous_page_uri": null }))
}
