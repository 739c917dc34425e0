//! Graph's batches: requests of their own in one body, each with an answer of its own.

use super::Contract;
use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use baton_sandbox::Exchange;
use serde_json::Value;

/// The description leaves it out.
pub(super) const PATH: &str = "/v1.0/$batch";
const PARTS: usize = 20;

impl Contract {
    /// Each part is looked up and checked like a request with the answer of its id; where the whole is refused, with that answer.
    pub(super) fn check_batch(&self, exchange: &Exchange) -> Vec<String> {
        let request: Value = serde_json::from_slice(&exchange.request_body).unwrap_or_default();
        let answer: Value = serde_json::from_slice(&exchange.response_body).unwrap_or_default();
        let parts = request["requests"].as_array().cloned().unwrap_or_default();
        let mut found = Vec::new();
        if parts.is_empty() || parts.len() > PARTS {
            found.push(format!("a batch of {} requests", parts.len()));
        }
        for (index, part) in parts.iter().enumerate() {
            let id = part["id"].as_str().unwrap_or_default();
            if id.is_empty() || parts[..index].iter().any(|before| before["id"] == id) {
                found.push(format!("part {index} of the batch has no id of its own"));
            }
            let told = answer["responses"].as_array().and_then(|all| all.iter().find(|told| told["id"] == id));
            if exchange.status == 200 && told.is_none() {
                found.push(format!("part {id} of the batch has no answer"));
                continue;
            }
            let violations = self.check(&part_as_request(exchange, part, told));
            found.extend(violations.into_iter().map(|violation| format!("part {id}: {violation}")));
        }
        found
    }
}

fn part_as_request(whole: &Exchange, part: &Value, told: Option<&Value>) -> Exchange {
    let mut request_headers = whole.request_headers.clone();
    request_headers.extend(headers(&part["headers"]));
    let url = part["url"].as_str().unwrap_or_default();
    let request = Exchange {
        method: part["method"].as_str().unwrap_or_default().to_owned(),
        target: format!("/v1.0{url}"),
        request_headers,
        request_body: part.get("body").map(|body| Bytes::from(body.to_string())).unwrap_or_default(),
        ..whole.clone()
    };
    let Some(told) = told else { return request };
    Exchange {
        status: told["status"].as_u64().and_then(|status| u16::try_from(status).ok()).unwrap_or_default(),
        response_headers: headers(&told["headers"]),
        response_body: told.get("body").map(|body| Bytes::from(body.to_string())).unwrap_or_default(),
        ..request
    }
}

fn headers(told: &Value) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in told.as_object().into_iter().flatten() {
        let value = HeaderValue::from_str(value.as_str().unwrap_or_default()).expect("a header of a part is printable");
        headers.insert(HeaderName::try_from(name.as_str()).expect("a part names headers"), value);
    }
    headers
}
