//! Alive: the process turns. Ready: it takes leads, and by which rules.

use super::Door;
use axum::extract::State;
use axum::http::StatusCode;
use std::sync::Arc;

/// Never touches the database: an outage of the database must not restart the fleet.
pub async fn alive() -> &'static str {
    "ok\n"
}

/// A refused change of the rules leaves the worker ready: the rules before it count.
pub async fn ready(State(door): State<Door>) -> (StatusCode, String) {
    let not = |why: &str| (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n"));
    if !*door.ready.borrow() {
        return not("starting or stopping");
    }
    if let Some(why) = door.decider.why_not() {
        return not(&why);
    }
    if door.store.ping().await.is_err() {
        return not("the database does not answer");
    }
    let release = Arc::clone(&door.release.borrow());
    let (id, since) = (release.rules.release.short(), release.live_since.format("%FT%TZ"));
    let mut told = format!("ready\nrules {id} since {since}\n");
    if let Some(refused) = door.refused.borrow().as_ref() {
        let (faults, at) = (refused.faults.len(), refused.at.format("%FT%TZ"));
        told.push_str(&format!("a change was refused {at}: {faults} to mend, see /v1/rules or run baton check\n"));
    }
    (StatusCode::OK, told)
}
