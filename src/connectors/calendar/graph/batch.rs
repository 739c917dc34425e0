//! Several reads in one request (`$batch`): each has an answer of its own inside the 200, in any order, and fails alone.

use super::wire::PREFER;
use crate::connectors::http::cut;
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

/// Reads in one request.
pub(super) const PARTS: usize = 20;

/// Where a read goes, from the version on: each segment and value is escaped.
pub(super) fn address(segments: &[&str], query: &[(&str, &str)]) -> String {
    let mut url = Url::parse("http://graph").expect("it is written here");
    url.path_segments_mut().expect("it has a path").clear().extend(segments);
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
    url[url::Position::BeforePath..].to_owned()
}

pub(super) fn body(addresses: &[String]) -> Value {
    let part = |(index, address): (usize, &String)| {
        let headers = json!({ "Prefer": PREFER });
        json!({ "id": index.to_string(), "method": "GET", "url": address, "headers": headers })
    };
    json!({ "requests": addresses.iter().enumerate().map(part).collect::<Vec<_>>() })
}

#[derive(Deserialize)]
pub(super) struct Parts {
    responses: Vec<Part>,
}

#[derive(Deserialize)]
struct Part {
    id: String,
    status: u16,
    #[serde(default)]
    body: Value,
}

/// Why a read of a batch brought nothing.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum PartFailure {
    /// Whoever asks may not see it.
    Refused,
    /// In other words.
    Now(String),
}

impl Parts {
    /// What the read at this place was answered.
    pub(super) fn of(&self, index: usize) -> Result<&Value, PartFailure> {
        let id = index.to_string();
        match self.responses.iter().find(|part| part.id == id) {
            Some(part) if (200..300).contains(&part.status) => Ok(&part.body),
            Some(Part { status: 403, .. }) => Err(PartFailure::Refused),
            Some(part) => {
                let code = part.body["error"]["code"].as_str().unwrap_or("no code");
                Err(PartFailure::Now(format!("HTTP {}, {}", part.status, cut(code, 60))))
            }
            None => Err(PartFailure::Now("it is missing in the answer".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_found_by_id_and_fail_alone() {
        let parts: Parts = serde_json::from_value(json!({ "responses": [
            { "id": "1", "status": 429, "headers": { "Retry-After": "5" },
              "body": { "error": { "code": "TooManyRequests", "message": "m" } } },
            { "id": "0", "status": 204, "headers": {} },
            { "id": "2", "status": 200, "body": { "status": "disabled" } },
            { "id": "3", "status": 403, "body": { "error": { "code": "ErrorAccessDenied", "message": "m" } } },
        ]}))
        .unwrap();
        assert_eq!(parts.of(0), Ok(&Value::Null));
        assert_eq!(parts.of(1), Err(PartFailure::Now("HTTP 429, TooManyRequests".to_owned())));
        assert_eq!(parts.of(2), Ok(&json!({ "status": "disabled" })));
        assert_eq!(parts.of(3), Err(PartFailure::Refused));
        assert_eq!(parts.of(4), Err(PartFailure::Now("it is missing in the answer".to_owned())));
    }

    #[test]
    fn a_mailbox_cannot_leave_its_place() {
        let address = address(&["users", "a/b?c#d@m.example", "calendarView"], &[("$top", "a&b")]);
        assert_eq!(address, "/users/a%2Fb%3Fc%23d@m.example/calendarView?%24top=a%26b");
    }
}
