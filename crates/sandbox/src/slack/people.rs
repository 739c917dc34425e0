//! People of the workspace: who they are by their mail address, what was shown to one of them alone, and where the app hears them.

use super::{App, VENDOR, failure, too_many};
use crate::Fault;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Value, json};

/// Words to the eyes of one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlackWhisper {
    pub person: String,
    pub text: String,
}

#[derive(Deserialize)]
pub(super) struct ByMail {
    email: String,
}

pub(super) async fn lookup(State(app): State<App>, Query(asked): Query<ByMail>) -> Json<Value> {
    let kept = app.state.kept();
    let found = kept.people.iter().find(|(mail, _)| mail.eq_ignore_ascii_case(&asked.email));
    Json(found.map_or_else(|| failure("users_not_found"), |(mail, person)| shown(person, Some(mail))))
}

#[derive(Deserialize)]
pub(super) struct ById {
    user: String,
}

/// Whoever came from another workspace shows the address that they have given themselves there.
pub(super) async fn info(State(app): State<App>, Query(asked): Query<ById>) -> Json<Value> {
    let kept = app.state.kept();
    let known = kept.people.iter().chain(&kept.strangers).find(|(_, person)| *person == asked.user);
    Json(known.map_or_else(|| failure("user_not_found"), |(mail, person)| shown(person, Some(mail))))
}

fn shown(person: &str, mail: Option<&String>) -> Value {
    json!({ "ok": true, "user": { "id": person, "is_bot": false, "profile": { "email": mail } } })
}

/// What somebody was told at the address that came with their press; it names them, since the test made it.
pub(super) async fn answered(
    State(app): State<App>,
    Path(person): Path<String>,
    fault: Option<Extension<Fault>>,
    Json(body): Json<Value>,
) -> Response {
    if let Some(Extension(Fault::RateLimit { retry_after_s })) = fault {
        return too_many(retry_after_s);
    }
    let text = body["text"].as_str().unwrap_or_default().to_owned();
    app.state.kept().whispers.push(SlackWhisper { person, text });
    "ok".into_response()
}

pub(super) fn whisper(app: &App, body: &Value) -> Value {
    let (Some(person), Some(text)) = (body["user"].as_str(), body["text"].as_str()) else {
        return failure("user_not_in_channel");
    };
    app.state.kept().whispers.push(SlackWhisper { person: person.to_owned(), text: text.to_owned() });
    json!({ "ok": true, "message_ts": "1795424400.000001" })
}

/// A trigger opens one form.
pub(super) fn open_form(app: &App, body: &Value) -> Value {
    let Some(trigger) = body["trigger_id"].as_str() else { return failure("exchanged_trigger_id") };
    let mut kept = app.state.kept();
    if kept.forms.iter().any(|(used, _)| used == trigger) {
        return failure("exchanged_trigger_id");
    }
    kept.forms.push((trigger.to_owned(), body["view"].clone()));
    app.world.accept(VENDOR, "form", trigger.to_owned(), body["view"].clone());
    json!({ "ok": true, "view": { "id": format!("V{}", kept.forms.len()) } })
}

pub(super) fn publish(app: &App, body: &Value) -> Value {
    let Some(person) = body["user_id"].as_str() else { return failure("invalid_arguments") };
    app.state.kept().homes.insert(person.to_owned(), body["view"].clone());
    json!({ "ok": true, "view": { "id": format!("VHOME{person}") } })
}

/// Where the app hears people: `None`, as long as nobody has switched Socket Mode on.
pub(super) fn connect(app: &App) -> Value {
    match &app.state.kept().socket {
        Some(url) => json!({ "ok": true, "url": url }),
        None => failure("not_allowed_token_type"),
    }
}
