//! The events of ours that come of tools.
//!
//! Their ids are made of the call and the tool, never of what the model said: a model that says it again, in other words, means
//! the same call. What it adds the second time comes under an id of its own, and is added to the lead of the call.

use super::call::{Asked, Call};
use super::tools::REASON;
use crate::web::incoming::digest;
use baton_core::domain::id::LegId;
use baton_core::domain::outcome::Slot;
use baton_platforms::facts;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Map, Value, json};

/// Without a call's id, what is told of one person within this time is told once.
pub(super) const ONE_CONVERSATION: TimeDelta = TimeDelta::minutes(15);

/// The lead that the arguments tell of. `wish`: what the tool itself says that the caller wants.
pub(super) fn lead(asked: &Asked, wish: Option<&str>, now: DateTime<Utc>) -> Value {
    let (mut data, left_out) = facts::lead_data(&asked.arguments);
    if !left_out.is_empty() {
        let (tool, left_out) = (asked.tool.name(), left_out.len());
        tracing::info!(tool, left_out, "parts of what a model said could not be used");
    }
    if let Some(Call { platform, id }) = &asked.call {
        let mut call = json!({ "platform": platform, "id": id, "live": true });
        if let Some(number) = &asked.caller {
            call["direction"] = "inbound".into();
            call["from"] = number.as_str().into();
        }
        data.insert("call".to_owned(), call);
    } else if let (Some(number), Some(contact)) = (&asked.caller, section(&mut data, "contact"))
        && contact.get("phone").is_none_or(|said| !said.to_string().contains(|c: char| c.is_ascii_digit()))
    {
        contact.insert("phone".to_owned(), json!({ "value": number, "source": "platform" }));
    }
    if let (Some(wish), Some(preference)) = (wish, section(&mut data, "preference")) {
        preference.insert("handoff".to_owned(), wish.into());
    }
    let data = Value::Object(data);
    event(asked, "lead.qualified", id_of_lead(asked, &data, now), data)
}

/// The same event, had the person been told of in the window of time before this one: it may be that conversation that goes on.
/// `None` where the call says which one it is.
pub(super) fn begun_before(asked: &Asked, lead: &Value, now: DateTime<Utc>) -> Option<Value> {
    if asked.call.is_some() {
        return None;
    }
    let mut before = lead.clone();
    before["id"] = id_of_lead(asked, &lead["data"], now - ONE_CONVERSATION).into();
    Some(before)
}

fn id_of_lead(asked: &Asked, data: &Value, now: DateTime<Utc>) -> String {
    let whose = asked.call.as_ref().map_or_else(|| conversation(asked, data, now), line);
    format!("{whose}:{}", asked.tool.name())
}

/// One of the times of this search was chosen.
pub(super) fn slot_chosen(asked: &Asked, call: &Call, search: u32, slot: &Slot) -> Value {
    let (from, until) = (written(slot.from), written(slot.until));
    let mut data = of_call(call);
    let id = format!("{}:{}:{search}:{from}", line(call), asked.tool.name());
    data.insert("slot".to_owned(), json!({ "rep": slot.rep, "from": from, "until": until }));
    event(asked, "slot.chosen", id, Value::Object(data))
}

/// None of the times of this search suits the caller.
pub(super) fn slots_declined(asked: &Asked, call: &Call, search: u32) -> Value {
    let mut data = of_call(call);
    data.insert("event".to_owned(), "slots_declined".into());
    event(asked, "call.event", format!("{}:{}:{search}", line(call), asked.tool.name()), Value::Object(data))
}

/// The rep of this leg takes the call, or does not. Which of the rep's calls it was matters to nobody.
pub(super) fn rep_answered(asked: &Asked, leg: &LegId, accepts: bool) -> Value {
    let word = if accepts { "accepted" } else { "declined" };
    let call = asked.call.as_ref().map_or(leg.as_str(), |call| call.id.as_str());
    let data = json!({ "platform": asked.platform, "call": call, "leg": leg, "event": word });
    event(asked, "call.event", format!("{leg}:{word}"), data)
}

pub(super) fn call_ended(asked: &Asked, call: &Call) -> Value {
    let mut data = of_call(call);
    if let Some(Value::String(why)) = asked.arguments.get(REASON) {
        data.insert("why".to_owned(), why.as_str().into());
    }
    event(asked, "call.ended", format!("{}:{}", line(call), asked.tool.name()), Value::Object(data))
}

fn event(asked: &Asked, kind: &str, id: String, data: Value) -> Value {
    json!({ "specversion": "1.0", "id": id, "source": asked.source(), "type": kind, "data": data })
}

/// Calls of two platforms may have one id.
fn line(Call { platform, id }: &Call) -> String {
    format!("{platform}:{id}")
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

/// Stands for a call that nobody can name: who brings it, how the person is reached, and in which window of time.
fn conversation(asked: &Asked, data: &Value, now: DateTime<Utc>) -> String {
    let said = |name: &str| {
        let said = data.get("contact")?.get(name)?;
        // The same value, whoever says it.
        Some(said.get("value").unwrap_or(said).to_string())
    };
    let way = said("phone").or_else(|| said("email")).unwrap_or_default().to_lowercase();
    let way: String = way.chars().filter(|c| c.is_alphanumeric() || matches!(c, '@' | '.')).collect();
    let window = now.timestamp().div_euclid(ONE_CONVERSATION.num_seconds());
    digest(&format!("{}\n{way}\n{window}", asked.rights.name))
}

fn written(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
