//! Figures of how it stands: read from the store and from what this worker knows, now and then, and not for each who asks.
//!
//! Guarantees: one look at a time, and none longer than [`READ_WITHIN`]; where one fails, what was known stays, and is told with
//! its age.

use crate::facts::{Facts, Seen};
use crate::release::{Current, Refusal};
use crate::store::Store;
use crate::telemetry::figures;
use baton_clock::SharedClock;
use baton_core::domain::zone;
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

/// In the clock's time: who looks at figures does so about as often.
const LOOK_EVERY: Duration = Duration::from_secs(15);
/// In real time, however fast the clock runs.
const SHORTEST: Duration = Duration::from_millis(500);
/// For all that is read of the store.
const READ_WITHIN: Duration = Duration::from_secs(5);

/// What is looked at.
pub(in crate::app) struct Watched {
    pub store: Store,
    pub clock: SharedClock,
    pub facts: Arc<Facts>,
    pub release: Current,
    pub refused: watch::Receiver<Option<Arc<Refusal>>>,
}

impl Watched {
    /// Looks until told to stop.
    pub(in crate::app) async fn keep(self, mut stopping: watch::Receiver<bool>) {
        tokio::select! {
            () = self.looks() => {}
            _ = stopping.wait_for(|stop| *stop) => {}
        }
    }

    async fn looks(&self) {
        loop {
            self.look().await;
            sleep(self.clock.real(LOOK_EVERY).max(SHORTEST)).await;
        }
    }

    async fn look(&self) {
        let now = self.clock.now();
        figures::runs(self.release.borrow().rules.release.short(), zone::in_use().release);
        figures::rules_refused(self.refused.borrow().is_some());
        figures::database_takes_writes(self.store.known_trouble().is_none());
        let Seen { calendars_at, crm_at, resting } = self.facts.seen();
        figures::facts_are_aged(age(calendars_at, now), age(crm_at, now));
        for (vendor, rests) in resting {
            figures::vendor_rests(vendor, rests);
        }
        match timeout(READ_WITHIN, self.store.state(now)).await {
            Ok(Ok(state)) => figures::stands(&state, now),
            // The age of what is known grows.
            Ok(Err(error)) => tracing::warn!(%error, "the figures of the store could not be read"),
            Err(_) => tracing::warn!("the figures of the store could not be read in time"),
        }
    }
}

fn age(at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> TimeDelta {
    at.map_or(TimeDelta::zero(), |at| now - at)
}
