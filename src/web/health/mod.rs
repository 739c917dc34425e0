//! Alive: the process turns. Ready: it takes leads (a write goes through, and what decides lives), and by which rules. Beside
//! them, what watches a worker: its figures, and the list of all workers.

pub(super) mod metrics;
pub(super) mod workers;

pub use metrics::MetricsFor;

use super::Door;
use crate::telemetry::figures;
use axum::extract::State;
use axum::http::StatusCode;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::time::timeout;

/// A probe does not wait for a count.
const COUNTED_WITHIN: Duration = Duration::from_secs(1);
/// What decides looks for work every few seconds; a commit that waits for its locks takes no longer than this.
const TURNS_WITHIN: Duration = Duration::from_secs(60);

/// Of a worker beside another system.
const TRIAL: &str =
    "A TRIAL (shadow = true): leads are decided, and nobody is rung, briefed, called, booked or written to\n";

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
/// Whether a write goes through, whether what decides lives, and by which rules leads are decided. A refused change of the rules
/// leaves the worker ready: the rules before it count. So does a broker that is away: leads come over HTTP, and the consumer
/// tries again.
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
    if let Some(why) = stands_still(door.decider.turned_ago()) {
        return not(&why);
    }
    let release = Arc::clone(&door.release.borrow());
    let (id, since) = (release.rules.release.short(), release.live_since.format("%FT%TZ"));
    let trial = if door.decider.is_in_shadow() { TRIAL } else { "" };
    let mut told = format!("ready\n{trial}rules {id} since {since}\ndatabase takes writes\ndecider alive\n");
    if let Some(broker) = &door.broker {
        told.push_str(match broker.connected.load(Relaxed) {
            true => "broker connected\n",
            false => "broker away: leads come over HTTP alone until it is back\n",
        });
    }
    told.push_str(&format!("clock {:.0} ms ahead of the database's\n", figures::clock_offset() * 1000.0));
    if let Some(refused) = door.refused.borrow().as_ref() {
        let (faults, at) = (refused.faults.len(), refused.at.format("%FT%TZ"));
        told.push_str(&format!("a change was refused {at}: {faults} to mend, see /v1/rules or run baton check\n"));
    }
    if let Ok(Ok(aside @ 1..)) = timeout(COUNTED_WITHIN, door.store.inbox_count_quarantined()).await {
        told.push_str(&format!("messages put aside: {aside}; see /v1/attention or run baton quarantine list\n"));
    }
    (StatusCode::OK, told)
}

/// Why no lead is to be sent to a worker whose loop turned so long ago.
fn stands_still(turned_ago: Duration) -> Option<String> {
    let why = || format!("nothing was decided for {} s: start this worker anew", turned_ago.as_secs());
    (turned_ago > TURNS_WITHIN).then(why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_that_has_not_turned_for_a_minute_is_sent_nothing() {
        assert_eq!(stands_still(TURNS_WITHIN), None);
        let why = stands_still(TURNS_WITHIN + Duration::from_secs(1)).expect("it stands still");
        assert_eq!(why, "nothing was decided for 61 s: start this worker anew");
    }
}
