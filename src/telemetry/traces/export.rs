//! Spans on their way to a collector: OTLP over HTTP, as protobuf, in batches, by a thread of the SDK's own.
//!
//! Guarantees: who ends a span waits for nothing; what waits to be sent is bounded, and what there is no room for is dropped; a
//! collector that is away costs one warning, and no second try. If the process dies here, spans of the last second are lost.

use super::names;
use anyhow::{Context, Result};
use async_trait::async_trait;
use baton_core::domain::id::LeadId;
use baton_core::domain::trace_context::TraceContext;
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{Protocol, RetryPolicy, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{BatchConfigBuilder, BatchSpanProcessor, SpanData, SpanProcessor};
use reqwest::StatusCode;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

/// Where spans go, and how much of what is told.
pub struct TraceConfig {
    /// The collector's base address; spans go to `/v1/traces` there.
    pub collector: String,
    /// `service.name`
    pub service: String,
    /// `service.instance.id`
    pub instance: String,
    /// Of the traces that begin here, the share that is kept: 0 to 1. Those that were begun elsewhere are kept as is said there.
    pub sampled: f64,
}

/// Ended spans that wait to be sent at most, of some hundred bytes each.
const WAITING_AT_MOST: usize = 4096;
const IN_ONE_REQUEST: usize = 512;
const SENT_EVERY: Duration = Duration::from_secs(1);
/// For one request, from connecting to the last byte of the answer.
const SENT_WITHIN: Duration = Duration::from_secs(5);
/// For what is left at a stop.
const FLUSHED_WITHIN: Duration = Duration::from_secs(2);
/// Of an answer. It says how many spans were refused.
const ANSWER_BYTES: usize = 64 * 1024;
const PATH: &str = "/v1/traces";

static EXPORTS: OnceLock<Exports> = OnceLock::new();

pub(super) struct Exports {
    processor: BatchSpanProcessor,
    pub scope: InstrumentationScope,
    /// Traces whose number lies below are kept, as by the SDK's own sampler: every worker says the same.
    kept_below: u64,
}

/// `None`: nothing is told. This is all that a span costs then.
pub(super) fn exports() -> Option<&'static Exports> {
    EXPORTS.get()
}

/// Whether spans are told of at all.
pub fn is_on() -> bool {
    exports().is_some()
}

/// Begins to tell, once in the life of a process. On the runtime that requests are sent from.
///
/// # Errors
/// The address is none, or TLS cannot be set up.
pub fn begin(config: TraceConfig) -> Result<()> {
    let TraceConfig { collector, service, instance, sampled } = config;
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(Sender::to(&collector)?)
        .with_endpoint(format!("{}{PATH}", collector.trim_end_matches('/')))
        .with_protocol(Protocol::HttpBinary)
        .with_timeout(SENT_WITHIN)
        // What cannot be sent is dropped: spans are not worth a queue that grows.
        .with_retry_policy(RetryPolicy::disabled())
        .build()
        .context("setting up the way to the collector of traces")?;
    let limits = BatchConfigBuilder::default()
        .with_max_queue_size(WAITING_AT_MOST)
        .with_max_export_batch_size(IN_ONE_REQUEST)
        .with_scheduled_delay(SENT_EVERY)
        .build();
    let mut processor = BatchSpanProcessor::builder(exporter).with_batch_config(limits).build();
    let about = [
        KeyValue::new(names::SERVICE, service),
        KeyValue::new(names::VERSION, env!("CARGO_PKG_VERSION")),
        KeyValue::new(names::INSTANCE, instance),
    ];
    processor.set_resource(&Resource::builder_empty().with_attributes(about).build());
    let scope = InstrumentationScope::builder("baton").with_version(env!("CARGO_PKG_VERSION")).build();
    // Half of the numbers of 64 bits, as the SDK counts: the share of all of them would not fit.
    let kept_below = (sampled.clamp(0.0, 1.0) * (1u64 << 63) as f64) as u64;
    let is_first = EXPORTS.set(Exports { processor, scope, kept_below }).is_ok();
    anyhow::ensure!(is_first, "traces are told of once in the life of a process");
    Ok(())
}

/// Sends what is left, not for long. What ends later is not told.
pub async fn end() {
    let Some(exports) = exports() else { return };
    let flushing = tokio::task::spawn_blocking(move || exports.processor.shutdown_with_timeout(FLUSHED_WITHIN));
    // A collector that is away has been warned of.
    let _told = flushing.await;
}

impl Exports {
    /// Takes an ended span; where there is no room it is dropped.
    pub(super) fn take(&self, span: SpanData) {
        self.processor.on_end(span);
    }

    /// The trace of a lead that came with none.
    pub(super) fn own(&self, lead: &LeadId) -> TraceContext {
        let own = TraceContext::of_lead(lead);
        TraceContext { sampled: (own.trace as u64) >> 1 < self.kept_below, ..own }
    }
}

/// Sends requests of the SDK, which come on a thread that has no runtime, from ours.
#[derive(Debug)]
struct Sender {
    client: reqwest::Client,
    runtime: Handle,
    /// The last request has not arrived, and that has been said.
    is_lost: AtomicBool,
}

impl Sender {
    fn to(collector: &str) -> Result<Self> {
        #[expect(
            clippy::disallowed_methods,
            reason = "timeouts are set and redirects refused here as in connectors::http"
        )]
        let builder = reqwest::Client::builder();
        // What is not encrypted needs no certificates.
        let builder = if collector.starts_with("http:") { builder.tls_certs_only([]) } else { builder };
        let client = builder
            .redirect(reqwest::redirect::Policy::none())
            .timeout(SENT_WITHIN)
            .user_agent(concat!("baton/", env!("CARGO_PKG_VERSION")))
            .build()
            .context("setting up the HTTP client for traces")?;
        let runtime = Handle::try_current().context("finding the runtime that traces are sent from")?;
        Ok(Self { client, runtime, is_lost: AtomicBool::new(false) })
    }

    /// Says once that the collector is away, and once that it is back.
    fn note(&self, lost: Option<&str>) {
        let was_lost = self.is_lost.swap(lost.is_some(), Ordering::Relaxed);
        match lost {
            Some(why) if !was_lost => {
                tracing::warn!(
                    why,
                    "traces do not reach their collector, and are dropped until they do; all else goes on"
                );
            }
            None if was_lost => tracing::info!("traces reach their collector again"),
            Some(_) | None => {}
        }
    }
}

#[async_trait]
impl HttpClient for Sender {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (parts, body) = request.into_parts();
        let sending = self.client.post(parts.uri.to_string()).headers(parts.headers).body(body);
        let (tell, told) = oneshot::channel();
        self.runtime.spawn(async move {
            // Nobody waits for it any more when the worker has gone.
            let _told = tell.send(exchange(sending).await);
        });
        let answer = match told.await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => {
                let error = error.without_url();
                self.note(Some(&error.to_string()));
                return Err(error.into());
            }
            Err(stopped) => return Err(stopped.into()),
        };
        let (status, body) = answer;
        self.note((!status.is_success()).then(|| format!("HTTP {}", status.as_u16())).as_deref());
        let mut response = Response::new(Bytes::from(body));
        *response.status_mut() = status;
        Ok(response)
    }
}

async fn exchange(request: reqwest::RequestBuilder) -> reqwest::Result<(StatusCode, Vec<u8>)> {
    let mut response = request.send().await?;
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > ANSWER_BYTES {
            break;
        }
        body.extend_from_slice(&chunk);
    }
    Ok((response.status(), body))
}
