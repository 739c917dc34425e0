//! Stand-in for the webhooks of Microsoft Teams: workflows that post what they are sent, and connectors of the older kind.
//!
//! Kept true: the address is the credential; a workflow answers 202 and nothing more, a connector 200 and `1`, or 200 and in
//! words that Teams has refused it; every request that is taken is a message more, which nobody can name, find or change.
//! Stricter than Teams: a card of which it would show less than was meant, without a word, is refused ([`faults_of`]). The
//! operation for faults is `post`.

use super::{Fault, World, on_the_wire};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Extension, Json};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

const VENDOR: &str = "teams";
/// A message that is larger is refused.
const LARGEST: usize = 28 * 1024;
const KIND: &str = "application/vnd.microsoft.card.adaptive";
const SCHEMA: &str = "http://adaptivecards.io/schemas/adaptive-card.json";
/// Of an address that is right.
const SIGNATURE: &str = "made-up";

type App = super::App<Arc<TeamsState>>;

/// A card as it stands in its channel.
#[derive(Debug, Clone, PartialEq)]
pub struct TeamsCard {
    pub channel: String,
    /// The Adaptive Card.
    pub content: Value,
}

impl TeamsCard {
    /// All its texts, a block to a line.
    pub fn text(&self) -> String {
        let blocks = self.content["body"].as_array().into_iter().flatten();
        let line = |block: &Value| match block["inlines"].as_array() {
            Some(runs) => runs.iter().filter_map(|run| run["text"].as_str()).collect::<String>(),
            None => block["text"].as_str().unwrap_or_default().to_owned(),
        };
        blocks.map(line).collect::<Vec<String>>().join("\n")
    }

    /// Words and address of each button.
    pub fn buttons(&self) -> Vec<(String, String)> {
        let actions = self.content["actions"].as_array().into_iter().flatten();
        let told = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        actions.map(|action| (told(&action["title"]), told(&action["url"]))).collect()
    }
}

#[derive(Default)]
pub struct TeamsState(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    cards: Vec<TeamsCard>,
    /// Channels whose webhook was taken away, with what is answered.
    gone: BTreeMap<String, StatusCode>,
}

impl TeamsState {
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// In the order of their posting.
    pub fn cards(&self) -> Vec<TeamsCard> {
        self.kept().cards.clone()
    }

    /// The webhook of this channel answers with nothing but this from now on.
    pub fn take_away(&self, channel: &str, answer: StatusCode) {
        self.kept().gone.insert(channel.to_owned(), answer);
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().expect("nothing panics while holding the cards")
    }
}

/// Path and query of a workflow's address.
pub fn workflow(channel: &str) -> String {
    let query = format!("api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig={SIGNATURE}");
    format!("/workflows/{channel}/triggers/manual/paths/invoke?{query}")
}

/// The same of a connector of the older kind.
pub fn connector(channel: &str) -> String {
    format!("/webhookb2/{channel}/IncomingWebhook/{SIGNATURE}")
}

pub fn routes(world: Arc<World>, state: Arc<TeamsState>) -> Router {
    let app = App { world: Arc::clone(&world), state };
    let webhooks = Router::new()
        .route("/workflows/{channel}/triggers/manual/paths/invoke", post(run))
        .route("/webhookb2/{channel}/IncomingWebhook/{signature}", post(connect))
        .with_state(app);
    on_the_wire(world, VENDOR, operation, webhooks)
}

fn operation(_method: &str, _path: &str) -> String {
    "post".to_owned()
}

async fn run(
    State(app): State<App>,
    Path(channel): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
    fault: Option<Extension<Fault>>,
    body: Bytes,
) -> Response {
    let is_signed = query.get("sig").is_some_and(|sig| sig == SIGNATURE) && query.contains_key("api-version");
    let refused = take(&app, &channel, is_signed, fault.as_deref(), &body);
    refused.unwrap_or_else(|| StatusCode::ACCEPTED.into_response())
}

async fn connect(
    State(app): State<App>,
    Path((channel, signature)): Path<(String, String)>,
    fault: Option<Extension<Fault>>,
    body: Bytes,
) -> Response {
    if fault.as_deref() == Some(&Fault::ErrorInside200) {
        let behind = "Microsoft Teams endpoint returned HTTP error 429 with ContextId tcid=0";
        return format!("Webhook message delivery failed with error: {behind}").into_response();
    }
    let refused = take(&app, &channel, signature == SIGNATURE, fault.as_deref(), &body);
    refused.unwrap_or_else(|| "1".into_response())
}

/// One message more; or how it is refused.
fn take(app: &App, channel: &str, is_signed: bool, fault: Option<&Fault>, body: &[u8]) -> Option<Response> {
    let refuse = |status: StatusCode, code: &str, message: &str| {
        Some((status, Json(json!({ "error": { "code": code, "message": message } }))).into_response())
    };
    if let Some(Fault::RateLimit { retry_after_s }) = fault {
        let mut response = StatusCode::TOO_MANY_REQUESTS.into_response();
        if let Some(seconds) = retry_after_s {
            response.headers_mut().insert("retry-after", (*seconds).into());
        }
        return Some(response);
    }
    if let Some(status) = app.state.kept().gone.get(channel) {
        return refuse(*status, "WorkflowNotFound", "The workflow could not be found.");
    }
    if !is_signed {
        return refuse(StatusCode::UNAUTHORIZED, "AuthorizationFailed", "The signature is not valid.");
    }
    if body.len() > LARGEST {
        return refuse(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", "The message is too large.");
    }
    let message: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    let faults = faults_of(&message);
    if !faults.is_empty() {
        return refuse(StatusCode::BAD_REQUEST, "InvalidCard", &faults.join("; "));
    }
    let card = TeamsCard { channel: channel.to_owned(), content: message["attachments"][0]["content"].clone() };
    let title = card.text().lines().next().unwrap_or_default().to_owned();
    app.world.accept(VENDOR, "message", format!("{channel}/{title}"), json!({ "channel": channel, "title": title }));
    app.state.kept().cards.push(card);
    None
}

/// What Teams would refuse in a message, or show less of than was meant.
pub fn faults_of(message: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let attachments = message["attachments"].as_array().map(Vec::as_slice).unwrap_or_default();
    if message["type"] != "message" || attachments.len() != 1 || attachments[0]["contentType"] != KIND {
        faults.push("it is no message with one card".to_owned());
    }
    let card = &message["attachments"][0]["content"];
    if card["type"] != "AdaptiveCard" || card["$schema"] != SCHEMA {
        faults.push("it is no Adaptive Card".to_owned());
    }
    if !["1.4", "1.5"].contains(&card["version"].as_str().unwrap_or_default()) {
        faults.push(format!("version {}", card["version"]));
    }
    let mut ids = BTreeSet::new();
    for block in card["body"].as_array().into_iter().flatten() {
        element(block, &mut ids, &mut faults);
    }
    let actions = card["actions"].as_array().map(Vec::as_slice).unwrap_or_default();
    if actions.len() > 5 {
        faults.push(format!("{} actions", actions.len()));
    }
    actions.iter().for_each(|action| press(action, true, &mut faults));
    faults
}

/// Members that an element may have beside its type and those that every one has.
fn members(kind: &str) -> Option<&'static [&'static str]> {
    let members: &[&str] = match kind {
        "TextBlock" => &["text", "wrap", "size", "weight", "color", "isSubtle", "maxLines", "style"],
        "RichTextBlock" => &["inlines"],
        "TextRun" => &["text", "size", "weight", "color", "isSubtle", "italic", "selectAction"],
        "FactSet" => &["facts"],
        "Input.Text" => &["label", "isRequired", "errorMessage", "isMultiline", "maxLength", "placeholder", "value"],
        _ => return None,
    };
    Some(members)
}

fn element(shown: &Value, ids: &mut BTreeSet<String>, faults: &mut Vec<String>) {
    let kind = shown["type"].as_str().unwrap_or_default();
    let Some(known) = members(kind) else { return faults.push(format!("element {}", shown["type"])) };
    for name in shown.as_object().into_iter().flat_map(serde_json::Map::keys) {
        if !["type", "id", "spacing", "separator"].contains(&name.as_str()) && !known.contains(&name.as_str()) {
            faults.push(format!("{kind} has {name}"));
        }
    }
    if let Some(id) = shown["id"].as_str()
        && !ids.insert(id.to_owned())
    {
        faults.push(format!("id {id} twice"));
    }
    match kind {
        "TextBlock" | "TextRun" => words(&shown["text"], faults),
        "RichTextBlock" => {
            let runs = shown["inlines"].as_array().map(Vec::as_slice).unwrap_or_default();
            if runs.is_empty() || runs.iter().any(|run| run["type"] != "TextRun") {
                faults.push("RichTextBlock without runs".to_owned());
            }
            runs.iter().for_each(|run| element(run, ids, faults));
        }
        "FactSet" => {
            for fact in shown["facts"].as_array().into_iter().flatten() {
                words(&fact["title"], faults);
                words(&fact["value"], faults);
            }
        }
        "Input.Text" if shown["id"].is_null() || shown["label"].is_null() => {
            faults.push("an input without id or label".to_owned());
        }
        _ => {}
    }
    if !shown["selectAction"].is_null() {
        press(&shown["selectAction"], false, faults);
    }
}

/// A text, and dates in it that every client can place.
fn words(text: &Value, faults: &mut Vec<String>) {
    let Some(text) = text.as_str().filter(|text| !text.is_empty()) else {
        return faults.push(format!("{text} where a text is shown"));
    };
    for written in ["{{DATE(", "{{TIME("].into_iter().flat_map(|begins| text.split(begins).skip(1)) {
        let at = written.split([',', ')']).next().unwrap_or_default().trim();
        if chrono::DateTime::parse_from_rfc3339(at).is_err() {
            faults.push(format!("time {at}"));
        }
    }
}

fn press(action: &Value, is_button: bool, faults: &mut Vec<String>) {
    let leads = action["url"].as_str().is_some_and(|url| url.contains(':'));
    if action["type"] != "Action.OpenUrl" || !leads {
        faults.push(format!("a button that does nothing: {action}"));
    }
    if is_button {
        words(&action["title"], faults);
    }
}
