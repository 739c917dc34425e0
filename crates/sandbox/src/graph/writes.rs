//! Events that come, move and go through the API.

use super::reads::{Prefer, instant, not_found, shown};
use super::told::Told;
use super::{App, GraphEvent, VENDOR};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use serde_json::{Value, json};

/// What writing needs.
const PERMISSION: &str = "Calendars.ReadWrite";
/// Stands in the text of an online meeting; without it the meeting is none any more.
const JOIN: &str = "<div>Join the meeting now</div>";

pub(super) async fn create(
    State(app): State<App>,
    Path(user): Path<String>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Told {
    if let Some(refusal) = app.state.refusal(&user, PERMISSION) {
        return refusal;
    }
    let (Some(from), Some(until)) = (instant(&body["start"]), instant(&body["end"])) else {
        return Told::failure(400, "ErrorInvalidRequest", "The times are not understood.");
    };
    if until <= from {
        return Told::failure(400, "ErrorPropertyValidationFailure", "At least one property failed validation.");
    }
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let transaction_id = text(&body["transactionId"]);
    let prefer = Prefer::of(&headers);
    let mut kept = app.state.kept();
    let is_first = |event: &&GraphEvent| {
        event.mailbox == user && !event.gone && transaction_id.is_some() && event.transaction_id == transaction_id
    };
    if let Some(first) = kept.events.iter().find(is_first) {
        return Told::with(201, shown(first, prefer, None));
    }
    let event = GraphEvent {
        id: format!("AAkBooked{}", kept.events.len()),
        subject: text(&body["subject"]).unwrap_or_default(),
        show_as: text(&body["showAs"]).unwrap_or_else(|| "busy".to_owned()),
        transaction_id,
        attendee_email: text(&body["attendees"][0]["emailAddress"]["address"]),
        online: body["isOnlineMeeting"] == true,
        text: text(&body["body"]["content"]).unwrap_or_default()
            + if body["isOnlineMeeting"] == true { JOIN } else { "" },
        booked: true,
        ..GraphEvent::of(&user, from, until)
    };
    kept.events.push(event.clone());
    drop(kept);
    let who = event.attendee_email.clone().unwrap_or_else(|| event.id.clone());
    let natural_key = format!("{user}/{}/{who}", event.from.to_rfc3339());
    app.world.accept(VENDOR, "book", natural_key, json!({ "id": event.id, "until": event.until }));
    Told::with(201, shown(&event, prefer, None))
}

pub(super) async fn update(
    State(app): State<App>,
    Path((user, id)): Path<(String, String)>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Told {
    if let Some(refusal) = app.state.refusal(&user, PERMISSION) {
        return refusal;
    }
    let mut kept = app.state.kept();
    let meddling = kept.before_update.iter().position(|(of, _)| *of == id);
    let meddling = meddling.map(|index| kept.before_update.remove(index).1);
    let Some(event) = kept.events.iter_mut().find(|event| event.mailbox == user && event.id == id && !event.gone)
    else {
        return not_found();
    };
    if let Some(to) = meddling {
        (event.from, event.until) = to.unwrap_or((event.from, event.until));
        event.changes += 1;
    }
    let expected = headers.get("if-match").and_then(|value| value.to_str().ok());
    if expected.is_some_and(|etag| etag != event.etag()) {
        let why = "The change key passed in the request does not match the current change key for the item.";
        return Told::failure(412, "ErrorIrresolvableConflict", why);
    }
    event.from = instant(&body["start"]).unwrap_or(event.from);
    event.until = instant(&body["end"]).unwrap_or(event.until);
    if let Some(text) = body["body"]["content"].as_str() {
        event.online = event.online && text.contains(JOIN);
        text.clone_into(&mut event.text);
    }
    event.changes += 1;
    let event = event.clone();
    drop(kept);
    let natural_key = format!("{user}/{id}/{}", event.from.to_rfc3339());
    app.world.accept(VENDOR, "move", natural_key, json!({ "until": event.until }));
    Told::with(200, shown(&event, Prefer::of(&headers), None))
}

pub(super) async fn cancel(
    State(app): State<App>,
    Path((user, id)): Path<(String, String)>,
    Json(body): Json<Value>,
) -> Told {
    if let Some(refusal) = app.state.refusal(&user, PERMISSION) {
        return refusal;
    }
    let Some(event) = app.state.standing(&user, &id) else { return not_found() };
    if event.attendee_email.is_none() {
        return Told::failure(400, "ErrorInvalidRequest", "Your request can't be completed. The event is no meeting.");
    }
    let comment = body["comment"].as_str().unwrap_or_default().to_owned();
    app.world.accept(VENDOR, "cancel", format!("{user}/{id}"), json!({ "comment": comment }));
    for event in app.state.kept().events.iter_mut().filter(|event| event.id == id) {
        event.cancelled_with = Some(comment.clone());
    }
    app.state.delete(&id);
    Told::empty(202)
}

pub(super) async fn delete(State(app): State<App>, Path((user, id)): Path<(String, String)>) -> Told {
    if let Some(refusal) = app.state.refusal(&user, PERMISSION) {
        return refusal;
    }
    if app.state.standing(&user, &id).is_none() {
        return not_found();
    }
    app.world.accept(VENDOR, "cancel", format!("{user}/{id}"), json!({}));
    app.state.delete(&id);
    Told::empty(204)
}
