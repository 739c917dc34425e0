//! Salesforce's composites: requests of their own, each in a part of one body.

use super::{Contract, Place};
use axum::body::Bytes;
use axum::http::{HeaderName, HeaderValue};
use baton_sandbox::{Exchange, Fault};
use serde_json::Value;

/// Stands for `@{lead.id}` and the like when the parts of a Salesforce composite are checked.
const REFERENCED_ID: &str = "00Q000000000001AAA";

impl Contract {
    /// The parts of a Salesforce composite are requests of their own: each is looked up and checked like one, an upsert
    /// besides against what may be created, since the description leaves its body open.
    pub(super) fn check_composite(&self, exchange: &Exchange) -> Vec<String> {
        let text = String::from_utf8_lossy(&exchange.request_body);
        let body: Value = serde_json::from_str(&without_references(&text)).unwrap_or_default();
        let parts = body["compositeRequest"].as_array().cloned().unwrap_or_default();
        let mut found = Vec::new();
        for part in parts {
            let name = part["referenceId"].as_str().unwrap_or_default().to_owned();
            let request = part_as_request(exchange, &part);
            let mut violations = self.check(&request);
            violations.extend(self.check_upsert(&request, &part["body"]));
            found.extend(violations.into_iter().map(|violation| format!("part {name}: {violation}")));
        }
        found
    }

    fn check_upsert(&self, request: &Exchange, body: &Value) -> Vec<String> {
        let path = request.target.split('?').next().unwrap_or_default();
        let Some((operation, values)) = self.find(&request.method, path) else { return vec![] };
        let (Some(object), Some(field)) = (values.get("sObject"), values.get("fieldName")) else { return vec![] };
        let mut found = Vec::new();
        if body.get(field).is_some() {
            found.push(format!("the external id {field} is repeated in the body"));
        }
        let name = format!("{object}Create");
        let schema = &self.document["components"]["schemas"][&name];
        assert!(schema.is_object(), "the contract has no schema {name}");
        found.extend(self.violations(&Place { operation, part: name }, schema, body));
        found
    }
}

/// `@{lead.id}` becomes an id, so that what refers to another part can be checked by itself.
fn without_references(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("@{") {
        out.push_str(before);
        let Some((_, behind)) = after.split_once('}') else { return text.to_owned() };
        out.push_str(REFERENCED_ID);
        rest = behind;
    }
    out + rest
}

/// A part of a composite as a request of its own, with its answer left out.
fn part_as_request(whole: &Exchange, part: &Value) -> Exchange {
    let mut headers = whole.request_headers.clone();
    for (name, value) in part["httpHeaders"].as_object().into_iter().flatten() {
        let value = HeaderValue::from_str(value.as_str().unwrap_or_default()).expect("a header of a part is printable");
        headers.insert(HeaderName::try_from(name.as_str()).expect("a part names headers"), value);
    }
    let body = part.get("body").map(|body| Bytes::from(body.to_string())).unwrap_or_default();
    Exchange {
        method: part["method"].as_str().unwrap_or_default().to_owned(),
        target: part["url"].as_str().unwrap_or_default().to_owned(),
        request_headers: headers,
        request_body: body,
        fault: Some(Fault::DropAnswer),
        ..whole.clone()
    }
}
