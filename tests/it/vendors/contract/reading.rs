//! How a vendor's description is read, and a request by its templates.

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue};
use baton_sandbox::{Exchange, Fault};
use serde_json::Value;
use std::collections::BTreeMap;

/// Stands for `@{lead.id}` and the like when the parts of a Salesforce composite are checked.
const REFERENCED_ID: &str = "00Q000000000001AAA";

pub struct Operation {
    pub method: String,
    pub template: String,
    /// Of the path and of the method, references followed.
    pub parameters: Vec<Value>,
    pub node: Value,
}

pub fn resolve<'a>(document: &'a Value, mut node: &'a Value) -> &'a Value {
    while let Some(reference) = node["$ref"].as_str() {
        let pointer = reference.strip_prefix('#').expect("contracts refer within themselves");
        node = document.pointer(pointer).expect("a contract's references lead somewhere");
    }
    node
}

/// Every operation, with the base path of the server in front where there is one.
pub fn operations(document: &Value) -> Vec<Operation> {
    let server = document["servers"][0]["url"].as_str().unwrap_or_default();
    let base = url::Url::parse(server).map(|url| url.path().trim_end_matches('/').to_owned()).unwrap_or_default();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().expect("a description has paths") {
        for method in ["get", "put", "post", "delete", "patch"] {
            let Some(node) = item.get(method) else { continue };
            let lists = [&item["parameters"], &node["parameters"]].into_iter().filter_map(Value::as_array);
            let parameters = lists.flatten().map(|parameter| resolve(document, parameter).clone()).collect();
            let template = format!("{base}{path}");
            operations.push(Operation { method: method.to_uppercase(), template, parameters, node: node.clone() });
        }
    }
    operations
}

pub fn parameters_in<'a>(operation: &'a Operation, place: &'a str) -> impl Iterator<Item = &'a Value> {
    operation.parameters.iter().filter(move |parameter| parameter["in"] == place)
}

/// The values of a template's placeholders, if the path fits it.
pub fn match_template(template: &str, path: &str) -> Option<BTreeMap<String, String>> {
    let (wanted, given): (Vec<&str>, Vec<&str>) = (template.split('/').collect(), path.split('/').collect());
    if wanted.len() != given.len() {
        return None;
    }
    let mut values = BTreeMap::new();
    for (wanted, given) in wanted.into_iter().zip(given) {
        match wanted.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            Some(name) => values.insert(name.to_owned(), percent_decoded(given)),
            None if wanted == given => continue,
            None => return None,
        };
    }
    Some(values)
}

/// A path segment as it is meant. A plus stands for itself there, unlike in a form.
fn percent_decoded(segment: &str) -> String {
    let pair = format!("v={}", segment.replace('+', "%2B").replace('&', "%26"));
    url::form_urlencoded::parse(pair.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}

pub fn content_type(headers: &HeaderMap) -> String {
    let text = headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
    text.split(';').next().unwrap_or_default().trim().to_lowercase()
}

/// `@{lead.id}` becomes an id, so that what refers to another part can be checked by itself.
pub fn without_references(text: &str) -> String {
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
pub fn part_as_request(whole: &Exchange, part: &Value) -> Exchange {
    let mut headers = whole.request_headers.clone();
    for (name, value) in part["httpHeaders"].as_object().into_iter().flatten() {
        let value = HeaderValue::from_str(value.as_str().unwrap_or_default()).expect("a header of a part is printable");
        headers.insert(axum::http::HeaderName::try_from(name.as_str()).expect("a part names headers"), value);
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
