//! A receiver of our own events: somebody's address that is told of each by POST, signed by the scheme of Standard Webhooks.
//!
//! Guarantees: an attempt ends within its timeout; no redirect is followed; no connection is made to an address that the
//! receiver may not have (see `address`); no error text holds more of the address than its host, since the rest may be a
//! secret. What an answer means for the event is not decided here. When the process dies here, the receiver may have the event:
//! it comes again under its id.

mod address;

pub(super) use address::leads_inside;

use super::http::{QUOTE_LIMIT, chain, cut, retry_after};
use crate::telemetry::traces::{Span, current, names};
use address::{Forbidden, Guarded, Reach};
use baton_core::domain::effect::Topic;
use baton_core::domain::trace_context::TraceContext;
use baton_platforms::signature::{SigningKey, signed_headers};
use chrono::{DateTime, Utc};
use reqwest::header::CONTENT_TYPE;
use std::collections::BTreeSet;
use std::error::Error as _;
use std::time::Duration;
use url::Url;

/// CloudEvents 1.0, structured mode.
const CLOUD_EVENT: &str = "application/cloudevents+json";
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Shorter than receivers keep idle connections, so that a request rarely meets one that is just being closed.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);
/// The head of an answer says all that counts: its body is read this far, for so long.
const SAID_BYTES: usize = 16 * 1024;
const SAID_WITHIN: Duration = Duration::from_secs(1);

/// A `[[webhooks]]` of `baton.toml`, with what its references stand for.
pub struct WebhookConfig {
    pub name: String,
    pub url: Url,
    /// Each message is signed with all of them.
    pub keys: Vec<SigningKey>,
    /// `None`: every topic.
    pub topics: Option<BTreeSet<Topic>>,
    /// For one attempt, from the name server to the head of the answer.
    pub timeout: Duration,
    /// It may stand in our own network.
    pub allow_private: bool,
}

/// One receiver, with connections of its own.
pub struct Webhook {
    config: WebhookConfig,
    client: reqwest::Client,
}

/// What a receiver answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    pub status: u16,
    pub retry_after: Option<Duration>,
    /// How its body begins, on one line. Somebody else's words: not for the log.
    pub said: String,
}

impl Answered {
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// It is there no more, and wants nothing more.
    pub fn is_gone(&self) -> bool {
        self.status == 410
    }
}

/// Why an address can be no webhook's, whatever its receiver does.
///
/// # Errors
/// Its host is an address that is not reached.
pub fn check_address(url: &Url, allow_private: bool) -> Result<(), String> {
    Reach::of(url, allow_private).check(url).map_err(|why| why.to_string())
}

impl Webhook {
    /// # Errors
    /// As [`check_address`], or TLS cannot be set up.
    pub fn new(config: WebhookConfig) -> Result<Self, String> {
        check_address(&config.url, config.allow_private)?;
        let reach = Reach::of(&config.url, config.allow_private);
        #[expect(
            clippy::disallowed_methods,
            reason = "timeouts are set and redirects refused here as in connectors::http"
        )]
        let builder = reqwest::Client::builder();
        // What is not encrypted needs no certificates, and a proxy would look up names that nobody has judged.
        let builder = match reach {
            Reach::Private => builder.tls_certs_only([]).no_proxy(),
            Reach::Public => builder.no_proxy(),
            Reach::Everywhere => builder,
        };
        let client = builder
            .redirect(reqwest::redirect::Policy::none())
            .dns_resolver(Guarded(reach))
            .connect_timeout(CONNECT_TIMEOUT.min(config.timeout))
            .timeout(config.timeout)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .user_agent(concat!("baton/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| format!("the HTTP client cannot be set up: {}", chain(&error)))?;
        Ok(Self { config, client })
    }

    pub fn name(&self) -> &str {
        &self.config.name
    }

    pub fn wants(&self, topic: Topic) -> bool {
        self.config.topics.as_ref().is_none_or(|topics| topics.contains(&topic))
    }

    /// How long an attempt may take.
    pub fn timeout(&self) -> Duration {
        self.config.timeout
    }

    /// One attempt to deliver a CloudEvent, under an id that stays the same at every attempt.
    ///
    /// # Errors
    /// Why there was no answer, in words. It may have been received all the same.
    pub async fn send(&self, id: &str, now: DateTime<Utc>, body: &str) -> Result<Answered, String> {
        let mut span = Span::call("POST", "webhook", self.name());
        let mut request = self.client.post(self.config.url.clone()).header(CONTENT_TYPE, CLOUD_EVENT);
        for (name, value) in span.context().or_else(current).iter().flat_map(TraceContext::headers) {
            request = request.header(name, value);
        }
        for (name, value) in signed_headers(&self.config.keys, id, now, body.as_bytes()) {
            request = request.header(name, value);
        }
        let sent = request.body(body.to_owned()).send().await.inspect_err(|_| span.fails("no_answer"));
        let mut response = sent.map_err(|error| self.why(error))?;
        let (status, retry_after) = (response.status().as_u16(), retry_after(response.headers()));
        span.tell(names::STATUS, i64::from(status));
        Ok(Answered { status, retry_after, said: beginning(&mut response).await })
    }

    /// An attempt that took too long.
    pub fn too_slow(&self) -> String {
        format!("no answer within {} s", self.config.timeout.as_secs())
    }

    fn why(&self, error: reqwest::Error) -> String {
        let error = error.without_url();
        let why = if let Some(forbidden) = forbidden(&error) {
            format!("refused: {forbidden}")
        } else if error.is_connect() {
            format!("no connection: {}", chain(&error))
        } else if error.is_timeout() {
            self.too_slow()
        } else {
            format!("no answer: {}", chain(&error))
        };
        cut(&why, QUOTE_LIMIT)
    }
}

/// Found among the sources: the client wraps what its resolver says.
fn forbidden(error: &reqwest::Error) -> Option<&Forbidden> {
    let mut source = error.source();
    while let Some(inner) = source {
        if let Some(found) = inner.downcast_ref::<Forbidden>() {
            return Some(found);
        }
        source = inner.source();
    }
    None
}

async fn beginning(response: &mut reqwest::Response) -> String {
    let mut said = Vec::new();
    let reading = async {
        while let Ok(Some(part)) = response.chunk().await {
            said.extend_from_slice(&part);
            if said.len() >= SAID_BYTES {
                return;
            }
        }
    };
    // Whatever has come by then is as good as any.
    let _in_time = tokio::time::timeout(SAID_WITHIN, reading).await;
    // Whoever reads it has a terminal, which would do as it is told.
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    let said: String = String::from_utf8_lossy(&said).chars().map(plain).collect();
    cut(said.trim(), QUOTE_LIMIT)
}
