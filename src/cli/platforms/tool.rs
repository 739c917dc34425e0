//! The tool for the voice agent, in the form in which each platform takes it: its API, and the fields of its settings by the same
//! names.

use baton_platforms::facts::tool_schema;
use baton_platforms::rep;
use serde_json::{Map, Value, json};

const NAME: &str = "hand_to_sales";
/// Said to a voice model by whoever reads the tool, so that it is called in time.
const ABOUT: &str = "Hands the caller to sales, or notes what they want. Call it as soon as the caller wants to speak with \
                     somebody, or before the conversation ends. The answer is what you say next.";

/// Longer than an answer takes, and not so long that a caller is left with silence.
const WITHIN_S: u32 = 10;

/// Where it is pasted, and it.
pub(super) fn of(platform: &str, address: &str) -> (&'static str, Value) {
    match platform {
        "vapi" => ("as POST /tool of Vapi takes it; credentialId is that of the credential with SECRET", vapi(address)),
        "retell" => ("as general_tools of an agent takes it, and the form of a custom function", retell(address)),
        "elevenlabs" => ("as tool_config of POST /v1/convai/tools takes it", elevenlabs(address)),
        "bland" => ("as POST /v1/tools of Bland takes it", bland(address)),
        "openai" => ("as tools of the session takes it", openai()),
        _ => ("for the model of your agent; what it calls the tool with goes to the address", for_a_model()),
    }
}

/// The two of an agent that tells a rep who is calling.
pub(super) fn of_reps() -> [Value; 2] {
    [(rep::ACCEPTED, rep::ACCEPTED_ABOUT), (rep::DECLINED, rep::DECLINED_ABOUT)].map(|(name, about)| {
        let function = json!({ "name": name, "description": about, "parameters": rep::tool_schema() });
        json!({ "type": "function", "function": function })
    })
}

fn for_a_model() -> Value {
    let function = json!({ "name": NAME, "description": ABOUT, "parameters": tool_schema() });
    json!({ "type": "function", "function": function })
}

fn vapi(address: &str) -> Value {
    let mut tool = for_a_model();
    tool["server"] = json!({ "url": address, "credentialId": "CREDENTIAL_ID", "timeoutSeconds": WITHIN_S });
    tool
}

fn retell(address: &str) -> Value {
    json!({
        "type": "custom", "name": NAME, "description": ABOUT, "url": address, "method": "POST",
        "speak_during_execution": false, "speak_after_execution": true, "timeout_ms": WITHIN_S * 1000,
        "parameters": tool_schema(),
    })
}

/// What it sends of a call is what its schema asks for.
fn elevenlabs(address: &str) -> Value {
    let mut properties = properties();
    for (name, variable) in [
        ("conversation_id", "system__conversation_id"),
        ("caller_id", "system__caller_id"),
        ("called_number", "system__called_number"),
        ("call_sid", "system__call_sid"),
    ] {
        properties.insert(name.to_owned(), json!({ "type": "string", "dynamic_variable": variable }));
    }
    json!({
        "type": "webhook", "name": NAME, "description": ABOUT, "response_timeout_secs": WITHIN_S,
        "api_schema": {
            "url": address, "method": "POST", "request_headers": { "Authorization": "Bearer SECRET" },
            "request_body_schema": { "type": "object", "properties": properties },
        },
    })
}

/// Its body is a template of one's own; what is not filled in is unknown to Baton.
fn bland(address: &str) -> Value {
    let own = ["call_id", "from", "to"].map(|name| (name.to_owned(), Value::from(format!("{{{{{name}}}}}"))));
    let inputs = properties().into_iter().map(|(name, _)| {
        let input = Value::from(format!("{{{{input.{name}}}}}"));
        (name, input)
    });
    let body: Map<String, Value> = own.into_iter().chain(inputs).collect();
    json!({
        "name": NAME, "description": ABOUT, "url": address, "method": "POST",
        "headers": { "Authorization": "Bearer SECRET", "Content-Type": "application/json" }, "body": body,
        "input_schema": tool_schema(), "response": { "say": "$.say" }, "timeout": WITHIN_S * 1000,
    })
}

fn openai() -> Value {
    json!({ "type": "function", "name": NAME, "description": ABOUT, "parameters": tool_schema() })
}

fn properties() -> Map<String, Value> {
    let mut schema = tool_schema();
    schema["properties"].as_object_mut().map(std::mem::take).unwrap_or_default()
}
