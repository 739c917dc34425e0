//! What all parts of a run share: the services, the events, one clock, and the vendors' ledger.

use crate::events::Events;
use crate::ground::{Ground, variable};
use crate::ledger::Ledger;
use crate::null::Answering;
use crate::worker::Worker;
use anyhow::Result;
use baton::telemetry::traces::{self, TraceConfig};
use baton::web::MetricsFor;
use baton_clock::{Clock, ScaledClock};
use chrono::{DateTime, TimeDelta, Utc};
use std::path::Path;
use std::process;
use std::sync::Arc;

/// Variable of the environment: the collector to which workers tell of every trace, while everybody may read their figures.
pub const COLLECTOR: &str = "BATON_BENCH_COLLECTOR";
/// Another one, where there is none: off, and no figures are read of the store.
pub const METRICS: &str = "BATON_BENCH_METRICS";
pub const METRICS_OFF: &str = "off";

/// A working day in Europe and America: on a Sunday there would be nobody to choose from.
fn begins() -> DateTime<Utc> {
    "2026-03-03T15:00:00Z".parse().expect("an instant")
}

pub struct Run {
    pub ground: Ground,
    pub events: Events,
    /// As fast as real time. One for all workers, so that none finds steps of an earlier one in its future.
    pub clock: Arc<ScaledClock>,
    pub ledger: Arc<Ledger>,
    /// Who may read the figures of workers: `BATON_BENCH_METRICS` and `BATON_BENCH_COLLECTOR` say so.
    pub metrics: MetricsFor,
}

impl Run {
    pub async fn open() -> Result<Self> {
        let ground = Ground::open().await?;
        let clock = Arc::new(ScaledClock::new(begins(), 1));
        Ok(Self { ground, events: Events::new(), clock, ledger: Arc::default(), metrics: watched()? })
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// A worker of the shipped workspace with broker names of its own.
    pub async fn worker(&self, part: &str, answering: Answering) -> Result<Worker> {
        self.worker_on(&self.ground.database, part, answering).await
    }

    /// The same on a store at this address.
    pub async fn worker_on(&self, database: &str, part: &str, answering: Answering) -> Result<Worker> {
        Worker::start(self, database, self.ground.topology(part), shipped(), answering, TimeDelta::zero()).await
    }
}

/// Begins to tell of traces where a collector is named; who may read the figures.
fn watched() -> Result<MetricsFor> {
    if let Some(collector) = variable(&[COLLECTOR]) {
        let (service, instance) = ("baton-bench".to_owned(), process::id().to_string());
        traces::begin(TraceConfig { collector, service, instance, sampled: 1.0 })?;
        return Ok(MetricsFor::Everybody);
    }
    let is_off = variable(&[METRICS]).is_some_and(|told| told == METRICS_OFF);
    Ok(if is_off { MetricsFor::Nobody } else { MetricsFor::Readers })
}

/// The workspace that comes with Baton.
pub fn shipped() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
