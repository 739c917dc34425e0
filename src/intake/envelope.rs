//! The CloudEvents envelope: structured JSON, or binary mode with the attributes in headers.

mod head;

pub use head::{key_of, kind_of, source_of};

use super::fault::EventFault;
use super::reader::{Findings, Object};
use chrono::{DateTime, Utc};
use serde::de::IgnoredAny;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Largest event. A briefing needs a few kilobytes; transcripts are linked, not sent.
pub const MAX_BYTES: usize = 256 * 1024;
/// Deepest nesting of objects and lists.
pub const MAX_DEPTH: usize = 32;
/// Longest `id` and `source`: they are part of a key in the database.
const MAX_NAME: usize = 256;

/// Brings binary mode (attributes as headers, the data as body) to the structured form, which is what the inbox keeps.
///
/// `headers` are AMQP application headers (`cloudEvents:type`, `cloudEvents_type`) or HTTP headers (`ce-type`), in any case,
/// and `content-type`. The body stays as it is if it is structured already, or no JSON: then it is refused as it came.
pub fn structured(body: Vec<u8>, headers: &BTreeMap<String, String>) -> Vec<u8> {
    let content_type = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    if content_type.is_some_and(|(_, kind)| kind.to_ascii_lowercase().starts_with("application/cloudevents")) {
        return body;
    }
    let attributes: Map<String, Value> =
        headers.iter().filter_map(|(name, value)| Some((attribute(name)?, Value::from(value.as_str())))).collect();
    if attributes.is_empty() || serde_json::from_slice::<IgnoredAny>(&body).is_err() {
        return body;
    }
    // The data is put in as it came, byte for byte.
    let mut event = Value::Object(attributes).to_string().into_bytes();
    event.pop();
    event.extend_from_slice(b",\"data\":");
    event.extend_from_slice(&body);
    event.push(b'}');
    event
}

/// The same event under this id, if it says none of its own; anything else as it came.
pub fn with_id(body: Vec<u8>, id: &str) -> Vec<u8> {
    let read = text(&body).ok().and_then(|text| serde_json::from_str::<Map<String, Value>>(text).ok());
    match read {
        Some(mut event) if event.get("id").is_none_or(Value::is_null) => {
            event.insert("id".to_owned(), id.into());
            Value::Object(event).to_string().into_bytes()
        }
        _ => body,
    }
}

/// The CloudEvents attribute that a header carries.
fn attribute(header: &str) -> Option<String> {
    let header = header.to_ascii_lowercase();
    let name = ["cloudevents:", "cloudevents_", "ce-"].iter().find_map(|prefix| header.strip_prefix(prefix))?;
    ["specversion", "id", "source", "type", "time"].contains(&name).then(|| name.to_owned())
}

/// What every event has, whatever its type. An absent part has its fault among the findings.
#[derive(Debug)]
pub(super) struct Envelope {
    pub id: Option<String>,
    pub source: Option<String>,
    pub kind: Option<String>,
    pub time: Option<DateTime<Utc>>,
    pub data: Value,
}

fn whole(found: String, allowed: &str, hint: Option<&str>) -> EventFault {
    EventFault { pointer: String::new(), found, allowed: allowed.to_owned(), hint: hint.map(str::to_owned) }
}

/// The text of a body that is not too large, without a byte order mark.
fn text(bytes: &[u8]) -> Result<&str, EventFault> {
    if bytes.len() > MAX_BYTES {
        let hint = "link the transcript instead of sending it";
        return Err(whole(format!("{} bytes", bytes.len()), &format!("at most {MAX_BYTES} bytes"), Some(hint)));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let found = format!("a byte that is not UTF-8 at offset {}", error.valid_up_to());
        whole(found, "JSON in UTF-8", Some("the sender wrote another character set, or cut a character in two"))
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

fn body(bytes: &[u8]) -> Result<Value, EventFault> {
    let text = text(bytes)?;
    if text.trim().is_empty() {
        return Err(whole("nothing".into(), "a CloudEvents 1.0 event in JSON", None));
    }
    let value: Value = serde_json::from_str(text).map_err(|error| {
        let found = format!("text that is not JSON: {error}");
        let hint = error.is_eof().then_some("the body ends too early: was it cut off?");
        whole(found, "a CloudEvents 1.0 event in JSON", hint)
    })?;
    if let Some(pointer) = too_deep(&value, MAX_DEPTH) {
        let found = format!("objects or lists nested more than {MAX_DEPTH} deep");
        return Err(EventFault { pointer, ..whole(found, &format!("at most {MAX_DEPTH} levels"), None) });
    }
    Ok(value)
}

/// Where the nesting passes the limit. The parser itself stops at 128 levels, so this recursion is bounded.
fn too_deep(value: &Value, left: usize) -> Option<String> {
    if !value.is_array() && !value.is_object() {
        return None;
    }
    let Some(left) = left.checked_sub(1) else { return Some(String::new()) };
    match value {
        Value::Array(items) => {
            items.iter().enumerate().find_map(|(i, item)| Some(format!("/{i}{}", too_deep(item, left)?)))
        }
        Value::Object(map) => map.iter().find_map(|(key, item)| Some(format!("/{key}{}", too_deep(item, left)?))),
        _ => None,
    }
}

/// # Errors
/// The body is not an event at all: too large, not UTF-8, not JSON, not an object. What is wrong inside goes to `findings`.
pub(super) fn open(bytes: &[u8], findings: &Findings) -> Result<Envelope, EventFault> {
    let mut body = body(bytes)?;
    if !body.is_object() {
        let hint = body.is_array().then(|| "send one event per message: batches are not taken".to_owned());
        let found = super::fault::describe("", &body);
        return Err(EventFault { pointer: String::new(), found, allowed: "an object".into(), hint });
    }
    let mut event = Object::new(String::new(), Some(&body), findings);
    check_version(&mut event);
    let id = name(&mut event, "id");
    let source = name(&mut event, "source");
    let kind = event.required_text("type").map(str::to_owned);
    let time = event.instant("time");
    if let Some(content) = event.text("datacontenttype")
        && !is_json(content)
    {
        event.fault("datacontenttype", &Value::from(content), "application/json", None);
    }
    // Attributes of CloudEvents that say nothing to us, known so that they are not noted.
    let _ = (event.raw("subject"), event.raw("dataschema"));
    let has_data = event.raw("data").is_some();
    if let Some(encoded) = event.raw("data_base64") {
        event.fault("data_base64", &Value::from(encoded.is_string()), "data as JSON", Some("use \"data\"".into()));
    } else if !has_data {
        let hint = body.get("call").or(body.get("contact")).map(|_| "put call, contact, company … under data".into());
        findings.fault("/data".into(), "nothing".into(), "an object", hint);
    }
    event.finish();
    let data = body.get_mut("data").map_or(Value::Null, Value::take);
    Ok(Envelope { id, source, kind, time, data })
}

fn check_version(event: &mut Object<'_, '_>) {
    if let Some(version) = event.required_text("specversion")
        && version != "1.0"
    {
        event.fault("specversion", &Value::from(version), "\"1.0\"", None);
    }
}

/// `id` or `source`: text without blanks in `source`, so that the two make one key.
fn name(event: &mut Object<'_, '_>, field: &'static str) -> Option<String> {
    let text = event.required_text(field)?;
    if is_name(field, text) {
        return Some(text.to_owned());
    }
    let allowed = match field {
        "source" => format!("at most {MAX_NAME} characters without blanks, such as \"vapi:acct_1\""),
        _ => format!("at most {MAX_NAME} characters on one line"),
    };
    event.fault(field, &Value::from(text), allowed, None);
    None
}

fn is_name(field: &str, text: &str) -> bool {
    let blank_free = field != "source" || !text.contains(char::is_whitespace);
    blank_free && text.len() <= MAX_NAME && !text.contains(char::is_control)
}

fn is_json(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    kind == "application/json" || kind == "text/json" || kind.ends_with("+json")
}

#[cfg(test)]
mod tests;
