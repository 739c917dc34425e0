use super::examples::EXAMPLES;
use super::*;
use std::collections::{BTreeMap, BTreeSet};

/// Each operation by its method and path.
fn operations(document: &Value) -> BTreeMap<String, &Value> {
    let paths = document["paths"].as_object().expect("paths");
    let mut operations = BTreeMap::new();
    for (path, item) in paths {
        for (method, operation) in item.as_object().expect("a path item") {
            operations.insert(format!("{method} {path}"), operation);
        }
    }
    operations
}

/// The routes of the API as they are written in `web/mod.rs`, each with the right that it needs.
fn routes() -> BTreeMap<String, Option<String>> {
    let text = include_str!("../mod.rs");
    let mut routes = BTreeMap::new();
    for route in text.split(".route(\"").skip(1) {
        let (path, handlers) = route.split_once('"').expect("a path in quotes");
        if !path.starts_with("/v1/") && !["/healthz", "/readyz"].contains(&path) {
            continue;
        }
        let scope = handlers.split_once("door.needs(").map(|(_, rest)| {
            let (scope, _) = rest.split_once(',').expect("a scope and a route");
            scope.to_lowercase()
        });
        let methods: Vec<&str> =
            ["get", "post"].into_iter().filter(|method| handlers.contains(&format!("{method}("))).collect();
        let [method] = methods.as_slice() else { panic!("{path} is written for one method, {methods:?} are found") };
        assert!(routes.insert(format!("{method} {path}"), scope).is_none(), "{method} {path} comes twice");
    }
    routes
}

#[test]
fn every_route_is_described_with_its_right_and_nothing_else_is() {
    let document = openapi_document();
    let scope = |operation: &Value| operation["x-baton-scope"].as_str().map(str::to_owned);
    let described: BTreeMap<String, Option<String>> =
        operations(&document).into_iter().map(|(name, operation)| (name, scope(operation))).collect();
    assert_eq!(described, routes());
    assert!(described.len() >= 17, "{described:?}");
}

#[test]
fn every_operation_says_what_it_does_and_what_it_answers() {
    let document = openapi_document();
    assert_eq!(document["openapi"], "3.1.0");
    let mut ids = BTreeSet::new();
    for (name, operation) in operations(&document) {
        let id = operation["operationId"].as_str().unwrap_or_default();
        assert!(!id.is_empty() && ids.insert(id), "{name}: {id:?} is no id of its own");
        assert!(operation["summary"].as_str().is_some_and(|summary| !summary.contains('\n')), "{name}: no summary");
        let scope = operation["x-baton-scope"].as_str();
        let told = operation["description"].as_str().unwrap_or_default();
        assert!(scope.is_none_or(|scope| told.contains(&format!("scope `{scope}`"))), "{name}: {told:?}");
        let responses = operation["responses"].as_object().expect("responses");
        assert!(responses.keys().any(|status| status.starts_with('2')), "{name}: no success");
        for (status, response) in responses {
            let what = format!("{name} {status}");
            assert!(response["description"].as_str().is_some_and(|text| !text.is_empty()), "{what}: no description");
            assert!(response["content"].is_object(), "{what}: no content");
            assert!(response["headers"]["x-request-id"].is_object(), "{what}: no request id");
            if status == "503" {
                assert!(response["headers"]["retry-after"].is_object(), "{what}: not told when");
            }
            let is_health = !name.contains(" /v1/");
            if status.starts_with(['4', '5']) && !is_health {
                let problem = &response["content"]["application/problem+json"]["schema"]["$ref"];
                assert_eq!(problem, "#/components/schemas/Problem", "{what}");
            }
        }
        if scope.is_some() {
            for status in ["400", "401", "403", "408", "413", "503"] {
                assert!(responses.contains_key(status), "{name}: {status} is answered before any handler");
            }
        }
    }
}

#[test]
fn whatever_a_lead_is_said_to_be_can_be_asked_for() {
    let document = openapi_document();
    let parameters = document["paths"]["/v1/leads"]["get"]["parameters"].as_array().expect("parameters");
    for (name, shape) in [("status", "LeadStatus"), ("next_step", "NextStepKind")] {
        let words = document["components"]["schemas"][shape]["enum"].as_array().expect("words");
        let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
        let parameter = parameters.iter().find(|parameter| parameter["name"] == name).expect("a parameter");
        assert_eq!(parameter["schema"]["pattern"], format!("^({})$", words.join("|")), "{name}");
    }
}

/// Every `$ref` below a value.
fn references<'d>(value: &'d Value, into: &mut Vec<&'d str>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(target) if name == "$ref" => into.push(target),
                    _ => references(member, into),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, into)),
        _ => {}
    }
}

#[test]
fn every_reference_leads_somewhere_and_every_shape_is_used() {
    let document = openapi_document();
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 100, "only {} references", found.len());
    for target in &found {
        let pointer = target.strip_prefix('#').unwrap_or_else(|| panic!("{target} leads out of the document"));
        assert!(document.pointer(pointer).is_some(), "{target} leads nowhere");
    }
    let used: BTreeSet<&str> = found.into_iter().collect();
    for name in document["components"]["schemas"].as_object().expect("schemas").keys() {
        assert!(used.contains(format!("#/components/schemas/{name}").as_str()), "{name} is used by nothing");
    }
}

/// The schema of a place in the document, with what it names.
fn schema_at(document: &Value, pointer: &str) -> Value {
    let mut schema = document.pointer(pointer).unwrap_or_else(|| panic!("nothing is at {pointer}")).clone();
    schema["components"] = document["components"].clone();
    schema
}

#[test]
fn every_example_is_what_its_schema_says() {
    let document = openapi_document();
    let by_id = |id: &str| {
        let found = operations(&document).into_iter().find(|(_, operation)| operation["operationId"] == id);
        let (name, _) = found.unwrap_or_else(|| panic!("no operation is called {id}"));
        let (method, path) = name.split_once(' ').expect("a method and a path");
        format!("/paths/{}/{method}", path.replace('/', "~1"))
    };
    for example in EXAMPLES {
        let place = format!("{}{}", by_id(example.operation), example.place);
        let value: Value = serde_json::from_str(example.json).unwrap_or_else(|error| panic!("{place}: {error}"));
        assert_eq!(document.pointer(&format!("{place}/examples/typical/value")), Some(&value), "{place}: it is given");
        let schema = schema_at(&document, &format!("{place}/schema"));
        let validator = jsonschema::draft202012::new(&schema).expect("a valid schema");
        let faults: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert_eq!(faults, Vec::<String>::new(), "{place}");
    }
}

#[test]
fn every_kind_of_problem_is_described() {
    for kind in ProblemKind::ALL {
        assert_eq!(told(kind)["type"], format!("{BASE}/{}", kind.name()));
        assert_eq!(told(kind)["status"], kind.status().as_u16());
    }
}
