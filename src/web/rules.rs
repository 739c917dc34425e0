//! Which rules this worker decides with, since when, and the last change that it refused.

use super::{Door, Nothing};
use axum::Json;
use axum::extract::{Query, State};
use serde_json::{Value, json};
use std::sync::Arc;

/// Of this worker: another one of the same database may be a moment behind.
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
