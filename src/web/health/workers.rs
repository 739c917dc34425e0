//! `GET /v1/workers`: who is at work on this database, and by which rules.

use crate::store::{SeenWorker, WorkerRow};
use crate::web::{Door, Nothing, Problem};
use axum::Json;
use axum::extract::{Query, State};
use serde_json::{Value, json};

/// Lists the workers
///
/// Those that were seen on this database within a minute, the longest there first: each with the rules that it decides by. One
/// that decides by older rules than another does is marked, until it has taken up the newer ones or all have gone back.
#[utoipa::path(
    get,
    path = "/v1/workers",
    operation_id = "listWorkers",
    tag = "health",
    responses((status = 200, description = "All of them.", body = ref("#/components/schemas/Workers"))),
    security(("bearer" = ["read"])),
)]
pub(in crate::web) async fn list(
    State(door): State<Door>,
    Query(Nothing {}): Query<Nothing>,
) -> Result<Json<Value>, Problem> {
    let workers = door.store.workers_seen(door.clock.now()).await.map_err(|error| Problem::ours(&error))?;
    let told = workers.into_iter().map(|SeenWorker { worker, is_on_other_rules }| {
        let WorkerRow { id, host, version, release, release_since, zones, shadow, started_at, seen_at } = worker;
        json!({
            "id": id,
            "host": host,
            "version": version,
            "release": release,
            "live_since": release_since,
            "zones": zones,
            "shadow": shadow,
            "started_at": started_at,
            "seen_at": seen_at,
            "on_other_rules": is_on_other_rules,
        })
    });
    Ok(Json(json!({ "workers": told.collect::<Vec<_>>() })))
}
