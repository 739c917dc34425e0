//! What Baton asks of whoever drives the call: to say, hold, ring, whisper, join and hang up.

pub mod twilio;

use super::VendorError;
use async_trait::async_trait;
use baton_core::domain::effect::Class;
use baton_core::domain::id::LegId;
use baton_core::domain::lead::Call;
use baton_core::domain::outcome::Slot;
use baton_core::domain::phone::PhoneE164;
use baton_core::domain::text::{CallerText, RepText};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

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

#[derive(Debug, Clone, PartialEq)]
pub struct RingRequest {
    pub leg: LegId,
    /// The caller's.
    pub call: Call,
    pub phone: PhoneE164,
    /// The phone stops ringing then; a request that arrives later must not ring at all.
    pub ring_until: DateTime<Utc>,
    /// What will be whispered on answering: where we speak ourselves it is made ready while the phone rings.
    pub whisper: RepText,
}

/// Whether the platform may record from here on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recording {
    /// As it is set up to do: nobody has refused.
    AsUsual,
    Refused,
}

/// What the voice agent is to say, and what it must know to go on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Spoken {
    /// `hold`, `connected`, `find_time`, `offer_slots`, `confirm_booking`, `promise_callback`, `promise_mail`, `no_call`,
    /// `how_to_reach`.
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
    async fn instruct(&self, call: &Call, key: &str, instruction: &Spoken) -> Result<(), VendorError>;
    async fn hold(&self, call: &Call, key: &str, recording: Recording) -> Result<(), VendorError>;
    async fn ring(&self, request: &RingRequest) -> Result<(), VendorError>;
    async fn whisper(&self, leg: &LegId, key: &str, say: &RepText) -> Result<(), VendorError>;
    async fn join(&self, call: &Call, leg: &LegId, key: &str, recording: Recording) -> Result<(), VendorError>;
    async fn hang_up(&self, leg: &LegId, key: &str) -> Result<(), VendorError>;
    async fn read(&self, leg: &LegId) -> Result<LegStatus, VendorError>;
    /// Whether the caller of a call is still there: asked before the first phone rings for one who has waited.
    async fn caller(&self, _call: &Call) -> Result<CallerStatus, VendorError> {
        Ok(CallerStatus::Unknown)
    }
}
