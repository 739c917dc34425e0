//! The description of the HTTP door for programs: OpenAPI 3.1, made of what stands beside each handler and of the schemas of
//! what comes in and goes out.
//!
//! Guarantees: every route under `/v1` is in it, with the right that it needs and every status that it can answer; a test holds
//! it against the routes, and another one real answers against it. It tells nothing of this worker's leads, rules or secrets,
//! and is open to everybody.

mod complete;
mod examples;
mod shapes;

use super::problem::{BASE, ProblemKind};
use super::{Nothing, Problem};
use axum::Json;
use axum::extract::{Path, Query};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::sync::LazyLock;
use utoipa::OpenApi;

#[derive(OpenApi)]
#[openapi(
    version = "3.1.0",
    info(
        title = "Baton",
        description = "Leads and events in, decisions and reports out. A 2xx to an event means that its bytes are committed. \
                       Errors are problems of RFC 9457; every answer names its request in `x-request-id`, and every 503 says \
                       when to come again.",
    ),
    tags(
        (name = "events", description = "Leads and events in."),
        (name = "leads", description = "What became of leads, and what people decide about them."),
        (name = "reports", description = "How well it went, and by which rules."),
        (name = "health", description = "For load balancers and for people who look."),
        (name = "description", description = "What this API says of itself."),
    ),
    paths(
        super::leads::post,
        super::leads::event,
        super::platforms::post,
        super::platforms::twilio::post,
        super::slack::post,
        super::platforms::calendar::post,
        super::leads::ping::post,
        super::leads::list,
        super::leads::get,
        super::leads::explain,
        super::leads::reassign::post,
        super::leads::leaver::preview,
        super::leads::leaver::post,
        super::leads::call::post,
        super::leads::attention,
        super::leads::replay,
        super::leads::attend::retry,
        super::leads::attend::close,
        super::feedback::api,
        super::erasures::post,
        super::erasures::get,
        super::reports::routing,
        super::rules::live,
        super::audit::list,
        super::health::alive,
        super::health::ready,
        super::health::workers::list,
        document,
        problems,
        problem,
    ),
)]
struct Described;

/// OpenAPI 3.1 of everything under `/v1`, and of health.
pub fn openapi_document() -> Value {
    let described = serde_json::to_value(Described::openapi()).expect("a description is JSON");
    complete::completed(described)
}

/// This document
///
/// The same as `baton schema openapi` prints.
#[utoipa::path(
    get,
    path = "/v1/openapi.json",
    operation_id = "getOpenApi",
    tag = "description",
    responses((status = 200, description = "OpenAPI 3.1.", body = ref("#/components/schemas/Document"))),
)]
pub(super) async fn document(Query(Nothing {}): Query<Nothing>) -> Response {
    static TEXT: LazyLock<String> = LazyLock::new(|| openapi_document().to_string());
    ([(header::CONTENT_TYPE, "application/json")], TEXT.as_str()).into_response()
}

/// Every kind of problem
///
/// What stands in the `type` of an error, once each: a closed list, in which nothing changes its meaning.
#[utoipa::path(
    get,
    path = "/v1/problems",
    operation_id = "listProblems",
    tag = "description",
    responses((status = 200, description = "All of them.", body = ref("#/components/schemas/ProblemTypes"))),
)]
pub(super) async fn problems(Query(Nothing {}): Query<Nothing>) -> Json<Value> {
    Json(json!({ "problems": ProblemKind::ALL.map(told) }))
}

/// One kind of problem
///
/// Where the `type` of an error leads to.
#[utoipa::path(
    get,
    path = "/v1/problems/{name}",
    operation_id = "getProblem",
    tag = "description",
    params(("name" = String, Path, description = "The last part of a problem's `type`.")),
    responses(
        (status = 200, description = "The kind.", body = ref("#/components/schemas/ProblemType")),
        (status = 404, description = "No kind is called so."),
    ),
)]
pub(super) async fn problem(
    Path(name): Path<String>,
    Query(Nothing {}): Query<Nothing>,
) -> Result<Json<Value>, Problem> {
    let found = ProblemKind::ALL.into_iter().find(|kind| kind.name() == name);
    let none = || Problem::not_found(format!("no kind of problem is called so; {BASE} lists them all"));
    found.map(|kind| Json(told(kind))).ok_or_else(none)
}

fn told(kind: ProblemKind) -> Value {
    let status = kind.status().as_u16();
    json!({ "type": kind.uri(), "title": kind.title(), "status": status, "detail": kind.about() })
}

#[cfg(test)]
mod tests;
