//! Holds what went over the wire against the vendor's own description of its API, request and answer both: a client that
//! drifts from the vendor fails here, and so does a stand-in.
//!
//! The descriptions (OpenAPI 3.1, so their schemas are plain JSON Schema) live outside this repository, in the folder that
//! `BATON_CONTRACTS` names. Without them the checks are skipped with a loud line, except where `CI=true`: there that is
//! a failure. What they cannot see is meaning, state and order; the stand-ins and their tests are for that.

mod batch;
mod composite;
mod reading;
mod values;

use crate::program::root;
use crate::store::server::variable;
use axum::http::HeaderMap;
use baton_sandbox::{Exchange, Fault};
use jsonschema::Validator;
use reading::{Operation, content_type, match_template, operations, parameters_in, with_nulls};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

/// Longest text of one violation: some carry the whole body.
const VIOLATION_LIMIT: usize = 600;

/// Holds every exchange with `vendor` against its contract and returns how many there were, so that a test can assert
/// that it looked at some. Contracts are named like their folders; a stand-in may use the first word only (`google` for
/// `google-calendar`).
///
/// # Panics
/// Any violation, all of them listed.
pub fn check_all(vendor: &str, exchanges: &[Exchange]) -> usize {
    let ours: Vec<&Exchange> = exchanges.iter().filter(|e| vendor.starts_with(e.vendor)).collect();
    let Some(contract) = Contract::load(vendor) else {
        eprintln!("SKIPPED: {} exchanges with {vendor} were not held against its contract", ours.len());
        return ours.len();
    };
    let violations: Vec<String> = ours.iter().flat_map(|exchange| contract.check(exchange)).collect();
    assert!(
        violations.is_empty(),
        "{} violations of {vendor}'s contract:\n{}",
        violations.len(),
        violations.join("\n")
    );
    ours.len()
}

/// One vendor's description, with every schema compiled once.
pub struct Contract {
    vendor: String,
    document: Value,
    operations: Vec<Operation>,
    validators: Mutex<BTreeMap<String, Arc<Validator>>>,
}

/// What a check is about: used in keys of compiled schemas and in messages.
struct Place<'a> {
    operation: &'a Operation,
    part: String,
}

impl Place<'_> {
    fn key(&self) -> String {
        format!("{} {} {}", self.operation.method, self.operation.template, self.part)
    }
}

fn folder() -> PathBuf {
    variable("BATON_CONTRACTS").map_or_else(|| root().join("../shared/contracts"), PathBuf::from)
}

/// The shapes of texts, taken from the vendor's description: beside the others there is none.
const MESSAGES: &str = "fixtures/vendors/twilio/messages.openapi.json";
/// Which versions of its API an org speaks, after the vendor's guide: its description is of one version, and tells of no others.
const VERSIONS: &str = "fixtures/vendors/salesforce/versions.openapi.json";

/// A file of the descriptions; `None`, with a line on stderr, where it is not at hand.
///
/// # Panics
/// It is missing under `CI=true`.
pub fn at_hand(file: &str) -> Option<String> {
    let path = folder().join(file);
    let text = std::fs::read_to_string(&path).ok();
    if text.is_none() {
        let ci = variable("CI").as_deref() == Some("true");
        assert!(!ci, "{} is missing, and CI must not skip it: set BATON_CONTRACTS", path.display());
        eprintln!("SKIPPED: no contract at {}; set BATON_CONTRACTS to the folder that holds them", path.display());
    }
    text
}

impl Contract {
    /// `None`, with a line on stderr, where the descriptions are not at hand.
    ///
    /// # Panics
    /// They are missing under `CI=true`, or the file is not a description.
    pub fn load(vendor: &str) -> Option<Self> {
        let text = match vendor {
            "twilio" => at_hand("twilio/voice-v2010.trimmed.openapi.json")?,
            "twilio-messages" => std::fs::read_to_string(root().join(MESSAGES)).expect("it is ours"),
            _ => at_hand(&format!("{vendor}/openapi.strict.json"))?,
        };
        let mut document: Value = serde_json::from_str(&text).expect("a description is JSON");
        if vendor == "salesforce" {
            let ours = std::fs::read_to_string(root().join(VERSIONS)).expect("it is ours");
            document["paths"]["/services/data"] = serde_json::from_str(&ours).expect("a description is JSON");
        }
        if document["openapi"].as_str().is_some_and(|version| version.starts_with("3.0")) {
            with_nulls(&mut document);
        }
        let operations = operations(&document);
        Some(Self { vendor: vendor.to_owned(), document, operations, validators: Mutex::default() })
    }

    /// Everything about the exchange that the vendor's description does not allow; empty is well.
    ///
    /// An answer that was lost or made up on cue is not held against the description; its request is.
    pub fn check(&self, exchange: &Exchange) -> Vec<String> {
        let (path, query) = exchange.target.split_once('?').unwrap_or((&exchange.target, ""));
        if path == batch::PATH {
            return self.check_batch(exchange);
        }
        let about = format!("{} {} {}", self.vendor, exchange.method, exchange.target);
        let Some((operation, path_values)) = self.find(&exchange.method, path) else {
            return vec![format!("{about}: no such path or method")];
        };
        let mut found = self.check_path(operation, &path_values);
        found.extend(self.check_query(operation, query));
        found.extend(self.check_headers(operation, &exchange.request_headers));
        found.extend(self.check_request_body(operation, exchange));
        if !matches!(exchange.fault, Some(Fault::DropAnswer | Fault::Unavailable)) {
            found.extend(self.check_response(operation, exchange));
        }
        if operation.template.ends_with("/composite") {
            found.extend(self.check_composite(exchange));
        }
        found.into_iter().map(|violation| shorten(&format!("{about}: {violation}"))).collect()
    }

    /// The operation with the fewest placeholders that fits: `/sobjects/Lead/{id}` before `/sobjects/{name}/{id}`. Of
    /// several, the one whose placeholders like what they got: `/sobjects/Lead/describe` is no id.
    fn find(&self, method: &str, path: &str) -> Option<(&Operation, BTreeMap<String, String>)> {
        let fitting = self.operations.iter().filter(|operation| operation.method == method);
        fitting
            .filter_map(|operation| Some((operation, match_template(&operation.template, path)?)))
            .min_by_key(|(operation, values)| (values.len(), self.check_path(operation, values).len()))
    }

    fn check_path(&self, operation: &Operation, values: &BTreeMap<String, String>) -> Vec<String> {
        let mut found = Vec::new();
        for parameter in parameters_in(operation, "path") {
            let name = parameter["name"].as_str().unwrap_or_default();
            let Some(text) = values.get(name) else { continue };
            let value = self.coerce(&parameter["schema"], text);
            let place = Place { operation, part: format!("path parameter {name}") };
            found.extend(self.violations(&place, &parameter["schema"], &value));
        }
        found
    }

    fn check_query(&self, operation: &Operation, query: &str) -> Vec<String> {
        let mut given: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            given.entry(name.into_owned()).or_default().push(value.into_owned());
        }
        let mut found = Vec::new();
        for parameter in parameters_in(operation, "query") {
            let name = parameter["name"].as_str().unwrap_or_default();
            match given.remove(name) {
                Some(values) => {
                    let place = Place { operation, part: format!("query parameter {name}") };
                    let value = self.query_value(parameter, &values);
                    found.extend(self.violations(&place, &parameter["schema"], &value));
                }
                None if parameter["required"] == true => found.push(format!("query parameter {name} is missing")),
                None => {}
            }
        }
        found.extend(given.keys().map(|name| format!("query parameter {name} is not known")));
        found
    }

    fn check_headers(&self, operation: &Operation, headers: &HeaderMap) -> Vec<String> {
        let mut found = Vec::new();
        for parameter in parameters_in(operation, "header") {
            let name = parameter["name"].as_str().unwrap_or_default();
            match headers.get(name).map(|value| value.to_str().unwrap_or_default()) {
                Some(text) => {
                    let value = self.coerce(&parameter["schema"], text);
                    let place = Place { operation, part: format!("header {name}") };
                    found.extend(self.violations(&place, &parameter["schema"], &value));
                }
                None if parameter["required"] == true => found.push(format!("header {name} is missing")),
                None => {}
            }
        }
        let security = operation.node.get("security").or_else(|| self.document.get("security"));
        let way = security.and_then(Value::as_array).and_then(|ways| ways.first());
        let name = way.and_then(Value::as_object).and_then(|way| way.keys().next());
        let scheme = name.map(|name| &self.document["components"]["securitySchemes"][name]["scheme"]);
        let (begins, missing) = match scheme {
            Some(scheme) if *scheme == "basic" => ("Basic ", "no login"),
            _ => ("Bearer ", "no bearer token"),
        };
        let given = headers.get("authorization").and_then(|value| value.to_str().ok());
        if way.is_some() && !given.is_some_and(|value| value.starts_with(begins)) {
            found.push(missing.to_owned());
        }
        found
    }

    fn check_request_body(&self, operation: &Operation, exchange: &Exchange) -> Vec<String> {
        let Some(declared) = operation.node.get("requestBody") else {
            return if exchange.request_body.is_empty() { vec![] } else { vec!["a body where none belongs".into()] };
        };
        let declared = self.resolve(declared);
        if exchange.request_body.is_empty() {
            let required = declared["required"] == true;
            return if required { vec!["the request's body is missing".to_owned()] } else { vec![] };
        }
        let content_type = content_type(&exchange.request_headers);
        let Some(media) = declared["content"].get(&content_type) else {
            return vec![format!("request content type {content_type:?} is not declared")];
        };
        let schema = &media["schema"];
        let body = match content_type.as_str() {
            "application/x-www-form-urlencoded" => self.form_value(schema, &exchange.request_body),
            _ => match serde_json::from_slice(&exchange.request_body) {
                Ok(body) => body,
                Err(error) => return vec![format!("the request's body is not JSON: {error}")],
            },
        };
        self.violations(&Place { operation, part: format!("request body {content_type}") }, schema, &body)
    }

    fn check_response(&self, operation: &Operation, exchange: &Exchange) -> Vec<String> {
        let responses = &operation.node["responses"];
        if self.vendor.starts_with("twilio") && exchange.status >= 400 {
            return vec![]; // its description knows no errors
        }
        let status = exchange.status.to_string();
        let Some(declared) = responses.get(&status).or_else(|| responses.get("default")).filter(|_| status != "422")
        else {
            return vec![format!("status {status} is not declared")];
        };
        let Some(content) = self.resolve(declared).get("content") else {
            let empty = exchange.response_body.is_empty();
            return if empty { vec![] } else { vec![format!("a body where {status} has none")] };
        };
        let content_type = content_type(&exchange.response_headers);
        let Some(media) = content.get(&content_type) else {
            return vec![format!("response content type {content_type:?} of {status} is not declared")];
        };
        let body: Value = match serde_json::from_slice(&exchange.response_body) {
            Ok(body) => body,
            Err(error) => return vec![format!("the body of {status} is not JSON: {error}")],
        };
        self.violations(&Place { operation, part: format!("response body {status}") }, &media["schema"], &body)
    }
}

fn shorten(text: &str) -> String {
    text.chars().take(VIOLATION_LIMIT).collect()
}

#[cfg(test)]
mod tests;
