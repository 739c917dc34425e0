//! The list of tools, as models and platforms read it: the same bytes release after release, and flat.

use super::{Agent, Generation, served};
use crate::program::is_as_reviewed;
use serde_json::{Value, json};

#[test]
fn the_tools_are_as_reviewed_and_every_platform_takes_them() {
    let served = served();
    let list = |generation| Agent { served: &served, generation, call: None }.asks("tools/list", json!({}));
    let (older, newer) = (list(Generation::Older), list(Generation::Newer));
    assert_eq!(older["tools"], newer["tools"]);
    assert_eq!(older.as_object().expect("an object").len(), 1, "{older}");
    assert!(newer["ttlMs"].as_u64() > Some(0) && newer["cacheScope"] == "public" && newer["resultType"] == "complete");
    let tools = older["tools"].as_array().expect("a list");
    let names: Vec<&str> = tools.iter().filter_map(|tool| tool["name"].as_str()).collect();
    assert_eq!(
        names,
        [
            "route_lead",
            "offer_times",
            "choose_time",
            "promise_callback",
            "what_now",
            "call_ended",
            "rep_accepted",
            "rep_declined"
        ]
    );
    for tool in tools {
        let name = tool["name"].as_str().expect("a name");
        let members: Vec<&String> = tool.as_object().expect("an object").keys().collect();
        assert_eq!(members, ["name", "description", "inputSchema", "annotations"], "{name}");
        assert!(tool["description"].as_str().is_some_and(|about| about.len() <= 300), "{name}");
        is_flat(name, &tool["inputSchema"]);
    }
    let text = serde_json::to_string_pretty(&older["tools"]).expect("JSON") + "\n";
    is_as_reviewed("mcp-tools.json", &text);
}

/// What some model or client refuses, or drops so that the rest means nothing, is in none of them.
pub fn is_flat(tool: &str, schema: &Value) {
    let members = schema.as_object().expect("an object");
    assert!(members.keys().all(|key| ["type", "properties", "required"].contains(&key.as_str())), "{tool}: {schema}");
    assert_eq!(schema["type"], "object", "{tool}");
    let properties = schema["properties"].as_object().expect("properties, always");
    for (name, property) in properties {
        let place = format!("{tool}.{name}");
        assert!(name.len() <= 40 && name.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{place}");
        let members = property.as_object().expect("an object");
        assert!(
            members.keys().all(|key| ["type", "description", "enum"].contains(&key.as_str())),
            "{place}: {property}"
        );
        let kind = property["type"].as_str().expect("one type");
        assert!(["string", "number", "boolean"].contains(&kind), "{place}: {property}");
        assert!(property["description"].as_str().is_some_and(|about| about.ends_with('.')), "{place}");
        let words = property.get("enum").and_then(Value::as_array);
        assert!(words.is_none_or(|words| kind == "string" && words.iter().all(Value::is_string)), "{place}");
    }
    for required in members.get("required").and_then(Value::as_array).into_iter().flatten() {
        assert!(properties.contains_key(required.as_str().expect("a name")), "{tool}: {required}");
    }
}
