//! What reps did in the CRM with the leads that they got, and what came of these there, read back again and again.
//!
//! One worker reads at a time. What changed there is asked for by the time of its change, from a little before the last time on:
//! clocks differ, and a search knows of nothing for half a minute. So most is told twice, and counts once. If the process dies
//! here, the next worker goes on where all was kept.

use crate::deciding::decider::Decider;
use crate::facts::Facts;
use crate::store::{Store, StoreError, with};
use baton_clock::SharedClock;
use chrono::TimeDelta;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// In real time, however fast the clock runs.
const SHORTEST: Duration = Duration::from_millis(250);
/// Longer than a page takes; whoever dies holds up the others no longer.
const LEASE: TimeDelta = TimeDelta::minutes(3);
/// How far the vendors' clocks and indexes may be behind.
const OVERLAP: TimeDelta = TimeDelta::minutes(5);
/// Where it was never read.
const LOOKS_BACK: TimeDelta = TimeDelta::days(14);
/// Of one look.
const PAGES: usize = 20;

/// Who reads, and how often, in the clock's time.
pub(in crate::app) struct ReadBack {
    pub facts: Arc<Facts>,
    pub decider: Arc<Decider>,
    pub store: Store,
    pub clock: SharedClock,
    pub worker: String,
    pub every: Duration,
}

impl ReadBack {
    /// Until told to stop.
    pub(in crate::app) async fn keep(self, mut stopping: watch::Receiver<bool>) {
        // A CRM that takes its time holds up no stop.
        tokio::select! {
            () = self.read() => {}
            _ = stopping.wait_for(|stop| *stop) => {}
        }
    }

    async fn read(&self) {
        loop {
            tokio::time::sleep(self.clock.real(self.every).max(SHORTEST)).await;
            if self.decider.why_not().is_some() {
                continue;
            }
            if let Err(error) = self.look().await {
                tracing::warn!(%error, "what the CRM told is not kept: it is read again");
            }
        }
    }

    async fn look(&self) -> Result<(), StoreError> {
        let Some(vendor) = self.facts.crm_vendor() else { return Ok(()) };
        let until = self.clock.now();
        let mut since = None;
        for _ in 0..PAGES {
            if !self.take().await? {
                return Ok(());
            }
            let from = match since {
                Some(since) => since,
                None => self.store.crm_read_until(vendor).await?.unwrap_or(until - LOOKS_BACK) - OVERLAP,
            };
            let Some(page) = self.facts.crm_news(from, until).await else { return Ok(()) };
            let heard = self.decider.hear_from_crm(page.news).await?;
            if heard > 0 {
                tracing::info!(vendor, heard, "read back from the CRM");
            }
            let read = with((vendor, page.read_until), |tx, (vendor, until)| Box::pin(tx.crm_read_set(vendor, *until)));
            self.store.write_once("crm_read.set", read).await?;
            if page.is_all {
                return Ok(());
            }
            since = Some(page.read_until);
        }
        Ok(())
    }

    /// `false`: another worker reads.
    async fn take(&self) -> Result<bool, StoreError> {
        let now = self.clock.now();
        let takes = with(self.worker.clone(), move |tx, worker| Box::pin(tx.crm_read_take(worker, LEASE, now)));
        self.store.write_once("crm_read.take", takes).await
    }
}
