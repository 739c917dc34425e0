//! This worker among the others: that it is there, and by which rules it decides.
//!
//! If the process dies here, its row is not counted any more after a minute.

use crate::config::host_name;
use crate::release::Current;
use crate::store::{Store, WorkerRow, with};
use baton_clock::SharedClock;
use baton_core::domain::zone;
use chrono::{DateTime, Utc};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

/// In the clock's time, since others tell by it who is gone.
const EVERY: Duration = Duration::from_secs(10);
/// In real time, however fast the clock runs.
const SHORTEST: Duration = Duration::from_millis(500);
/// How long a stop waits for the row to be gone.
const LEFT_WITHIN: Duration = Duration::from_secs(1);

pub(in crate::app) struct Presence {
    pub store: Store,
    pub clock: SharedClock,
    /// Who leases.
    pub worker: String,
    pub release: Current,
}

impl Presence {
    /// Is seen until told to stop, and then no more.
    pub(in crate::app) async fn keep(self, mut stopping: watch::Receiver<bool>) {
        tokio::select! {
            () = self.is_seen() => {}
            _ = stopping.wait_for(|stop| *stop) => {}
        }
        let leaves = with(self.worker.clone(), |tx, worker| Box::pin(tx.worker_leaves(worker)));
        match timeout(LEFT_WITHIN, self.store.write_once("worker.leaves", leaves)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "this worker's row is left behind for a minute"),
            Err(_) => tracing::debug!("this worker's row is left behind for a minute"),
        }
    }

    /// At once when the rules change.
    async fn is_seen(&self) {
        let (host, started_at, mut release) = (host_name(), self.clock.now(), self.release.clone());
        loop {
            let row = self.row(&host, started_at, &mut release);
            let seen = with(row, |tx, row| Box::pin(tx.worker_seen(row)));
            if let Err(error) = self.store.write_once("worker.seen", seen).await {
                tracing::debug!(%error, "the others could not be told that this worker is there");
            }
            tokio::select! {
                () = sleep(self.clock.real(EVERY).max(SHORTEST)) => {}
                Ok(()) = release.changed() => {}
            }
        }
    }

    fn row(&self, host: &str, started_at: DateTime<Utc>, release: &mut Current) -> WorkerRow {
        let current = release.borrow_and_update();
        WorkerRow {
            id: self.worker.clone(),
            host: host.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            release: current.rules.release.clone(),
            release_since: current.live_since,
            zones: zone::in_use().release.to_owned(),
            started_at,
            seen_at: self.clock.now(),
        }
    }
}
