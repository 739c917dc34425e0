//! The events of ours that come of tools.
//!
//! Their ids are made of the call and the tool, never of what the model said: a model that says it again, in other words, means
//! the same call. What it adds the second time comes under an id of its own, and is added to the lead of the call.

use super::call::{Asked, Call};
use super::tools::REASON;
use baton_core::domain::outcome::Slot;
use baton_platforms::facts;
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// Without a call's id, what is told of one person within this time is told once: in seconds.
const ONE_CONVERSATION: i64 = 15 * 60;

/// The lead that the arguments tell of. `wish`: what the tool itself says that the caller wants.
pub(super) fn lead(asked: &Asked, wish: Option<&str>, now: DateTime<Utc>) -> Value {
    let (mut data, left_out) = facts::lead_data(&asked.arguments);
    if !left_out.is_empty() {
        let (tool, left_out) = (asked.tool.name(), left_out.len());
        tracing::info!(tool, left_out, "parts of what a model said could not be used");
    }
    if let Some(Call { platform, id }) = &asked.call {
        data.insert("call".to_owned(), json!({ "platform": platform, "id": id, "live": true }));
    }
    if let (Some(number), Some(contact)) = (&asked.caller, section(&mut data, "contact")) {
        contact.entry("phone").or_insert_with(|| json!({ "value": number, "source": "platform" }));
    }
    if let (Some(wish), Some(preference)) = (wish, section(&mut data, "preference")) {
        preference.insert("handoff".to_owned(), wish.into());
    }
    let whose = asked.call.as_ref().map_or_else(|| conversation(asked, &data, now), |call| call.id.clone());
    event(asked, "lead.qualified", format!("{whose}:{}", asked.tool.name()), Value::Object(data))
}

/// The same event for what came before with other content.
pub(super) fn with_more(event: &Value) -> Value {
    let mut more = event.clone();
    let id = event["id"].as_str().unwrap_or_default();
    more["id"] = format!("{id}:{}", digest(&event["data"].to_string())).into();
    more
}

/// One of the times of this search was chosen.
pub(super) fn slot_chosen(asked: &Asked, call: &Call, search: u32, slot: &Slot) -> Value {
    let (from, until) = (written(slot.from), written(slot.until));
    let mut data = of_call(call);
    let id = format!("{}:{}:{search}:{from}", call.id, asked.tool.name());
    data.insert("slot".to_owned(), json!({ "rep": slot.rep, "from": from, "until": until }));
    event(asked, "slot.chosen", id, Value::Object(data))
}

/// None of the times of this search suits the caller.
pub(super) fn slots_declined(asked: &Asked, call: &Call, search: u32) -> Value {
    let mut data = of_call(call);
    data.insert("event".to_owned(), "slots_declined".into());
    event(asked, "call.event", format!("{}:{}:{search}", call.id, asked.tool.name()), Value::Object(data))
}

pub(super) fn call_ended(asked: &Asked, call: &Call) -> Value {
    let mut data = of_call(call);
    if let Some(Value::String(why)) = asked.arguments.get(REASON) {
        data.insert("why".to_owned(), why.as_str().into());
    }
    event(asked, "call.ended", format!("{}:{}", call.id, asked.tool.name()), Value::Object(data))
}

fn event(asked: &Asked, kind: &str, id: String, data: Value) -> Value {
    json!({ "specversion": "1.0", "id": id, "source": asked.source(), "type": kind, "data": data })
}

fn of_call(call: &Call) -> Map<String, Value> {
    Map::from_iter([
        ("platform".to_owned(), call.platform.as_str().into()),
        ("call".to_owned(), call.id.as_str().into()),
    ])
}

fn section<'d>(data: &'d mut Map<String, Value>, name: &str) -> Option<&'d mut Map<String, Value>> {
    data.entry(name).or_insert_with(|| json!({})).as_object_mut()
}

/// Stands for a call that nobody can name: who brings it, how the person is reached, and about when. Ids are shown and logged,
/// numbers and addresses are not.
fn conversation(asked: &Asked, data: &Map<String, Value>, now: DateTime<Utc>) -> String {
    let said = |name: &str| data.get("contact").and_then(|contact| contact.get(name)).map(Value::to_string);
    let way = said("phone").or_else(|| said("email")).unwrap_or_default().to_lowercase();
    let way: String = way.chars().filter(|c| c.is_alphanumeric() || matches!(c, '@' | '.')).collect();
    digest(&format!("{}\n{way}\n{}", asked.rights.name, now.timestamp() / ONE_CONVERSATION))
}

fn digest(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn written(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
