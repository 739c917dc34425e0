//! Errors as `application/problem+json` (RFC 9457), each with the kind that it is of.

mod kind;

pub(super) use kind::{BASE, ProblemKind};

use crate::store::StoreError;
use axum::body::to_bytes;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use baton_core::domain::scope::Scope;
use serde_json::{Value, json};
use std::time::Duration;

pub(super) const CONTENT_TYPE: &str = "application/problem+json";
/// After how many seconds whoever is told to come again may do so. What is short here is short for moments.
pub(super) const RETRY_AFTER_S: &str = "1";

#[derive(Debug, Clone)]
pub struct Problem {
    kind: ProblemKind,
    detail: String,
    /// One entry per fault, where there are several.
    faults: Vec<Value>,
    /// A header that says the same to programs.
    header: Option<(HeaderName, String)>,
    /// Whether anything was done is not known.
    leaves_open: bool,
}

impl Problem {
    fn new(kind: ProblemKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), faults: Vec::new(), header: None, leaves_open: false }
    }

    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(ProblemKind::InvalidRequest, detail)
    }

    /// The body was read, and says something that cannot be.
    pub fn unprocessable(detail: impl Into<String>, faults: Vec<Value>) -> Self {
        Self { faults, ..Self::new(ProblemKind::InvalidContent, detail) }
    }

    /// Nobody knows who asks. `presented`: with a token that is not, or no longer, good.
    pub fn unauthorized(detail: impl Into<String>, presented: bool) -> Self {
        let why = if presented { ", error=\"invalid_token\"" } else { "" };
        let challenge = (header::WWW_AUTHENTICATE, format!("Bearer realm=\"baton\"{why}"));
        Self { header: Some(challenge), ..Self::new(ProblemKind::Unauthorized, detail) }
    }

    /// Whoever sent this does not prove to be who may send it. Why is for the log: it would help to forge the next one.
    pub fn unproven() -> Self {
        Self::new(ProblemKind::Unauthorized, "this request is not taken; the log of the worker says why")
    }

    /// It is known who asks, and they may not. `scope`: what would allow it.
    pub fn forbidden(detail: impl Into<String>, scope: Option<Scope>) -> Self {
        let header = scope.map(|scope| {
            let challenge = format!("Bearer realm=\"baton\", error=\"insufficient_scope\", scope=\"{scope}\"");
            (header::WWW_AUTHENTICATE, challenge)
        });
        Self { header, ..Self::new(ProblemKind::Forbidden, detail) }
    }

    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(ProblemKind::NotFound, detail)
    }

    pub fn no_such_method() -> Self {
        let detail = "this address does not take this method; the header Allow says which";
        Self::new(ProblemKind::MethodNotAllowed, detail)
    }

    /// The body does not say that it is of the kind that is taken here.
    pub fn wrong_kind(allowed: &str) -> Self {
        let detail = format!("the body must be sent with the header `content-type: {allowed}`");
        Self::new(ProblemKind::UnsupportedMediaType, detail)
    }

    pub fn too_slow(within: Duration) -> Self {
        let detail = format!("the body did not come within {} s; the same request may be sent again", within.as_secs());
        Self {
            header: Some((header::CONNECTION, "close".to_owned())),
            ..Self::new(ProblemKind::RequestTimeout, detail)
        }
    }

    pub fn too_large(most: usize) -> Self {
        let detail = format!("the body is too large; allowed: {} KiB", most / 1024);
        Self::new(ProblemKind::TooLarge, detail)
    }

    /// What was asked for cannot be done as things stand.
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::new(ProblemKind::Conflict, detail)
    }

    /// The key came before with another request, which counts.
    pub(super) fn key_reused(detail: impl Into<String>) -> Self {
        Self::new(ProblemKind::KeyReused, detail)
    }

    /// The key came before, and what came of its request is not known, or not yet.
    pub(super) fn key_in_use(detail: impl Into<String>) -> Self {
        let header = Some((header::RETRY_AFTER, RETRY_AFTER_S.to_owned()));
        Self { header, ..Self::new(ProblemKind::KeyInUse, detail) }
    }

    pub fn busy(detail: impl Into<String>) -> Self {
        Self::new(ProblemKind::Busy, detail)
    }

    /// Something of ours failed: the log has the reason, the caller may repeat the request.
    pub fn ours(error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(%error, "a request failed");
        let of_store = error.downcast_ref::<StoreError>();
        let cause = of_store.map_or("the database did not answer", StoreError::in_words);
        let detail = format!("{cause}; the same request may be sent again");
        let leaves_open = matches!(of_store, Some(StoreError::CommitUnknown { .. }));
        Self { leaves_open, ..Self::new(ProblemKind::Unavailable, detail) }
    }

    pub(super) fn detail(&self) -> &str {
        &self.detail
    }

    pub(super) fn status(&self) -> StatusCode {
        self.kind.status()
    }

    /// Nobody knows who asks.
    pub(super) fn is_unauthorized(&self) -> bool {
        self.kind == ProblemKind::Unauthorized
    }

    /// It is no fault of ours, and the same request will be refused again.
    pub(super) fn is_forbidden(&self) -> bool {
        self.kind == ProblemKind::Forbidden
    }

    /// Whether what was asked for may have been done all the same.
    pub(super) fn leaves_open(&self) -> bool {
        self.leaves_open
    }

    pub fn body(&self) -> String {
        self.body_for(None)
    }

    /// `request`: the id under which the log tells of it.
    pub(super) fn body_for(&self, request: Option<&str>) -> String {
        let status = self.kind.status();
        let mut body = json!({
            "type": self.kind.uri(),
            "title": self.kind.title(),
            "status": status.as_u16(),
            "detail": self.detail,
        });
        if let Some(request) = request {
            body["request_id"] = request.into();
        }
        if !self.faults.is_empty() {
            body["faults"] = Value::Array(self.faults.clone());
        }
        body.to_string()
    }
}

/// The problem goes along with its answer, so that who the request was can be written into the body on its way out.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.kind.status(), [(header::CONTENT_TYPE, CONTENT_TYPE)], self.body()).into_response();
        if let Some((name, value)) = &self.header
            && let Ok(value) = value.parse()
        {
            response.headers_mut().insert(name.clone(), value);
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// Refusals that the framework words in plain text, such as a query or a body that does not fit its type, in the form of all
/// others.
pub(super) async fn in_one_form(response: Response) -> Response {
    const LONGEST: usize = 4096;
    let (parts, body) = response.into_parts();
    let plain = parts.headers.get(header::CONTENT_TYPE).is_none_or(|kind| kind.as_bytes().starts_with(b"text/plain"));
    let refused = parts.status.is_client_error() || parts.status.is_server_error();
    if !refused || !plain {
        return Response::from_parts(parts, body);
    }
    let text = to_bytes(body, LONGEST).await.unwrap_or_default();
    let kind = ProblemKind::of(parts.status);
    let mut problem = Problem::new(kind, in_our_words(&String::from_utf8_lossy(&text))).into_response();
    for (name, value) in &parts.headers {
        if name != header::CONTENT_TYPE && name != header::CONTENT_LENGTH {
            problem.headers_mut().insert(name.clone(), value.clone());
        }
    }
    problem
}

fn in_our_words(text: &str) -> String {
    let told = [
        ("Failed to deserialize query string: ", "the query is not understood: "),
        ("Failed to parse the request body as JSON: ", "the body is no JSON: "),
        ("Failed to deserialize the JSON body into the target type: ", "the body is not understood: "),
        ("Expected request with `Content-Type: ", "the body must be sent with the header `content-type: "),
        ("Invalid URL: ", "the address is not understood: "),
    ];
    let found = told.iter().find_map(|(theirs, ours)| Some((ours, text.strip_prefix(theirs)?)));
    let said = found.map_or_else(|| text.to_owned(), |(ours, rest)| format!("{ours}{rest}"));
    said.replace("unknown field", "unknown name").replace(", there are no fields", "; none is allowed here")
}
