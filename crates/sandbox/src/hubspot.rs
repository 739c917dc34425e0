//! Stand-in for HubSpot: a portal with contacts, companies, deals, notes and tasks behind its dated API.
//!
//! Keeps the vendor's habits that hurt: no upsert, 409 with the existing id in a sentence, a search index that lags
//! ([`Fault::SearchLags`]), 429 by policy ([`Fault::RateLimit`]), all values as text, admin's rules that refuse API writes.
//! [`Fault::ErrorInside200`] has no meaning here: HubSpot fails with a status.

mod portal;

pub use portal::{HubSpotState, Record};

use super::{Fault, World, on_the_wire};
use axum::extract::{Extension, Path, Query, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use portal::Problem;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

const VENDOR: &str = "hubspot";

type App = super::App<HubSpotState>;
type Parameters = Query<BTreeMap<String, String>>;

/// The API of one portal.
pub fn routes(world: Arc<World>, state: HubSpotState) -> Router {
    let app = App { world: Arc::clone(&world), state };
    let all = Router::new()
        .route("/crm/objects/{version}/{kind}", get(list).post(create))
        .route("/crm/objects/{version}/{kind}/search", post(search))
        .route("/crm/objects/{version}/{kind}/batch/read", post(batch_read))
        .route("/crm/objects/{version}/{kind}/{id}", get(read).patch(update))
        .route("/crm/objects/{version}/{kind}/{id}/associations/{to}", get(associations))
        .route("/crm/associations/{version}/{kind}/{to}/batch/read", post(linked))
        .route("/crm/owners/{version}", get(owners))
        .route("/crm/properties/{version}/{kind}/{name}", get(property))
        .layer(from_fn_with_state(app.clone(), guard))
        .layer(from_fn(limit))
        .with_state(app);
    on_the_wire(world, VENDOR, operation_of, all)
}

/// `contacts.create`, `notes.create`, `contacts.read`, `contacts.update`, `companies.search`, `associations`, `owners` …
fn operation_of(method: &str, path: &str) -> String {
    let segments: Vec<&str> = path.trim_start_matches('/').split('/').skip(1).collect();
    match (method, segments.as_slice()) {
        (_, ["objects", _, kind, "search"]) => format!("{kind}.search"),
        (_, ["objects", _, kind, "batch", "read"]) => format!("{kind}.batch_read"),
        (_, ["objects", _, _, _, "associations", _]) => "associations".to_owned(),
        ("POST", ["objects", _, kind]) => format!("{kind}.create"),
        ("PATCH", ["objects", _, kind, _]) => format!("{kind}.update"),
        (_, ["objects", _, kind, ..]) => format!("{kind}.read"),
        (_, [group, ..]) => (*group).to_owned(),
        _ => "unknown".to_owned(),
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = json!({
            "status": "error",
            "message": self.message,
            "correlationId": "00000000-0000-4000-8000-000000000001",
            "category": self.category,
        });
        (status, Json(body)).into_response()
    }
}

async fn limit(fault: Option<Extension<Fault>>, request: Request, next: Next) -> Response {
    let Some(Extension(Fault::RateLimit { retry_after_s })) = fault else { return next.run(request).await };
    let body = json!({
        "status": "error",
        "message": "You have reached your ten_secondly_rolling limit.",
        "errorType": "RATE_LIMIT",
        "correlationId": "00000000-0000-4000-8000-000000000001",
        "category": "RATE_LIMITS",
        "policyName": "TEN_SECONDLY_ROLLING",
    });
    let retry_after = retry_after_s.map(|seconds| [("retry-after", seconds.to_string())]);
    (StatusCode::TOO_MANY_REQUESTS, retry_after.map(axum::response::AppendHeaders), Json(body)).into_response()
}

async fn guard(State(app): State<App>, headers: HeaderMap, request: Request, next: Next) -> Response {
    let bearer = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if app.state.accepts(bearer.trim_start_matches("Bearer ")) {
        return next.run(request).await;
    }
    Problem::new(401, "INVALID_AUTHENTICATION", "Authentication credentials not found.").into_response()
}

async fn list(
    State(app): State<App>,
    Path((_, kind)): Path<(String, String)>,
    Query(parameters): Parameters,
) -> Json<Value> {
    Json(app.state.list(&kind, &parameters))
}

async fn create(
    State(app): State<App>,
    Path((_, kind)): Path<(String, String)>,
    Json(body): Json<Value>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let (answer, natural_key) = app.state.create(&kind, &body, app.now())?;
    let effect = match kind.as_str() {
        "contacts" => "lead",
        "notes" => "note",
        "tasks" => "task",
        _ => "record",
    };
    app.world.accept(VENDOR, effect, natural_key, answer.clone());
    Ok((StatusCode::CREATED, Json(answer)))
}

async fn read(
    State(app): State<App>,
    Path((_, kind, id)): Path<(String, String, String)>,
    Query(parameters): Parameters,
) -> Result<Json<Value>, Problem> {
    app.state.read(&kind, &id, &parameters, app.now()).map(Json)
}

async fn update(
    State(app): State<App>,
    Path((_, kind, id)): Path<(String, String, String)>,
    Json(body): Json<Value>,
) -> Result<Json<Value>, Problem> {
    app.state.update(&kind, &id, &body, app.now()).map(Json)
}

async fn search(
    State(app): State<App>,
    fault: Option<Extension<Fault>>,
    Path((_, kind)): Path<(String, String)>,
    Json(body): Json<Value>,
) -> Result<Json<Value>, Problem> {
    let lag = match fault {
        Some(Extension(Fault::SearchLags(lag))) => lag,
        _ => Duration::ZERO,
    };
    let indexed_until = app.now() - lag;
    app.state.search(&kind, &body, indexed_until).map(Json)
}

async fn batch_read(
    State(app): State<App>,
    Path((_, kind)): Path<(String, String)>,
    Json(body): Json<Value>,
) -> (StatusCode, Json<Value>) {
    let (results, missing) = app.state.batch_read(&kind, &body);
    let error = |id: &String| {
        json!({
            "status": "error", "category": "OBJECT_NOT_FOUND", "message": format!("Could not get some {kind}"),
            "context": { "ids": [id] }, "errors": [], "links": {},
        })
    };
    batch(&app, results, missing.iter().map(error).collect())
}

/// What a batch brought: with 207 and errors where it is not the whole.
fn batch(app: &App, results: Vec<Value>, errors: Vec<Value>) -> (StatusCode, Json<Value>) {
    let now = app.now();
    let mut answer = json!({ "status": "COMPLETE", "results": results, "startedAt": now, "completedAt": now });
    if errors.is_empty() {
        return (StatusCode::OK, Json(answer));
    }
    answer["numErrors"] = errors.len().into();
    answer["errors"] = errors.into();
    (StatusCode::MULTI_STATUS, Json(answer))
}

async fn associations(
    State(app): State<App>,
    Path((_, kind, id, to)): Path<(String, String, String, String)>,
    Query(parameters): Parameters,
) -> Result<Json<Value>, Problem> {
    let after = parameters.get("after").and_then(|text| text.parse().ok()).unwrap_or(0);
    let limit = parameters.get("limit").and_then(|text| text.parse().ok()).unwrap_or(500);
    app.state.associations(&kind, &id, &to, after, limit).map(Json)
}

/// Records without a link are told as errors, with 207, as the vendor does.
async fn linked(
    State(app): State<App>,
    Path((_, kind, to)): Path<(String, String, String)>,
    Json(body): Json<Value>,
) -> (StatusCode, Json<Value>) {
    let (results, without) = app.state.linked(&kind, &to, &body);
    let error = |id: &String| {
        let message = format!("No {to} is associated with {kind} {id}.");
        json!({
            "status": "error", "category": "OBJECT_NOT_FOUND", "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
            "message": message, "context": { "fromObjectId": [id] }, "id": id, "errors": [], "links": {},
        })
    };
    batch(&app, results, without.iter().map(error).collect())
}

async fn owners(State(app): State<App>, Query(parameters): Parameters) -> Json<Value> {
    Json(app.state.owners(&parameters, app.now()))
}

async fn property(
    State(app): State<App>,
    Path((_, kind, name)): Path<(String, String, String)>,
) -> Result<Json<Value>, Problem> {
    app.state.property(&kind, &name).map(Json)
}
