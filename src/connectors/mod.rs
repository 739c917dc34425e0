//! What Baton asks of the vendors, in its own words: one small trait per kind, one file per vendor.
//!
//! Every call has a timeout, every failure is a [`VendorError`] whose class is decided where the answer is read.
//! A vendor never sees a lead twice under two names: keys come from `domain::effect` and go into whatever field the
//! vendor can deduplicate or search on. Imports `domain` only.

pub mod agent;
pub mod google_calendar;
pub mod http;
pub mod hubspot;
mod lead;
pub mod mail;
mod markup;
pub mod salesforce;
pub mod slack;

use async_trait::async_trait;
use baton_core::domain::account::Records;
use baton_core::domain::crm_id::CrmId;
use baton_core::domain::effect::Class;
use baton_core::domain::id::LegId;
use baton_core::domain::outcome::Slot;
use baton_core::domain::phone::PhoneE164;
use baton_core::domain::rep::Busy;
use baton_core::domain::text::{CallerText, RepText};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
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
    /// The record is not there any more.
    #[error("{vendor} no longer has it: {why}")]
    Gone { vendor: &'static str, why: String },
    /// Sent, and the answer was lost: it may have happened.
    #[error("{vendor} may or may not have done it: {why}")]
    Unknown { vendor: &'static str, why: String },
}

impl VendorError {
    /// `retry`, `rate_limited`, … for logs and metrics.
    pub fn class(&self) -> &'static str {
        match self {
            Self::Retry { .. } => "retry",
            Self::RateLimited { .. } => "rate_limited",
            Self::Reauthenticate { .. } => "reauthenticate",
            Self::NeedsPerson { .. } => "needs_person",
            Self::Gone { .. } => "gone",
            Self::Unknown { .. } => "unknown",
        }
    }
}

/// What is known of a lead that may help to find its account, as far as the rules ask for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountKeys {
    pub phone: Option<PhoneE164>,
    pub email: Option<String>,
    /// Never a shared mail domain.
    pub domain: Option<String>,
    pub company: Option<String>,
    /// CRM fields that rules declare, to be read along.
    pub fields: Vec<String>,
}

/// One lead as the CRM should show it. Lengths are cut by the connector to the vendor's limits.
#[derive(Debug, Clone, PartialEq)]
pub struct CrmLead {
    /// Lower-case hexadecimal, one per lead: the external id.
    pub key: String,
    pub first_name: Option<String>,
    /// Never empty: the phone number or "Unknown caller" when no name is known.
    pub last_name: String,
    /// Never empty, for the same reason.
    pub company: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub title: Option<String>,
    /// ISO codes.
    pub country: Option<String>,
    pub state: Option<String>,
    pub postal: Option<String>,
    pub city: Option<String>,
    /// The CRM's id of the owner.
    pub owner_crm_id: Option<CrmId>,
    /// The CRM has chosen the lead's owner, who stays; `owner_crm_id` is that of the task.
    pub keeps_owner: bool,
    /// The briefing as plain text; HTML vendors escape it.
    pub description: RepText,
    pub task: Option<CrmTask>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct CrmTask {
    /// Lower-case hexadecimal, one per effect.
    pub key: String,
    pub subject: String,
    pub body: RepText,
    pub due_at: DateTime<Utc>,
    /// The call has taken place: the task is closed.
    pub done: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrmRef {
    pub id: String,
    /// Deep link for people.
    pub url: Option<String>,
    /// Owner as read back after the write.
    pub owner_crm_id: Option<CrmId>,
}

pub use lead::hex_key;

#[async_trait]
pub trait Crm: Send + Sync {
    fn vendor(&self) -> &'static str;
    /// Every record that shares a key with the lead, and companies of a similar name; which of them it is, the rules decide.
    /// Empty: asked, and there is none.
    async fn find(&self, keys: &AccountKeys) -> Result<Records, VendorError>;
    /// Whether the vendor has rules that choose the owner of a new lead.
    fn assigns(&self) -> bool {
        false
    }
    /// Creates the lead and lets the CRM's own rules choose its owner, whose id is returned; `Ok(None)`: they chose nobody.
    /// Class `Repeatable`: a lead that is there already is left as it is, and its owner read. Only where [`Crm::assigns`].
    async fn assign(&self, _lead: &CrmLead) -> Result<Option<CrmId>, VendorError> {
        let why = "it has no assignment rules of its own".to_owned();
        Err(VendorError::NeedsPerson { vendor: self.vendor(), why })
    }
    /// Creates or updates the lead, sets its owner without the CRM's own assignment, writes the task, reads the owner back.
    /// Class `Repeatable` for the lead; `write_class` tells what a lost answer means for the whole call.
    async fn write_lead(&self, lead: &CrmLead) -> Result<CrmRef, VendorError>;
    fn write_class(&self) -> Class;
    /// The owner as of now.
    async fn owner_of(&self, crm_id: &str) -> Result<Option<CrmId>, VendorError>;
    /// Proves credentials and the fields we need; the text says what is missing.
    async fn check(&self) -> Result<(), VendorError>;
}

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
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageRef {
    pub channel: String,
    pub ts: String,
}

#[async_trait]
pub trait Chat: Send + Sync {
    fn vendor(&self) -> &'static str;
    /// Class `LookFirst`: see [`Chat::find`].
    async fn post(&self, card: &Card) -> Result<MessageRef, VendorError>;
    /// Class `Repeatable`.
    async fn update(&self, message: &MessageRef, card: &Card) -> Result<(), VendorError>;
    /// The message that carries this key, if it was posted since then.
    async fn find(&self, channel: &str, key: &str, since: DateTime<Utc>) -> Result<Option<MessageRef>, VendorError>;
    async fn check(&self) -> Result<(), VendorError>;
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
}

#[derive(Debug, Clone, PartialEq)]
pub struct BookRequest {
    /// Made of lead, slot and attempt: the event's id is derived from it.
    pub key: String,
    /// The rep's calendar.
    pub calendar: String,
    pub from: DateTime<Utc>,
    pub until: DateTime<Utc>,
    pub attendee_email: Option<String>,
    pub attendee_name: Option<String>,
    /// Seen by the attendee.
    pub summary: CallerText,
    /// Seen by the attendee.
    pub description: CallerText,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Booked {
    /// The calendar's id of the event.
    Event { id: String },
    /// Somebody else took the time.
    Taken,
}

#[async_trait]
pub trait Calendar: Send + Sync {
    fn vendor(&self) -> &'static str;
    /// Per calendar: the busy times in the window, or why they are unknown. Every calendar asked for is in the answer.
    async fn busy(
        &self,
        calendars: &[String],
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<BTreeMap<String, Result<Vec<Busy>, String>>, VendorError>;
    /// When the owners of these calendars are out of office, as far as the vendor has told: only what [`Calendar::busy`] calls
    /// busy, by its name. Costs a call for each calendar, so that it is asked of those who are busy now.
    async fn absences(
        &self,
        calendars: &[String],
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> BTreeMap<String, Vec<Busy>>;
    /// Rechecks the time, then inserts with an id of ours. Class `Repeatable`: the second insert finds the first.
    async fn book(&self, request: &BookRequest) -> Result<Booked, VendorError>;
    async fn check(&self) -> Result<(), VendorError>;
}

/// State of a leg as the telephony side knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LegStatus {
    /// Never heard of.
    Absent,
    Ringing,
    Answered,
    Joined,
    Ended,
}

/// What a platform says of a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallerStatus {
    OnTheLine,
    Left,
    /// The platform cannot be asked, or does not know the call: no answer either way.
    Unknown,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RingRequest {
    pub leg: LegId,
    /// The platform's id of the caller's call.
    pub call: String,
    pub phone: PhoneE164,
    /// The phone stops ringing then; a request that arrives later must not ring at all.
    pub ring_until: DateTime<Utc>,
}

/// What the voice agent is to say, and what it must know to go on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Spoken {
    /// `hold`, `connected`, `offer_slots`, `confirm_booking`, `promise_callback`.
    pub kind: String,
    pub say: CallerText,
    /// The times on offer, to be named again in `slot_chosen`; empty for the other kinds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub slots: Vec<Slot>,
}

/// Commands to whoever drives the call. Every method may be repeated with the same ids, except `ring`, which is
/// `LookFirst`: after a lost answer [`Telephony::read`] tells whether the phone rings.
#[async_trait]
pub trait Telephony: Send + Sync {
    /// What a lost answer to `ring` means; the other commands are `Repeatable`.
    fn ring_class(&self) -> Class;
    async fn instruct(&self, call: &str, key: &str, instruction: &Spoken) -> Result<(), VendorError>;
    async fn hold(&self, call: &str, key: &str) -> Result<(), VendorError>;
    async fn ring(&self, request: &RingRequest) -> Result<(), VendorError>;
    async fn whisper(&self, leg: &LegId, key: &str, say: &RepText) -> Result<(), VendorError>;
    async fn join(&self, call: &str, leg: &LegId, key: &str) -> Result<(), VendorError>;
    async fn hang_up(&self, leg: &LegId, key: &str) -> Result<(), VendorError>;
    async fn read(&self, leg: &LegId) -> Result<LegStatus, VendorError>;
    /// Whether the caller of a call is still there: asked before the first phone rings for one who has waited.
    async fn caller(&self, _call: &str) -> Result<CallerStatus, VendorError> {
        Ok(CallerStatus::Unknown)
    }
}
