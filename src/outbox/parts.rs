//! What the outbox is built from, and the failures that are its own, not a vendor's.

use crate::connectors::asterisk::Asterisk;
use crate::connectors::live::LiveVoice;
use crate::connectors::rep_first::RepFirst;
use crate::connectors::slack::Slack;
use crate::connectors::speech::Speech;
use crate::connectors::twilio::Twilio;
use crate::connectors::webhook::Webhook;
use crate::connectors::{Calendar, Chat, Crm, Mailer, Telephony, Texter, VendorError};
use crate::facts::Facts;
use crate::release::Current;
use crate::store::Store;
use baton_clock::SharedClock;
use baton_core::domain::id::{LeadId, RepId};
use chrono::{DateTime, Utc};
use std::sync::Arc;
use std::time::Duration;

/// The vendors of one workspace; an absent one makes its effects end as "not configured".
#[derive(Clone, Default)]
pub struct Vendors {
    pub crm: Option<Arc<dyn Crm>>,
    /// How often what is done there is read back; `None`: never.
    pub read_back: Option<Duration>,
    pub chat: Option<Arc<dyn Chat>>,
    /// The same, where it may be heard what people press there.
    pub slack: Option<Arc<Slack>>,
    pub mailer: Option<Arc<dyn Mailer>>,
    pub texter: Option<Arc<dyn Texter>>,
    pub calendar: Option<Arc<dyn Calendar>>,
    pub telephony: Option<Arc<dyn Telephony>>,
    /// The same, where we carry the calls ourselves and must hear what happens on them.
    pub asterisk: Option<Arc<Asterisk>>,
    /// The same, where Twilio carries them and may be asked how it is.
    pub twilio: Option<Arc<Twilio>>,
    /// The same as `telephony`, where callers come to us once a rep has accepted.
    pub rep_first: Option<Arc<RepFirst>>,
    /// What speaks on calls that we carry ourselves.
    pub speech: Option<Arc<dyn Speech>>,
    /// Of all platforms that have one.
    pub live: Option<Arc<LiveVoice>>,
    pub events: Option<Arc<dyn EventSink>>,
    /// Who else is told of our own events.
    pub webhooks: Vec<Arc<Webhook>>,
}

/// Where our own events go: `baton.events`.
#[async_trait::async_trait]
pub trait EventSink: Send + Sync {
    /// # Errors
    /// The broker did not confirm.
    async fn publish(&self, topic: &str, id: &str, body: &serde_json::Value) -> Result<(), VendorError>;
}

/// Makes the addresses of pages that need no account.
pub trait FeedbackLinks: Send + Sync {
    /// Under which a rep rates a lead.
    fn link(&self, lead: &LeadId, rep: &RepId, now: DateTime<Utc>) -> String;
    /// Under which a rep sees their leads; for that rep alone.
    fn own_link(&self, rep: &RepId, now: DateTime<Utc>) -> String;
    /// Under which a lead moves the meeting that begins `from`, or calls it off, until then; it had been moved so often before.
    fn meeting_link(&self, lead: &LeadId, moves: u32, from: DateTime<Utc>) -> String;
}

/// What the runner is built from.
pub struct OutboxParts {
    pub store: Store,
    pub vendors: Vendors,
    pub facts: Arc<Facts>,
    pub release: Current,
    pub clock: SharedClock,
    /// Who leases; new at every start.
    pub worker: String,
    pub lease: Duration,
    /// A vendor's answer is waited for no longer.
    pub vendor_timeout: Duration,
    /// In each lane.
    pub steps_at_once: usize,
    pub links: Option<Arc<dyn FeedbackLinks>>,
    /// When a worker first began on what was put in the place of the database; `None`: nothing ever was.
    pub restored_at: Option<DateTime<Utc>>,
    /// What somebody would notice is not carried out.
    pub shadow: bool,
}

/// Named in errors that are ours, not a vendor's.
const OURS: &str = "baton";

pub(super) fn not_configured<T>(what: &str) -> Result<T, VendorError> {
    Err(needs_person(format!("no {what} is configured in baton.toml")))
}

pub(super) fn needs_person(why: impl Into<String>) -> VendorError {
    VendorError::needs_person(OURS, why)
}

pub(super) fn gone(why: &str) -> VendorError {
    VendorError::Gone { vendor: OURS, why: why.to_owned() }
}

pub(super) fn retry(why: impl ToString) -> VendorError {
    VendorError::retry(OURS, why.to_string())
}
