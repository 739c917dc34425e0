//! How a vendor's description is read, and a request by its templates.

use axum::http::HeaderMap;
use serde_json::{Value, json};
use std::collections::BTreeMap;

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

/// What is `nullable` in a description of OpenAPI 3.0, as JSON Schema says it.
pub fn with_nulls(node: &mut Value) {
    match node {
        Value::Object(members) => {
            members.values_mut().for_each(with_nulls);
            if members.get("nullable") == Some(&Value::Bool(true))
                && let Some(kind) = members.get("type").cloned()
            {
                members.insert("type".to_owned(), json!([kind, "null"]));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(with_nulls),
        _ => {}
    }
}

/// The values of a template's placeholders, if the path fits it.
pub fn match_template(template: &str, path: &str) -> Option<BTreeMap<String, String>> {
    let (wanted, given): (Vec<&str>, Vec<&str>) = (template.split('/').collect(), path.split('/').collect());
    if wanted.len() != given.len() {
        return None;
    }
    let mut values = BTreeMap::new();
    for (wanted, given) in wanted.into_iter().zip(given) {
        match wanted.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
            Some((name, ending)) => {
                let given = given.strip_suffix(ending).filter(|given| !given.is_empty())?;
                values.insert(name.to_owned(), percent_decoded(given))
            }
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
