//! Alive: the process turns. Ready: it takes leads (a write goes through), and by which rules.

use super::Door;
use axum::extract::State;
use axum::http::StatusCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// A probe does not wait for a count.
const COUNTED_WITHIN: Duration = Duration::from_secs(1);

/// Alive
///
/// Never touches the database: an outage of the database must not restart the fleet.
#[utoipa::path(
    get,
    path = "/healthz",
    operation_id = "getHealth",
    tag = "health",
    responses((status = 200, description = "The process turns.", body = String)),
)]
pub(super) async fn alive() -> &'static str {
    "ok\n"
}

/// Ready
///
/// Whether a write goes through, and by which rules leads are decided. A refused change of the rules leaves the worker ready: the
/// rules before it count.
#[utoipa::path(
    get,
    path = "/readyz",
    operation_id = "getReadiness",
    tag = "health",
    responses(
        (status = 200, description = "It takes leads.", body = String),
        (status = 503, description = "It does not, and why.", body = String),
    ),
)]
pub(super) async fn ready(State(door): State<Door>) -> (StatusCode, String) {
    let not = |why: &str| (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n"));
    if !*door.ready.borrow() {
        return not("starting or stopping");
    }
    if let Some(why) = door.decider.why_not() {
        return not(&why);
    }
    if let Err(cause) = door.store.takes_writes().await {
        return not(cause);
    }
    if let Some(cause) = door.decider.held_up_by() {
        return not(&format!("messages wait in the inbox: {cause}"));
    }
    let release = Arc::clone(&door.release.borrow());
    let (id, since) = (release.rules.release.short(), release.live_since.format("%FT%TZ"));
    let mut told = format!("ready\nrules {id} since {since}\n");
    if let Some(refused) = door.refused.borrow().as_ref() {
        let (faults, at) = (refused.faults.len(), refused.at.format("%FT%TZ"));
        told.push_str(&format!("a change was refused {at}: {faults} to mend, see /v1/rules or run baton check\n"));
    }
    if let Ok(Ok(aside @ 1..)) = timeout(COUNTED_WITHIN, door.store.inbox_count_quarantined()).await {
        told.push_str(&format!("messages put aside: {aside}; see /v1/attention or run baton quarantine list\n"));
    }
    (StatusCode::OK, told)
}
