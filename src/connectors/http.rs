//! The one way to a vendor's HTTP API: timeouts, limits, no redirects, tokens, and the class of every failure.
//!
//! Guarantees: every call ends within its timeout; nothing is sent faster than the vendor allows, nor before a limit that this worker
//! or another has met is over; an answer is read up to [`BODY_LIMIT`]; a failure after the first byte of a write left is
//! [`VendorError::Unknown`], never a quiet repetition; no error text holds a credential or an e-mail address, nor more than
//! [`QUOTE_LIMIT`] characters of a body. Refuses redirects and every host but the configured one. When the process dies here, a write
//! is in doubt: the outbox has noted `sent_at` before it called.

mod call;
mod class;
mod deadline;
mod fleet;
mod gate;
mod heard;
mod oauth;
mod secret;
mod token;

pub use call::{Answer, ApiCall, Does, QUOTE_LIMIT, cut};
pub use class::{by_status, in_doubt, retry_after};
pub(in crate::connectors) use deadline::has_written;
pub use deadline::{NotInTime, answered_by};
pub use fleet::{Fleet, TokenKeeper, TokenTurn};
pub use gate::Buckets;
pub use heard::hearing_the_time;
pub use oauth::{NoToken, issued_token};
pub use secret::Secret;
pub use token::{TokenCache, TokenSource, VendorToken};

use super::VendorError;
use crate::telemetry::figures;
use crate::telemetry::traces::{Span, current, names, within};
use baton_core::domain::trace_context::TraceContext;
use call::Payload;
use reqwest::header::HeaderMap;
use reqwest::{StatusCode, Upgraded};
use std::error::Error as _;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use url::Url;

/// Largest answer that is read. A page of 2,000 Salesforce records stays well below.
pub const BODY_LIMIT: usize = 4 * 1024 * 1024;
/// To the first byte of the connection, TLS included; part of the whole timeout.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Shorter than vendors keep idle connections, so that a write rarely meets one that is just being closed.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);

/// What one vendor account may be asked: per process, and of the rate its part, once that has joined other workers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For one call, from connecting to the last byte of the answer.
    pub timeout: Duration,
    /// Requests a second, at least 1.
    pub per_second: u32,
    /// Requests under way at once, at least 1.
    pub concurrency: usize,
}

/// A vendor's API at one base address.
pub struct VendorHttp {
    vendor: &'static str,
    base: Url,
    client: reqwest::Client,
    timeout: Duration,
    rate: Buckets,
    permits: Semaphore,
    /// Once it goes by what other workers know as well.
    account: OnceLock<fleet::Account>,
}

/// Reads an answer the way the vendor means it: its body decides, the status alone never does.
pub type Judge = fn(&Answer) -> Result<(), VendorError>;

impl VendorHttp {
    /// # Errors
    /// `NeedsPerson` if the base address is not `http(s)://host`, or TLS cannot be set up.
    pub fn new(vendor: &'static str, base_url: &str, limits: Limits) -> Result<Self, VendorError> {
        Self::by_way_of(None, vendor, base_url, limits)
    }

    /// A worker of ours, where `http.listen` says it: `127.0.0.1:8080`, `unix:/run/baton/baton.sock`; or by its URL.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn to_worker(address: &str, limits: Limits) -> Result<Self, VendorError> {
        match address.strip_prefix("unix:") {
            Some(socket) => Self::by_way_of(Some(socket), "baton", "http://localhost", limits),
            None if address.contains("://") => Self::new("baton", address, limits),
            None => Self::new("baton", &format!("http://{address}"), limits),
        }
    }

    fn by_way_of(
        socket: Option<&str>,
        vendor: &'static str,
        base_url: &str,
        limits: Limits,
    ) -> Result<Self, VendorError> {
        let refuse = |why: String| VendorError::needs_person(vendor, why);
        let base = Url::parse(base_url)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.host().is_some())
            .ok_or_else(|| refuse(format!("base address {base_url:?} is not of the form https://host")))?;
        #[expect(clippy::disallowed_methods, reason = "this is the place that sets timeouts and refuses redirects")]
        let builder = reqwest::Client::builder();
        // Reading what the system trusts takes a hundred files and 10 ms; where nothing is encrypted it would be for nothing.
        let builder = if base.scheme() == "http" { builder.tls_certs_only([]) } else { builder };
        let builder = if let Some(socket) = socket { builder.unix_socket(socket) } else { builder };
        let client = builder
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT.min(limits.timeout))
            .timeout(limits.timeout)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .user_agent(concat!("baton/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| refuse(format!("the HTTP client cannot be set up: {}", chain(&error))))?;
        Ok(Self {
            vendor,
            base,
            client,
            timeout: limits.timeout,
            rate: Buckets::per_second(limits.per_second),
            permits: Semaphore::new(limits.concurrency.max(1)),
            account: OnceLock::new(),
        })
    }

    /// From now on the rate is divided among the workers of the fleet, and a limit that one of them has met holds for all. `whose`:
    /// the account, where the address alone does not say.
    pub fn joins(&self, fleet: &Arc<Fleet>, whose: &str) {
        let name = format!("{} {} {whose}", self.vendor, self.base);
        let _joined = self.account.get_or_init(|| fleet::Account::of(fleet, name));
    }

    pub fn base(&self) -> &Url {
        &self.base
    }

    /// Sends one request and reads the whole answer, whatever its status: the caller judges it.
    ///
    /// # Errors
    /// `RateLimited` or `Retry` when nothing was sent; `Unknown` (writes) or `Retry` (reads) when the answer was lost.
    pub async fn send(&self, call: &ApiCall) -> Result<Answer, VendorError> {
        let too_long = || in_doubt(self.vendor, call.does, format!("its answer is longer than {BODY_LIMIT} bytes"));
        self.send_or_cut(call).await?.ok_or_else(too_long)
    }

    /// The same. `None`: the answer is longer than is read, and whoever asks can ask for less.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn send_or_cut(&self, call: &ApiCall) -> Result<Option<Answer>, VendorError> {
        self.may_be_called(call.operation)?;
        let _permit = self.admitted().await?;
        self.pass(&self.rate, "").await?;
        if call.does == Does::Write {
            has_written();
        }
        figures::vendor_called(self.vendor, call.operation);
        let began = Instant::now();
        let mut span = Span::call(call.method.as_str(), self.vendor, call.operation);
        let outcome = within(span.context().or_else(current), self.exchange(call)).await;
        match &outcome {
            Ok(answer) => {
                span.tell(names::STATUS, i64::from(answer.status));
                if answer.status == 429 {
                    self.meets_limit(call.operation, retry_after(&answer.headers));
                }
            }
            Err(error) => span.fails(error.class()),
        }
        drop(span);
        let duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let status = outcome.as_ref().map_or(0, |answer| answer.status);
        tracing::debug!(vendor = self.vendor, operation = call.operation, status, duration_ms, "vendor call ended");
        outcome.map(|answer| (!answer.is_cut).then_some(answer))
    }

    /// [`send`](Self::send), judged. A limit that the judge has read is left alone for as long as it says.
    ///
    /// # Errors
    /// Whatever `send` or `judge` say.
    pub async fn send_judged(&self, call: &ApiCall, judge: Judge) -> Result<Answer, VendorError> {
        let answer = self.send(call).await?;
        let verdict = judge(&answer);
        if let Err(VendorError::RateLimited { after, .. }) = &verdict {
            self.meets_limit(call.operation, *after);
        }
        verdict.map(|()| answer)
    }

    /// The same with a token of the cache. A token that is refused is fetched anew once, and the request repeated once: a refused
    /// request has done nothing.
    ///
    /// # Errors
    /// Whatever `send`, the token's source or `judge` say; `Reauthenticate` if the new token is refused too.
    pub async fn send_with(&self, tokens: &TokenCache, call: ApiCall, judge: Judge) -> Result<Answer, VendorError> {
        let token = tokens.get().await?;
        let call = call.authorized(&token);
        let first = self.send_judged(&call, judge).await;
        if !matches!(first, Err(VendorError::Reauthenticate { .. })) {
            return first;
        }
        tokens.invalidate(&token).await;
        let fresh = tokens.get().await?;
        let second = self.send_judged(&call.authorized(&fresh), judge).await;
        if matches!(second, Err(VendorError::Reauthenticate { .. })) {
            tokens.refuse(&fresh).await;
        }
        second
    }

    /// Whether no limit that this worker or another has met stands against it. What has begun is not turned back for one.
    fn may_be_called(&self, operation: &str) -> Result<(), VendorError> {
        match self.account.get().and_then(|account| account.rests(operation)) {
            Some(left) if !deadline::is_written() => {
                let why = "its limit was met a moment ago".to_owned();
                Err(VendorError::RateLimited { vendor: self.vendor, why, after: Some(left) })
            }
            Some(_) | None => Ok(()),
        }
    }

    fn meets_limit(&self, operation: &str, after: Option<Duration>) {
        if let Some(account) = self.account.get() {
            account.meets_limit(operation, after);
        }
    }

    /// Waits for a turn in a bucket of the caller's own: a search limit, a channel.
    ///
    /// # Errors
    /// `RateLimited` at once if the turn comes later than a call may take: better to do something else meanwhile.
    pub async fn pass(&self, buckets: &Buckets, key: &str) -> Result<(), VendorError> {
        let workers = self.account.get().map_or(1, fleet::Account::workers);
        match buckets.take(key, deadline::patience(self.timeout), workers) {
            Ok(wait) => {
                figures::limiter_waited(self.vendor, wait);
                tokio::time::sleep(wait).await;
                Ok(())
            }
            Err(wait) => Err(VendorError::RateLimited {
                vendor: self.vendor,
                why: "our own limit is used up".to_owned(),
                after: Some(wait),
            }),
        }
    }

    async fn admitted(&self) -> Result<tokio::sync::SemaphorePermit<'_>, VendorError> {
        let patience = deadline::patience(self.timeout);
        let Ok(permit) = tokio::time::timeout(patience, self.permits.acquire()).await else {
            let why = format!("every connection was busy for {} ms", patience.as_millis());
            return Err(VendorError::retry(self.vendor, why));
        };
        Ok(permit.expect("the semaphore is never closed"))
    }

    /// Asks for another protocol on the connection, which is the caller's from then on: no limit of time or length holds there.
    ///
    /// # Errors
    /// As [`send`](Self::send), and whatever an answer means that does not change the protocol.
    pub async fn upgrade(&self, call: &ApiCall) -> Result<(HeaderMap, Upgraded), VendorError> {
        let _permit = self.admitted().await?;
        let response = self.begin(call).await?;
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            return Err(by_status(self.vendor, &self.finish(call, response).await?));
        }
        let headers = response.headers().clone();
        Ok((headers, response.upgrade().await.map_err(|error| self.lost(call, error))?))
    }

    async fn exchange(&self, call: &ApiCall) -> Result<Answer, VendorError> {
        let response = self.begin(call).await?;
        self.finish(call, response).await
    }

    async fn begin(&self, call: &ApiCall) -> Result<reqwest::Response, VendorError> {
        let base = call.base.as_ref().unwrap_or(&self.base);
        self.request(base, call).send().await.map_err(|error| self.lost(call, error))
    }

    async fn finish(&self, call: &ApiCall, response: reqwest::Response) -> Result<Answer, VendorError> {
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        heard::note_date(&headers);
        let (body, is_cut) = self.read_body(call, response).await?;
        Ok(Answer { status, headers, body, does: call.does, is_cut, bearer: call.bearer.clone() })
    }

    fn request(&self, base: &Url, call: &ApiCall) -> reqwest::RequestBuilder {
        let mut request = self.client.request(call.method.clone(), call.url(base));
        for (name, value) in &call.headers {
            request = request.header(*name, value);
        }
        for (name, value) in current().iter().flat_map(TraceContext::headers) {
            request = request.header(name, value);
        }
        if let Some(bearer) = &call.bearer {
            request = request.bearer_auth(bearer.expose());
        }
        match &call.payload {
            Payload::None => request,
            Payload::Json(value) => request.json(value),
            Payload::Form(fields) => request.form(fields),
            Payload::Text(media_type, body) => request.header("content-type", *media_type).body(body.clone()),
        }
    }

    /// And whether there is more of it than is read.
    async fn read_body(&self, call: &ApiCall, mut response: reqwest::Response) -> Result<(Vec<u8>, bool), VendorError> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.lost(call, error))? {
            if body.len() + chunk.len() > BODY_LIMIT {
                return Ok((body, true));
            }
            body.extend_from_slice(&chunk);
        }
        Ok((body, false))
    }

    /// No answer, or half of one: what is known depends on how far the request came.
    fn lost(&self, call: &ApiCall, error: reqwest::Error) -> VendorError {
        let error = error.without_url();
        let vendor = self.vendor;
        if error.is_builder() {
            return VendorError::needs_person(vendor, format!("the request cannot be built: {}", chain(&error)));
        }
        if error.is_connect() {
            return VendorError::retry(vendor, format!("no connection: {}", chain(&error)));
        }
        let what = if error.is_timeout() { "no answer in time" } else { "the answer was cut off" };
        in_doubt(vendor, call.does, format!("{what}: {}", chain(&error)))
    }
}

/// An error with its sources, on one line.
pub(super) fn chain(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text = format!("{text}: {inner}");
        source = inner.source();
    }
    text
}

#[cfg(test)]
mod tests;
