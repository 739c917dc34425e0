//! How long callers have waited lately to be put through: read in the background, so that no decision asks for it.

use super::Facts;
use baton_core::routing::waits::RecentWaits;
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::{Arc, MutexGuard, PoisonError};

const READ_EVERY: TimeDelta = TimeDelta::seconds(30);

#[derive(Default)]
pub(super) struct Lately {
    waits: Arc<RecentWaits>,
    read_at: Option<DateTime<Utc>>,
}

impl Facts {
    /// As they were some seconds ago; none, where nobody is told of them.
    pub fn recent_waits(&self) -> Arc<RecentWaits> {
        Arc::clone(&self.lately().waits)
    }

    /// Reads them, unless they were read just now. What was read before stands where that fails.
    pub(super) async fn read_waits(&self) {
        let (now, read_at) = (self.clock.now(), self.lately().read_at);
        if read_at.is_some_and(|at| now - at < READ_EVERY) {
            return;
        }
        match self.store.waits_lately().await {
            Ok(waits) => *self.lately() = Lately { waits: Arc::new(waits), read_at: Some(now) },
            Err(error) => tracing::warn!(%error, "how long callers wait could not be read: in a moment again"),
        }
    }

    fn lately(&self) -> MutexGuard<'_, Lately> {
        self.lately.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
