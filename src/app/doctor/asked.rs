//! Asks each vendor in the background of a worker.
//!
//! Never holds up a start and never refuses one, since no caller waits for a vendor. What is amiss is told, and asked again
//! until it is mended.

use super::client::Client;
use crate::outbox::Vendors;
use crate::telemetry::figures;
use baton_clock::SharedClock;
use std::time::Duration;
use tokio::sync::watch;

/// The first wait before a vendor that is not well is asked again; it doubles, up to [`AGAIN_WITHIN`].
const AGAIN_AFTER: Duration = Duration::from_secs(30);
const AGAIN_WITHIN: Duration = Duration::from_secs(15 * 60);

/// What one section of `baton.toml` is asked.
pub struct Question(Client);

impl Question {
    /// Asks until the answer is good, or the worker stops.
    pub async fn ask_until_well(self, clock: SharedClock, mut stopping: watch::Receiver<bool>) {
        tokio::select! {
            () = self.until_well(&clock) => {}
            _ = stopping.wait_for(|stop| *stop) => {}
        }
    }

    async fn until_well(&self, clock: &SharedClock) {
        let (section, mut wait) = (self.0.section(), AGAIN_AFTER);
        while let Err(error) = self.0.check().await {
            let (again_s, error) = (wait.as_secs(), error.in_log());
            figures::vendor_checked(section, Some(error.clone()));
            tracing::warn!(section, again_s, error, "a vendor would not do what will be asked of it");
            tokio::time::sleep(clock.real(wait)).await;
            wait = (2 * wait).min(AGAIN_WITHIN);
        }
        figures::vendor_checked(section, None);
        tracing::info!(section, "a vendor is ready");
    }
}

/// One for each vendor that is there and can be asked.
pub fn questions(vendors: &Vendors) -> Vec<Question> {
    Client::all(vendors).into_iter().map(Question).collect()
}
