//! What Baton asks of the vendors, in its own words: one small trait per kind, one file per vendor.
//!
//! Every call has a timeout, every failure is a [`VendorError`] whose class is decided where the answer is read.
//! A vendor never sees a lead twice under two names: keys come from `domain::effect` and go into whatever field the
//! vendor can deduplicate or search on. Imports `domain` only, the signature under a webhook, and what counts failures.

pub mod agent;
pub mod asterisk;
pub mod calendar;
pub mod chats;
pub mod crm;
pub mod http;
mod lead;
pub mod live;
pub mod mail;
mod markup;
pub mod slack;
mod socket;
pub mod speech;
pub mod teams;
mod telephony;
pub mod webhook;

pub use calendar::{BookRequest, Booked, Calendar};
pub use chats::Rooms;
pub use crm::{
    ACCOUNTS_AT_ONCE, AccountChanges, AccountKeys, Counts, Crm, CrmLead, CrmRef, CrmTask, FieldWords, OwnerBy,
    ScreenPop, TaskKind,
};
pub use lead::hex_key;
pub use telephony::{
    Addresses, AskRequest, CallSink, CallerStatus, Carried, ComesFor, DialRequest, Happened, LegStatus, Lent,
    LentAddress, OUR_CALL, Recording, RingRequest, Spoken, Telephony, Told, call_of, rep_first, twilio,
};

use crate::telemetry::figures;
use async_trait::async_trait;
use baton_core::domain::outcome::OfferAct;
use baton_core::domain::phone::PhoneE164;
use baton_core::domain::text::CallerText;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// A failed call, by what may be done about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VendorError {
    /// Nothing happened there; the same request may go again, after this long if the vendor said so.
    #[error("{vendor} could not do it now: {why}")]
    Retry { vendor: &'static str, why: String, after: Option<Duration> },
    #[error("{vendor} limits our rate: {why}")]
    RateLimited { vendor: &'static str, why: String, after: Option<Duration> },
    /// A new token did not help: somebody must mend the credentials.
    #[error("{vendor} does not accept our credentials: {why}")]
    Reauthenticate { vendor: &'static str, why: String },
    /// It will never work as it is: a missing field, a rule of the admin, a wrong id.
    #[error("{vendor} refused it: {why}")]
    NeedsPerson { vendor: &'static str, why: String },
    /// The same, found without a request about anybody: `why` is ours, and says what to set up.
    #[error("{vendor} would refuse it: {why}")]
    Amiss { vendor: &'static str, why: String },
    /// The record is not there any more.
    #[error("{vendor} no longer has it: {why}")]
    Gone { vendor: &'static str, why: String },
    /// Sent, and the answer was lost: it may have happened.
    #[error("{vendor} may or may not have done it: {why}")]
    Unknown { vendor: &'static str, why: String },
}

impl VendorError {
    /// It will never work as it is: somebody must mend it, and `why` tells them what.
    pub fn needs_person(vendor: &'static str, why: impl Into<String>) -> Self {
        Self::NeedsPerson { vendor, why: why.into() }
    }

    /// How it is set up will not do, here or there; `why` names nobody, and is for the log too.
    pub fn amiss(vendor: &'static str, why: impl Into<String>) -> Self {
        Self::Amiss { vendor, why: why.into() }
    }

    /// Again, whenever it suits us: the vendor did not say when (`after: None`).
    pub fn retry(vendor: &'static str, why: impl Into<String>) -> Self {
        Self::Retry { vendor, why: why.into(), after: None }
    }

    /// Who failed, as our clients call themselves.
    pub fn vendor(&self) -> &'static str {
        match self {
            Self::Retry { vendor, .. }
            | Self::RateLimited { vendor, .. }
            | Self::Reauthenticate { vendor, .. }
            | Self::NeedsPerson { vendor, .. }
            | Self::Amiss { vendor, .. }
            | Self::Gone { vendor, .. }
            | Self::Unknown { vendor, .. } => vendor,
        }
    }

    /// The same, counted among the vendor's failures: by whoever acts on it, once.
    #[must_use]
    pub fn counted(self) -> Self {
        figures::vendor_failed(self.vendor(), self.class());
        self
    }

    /// For the log: who, what may be done about it, and the status of an answer. Not why in words, unless they are ours: a vendor's
    /// may repeat whom the request was about.
    pub fn in_log(&self) -> String {
        if let Self::Amiss { vendor, why } = self {
            return format!("{vendor}: {}, {why}", self.class());
        }
        let (Self::Retry { vendor, why, .. }
        | Self::RateLimited { vendor, why, .. }
        | Self::Reauthenticate { vendor, why }
        | Self::NeedsPerson { vendor, why }
        | Self::Amiss { vendor, why }
        | Self::Gone { vendor, why }
        | Self::Unknown { vendor, why }) = self;
        let status = why.strip_prefix("HTTP ").and_then(|rest| rest.get(..3));
        let status = status.filter(|status| status.bytes().all(|digit| digit.is_ascii_digit()));
        let status = status.map(|status| format!(", HTTP {status}")).unwrap_or_default();
        format!("{vendor}: {}{status}", self.class())
    }

    /// `retry`, `rate_limited`, … for logs and metrics.
    pub fn class(&self) -> &'static str {
        match self {
            Self::Retry { .. } => "retry",
            Self::RateLimited { .. } => "rate_limited",
            Self::Reauthenticate { .. } => "reauthenticate",
            Self::NeedsPerson { .. } | Self::Amiss { .. } => "needs_person",
            Self::Gone { .. } => "gone",
            Self::Unknown { .. } => "unknown",
        }
    }
}

/// Of ids of people that a vendor was asked about: each is one of those in use there, or why not, in words of ours. One that is not
/// in it could not be asked about.
pub type LookedUp = BTreeMap<String, Result<(), String>>;

/// A briefing for a chat, in marks that each connector turns into its vendor's: `*bold*`, `_italic_`, `<address|words>`, with
/// `&amp;`, `&lt;` and `&gt;` for what is none. Lengths are cut by the connector to the vendor's limits.
#[derive(Debug, Clone, PartialEq)]
pub struct Card {
    /// Effect key; stored with the message so that it can be found again.
    pub key: String,
    /// User or channel id.
    pub channel: String,
    /// One line, which notifications and screen readers tell too.
    pub title: String,
    /// What to do now, or how it ended; stands above the briefing.
    pub opening: Option<String>,
    pub briefing: String,
    /// Small print.
    pub footer: String,
    /// What it can be answered with; each button carries the key, and nothing else.
    pub acts: Vec<OfferAct>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageRef {
    pub channel: String,
    pub ts: String,
}

#[async_trait]
pub trait Chat: Send + Sync {
    fn vendor(&self) -> &'static str;
    /// From now on it goes by what the workers of this fleet know together of its limits and credentials.
    fn joins(&self, _fleet: &Arc<http::Fleet>) {}
    /// Class `LookFirst`: see [`Chat::find`]; or `AtMostOnce`: see [`Chat::keeps_hold`].
    async fn post(&self, card: &Card) -> Result<MessageRef, VendorError>;
    /// Class `Repeatable`.
    async fn update(&self, message: &MessageRef, card: &Card) -> Result<(), VendorError>;
    /// The message that carries this key, if it was posted since then.
    async fn find(&self, channel: &str, key: &str, since: DateTime<Utc>) -> Result<Option<MessageRef>, VendorError>;
    /// Whoever has this mail address there, by the id that they are written to; `None`: nobody, as far as can be seen.
    async fn person(&self, _mail: &str) -> Result<Option<String>, VendorError> {
        Ok(None)
    }
    /// Whether anybody of ours hears what is pressed there.
    fn is_heard(&self) -> bool {
        false
    }
    /// Whether what was posted there can be found again and rewritten. Where it cannot, a post is `AtMostOnce`, and a card stays as
    /// it was. `channel` is empty for a rep whose place the chat finds itself.
    fn keeps_hold(&self, _channel: &str) -> bool {
        true
    }
    /// Which addresses of the roster it takes.
    fn rooms(&self) -> Rooms {
        Rooms::of_slack()
    }
    async fn check(&self) -> Result<(), VendorError>;
    /// Whether these are people who can be written to.
    async fn look_up(&self, _ids: &[String]) -> Result<LookedUp, VendorError> {
        Ok(LookedUp::new())
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Mail {
    /// Effect key: the stable `Message-ID`.
    pub key: String,
    pub to: String,
    /// Who reads an answer; the sender if left out.
    pub reply_to: Option<String>,
    pub subject: String,
    pub text: String,
    pub html: Option<String>,
}

#[async_trait]
pub trait Mailer: Send + Sync {
    /// Class `AtMostOnce`: after DATA without an answer it is not repeated.
    async fn send(&self, mail: &Mail) -> Result<(), VendorError>;
    async fn check(&self) -> Result<(), VendorError>;
    /// A write that leaves nothing behind there. `None`: there is none such.
    async fn try_write(&self) -> Option<Result<(), VendorError>> {
        None
    }
}

/// What became of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Texted {
    /// The vendor's id of it.
    Sent { id: String },
    /// Whoever has the number cannot have it, or does not want to: nobody of ours can mend that.
    Refused { why: String },
}

#[async_trait]
pub trait Texter: Send + Sync {
    /// Class `LookFirst`: see [`Texter::find`].
    async fn send(&self, to: &PhoneE164, words: &CallerText) -> Result<Texted, VendorError>;
    /// The vendor's id of a text of ours to this number that was asked for since then.
    async fn find(&self, to: &PhoneE164, since: DateTime<Utc>) -> Result<Option<String>, VendorError>;
    async fn check(&self) -> Result<(), VendorError>;
}
