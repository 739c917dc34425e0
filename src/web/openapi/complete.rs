//! What holds for every operation, written once: the right that it needs in words, the refusals that come before any handler,
//! the form of all errors, and the headers of all answers.

use super::examples::{self, EXAMPLES};
use super::shapes;
use crate::intake::schema;
use crate::web::admit::once::{IDEMPOTENCY_KEY, LONGEST_KEY};
use crate::web::admit::trail::REQUEST_ID;
use crate::web::problem::CONTENT_TYPE;
use serde_json::{Map, Value, json};

/// What `admit` answers before any handler, where a right is needed.
const OF_ADMISSION: [(&str, &str); 6] = [
    ("400", "The query, a header or the path is not understood."),
    ("401", "No token, or none that is good."),
    ("403", "The token lacks the scope, or speaks for another source."),
    ("408", "The body did not come in time; the same request may be sent again."),
    ("413", "The body is too large."),
    (
        "503",
        "This worker takes nothing at the moment, or the database does not answer; the same request may be sent again.",
    ),
];
/// Where nothing is needed.
const OF_EVERYBODY: [(&str, &str); 1] = [("400", "The query or the path is not understood.")];

pub(super) fn completed(mut document: Value) -> Value {
    for (path, item) in members(&mut document["paths"]) {
        // Health is asked by what reads no problems.
        let is_health = !path.starts_with("/v1/");
        for (_, operation) in members(item) {
            complete(operation, is_health);
        }
    }
    document["components"] = components();
    document
}

fn members(value: &mut Value) -> impl Iterator<Item = (&String, &mut Value)> {
    value.as_object_mut().into_iter().flatten()
}

fn complete(operation: &mut Value, is_health: bool) {
    let scope = operation.pointer("/security/0/bearer/0").and_then(Value::as_str).map(str::to_owned);
    let is_proven = operation["security"].is_array();
    if let Some(scope) = &scope {
        let told = operation["description"].as_str().map(|text| format!("{text}\n\n")).unwrap_or_default();
        let or_admin = if scope == "admin" { "" } else { " (or `admin`)" };
        operation["description"] = format!("{told}Needs a token with the scope `{scope}`{or_admin}.").into();
        operation["x-baton-scope"] = scope.as_str().into();
    }
    let common: &[(&str, &str)] = match (is_health, is_proven) {
        (true, _) => &[],
        (false, true) => &OF_ADMISSION,
        (false, false) => &OF_EVERYBODY,
    };
    for (status, description) in common {
        if operation["responses"][*status].is_null() {
            operation["responses"][*status] = json!({ "description": description });
        }
    }
    for (status, response) in members(&mut operation["responses"]) {
        complete_response(status, response);
    }
    // Written anew in the order of their status, whoever wrote them.
    if let Some(responses) = operation["responses"].as_object_mut() {
        responses.sort_keys();
    }
    complete_parameters(operation);
    if operation["requestBody"].is_object() {
        operation["requestBody"]["required"] = true.into();
    }
    give_examples(operation);
}

fn complete_response(status: &str, response: &mut Value) {
    if status.starts_with(['4', '5']) && response["content"].is_null() {
        response["content"] = json!({ CONTENT_TYPE: { "schema": { "$ref": "#/components/schemas/Problem" } } });
    }
    response["headers"][REQUEST_ID] = json!({ "$ref": "#/components/headers/RequestId" });
    match status {
        "401" => response["headers"]["www-authenticate"] = json!({ "$ref": "#/components/headers/Challenge" }),
        "429" | "503" => response["headers"]["retry-after"] = json!({ "$ref": "#/components/headers/RetryAfter" }),
        _ => {}
    }
}

/// A key is told of once; and every request may name itself.
fn complete_parameters(operation: &mut Value) {
    let Some(operation) = operation.as_object_mut() else { return };
    let parameters = operation.entry("parameters").or_insert_with(|| json!([]));
    let Some(parameters) = parameters.as_array_mut() else { return };
    for parameter in parameters.iter_mut().filter(|parameter| parameter["name"] == IDEMPOTENCY_KEY) {
        *parameter = json!({ "$ref": "#/components/parameters/IdempotencyKey" });
    }
    parameters.push(json!({ "$ref": "#/components/parameters/RequestId" }));
}

fn give_examples(operation: &mut Value) {
    let id = operation["operationId"].as_str().map(str::to_owned);
    for example in EXAMPLES.iter().filter(|example| id.as_deref() == Some(example.operation)) {
        if let Some(content) = operation.pointer_mut(example.place) {
            let value: Value = serde_json::from_str(example.json).expect("an example is JSON: a test reads them all");
            content["examples"][examples::NAME] = json!({ "summary": example.summary, "value": value });
        }
    }
}

fn components() -> Value {
    let mut schemas = shapes::all();
    schemas.extend(schema::components());
    let document = json!({
        "type": "object",
        "required": ["openapi", "info", "paths"],
        "properties": { "openapi": { "type": "string" } },
        "description": "A document of OpenAPI 3.1.",
    });
    schemas.insert("Document".to_owned(), document);
    schemas.insert("Event".to_owned(), event());
    json!({
        "schemas": schemas,
        "securitySchemes": {
            "bearer": {
                "type": "http",
                "scheme": "bearer",
                "description": "A token of `[http.tokens]` in baton.toml or of `baton token add`; each operation names the \
                                scope that it needs. Where no token was ever given, none is needed.",
            },
        },
        "parameters": parameters(),
        "headers": headers(),
    })
}

/// Any event that is taken.
fn event() -> Value {
    let kinds = schema::components();
    let refs: Vec<Value> = kinds
        .keys()
        .filter(|name| !name.starts_with("event."))
        .map(|name| json!({ "$ref": format!("#/components/schemas/{name}") }))
        .collect();
    json!({ "oneOf": refs, "description": "A CloudEvents 1.0 event in structured form." })
}

fn parameters() -> Map<String, Value> {
    let key = json!({
        "name": IDEMPOTENCY_KEY,
        "in": "header",
        "required": false,
        "description": "Names the request, so that it may be sent again and counts once. An event without an `id` takes it as \
                        its id. An act of the same key is answered as it was for 24 hours; with another request the key is \
                        refused.",
        "schema": { "type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[!#-\\[\\]-~]+$" },
    });
    let id = json!({
        "name": REQUEST_ID,
        "in": "header",
        "required": false,
        "description": "An id of the request's own, of letters, digits and `-_.:=`; it is taken if it is one, and echoed.",
        "schema": { "type": "string", "minLength": 16, "maxLength": 128, "pattern": "^[A-Za-z0-9._:=-]+$" },
    });
    Map::from_iter([("IdempotencyKey".to_owned(), key), ("RequestId".to_owned(), id)])
}

fn headers() -> Value {
    json!({
        "RequestId": {
            "description": "Under which the log tells of this request.",
            "required": true,
            "schema": { "type": "string" },
        },
        "RetryAfter": {
            "description": "Seconds after which to come again.",
            "required": true,
            "schema": { "type": "integer", "minimum": 0 },
        },
        "Challenge": { "description": "RFC 6750.", "schema": { "type": "string" } },
    })
}
