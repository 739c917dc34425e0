//! This worker among the others: that it is there, and by which rules it decides.
//!
//! If the process dies here, its row is not counted any more after a minute.

use crate::config::host_name;
use crate::release::Current;
use crate::store::{SeenWorker, Store, WorkerRow, with};
use anyhow::{Context, Result, bail, ensure};
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
    pub shadow: bool,
}

impl Presence {
    /// Writes itself down, and looks at the others: of two that begin at once at least one sees the other.
    ///
    /// # Errors
    /// A trial is on this database and this worker is none, or the other way round; or the database failed.
    pub(in crate::app) async fn agrees_with_others(&self) -> Result<()> {
        self.leads_agree().await?;
        if self.store.is_for_one() {
            // Whoever is written down beside us is dead: there is room for one.
            return Ok(());
        }
        let row = self.row(&host_name(), self.clock.now(), &mut self.release.clone());
        let seen = with(row, |tx, row| Box::pin(tx.worker_seen(row)));
        self.store.write("worker.seen", seen).await.context("telling the other workers")?;
        let others = self.store.workers_seen(self.clock.now()).await.context("asking who is at work")?;
        let differs = others.into_iter().find(|other| other.worker.shadow != self.shadow);
        let Some(SeenWorker { worker: other, .. }) = differs else { return Ok(()) };
        self.leaves().await;
        let (ours, theirs) = if self.shadow { ("has", "does not have") } else { ("does not have", "has") };
        bail!(
            "baton.toml here {ours} shadow = true, and that of worker {} on {} {theirs}: on one database it is a trial for all \
             workers or for none; give the trial a database of its own, or stop that one (one that was killed counts for a minute)",
            other.id,
            other.host
        )
    }

    /// A trial begins beside no lead that people wait for: nobody would call them back.
    async fn leads_agree(&self) -> Result<()> {
        if self.shadow {
            let owed = self.store.handoffs_owed().await.context("asking for leads that wait")?;
            ensure!(
                owed == 0,
                "shadow = true, and in this database {owed} leads are being handed off, or are owed a call or a look: nobody would \
                 be told of them; give the trial a database of its own"
            );
        }
        Ok(())
    }

    /// Is seen until told to stop, and then no more.
    pub(in crate::app) async fn keep(self, mut stopping: watch::Receiver<bool>) {
        tokio::select! {
            () = self.is_seen() => {}
            _ = stopping.wait_for(|stop| *stop) => {}
        }
        self.leaves().await;
    }

    async fn leaves(&self) {
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
            shadow: self.shadow,
            started_at,
            seen_at: self.clock.now(),
        }
    }
}
