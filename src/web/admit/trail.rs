//! What every answer carries, whatever it says and whoever made it: the id under which the log tells of its request, and, where
//! it says to come again, when.
//!
//! An id that came with the request is taken, so that a proxy's log and ours tell of the same one; but an id is logged, and what
//! is personal is not: what could be a number, an address or a name is not taken, and another id is made.

use crate::telemetry::traces::{Requested, for_request};
use crate::web::problem::{Problem, RETRY_AFTER_S};
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use baton_clock::random_bytes;
use baton_core::domain::trace_context::{TRACEPARENT, TRACESTATE, TraceContext};
use tracing::Instrument;

pub(in crate::web) const REQUEST_ID: &str = "x-request-id";

/// Ids of 64 bits in hexadecimal are the shortest in use, trace contexts with what goes along the longest.
const LENGTHS: std::ops::RangeInclusive<usize> = 16..=128;

/// The outermost layer of all.
pub(in crate::web) async fn followed(request: Request, next: Next) -> Response {
    let id = given(request.headers()).map_or_else(made, str::to_owned);
    // Of the level of an error, so that no filter that lets a line through leaves out whose it is.
    let span = tracing::error_span!("request", request.id = %id);
    let requested = Requested { route: route(request.uri().path()), given: trace_context(request.headers()) };
    let response = for_request(Some(requested), next.run(request)).instrument(span).await;
    told_when(named(response, &id))
}

/// The trace that whoever asks is at, as they say.
fn trace_context(headers: &HeaderMap) -> Option<TraceContext> {
    let parent = headers.get(TRACEPARENT)?.to_str().ok()?;
    // Several of the second are one, in order.
    let states: Vec<&str> = headers.get_all(TRACESTATE).iter().filter_map(|state| state.to_str().ok()).collect();
    TraceContext::read(parent, Some(&states.join(",")))
}

/// The way by which events come, without what differs from one to the next.
fn route(path: &str) -> &'static str {
    match path.strip_suffix('/').unwrap_or(path) {
        "/v1/leads" => "/v1/leads",
        "/v1/events" => "/v1/events",
        "/mcp" => "/mcp",
        path if path.starts_with("/v1/platforms/") => "/v1/platforms/{name}",
        path if path.starts_with("/v1/telephony/twilio/") => "/v1/telephony/twilio/{page}/{about}",
        _ => "/v1",
    }
}

/// The id that came with the request, if it is one.
fn given(headers: &HeaderMap) -> Option<&str> {
    headers.get(REQUEST_ID)?.to_str().ok().filter(|id| is_id(id))
}

/// Letters, digits and what stands between them, of which both kinds are there: no address of a mail, no telephone number, and
/// no name.
fn is_id(text: &str) -> bool {
    let is_of_ids = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:=".contains(&byte);
    let letters = text.bytes().filter(u8::is_ascii_alphabetic).count();
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    LENGTHS.contains(&text.len()) && text.bytes().all(is_of_ids) && letters > 0 && digits >= 4
}

fn made() -> String {
    let hex: String = random_bytes::<12>().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("req_{hex}")
}

/// The id in the answer's head, and in its body if that is a problem.
fn named(mut response: Response, id: &str) -> Response {
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        *response.body_mut() = Body::from(problem.body_for(Some(id)));
        response.headers_mut().remove(header::CONTENT_LENGTH);
    }
    let value = HeaderValue::from_str(id).expect("an id is made of letters, digits and what stands between them");
    response.headers_mut().insert(REQUEST_ID, value);
    response
}

/// Whoever is told to come again is told when.
fn told_when(mut response: Response) -> Response {
    if matches!(response.status(), StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
        let entry = response.headers_mut().entry(header::RETRY_AFTER);
        entry.or_insert(HeaderValue::from_static(RETRY_AFTER_S));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::response::IntoResponse;

    #[test]
    fn ids_of_proxies_are_taken_and_what_could_be_of_a_person_is_not() {
        for id in [
            "3f1c2a9e5b7d4c60",
            "0b7c6f0e-4a53-4bd9-9d2a-7f1f5f0a9b11",
            "01JC8Z4Q6T9V2M3N5P7R8S0W1X",
            "Root=1-67891233-abcdef012345678912345678",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            assert!(is_id(id), "{id}");
        }
        let long = format!("a1234{}", "b".repeat(124));
        for other in [
            "",
            "abc123",
            "+14155550142",
            "0014155550142000",
            "4155550142-4155550142",
            "ana.silva@example.com",
            "ana.silva.oliveira.costa",
            "3f1c2a9e5b7d4c60\n",
            "3f1c2a9e 5b7d4c60",
            long.as_str(),
        ] {
            assert!(!is_id(other), "{other:?}");
        }
        assert!(is_id(&made()) && made() != made());
    }

    #[tokio::test]
    async fn a_problem_says_which_request_it_is_about() {
        let response = named(Problem::not_found("there is none").into_response(), "req_1234");
        assert_eq!(response.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok()), Some("req_1234"));
        let body = axum::body::to_bytes(response.into_body(), 4096).await.expect("a body");
        let body: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
        assert_eq!(body["request_id"], "req_1234");
        assert_eq!(body["type"], "/v1/problems/not-found");
    }

    #[test]
    fn whoever_is_to_come_again_is_told_when() {
        let when = |status: StatusCode| {
            let response = told_when((status, "x").into_response());
            response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()).map(str::to_owned)
        };
        assert_eq!(when(StatusCode::SERVICE_UNAVAILABLE).as_deref(), Some("1"));
        assert_eq!(when(StatusCode::TOO_MANY_REQUESTS).as_deref(), Some("1"));
        assert_eq!(when(StatusCode::OK), None);
        let own = (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "30")], "x").into_response();
        assert_eq!(told_when(own).headers()[header::RETRY_AFTER], "30");
    }
}
