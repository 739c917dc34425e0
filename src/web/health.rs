//! Alive: the process turns. Ready: it takes leads.

use super::Door;
use axum::extract::State;
use axum::http::StatusCode;

/// Never touches the database: an outage of the database must not restart the fleet.
pub async fn alive() -> &'static str {
    "ok\n"
}

pub async fn ready(State(door): State<Door>) -> (StatusCode, &'static str) {
    if !*door.ready.borrow() {
        return (StatusCode::SERVICE_UNAVAILABLE, "starting or stopping\n");
    }
    match door.store.ping().await {
        Ok(()) => (StatusCode::OK, "ready\n"),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n"),
    }
}
