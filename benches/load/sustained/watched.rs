//! What it costs that somebody looks: the sustained run of a worker whose figures are read and whose traces are told, and that of one
//! at which nobody looks, in turn, each in a process of its own.
//!
//! What is counted where it happens is counted in both: that cannot be turned off. Where nobody looks, the store is not read for
//! figures, there is no `/metrics`, and no span begins. Where somebody does, both are read every 15 s, every lead comes with a
//! trace that is to be kept, as a platform would send it, and all its spans, those of calls to vendors among them, go to a collector
//! in this process. That it shares the machine with what is measured makes the worker look slower, not faster.

use super::FIGURE;
use crate::pairs::{self, Pairs, Side, median, ratios};
use crate::run::{COLLECTOR, METRICS, METRICS_OFF};
use anyhow::{Context, Result, ensure};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use axum::routing::post;
use prost::Message;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What both sides run.
const MEASURE: &str = "sustained";
/// Of what is carried with nobody looking, so much is to be left.
const GOAL: f64 = 0.97;
/// What the span of a decision is called.
const DECIDE: &str = "decide";

/// Takes spans as the protocol wants it, and counts them.
#[derive(Default)]
struct Collector {
    requests: AtomicU64,
    bytes: AtomicU64,
    spans: AtomicU64,
    decisions: AtomicU64,
}

/// As much of an `ExportTraceServiceRequest` as is counted: reading all of it would cost the machine more.
#[derive(Clone, PartialEq, Message)]
struct Told {
    #[prost(message, repeated, tag = "1")]
    resources: Vec<OfResource>,
}

#[derive(Clone, PartialEq, Message)]
struct OfResource {
    #[prost(message, repeated, tag = "2")]
    scopes: Vec<OfScope>,
}

#[derive(Clone, PartialEq, Message)]
struct OfScope {
    #[prost(message, repeated, tag = "2")]
    spans: Vec<OfSpan>,
}

#[derive(Clone, PartialEq, Message)]
struct OfSpan {
    #[prost(string, tag = "5")]
    name: String,
}

impl Collector {
    /// With its base address.
    async fn open() -> Result<(Arc<Self>, String)> {
        let collector = Arc::new(Self::default());
        let routes = Router::new().route("/v1/traces", post(take)).with_state(Arc::clone(&collector));
        let address = baton_sandbox::serve(routes).await.context("listening for traces")?;
        Ok((collector, format!("http://{address}")))
    }
}

/// The answer is an empty `ExportTraceServiceResponse`, which is no bytes: nothing was refused.
async fn take(
    State(collector): State<Arc<Collector>>,
    body: Bytes,
) -> Result<[(HeaderName, &'static str); 1], StatusCode> {
    collector.requests.fetch_add(1, Relaxed);
    collector.bytes.fetch_add(body.len() as u64, Relaxed);
    let told = Told::decode(body).map_err(|_| StatusCode::BAD_REQUEST)?;
    for scope in told.resources.iter().flat_map(|resource| &resource.scopes) {
        let decisions = scope.spans.iter().filter(|span| span.name == DECIDE).count();
        collector.spans.fetch_add(scope.spans.len() as u64, Relaxed);
        collector.decisions.fetch_add(decisions as u64, Relaxed);
    }
    Ok([(header::CONTENT_TYPE, "application/x-protobuf")])
}

pub struct Watched {
    pairs: Pairs,
    /// Leads a second with all their steps done: watched, and with nobody looking.
    each: Vec<[f64; 2]>,
    collector: Arc<Collector>,
}

/// Runs both so many times.
///
/// # Errors
/// A run failed, or told of no decision.
pub async fn measure(times: u32) -> Result<Watched> {
    let (collector, address) = Collector::open().await?;
    let executable = pairs::own_executable()?;
    let side = |name, variables| Side { name, executable: executable.clone(), variables };
    let sides = [
        side("watched", vec![(COLLECTOR, address), (METRICS, String::new())]),
        side("unwatched", vec![(COLLECTOR, String::new()), (METRICS, METRICS_OFF.to_owned())]),
    ];
    // The collector answers meanwhile.
    let running = tokio::task::spawn_blocking(move || pairs::in_turn(&sides, times, &[MEASURE.to_owned()]));
    let pairs = running.await??;
    let each = pairs.of(FIGURE).with_context(|| format!("a run did not tell its {FIGURE}"))?;
    ensure!(collector.decisions.load(Relaxed) > 0, "no span of a decision came to the collector: nobody looked");
    Ok(Watched { pairs, each, collector })
}

impl Watched {
    fn ratio(&self) -> f64 {
        median(ratios(&self.each))
    }

    pub fn print(&self) {
        let Self { pairs, each, collector } = self;
        println!("{:48} {:>9} {:>9} {:>7}", "leads/s with their steps done", "watched", "unwatched", "ratio");
        for (at, [watched, unwatched]) in each.iter().enumerate() {
            println!("  pair {:<41} {watched:9.1} {unwatched:9.1} {:7.3}", at + 1, watched / unwatched);
        }
        let median = format!("median of the ratios (goal: {GOAL} at least)");
        println!("  {median:66} {:7.3}", self.ratio());
        let [requests, bytes, spans, decisions] =
            [&collector.requests, &collector.bytes, &collector.spans, &collector.decisions]
                .map(|count| count.load(Relaxed));
        println!(
            "  to the collector: {spans} spans, {decisions} of them of decisions, in {requests} requests of {} MiB together",
            bytes / (1024 * 1024)
        );
        pairs.print();
    }

    pub fn json(&self) -> Value {
        let side = |at: usize| median(self.each.iter().map(|pair| pair[at]).collect());
        json!({ "watched_ratio": self.ratio(), "watched_per_second": side(0), "unwatched_per_second": side(1) })
    }
}
