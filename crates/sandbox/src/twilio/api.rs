//! The API of version 2010-04-01, as far as Baton asks: calls, rooms and their members. Operations for faults are named
//! `account.read`, `calls.create`, `calls.list`, `calls.read`, `calls.update`, `numbers.list`, `rooms.list`, `members.update` and
//! `recordings.update`.

use super::{ANYWHERE, Account, Line, Person, TwilioState, VENDOR};
use crate::{Fault, on_the_wire};
use axum::extract::{Form, Path, Query, Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// Unless it is told otherwise.
const TIMEOUT_S: u64 = 60;

type App = Arc<TwilioState>;
pub(super) type Pairs = Vec<(String, String)>;

/// Serves `/2010-04-01/Accounts/{account}/…`.
pub fn routes(state: App) -> Router {
    let world = Arc::clone(&state.world);
    let account = "/2010-04-01/Accounts/{account}";
    let routes = Router::new()
        .route("/2010-04-01/Accounts/{account}", get(read_account))
        .route(&format!("{account}/IncomingPhoneNumbers.json"), get(own_numbers))
        .route(&format!("{account}/OutgoingCallerIds.json"), get(verified_numbers))
        .route(&format!("{account}/Calls.json"), get(list).post(create))
        .route(&format!("{account}/Calls/{{sid}}"), get(read).post(update))
        .route(&format!("{account}/Calls/{{sid}}/Recordings/{{recording}}"), post(no_recording))
        .route(&format!("{account}/Conferences.json"), get(rooms))
        .route(&format!("{account}/Conferences/{{room}}/Participants/{{call}}"), post(member))
        .layer(axum::middleware::from_fn_with_state(Arc::clone(&state), at_the_door))
        .with_state(state);
    on_the_wire(world, VENDOR, operation, routes)
}

fn operation(method: &str, path: &str) -> String {
    let about = path.split('/').skip(4).collect::<Vec<&str>>();
    let name = match (method, about.as_slice()) {
        ("POST", ["Calls.json"]) => "calls.create",
        (_, []) => "account.read",
        (_, ["IncomingPhoneNumbers.json" | "OutgoingCallerIds.json"]) => "numbers.list",
        (_, ["Calls.json"]) => "calls.list",
        ("POST", ["Calls", _]) => "calls.update",
        (_, ["Calls", _]) => "calls.read",
        (_, ["Calls", _, "Recordings", _]) => "recordings.update",
        (_, ["Conferences.json"]) => "rooms.list",
        _ => "members.update",
    };
    name.to_owned()
}

/// Faults and the login come before everything else.
async fn at_the_door(State(state): State<App>, request: Request, next: Next) -> Response {
    if let Some(refused) = too_many(&request) {
        return refused;
    }
    let asked = operation(request.method().as_str(), request.uri().path());
    if let Some((status, code)) = state.refused(&asked) {
        return on_cue(status, code);
    }
    if let Some(refused) = stranger(&state.account, &request, &asked) {
        return refused;
    }
    next.run(request).await
}

/// What a fault has it answered.
pub(super) fn too_many(request: &Request) -> Option<Response> {
    let Some(Fault::RateLimit { retry_after_s }) = request.extensions().get::<Fault>() else { return None };
    let mut refused = refusal(StatusCode::TOO_MANY_REQUESTS, 20429, "Too Many Requests");
    if let Some(seconds) = retry_after_s {
        refused.headers_mut().insert(header::RETRY_AFTER, (*seconds).into());
    }
    Some(refused)
}

pub(super) fn on_cue(status: StatusCode, code: u32) -> Response {
    refusal(status, code, "Refused on cue: +14155550100 is not to be repeated")
}

/// What is answered to whoever is not of this account.
pub(super) fn stranger(account: &Account, request: &Request, asked: &str) -> Option<Response> {
    let login = |user: &str, secret: &str| format!("Basic {}", STANDARD.encode(format!("{user}:{secret}")));
    let key = account.api_key.as_ref().filter(|_| asked != "account.read");
    let key = key.map(|(user, secret)| login(user, secret));
    let given = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if given.is_none_or(|given| given != login(&account.sid, &account.auth_token) && Some(given) != key.as_deref()) {
        return Some(refusal(StatusCode::UNAUTHORIZED, 20003, "Authenticate"));
    }
    let is_its_own = request.uri().path().split('/').nth(3).map(id) == Some(account.sid.as_str());
    (!is_its_own).then(|| no_such("Account"))
}

pub(super) fn refusal(status: StatusCode, code: u32, message: &str) -> Response {
    let more = format!("https://www.twilio.com/docs/errors/{code}");
    let body = json!({ "code": code, "message": message, "more_info": more, "status": status.as_u16() });
    (status, Json(body)).into_response()
}

fn no_such(what: &str) -> Response {
    refusal(StatusCode::NOT_FOUND, 20404, &format!("The requested resource {what} was not found"))
}

pub(super) fn value<'p>(pairs: &'p Pairs, name: &str) -> Option<&'p str> {
    pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// By POST unless it is said.
fn fallback(fields: &Pairs) -> Option<(String, Method)> {
    let method = if value(fields, "FallbackMethod") == Some("GET") { Method::GET } else { Method::POST };
    value(fields, "FallbackUrl").map(|address| (address.to_owned(), method))
}

async fn create(State(state): State<App>, Form(fields): Form<Pairs>) -> Response {
    let given = |name: &str| value(&fields, name).unwrap_or_default().to_owned();
    let (to, from) = (given("To"), given("From"));
    if !to.starts_with('+') {
        return refusal(StatusCode::BAD_REQUEST, 21211, &format!("Invalid 'To' Phone Number: {to}"));
    }
    let seconds = given("Timeout").parse().unwrap_or(TIMEOUT_S);
    let (sid, events) = (state.made("CA"), fields.iter().filter(|(name, _)| name == "StatusCallbackEvent"));
    let line = Line {
        to: to.clone(),
        from: from.clone(),
        direction: "outbound-api",
        status: "queued",
        sip: "",
        began: state.world.clock.now(),
        ended: None,
        document: 0,
        fallback: fallback(&fields),
        callback: value(&fields, "StatusCallback").map(str::to_owned),
        events: events.map(|(_, event)| event.clone()).collect(),
        told: 0,
        person: state.next_person(&to),
        asked: 0,
    };
    let body = state.shown(&sid, &line);
    state.held().lines.insert(sid.clone(), line);
    state.world.accept(VENDOR, "ring", to, json!({ "sid": sid, "from": from }));
    let guess = value(&fields, "AsyncAmdStatusCallback").map(str::to_owned);
    tokio::spawn(Arc::clone(&state).is_called(sid, given("Url"), Duration::from_secs(seconds), guess));
    (StatusCode::CREATED, Json(body)).into_response()
}

async fn read_account(State(state): State<App>) -> Json<Value> {
    let status = if state.held().is_suspended { "suspended" } else { "active" };
    let account = &state.account;
    Json(json!({
        "sid": account.sid,
        "owner_account_sid": account.sid,
        "auth_token": account.auth_token,
        "friendly_name": "A made-up account",
        "status": status,
        "type": "Full",
        "uri": format!("/2010-04-01/Accounts/{}.json", account.sid),
    }))
}

async fn own_numbers(State(state): State<App>, Query(query): Query<Pairs>) -> Json<Value> {
    let found = state.numbers(&state.held().own, &query);
    paged("incoming_phone_numbers", found)
}

async fn verified_numbers(State(state): State<App>, Query(query): Query<Pairs>) -> Json<Value> {
    let found = state.numbers(&state.held().verified, &query);
    paged("outgoing_caller_ids", found)
}

fn paged(name: &str, found: Vec<Value>) -> Json<Value> {
    Json(json!({ name: found, "page": 0, "page_size": 50, "next_page_uri": null, "previous_page_uri": null }))
}

/// The newest first, as Twilio has them.
async fn list(State(state): State<App>, fault: Option<Extension<Fault>>, Query(query): Query<Pairs>) -> Json<Value> {
    let lag = match fault.as_deref() {
        Some(Fault::SearchLags(lag)) => TimeDelta::from_std(*lag).unwrap_or(TimeDelta::MAX),
        _ => TimeDelta::zero(),
    };
    let (to, from) = (value(&query, "To"), value(&query, "From"));
    let since: Option<DateTime<Utc>> = value(&query, "StartTime>").and_then(|text| text.parse().ok());
    let now = state.world.clock.now();
    let held = state.held();
    let fits = |line: &Line| {
        to.is_none_or(|to| line.to == to)
            && from.is_none_or(|from| line.from == from)
            && since.is_none_or(|since| line.began >= since)
            && now - line.began >= lag
    };
    let mut found: Vec<(&String, &Line)> = held.lines.iter().filter(|(_, line)| fits(line)).collect();
    found.sort_by_key(|(_, line)| std::cmp::Reverse(line.began));
    let calls: Vec<Value> = found.into_iter().map(|(sid, line)| state.shown(sid, line)).collect();
    paged("calls", calls)
}

/// The part before `.json`.
fn id(path: &str) -> &str {
    path.trim_end_matches(".json")
}

async fn read(State(state): State<App>, Path((_, sid)): Path<(String, String)>) -> Response {
    let held = state.held();
    match held.lines.get(id(&sid)) {
        Some(line) => Json(state.shown(id(&sid), line)).into_response(),
        None => no_such(&sid),
    }
}

async fn update(
    State(state): State<App>,
    Path((_, sid)): Path<(String, String)>,
    Form(fields): Form<Pairs>,
) -> Response {
    let sid = id(&sid);
    let Some(status) = state.status(sid) else { return no_such(sid) };
    let rings = ["queued", "ringing"].contains(&status);
    match (value(&fields, "Status"), value(&fields, "Url")) {
        _ if !rings && status != "in-progress" => {
            return refusal(StatusCode::BAD_REQUEST, 21220, "Call is not in-progress. Cannot redirect.");
        }
        (Some("canceled" | "completed"), _) if rings => state.ends(sid, "canceled", "487"),
        (Some("completed"), _) => state.ends(sid, "completed", "200"),
        // Of a call that is up nothing is cancelled.
        (Some(_), _) => {}
        (None, Some(_)) if rings => {
            return refusal(StatusCode::BAD_REQUEST, 21220, "Call is not in-progress. Cannot redirect.");
        }
        (None, Some(url)) => {
            state.is_told_at(sid, &fields);
            state.is_sent_on(sid, url.to_owned());
        }
        (None, None) => return refusal(StatusCode::BAD_REQUEST, 21218, "A Url or Twiml or Status is required."),
    }
    let held = state.held();
    match held.lines.get(sid) {
        Some(line) => Json(state.shown(sid, line)).into_response(),
        None => no_such(sid),
    }
}

/// Nothing is recorded here.
async fn no_recording(Path((_, _, recording)): Path<(String, String, String)>) -> Response {
    no_such(&recording)
}

async fn rooms(State(state): State<App>, Query(query): Query<Pairs>) -> Json<Value> {
    let held = state.held();
    let (name, status) = (value(&query, "FriendlyName"), value(&query, "Status"));
    let word = |is_started: bool| if is_started { "in-progress" } else { "init" };
    let found = held.rooms.iter().filter(|(known, room)| {
        name.is_none_or(|name| *known == name) && status.is_none_or(|status| word(room.is_started) == status)
    });
    let found = found.map(|(name, room)| {
        let (account, status) = (&state.account.sid, word(room.is_started));
        json!({ "sid": room.sid, "account_sid": account, "friendly_name": name, "status": status })
    });
    let found: Vec<Value> = found.collect();
    paged("conferences", found)
}

async fn member(
    State(state): State<App>,
    Path((_, sid, call)): Path<(String, String, String)>,
    Form(fields): Form<Pairs>,
) -> Response {
    let mut held = state.held();
    let (who, room) = (id(&call), held.rooms.values_mut().find(|room| room.sid == sid));
    let found = room.and_then(|room| room.members.iter_mut().find(|one| one.call == who || one.label == who));
    let Some(found) = found else { return no_such(&call) };
    if let Some(ends) = value(&fields, "EndConferenceOnExit") {
        found.ends = ends == "true";
    }
    let body = json!({
        "account_sid": state.account.sid,
        "call_sid": found.call,
        "label": found.label,
        "conference_sid": sid,
        "end_conference_on_exit": found.ends,
        "start_conference_on_enter": found.starts,
        "status": "connected",
    });
    Json(body).into_response()
}

impl TwilioState {
    fn refused(&self, operation: &str) -> Option<(StatusCode, u32)> {
        let mut held = self.held();
        let at = held.refusals.iter().position(|(known, ..)| known == operation)?;
        let (_, status, code) = held.refusals.remove(at);
        Some((StatusCode::from_u16(status).ok()?, code))
    }

    /// Those that have in them what is asked for.
    fn numbers(&self, all: &BTreeSet<String>, query: &Pairs) -> Vec<Value> {
        let part = value(query, "PhoneNumber").unwrap_or_default();
        let found = all.iter().filter(|number| number.contains(part));
        found.map(|number| json!({ "account_sid": self.account.sid, "phone_number": number })).collect()
    }

    /// Who is called at this number now.
    pub(super) fn next_person(&self, phone: &str) -> Person {
        let mut held = self.held();
        let whose = if held.people.contains_key(phone) { phone } else { ANYWHERE };
        let Some(people) = held.people.get_mut(whose) else { return Person::who_is_away() };
        let next = if people.len() > 1 { people.pop_front() } else { people.front().cloned() };
        next.unwrap_or_else(Person::who_is_away)
    }

    /// Where a call that is sent on tells of itself from here on.
    fn is_told_at(&self, sid: &str, fields: &Pairs) {
        let mut held = self.held();
        let Some(line) = held.lines.get_mut(sid) else { return };
        line.fallback = fallback(fields);
        if let Some(address) = value(fields, "StatusCallback") {
            line.callback = Some(address.to_owned());
        }
    }

    fn shown(&self, sid: &str, line: &Line) -> Value {
        let account = &self.account.sid;
        json!({
            "sid": sid,
            "account_sid": account,
            "to": line.to,
            "from": line.from,
            "direction": line.direction,
            "status": line.status,
            "date_created": line.began.to_rfc2822(),
            "start_time": line.began.to_rfc2822(),
            "end_time": line.ended.map(|at| at.to_rfc2822()),
            "answered_by": null,
            "api_version": "2010-04-01",
            "uri": format!("/2010-04-01/Accounts/{account}/Calls/{sid}.json"),
        })
    }
}
