//! Who looks at the worker of a sustained run: Prometheus, and the collector of its traces.

use crate::run::Run;
use crate::tools::Lines;
use crate::worker::Worker;
use anyhow::{Context, Result, ensure};
use baton::telemetry::traces;
use baton::web::MetricsFor;
use baton_core::domain::trace_context::TraceContext;
use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldTable};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::sleep;

/// As in `deploy/prometheus`, and as often as a worker reads its store for it.
const SCRAPED_EVERY: Duration = Duration::from_secs(15);
const SCRAPE: &[u8] = b"GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n";

/// Reads the figures of a worker now and then.
pub struct Scraping(Option<JoinHandle<Result<Infallible>>>);

impl Scraping {
    /// From now on, if everybody may read them.
    pub fn begin(run: &Run, worker: &Worker) -> Self {
        let is_scraped = run.metrics == MetricsFor::Everybody;
        Self(is_scraped.then(|| tokio::spawn(scrape(worker.address()))))
    }

    /// # Errors
    /// They could not be read.
    pub async fn end(self) -> Result<()> {
        match self.0 {
            Some(scraping) if scraping.is_finished() => match scraping.await?? {},
            Some(scraping) => scraping.abort(),
            None => {}
        }
        Ok(())
    }
}

async fn scrape(address: SocketAddr) -> Result<Infallible> {
    let lines = Lines::open(address, 1).await?;
    loop {
        let heard = lines.ask(SCRAPE).await.context("reading /metrics")?;
        ensure!(heard.status == 200, "/metrics was answered {}", heard.status);
        sleep(SCRAPED_EVERY).await;
    }
}

/// As a platform sends the event of this number where traces are told: under one that is to be kept.
pub fn properties(number: u64) -> BasicProperties {
    if !traces::is_on() {
        return BasicProperties::default();
    }
    // Neither may be 0.
    let parent = number + 1;
    let context = TraceContext { trace: u128::from(parent), parent, sampled: true, state: None };
    let mut headers = FieldTable::default();
    for (name, value) in context.headers() {
        headers.insert(name.into(), AMQPValue::LongString(value.as_str().into()));
    }
    BasicProperties::default().with_headers(headers)
}
