//! The body of a request, before the protocol reads it: what is no request is refused in words of ours, and the arguments of a tool
//! are an object whatever a model made of them, so that what they lack is asked for in a sentence.

use super::Problem;
use axum::body::Bytes;
use axum::http::{HeaderMap, header};
use serde_json::{Map, Value};

const JSON: &str = "application/json";

/// # Errors
/// The body is no request of JSON-RPC, or does not say that it is JSON.
pub(super) fn readable(headers: &HeaderMap, body: Bytes) -> Result<Bytes, Problem> {
    // A page in somebody's browser cannot say so without asking us first, and is refused then.
    if !says_json(headers) {
        return Err(Problem::wrong_kind(JSON));
    }
    let read = serde_json::from_slice::<Value>(&body);
    let mut request = read.map_err(|error| Problem::bad_request(format!("the body is no JSON: {error}")))?;
    if request.is_array() {
        return Err(Problem::bad_request("several requests in one body are not taken: send one after the other"));
    }
    let has = |member: &str| request.get(member).is_some();
    if request["jsonrpc"] != "2.0" || !["method", "result", "error"].into_iter().any(has) {
        let detail = "the body is no request of JSON-RPC 2.0, such as \
                      {\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": \"tools/list\"}";
        return Err(Problem::bad_request(detail));
    }
    let is_call = request["method"] == "tools/call";
    match request.pointer_mut("/params/arguments") {
        Some(arguments) if is_call && !arguments.is_object() => {
            *arguments = Value::Object(as_object(arguments));
            Ok(request.to_string().into())
        }
        _ => Ok(body),
    }
}

fn says_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(JSON))
}

/// Models write an object as a text at times; of anything else, nothing can be used.
fn as_object(arguments: &Value) -> Map<String, Value> {
    let Value::String(text) = arguments else { return Map::new() };
    serde_json::from_str(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;
    use serde_json::json;

    fn read(body: &Value) -> Value {
        let headers =
            HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static("Application/JSON; charset=utf-8"))]);
        let body = readable(&headers, body.to_string().into()).expect("a request");
        serde_json::from_slice(&body).expect("JSON")
    }

    #[test]
    fn arguments_are_an_object_whatever_a_model_wrote() {
        let call = |arguments: Value| json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": { "name": "route_lead", "arguments": arguments } });
        let known = json!({ "name": "Dana" });
        for (written, meant) in [
            (known.clone(), known.clone()),
            (json!(known.to_string()), known),
            (json!("Dana"), json!({})),
            (json!("[1]"), json!({})),
            (json!([1, 2]), json!({})),
            (json!(7), json!({})),
            (Value::Null, json!({})),
        ] {
            assert_eq!(read(&call(written)), call(meant));
        }
        let other = json!({ "jsonrpc": "2.0", "id": 1, "method": "prompts/get", "params": { "arguments": [1] } });
        assert_eq!(read(&other), other, "what is no call of a tool is the protocol's");
    }
}
