//! Which rules this worker decides with, since when, and the last change that it refused.

use super::{Door, Nothing};
use axum::Json;
use axum::extract::{Query, State};
use serde_json::{Value, json};
use std::sync::Arc;

/// Tells which rules are live
///
/// On this worker: another one of the same database may be a moment behind.
#[utoipa::path(
    get,
    path = "/v1/rules",
    operation_id = "getRules",
    tag = "reports",
    responses((status = 200, description = "The rules that count now.", body = ref("#/components/schemas/LiveRules"))),
    security(("bearer" = ["read"])),
)]
pub(super) async fn live(State(door): State<Door>, Query(Nothing {}): Query<Nothing>) -> Json<Value> {
    let release = Arc::clone(&door.release.borrow());
    let refused = door.refused.borrow().clone();
    Json(json!({
        "release": release.rules.release,
        "live_since": release.live_since,
        "summary": release.summary,
        "refused": refused.as_deref(),
    }))
}
