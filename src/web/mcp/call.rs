//! A tool as it was called: what the model gave, and which call it is about.
//!
//! Which call it is, is asked of the platform first and of the model last: models make ids up, so that theirs counts together
//! with the number of the line. Whoever may speak for one source names no call of another platform. Wherever it may stand, a
//! variable that the platform did not fill in is nothing.

use super::tools::{CALL_ID, Tool};
use super::{Admitted, Rights};
use crate::telemetry::traces::Requested;
use crate::web::incoming::digest;
use axum::http::request::Parts;
use baton_core::rules::words::phone::is_withheld;
use baton_platforms::is_unknown;
use serde_json::{Map, Value};
use tokio::time::Instant;
use url::form_urlencoded;

/// Where a platform says something of the call: the header or member of `_meta`, and the parameter in the address.
type Told = (&'static str, &'static str);
const ID: Told = ("baton-call-id", "call_id");
const PLATFORM: Told = ("baton-call-platform", "call_platform");
const CALLER: Told = ("baton-caller-number", "caller_number");

/// Told to whoever set the agent up, beside the words for the caller.
const ADD_CALL: &str = "nobody said which call this is, so no phone rings: have the platform send the id of its call in the \
    header baton-call-id (or in _meta under that name, or as ?call_id= in the address) and its own name in \
    baton-call-platform; an agent that knows the id may give it as call_id";
const OTHER_PLATFORM: &str = "the token brings events of one source, and baton-call-platform names a platform that is not the \
    first part of it, so this counts as no call and no phone rings: leave baton-call-platform out, or use a token of that source";

/// Events of agents whose token says nothing else are of this source, and their calls of this platform.
const SOURCE: &str = "mcp";

pub(super) struct Asked {
    pub tool: Tool,
    /// Without what is about the call.
    pub arguments: Map<String, Value>,
    pub call: Option<Call>,
    /// As it is told, or else the token's own; in lower case.
    pub platform: String,
    /// Why there is no call, where there is none.
    pub no_call: &'static str,
    /// The number of the line, if the platform says it and the caller does not withhold it.
    pub caller: Option<String>,
    pub rights: Rights,
    /// When the request did.
    pub came: Instant,
    pub until: Instant,
    pub request: Option<Requested>,
}

/// A call as its platform knows it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Call {
    /// In lower case.
    pub platform: String,
    pub id: String,
}

impl Asked {
    pub(super) fn of(
        tool: Tool,
        mut arguments: Map<String, Value>,
        parts: &Parts,
        meta: &Map<String, Value>,
        admitted: &Admitted,
    ) -> Self {
        let of_model = arguments.remove(CALL_ID).filter(|value| !is_unknown(value));
        let of_model = of_model.and_then(|value| match value {
            Value::String(text) => Some(text.trim().to_owned()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        });
        let source = admitted.rights.source.as_deref().unwrap_or(SOURCE);
        let own = Rights::platform_of(source);
        let platform = told(PLATFORM, parts, meta).map_or_else(|| own.clone(), |platform| platform.to_lowercase());
        let is_foreign = admitted.rights.source.is_some() && platform != own;
        let caller = told(CALLER, parts, meta).filter(|number| !is_withheld(number));
        let made_up =
            |id: String| caller.as_ref().map_or_else(|| id.clone(), |number| format!("{id}-{}", digest(number)));
        let id = told(ID, parts, meta).or_else(|| of_model.map(made_up));
        Self {
            tool,
            arguments,
            call: id.filter(|_| !is_foreign).map(|id| Call { platform: platform.clone(), id }),
            platform,
            no_call: if is_foreign { OTHER_PLATFORM } else { ADD_CALL },
            caller,
            rights: admitted.rights.clone(),
            came: admitted.came,
            until: admitted.until,
            request: admitted.request.clone(),
        }
    }

    /// Of the events that come of it.
    pub(super) fn source(&self) -> &str {
        self.rights.source.as_deref().unwrap_or(SOURCE)
    }
}

fn told((name, parameter): Told, parts: &Parts, meta: &Map<String, Value>) -> Option<String> {
    let says = |text: &str| Some(text.trim().to_owned()).filter(|text| !is_unknown(&Value::from(text.as_str())));
    let header = parts.headers.get(name).and_then(|value| says(value.to_str().ok()?));
    let in_meta = || meta.get(name).and_then(|value| says(value.as_str()?));
    header.or_else(in_meta).or_else(|| says(&in_query(parts, parameter)?))
}

/// The first value of a parameter in the address.
pub(super) fn in_query(parts: &Parts, name: &str) -> Option<String> {
    let query = parts.uri.query()?;
    form_urlencoded::parse(query.as_bytes()).find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;
    use baton_core::domain::scope::Scope;
    use serde_json::json;
    use std::collections::BTreeSet;

    fn asked(address: &str, headers: &[(&'static str, &str)], meta: Value, arguments: Value) -> Asked {
        let mut request = Request::builder().uri(address);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).expect("a request").into_parts();
        let rights = Rights {
            name: "voice".to_owned(),
            scopes: BTreeSet::from([Scope::Intake]),
            source: Some("retell/eu".to_owned()),
        };
        let map = |value: Value| value.as_object().cloned().unwrap_or_default();
        let admitted = Admitted { rights, came: Instant::now(), until: Instant::now(), request: None };
        Asked::of(Tool::RouteLead, map(arguments), &parts, &map(meta), &admitted)
    }

    #[test]
    fn the_platform_says_which_call_it_is_before_the_model_does() {
        let argument = json!({ "call_id": "model", "name": "Dana" });
        let id =
            |address, headers: &[_], meta| asked(address, headers, meta, argument.clone()).call.map(|call| call.id);
        let (header, meta) = ([("baton-call-id", "header")], json!({ "baton-call-id": "meta" }));
        let address = "/mcp?call_id=address";
        assert_eq!(id(address, &header, meta.clone()).as_deref(), Some("header"));
        assert_eq!(id(address, &[], meta.clone()).as_deref(), Some("meta"));
        assert_eq!(id(address, &[], json!({})).as_deref(), Some("address"));
        assert_eq!(
            id("/mcp", &[("baton-call-id", "{{call.id}}")], json!({ "baton-call-id": "" })).as_deref(),
            Some("model")
        );
        let without = asked("/mcp", &[], json!({}), json!({ "call_id": "unknown" }));
        assert_eq!((without.call, without.arguments.len()), (None, 0));
    }

    #[test]
    fn calls_are_of_the_platform_that_is_told_or_else_of_the_tokens() {
        let platform =
            |headers: &[_]| asked("/mcp?call_id=1", headers, json!({}), json!({})).call.map(|call| call.platform);
        assert_eq!(platform(&[]).as_deref(), Some("retell"));
        assert_eq!(platform(&[("baton-call-platform", "Retell")]).as_deref(), Some("retell"));
        let other = asked("/mcp?call_id=1&call_platform=vapi", &[], json!({}), json!({ "call_id": "model" }));
        assert_eq!((other.call, other.no_call), (None, OTHER_PLATFORM), "the token is of retell alone");
    }

    #[test]
    fn an_id_that_a_model_made_up_counts_with_the_number_of_the_line() {
        let id = |number: &str| {
            let headers = [("baton-caller-number", number)];
            asked("/mcp", &headers, json!({}), json!({ "call_id": "call-1" })).call.expect("a call").id
        };
        assert_eq!((id("anonymous").as_str(), id("+14155550142")), ("call-1", id("+14155550142")));
        assert!(id("+14155550142") != id("+14155550143") && !id("+14155550142").contains("4155550142"));
    }

    #[test]
    fn a_withheld_number_is_none() {
        let caller = |number: &str| asked("/mcp", &[("baton-caller-number", number)], json!({}), json!({})).caller;
        assert_eq!(caller("+14155550142").as_deref(), Some("+14155550142"));
        for none in ["anonymous", "", "{{from}}", "+266696687"] {
            assert_eq!(caller(none), None, "{none}");
        }
    }
}
