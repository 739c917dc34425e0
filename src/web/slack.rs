//! What people press, fill in and ask in Slack, as requests of Slack's own.
//!
//! Guarantees: nothing counts before the signature over the bytes as they came holds, and it is not older than five minutes; it is
//! answered before anything is done, since Slack waits for three seconds. What comes again is done once.

use super::admit::{let_out, whole};
use super::server::Guest;
use super::{Door, Problem};
use crate::chat::{Desk, Kind, Taken};
use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use baton_platforms::signature::{Proof, Secret, verify};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// A form with all that was filled in, and the card that it was opened from.
const LARGEST: usize = 256 * 1024;

/// Where Slack is attended to, and with what it signs.
pub struct SlackDoor {
    pub desk: Arc<Desk>,
    pub secrets: Vec<Secret>,
}

/// Takes what Slack sends
///
/// Presses of buttons and forms, the command and events, each signed with the signing secret of the app (`slack.signing_secret`). It
/// is for apps that do not use Socket Mode. The answer says that it was heard, or which field of a form is not right.
#[utoipa::path(
    post,
    path = "/v1/slack",
    operation_id = "postSlack",
    tag = "events",
    request_body(
        description = "As Slack sends it.",
        content(("application/json"), ("application/x-www-form-urlencoded")),
    ),
    responses(
        (status = 200, description = "It was heard.", content(("application/json"))),
        (status = 400, description = "What it holds is not of Slack's form."),
        (status = 401, description = "It is not proven that Slack sends it, or it was signed too long ago."),
        (status = 404, description = "No signing secret of Slack is configured."),
        (status = 408, description = "The body did not come in time."),
        (status = 413, description = "The body is too large."),
        (status = 503, description = "Too much comes at once; Slack sends it again."),
    ),
)]
pub(super) async fn post(State(door): State<Door>, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let Some(slack) = door.slack.clone() else {
        let_out(body);
        return Err(Problem::not_found(
            "nobody hears Slack here: baton.toml has no slack.signing_secret, or this is a trial",
        ));
    };
    let body = whole(body, &parts.headers, LARGEST).await?;
    let headers: Vec<(String, String)> = parts.headers.iter().map(super::platforms::as_text).collect();
    let proof = Proof::named("slack").expect("it is among the names");
    // Slack signs no address.
    let request = baton_platforms::Request { method: parts.method.as_str(), url: "", headers: &headers, body: &body };
    if let Err(why) = verify(&proof, &slack.secrets, &request, door.clock.now()) {
        tracing::warn!(%why, "a request that does not prove to be Slack's");
        return Err(Problem::unproven());
    }
    let Ok(_permit) = door.requests.try_acquire() else {
        return Err(Problem::busy("too many requests at once; the same request may be sent again"));
    };
    let _work = parts.extensions.get::<Arc<Guest>>().map(Guest::works);
    let (kind, payload) = read(&body).ok_or_else(|| Problem::bad_request("what it holds is not of Slack's form"))?;
    if let Some(challenge) = payload["challenge"].as_str().filter(|_| payload["type"] == "url_verification") {
        return Ok(Json(json!({ "challenge": challenge })).into_response());
    }
    let Taken { answer, then } = slack.desk.take(kind, &payload);
    if let Some(then) = then {
        let desk = Arc::clone(&slack.desk);
        // Whoever has been answered is gone; a stop waits for it.
        drop(door.in_hand.spawn(async move { desk.attend(then).await }));
    }
    Ok(answer.map_or_else(|| StatusCode::OK.into_response(), |answer| Json(answer).into_response()))
}

/// An event is JSON, a command a form, and all else JSON in a form.
fn read(body: &[u8]) -> Option<(Kind, Value)> {
    if let Ok(event @ Value::Object(_)) = serde_json::from_slice(body) {
        return Some((Kind::Event, event));
    }
    let fields: Map<String, Value> = url::form_urlencoded::parse(body)
        .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
        .collect();
    match fields.get("payload").and_then(Value::as_str) {
        Some(payload) => Some((Kind::Interaction, serde_json::from_str(payload).ok()?)),
        None => fields.contains_key("command").then_some((Kind::Command, Value::Object(fields))),
    }
}
