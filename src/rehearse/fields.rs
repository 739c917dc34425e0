//! Fields of a lead as rules name them, without `lead.` before: where an event keeps each, and of what type.

use serde_json::{Value, json};

/// Somebody to call back: a number that is kept free for films, so that nobody has to bring one.
const CALLER: &str = "+12025550123";

/// Where the event keeps a field of the lead.
pub fn pointer_to(field: &str) -> String {
    let place = match field {
        "country" | "state" | "region" | "postal" | "city" | "industry" | "employees" | "domain" => "company",
        "email" | "phone" | "title" | "language" => "contact",
        "live" | "direction" => "call",
        "handoff" | "timezone" => "preference",
        "channel" => return "/data/channel".to_owned(),
        "company" => return "/data/company/name".to_owned(),
        "contact" => return "/data/contact/name".to_owned(),
        "source" => return "/source".to_owned(),
        _ if field.starts_with("consent.") => return format!("/data/{}", field.replace('.', "/")),
        _ if field.starts_with("custom.") => {
            let name = field["custom.".len()..].replace('~', "~0").replace('/', "~1");
            return format!("/data/custom/{name}");
        }
        _ => "qualification",
    };
    format!("/data/{place}/{field}")
}

/// The value in the JSON type that the event has for the field.
///
/// # Errors
/// What is allowed.
pub fn value_of(field: &str, text: &str) -> Result<Value, &'static str> {
    let text = text.trim();
    match field {
        "live" => flag(text),
        name if name.starts_with("consent.") => flag(text),
        "score" => number(text).ok_or("a number from 0 to 100"),
        "satisfaction" => number(text).ok_or("a number from 1 to 5"),
        "employees" => Ok(number(text).unwrap_or_else(|| json!(text))),
        name if name.starts_with("custom.") => Ok(match text {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            _ => number(text).unwrap_or_else(|| json!(text)),
        }),
        _ => Ok(json!(text)),
    }
}

fn flag(text: &str) -> Result<Value, &'static str> {
    match text.to_lowercase().as_str() {
        "yes" | "true" => Ok(Value::Bool(true)),
        "no" | "false" => Ok(Value::Bool(false)),
        _ => Err("yes or no"),
    }
}

/// A number that is written as JSON writes it: 02139 and +1 are text.
fn number(text: &str) -> Option<Value> {
    serde_json::from_str::<Value>(text).ok().filter(Value::is_number)
}

/// Sets the value, with the objects on the way to it.
pub fn put(event: &mut Value, pointer: &str, value: Value) {
    let mut place = event;
    for name in pointer.split('/').skip(1) {
        let name = name.replace("~1", "/").replace("~0", "~");
        if !place[&name].is_object() {
            place[&name] = json!({});
        }
        place = &mut place[&name];
    }
    *place = value;
}

/// A call has a platform, an id and somebody on the line. `by`: who makes it up.
pub fn complete_call(event: &mut Value, by: &str) {
    let call = &mut event["data"]["call"];
    if !call.is_object() {
        return;
    }
    for (name, value) in [("platform", by), ("id", by), ("from", CALLER), ("to", CALLER)] {
        if call[name].is_null() {
            call[name] = json!(value);
        }
    }
}
