//! Stand-in for Salesforce: an org with accounts, contacts, leads and tasks behind its REST API.
//!
//! Keeps the vendor's habits that hurt: assignment rules that run unless told not to, composites that answer 200 when they
//! were rolled back, ids of 18 characters, converted leads that refuse writes, duplicate rules, errors as arrays. Faults: an armed
//! [`Fault::ErrorInside200`] rolls the next composite back with `UNABLE_TO_LOCK_ROW`, a [`Fault::RateLimit`] is this
//! vendor's 403. Everything else about an org is set on its handle, [`SalesforceState`].

mod org;
mod soql;
mod token;

pub use org::{Record, SalesforceState};

use super::{BODY_LIMIT, Fault, Named, World, on_the_wire};
use axum::body::{Body, to_bytes};
use axum::extract::{Extension, Path, Query, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use org::{ApiError, Written};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

const VENDOR: &str = "salesforce";

type App = super::App<SalesforceState>;

/// The REST API of one org.
pub fn routes(world: Arc<World>, state: SalesforceState) -> Router {
    state.lives_by(Arc::clone(&world.clock));
    let app = App { world: Arc::clone(&world), state };
    let guarded = Router::new()
        .route("/services/data", get(versions))
        .route("/services/data/{version}/query", get(query))
        .route("/services/data/{version}/query/{locator}", get(next_page))
        .route("/services/data/{version}/search", get(search))
        .route("/services/data/{version}/composite", post(composite))
        .route("/services/data/{version}/actions/standard/customNotificationAction", post(notify))
        .route("/services/data/{version}/sobjects/{object}/describe", get(describe))
        .route("/services/data/{version}/sobjects/{object}/{id}", get(record))
        .layer(from_fn_with_state(app.clone(), guard));
    let open = Router::new().route("/services/oauth2/token", post(token::token));
    let all = guarded.merge(open).layer(from_fn_with_state(app.clone(), limit)).with_state(app);
    on_the_wire(world, VENDOR, operation_of, all).layer(from_fn(name_reads))
}

/// A composite of reads comes in the background, at any time: a fault that is meant for a write is not for it.
async fn name_reads(request: Request, next: Next) -> Response {
    if !request.uri().path().ends_with("/composite") {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_LIMIT).await else { return StatusCode::PAYLOAD_TOO_LARGE.into_response() };
    if serde_json::from_slice::<Value>(&body).is_ok_and(|body| body["allOrNone"] == false) {
        parts.extensions.insert(Named("reads"));
    }
    next.run(Request::from_parts(parts, Body::from(body))).await
}

/// `token`, `query`, `next_page` of it, `search`, `composite` (`reads`, where it only reads), `describe`, `data` (its versions), `customNotificationAction` or `record`.
fn operation_of(_method: &str, path: &str) -> String {
    let last = path.rsplit('/').next().unwrap_or_default();
    if path.contains("/query/") {
        return "next_page".to_owned();
    }
    let known =
        ["token", "query", "search", "composite", "describe", "data", "customNotificationAction"].contains(&last);
    if known { last.to_owned() } else { "record".to_owned() }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, Json(self.body())).into_response()
    }
}

/// The day's requests are used up: 403, and no `Retry-After`. Each answer says how many there were.
async fn limit(State(app): State<App>, fault: Option<Extension<Fault>>, request: Request, next: Next) -> Response {
    let mut response = match fault {
        Some(Extension(Fault::RateLimit { .. })) => {
            ApiError::new(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.").into_response()
        }
        _ => next.run(request).await,
    };
    if let Some((used, allowed)) = app.state.usage()
        && let Ok(value) = format!("api-usage={used}/{allowed}").parse()
    {
        response.headers_mut().insert("sforce-limit-info", value);
    }
    response
}

async fn guard(State(app): State<App>, headers: HeaderMap, request: Request, next: Next) -> Response {
    let bearer = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if app.state.knows_token(bearer.trim_start_matches("Bearer ")) {
        return next.run(request).await;
    }
    ApiError::new(401, "INVALID_SESSION_ID", "Session expired or invalid").into_response()
}

async fn query(
    State(app): State<App>,
    Query(parameters): Query<BTreeMap<String, String>>,
) -> Result<Json<Value>, ApiError> {
    app.state.query(parameters.get("q").map(String::as_str).unwrap_or_default()).map(Json)
}

/// The rest of a query of several pages.
async fn next_page(
    State(app): State<App>,
    Path((_, locator)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    app.state.next_page(&locator).map(Json)
}

async fn versions(State(app): State<App>) -> Json<Value> {
    let (oldest, newest) = app.state.versions();
    let one = |number: u32| {
        let (label, url) = (format!("Release {number}"), format!("/services/data/v{number}.0"));
        json!({ "label": label, "url": url, "version": format!("{number}.0") })
    };
    Json((oldest..=newest).map(one).collect())
}

/// The bell of each recipient.
async fn notify(State(app): State<App>, Json(body): Json<Value>) -> Response {
    let Some(input) = body["inputs"].get(0) else {
        return ApiError::new(400, "REQUIRED_FIELD_MISSING", "inputs are missing").into_response();
    };
    let is_known = |object: &str, id: &Value| id.as_str().is_some_and(|id| app.state.knows(object, id));
    let recipients = input["recipientIds"].as_array().cloned().unwrap_or_default();
    let sends = is_known("CustomNotificationType", &input["customNotifTypeId"])
        && is_known("Lead", &input["targetId"])
        && recipients.iter().all(|user| user.as_str().is_some_and(|user| user.starts_with("005")));
    if !sends {
        return ApiError::new(400, "INVALID_ID_FIELD", "a recipient, the target or the type is not known")
            .into_response();
    }
    for user in &recipients {
        let key = format!("{}/{}", input["targetId"].as_str().unwrap_or_default(), user.as_str().unwrap_or_default());
        app.world.accept(VENDOR, "notification", key, input.clone());
    }
    Json(json!([{ "actionName": "customNotificationAction", "errors": null, "isSuccess": true, "outputValues": null }]))
        .into_response()
}

/// SOSL in phone fields only: by digits.
async fn search(
    State(app): State<App>,
    Query(parameters): Query<BTreeMap<String, String>>,
) -> Result<Json<Value>, ApiError> {
    let text = parameters.get("q").map(String::as_str).unwrap_or_default();
    let terms = text.strip_prefix("FIND {").and_then(|rest| rest.split_once("} IN PHONE FIELDS RETURNING "));
    let Some((terms, returning)) = terms else {
        return Err(ApiError::new(400, "MALFORMED_SEARCH", "only phones can be searched here"));
    };
    let terms: Vec<&str> = terms.split(" OR ").collect();
    let selections = soql::returning(returning).map_err(|why| ApiError::new(400, "MALFORMED_SEARCH", &why))?;
    Ok(Json(json!({ "searchRecords": app.state.find_phones(&terms, &selections)? })))
}

async fn describe(State(app): State<App>, Path((_, object)): Path<(String, String)>) -> Json<Value> {
    Json(app.state.describe(&object))
}

async fn record(
    State(app): State<App>,
    Path((version, object, id)): Path<(String, String, String)>,
    Query(parameters): Query<BTreeMap<String, String>>,
) -> Result<Json<Value>, ApiError> {
    let fields = parameters.get("fields").map(String::as_str).unwrap_or_default();
    app.state.read(&object, &id, fields, &version).map(Json)
}

/// All parts or none, or, of reads alone, each by itself. The answer is 200 either way.
async fn composite(
    State(app): State<App>,
    fault: Option<Extension<Fault>>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    let parts = body["compositeRequest"].as_array().cloned().unwrap_or_default();
    if parts.is_empty() || parts.len() > 25 {
        return ApiError::new(400, "INVALID_INPUT", "between 1 and 25 subrequests").into_response();
    }
    let locked = matches!(fault, Some(Extension(Fault::ErrorInside200)));
    let auto_assign = headers.get("sforce-auto-assign").and_then(|value| value.to_str().ok()).map(str::to_owned);
    if body["allOrNone"] != true {
        let read = |part: &Value| match app.state.read_part(part) {
            Ok(read) => part_answer(part, read.status, &read.body),
            Err(error) => part_answer(part, error.status, &error.body()),
        };
        let answers: Vec<Value> = parts.iter().map(read).collect();
        return Json(json!({ "compositeResponse": answers })).into_response();
    }
    let outcome = app.state.transact(|draft| {
        let mut done = Vec::new();
        for part in &parts {
            if locked {
                let message = "unable to obtain exclusive access to this record";
                return Err((done.len(), ApiError::new(400, "UNABLE_TO_LOCK_ROW", message)));
            }
            let result = draft.part(part, &done, auto_assign.as_deref());
            done.push(result.map_err(|error| (done.len(), error))?);
        }
        Ok(done)
    });
    let answers: Vec<Value> = match outcome {
        Ok(done) => {
            done.iter().for_each(|written| record_effect(&app.world, written));
            parts.iter().zip(&done).map(|(part, written)| part_answer(part, written.status, &written.body)).collect()
        }
        Err((guilty, error)) => {
            let halted = ApiError::halted();
            let of = |index: usize| if index == guilty { &error } else { &halted };
            let answer = |(index, part): (usize, &Value)| part_answer(part, of(index).status, &of(index).body());
            parts.iter().enumerate().map(answer).collect()
        }
    };
    Json(json!({ "compositeResponse": answers })).into_response()
}

fn part_answer(part: &Value, status: u16, body: &Value) -> Value {
    json!({ "body": body, "httpHeaders": {}, "httpStatusCode": status, "referenceId": part["referenceId"] })
}

/// What was created is an effect; a repeated upsert of it is not another.
fn record_effect(world: &World, written: &Written) {
    if let Some((kind, key)) = &written.created {
        world.accept(VENDOR, kind, key.clone(), written.body.clone());
    }
}
