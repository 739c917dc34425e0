//! Vendors that agree to everything, at once or after a while, or never answer: what is left is Baton.

use crate::ledger::{Kind, Ledger};
use async_trait::async_trait;
use baton::connectors::*;
use baton::outbox::{EventSink, Vendors};
use baton::telemetry::traces::{Span, names};
use baton_core::domain::account::Records;
use baton_core::domain::crm_id::CrmId;
use baton_core::domain::effect::{Class, Comfort, HangUpReason};
use baton_core::domain::id::LegId;
use baton_core::domain::lead::Call;
use baton_core::domain::rep::Busy;
use baton_core::domain::text::{CallerText, Whisper};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;
use tokio::time::sleep;

/// How long vendors over the internet take, in milliseconds. Below what a decision waits for facts: every one is had in time.
const SOONEST_MS: u64 = 50;
const LATEST_MS: u64 = 400;

/// When the vendors answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answering {
    AtOnce,
    /// After another while each time, in the same order in every run.
    Slowly,
    /// What is sent to them is taken, and that is all.
    Never,
}

impl Answering {
    /// How long the call of this number takes; `None`: for ever.
    fn takes(self, number: u64) -> Option<Duration> {
        match self {
            Self::AtOnce => Some(Duration::ZERO),
            Self::Slowly => Some(Duration::from_millis(SOONEST_MS + scattered(number) % (LATEST_MS - SOONEST_MS + 1))),
            Self::Never => None,
        }
    }
}

impl fmt::Display for Answering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtOnce => f.write_str("answer at once"),
            Self::Slowly => write!(f, "answer after {SOONEST_MS} to {LATEST_MS} ms"),
            Self::Never => f.write_str("never answer"),
        }
    }
}

/// Neighbouring numbers, far apart: the mixing steps of SplitMix64.
fn scattered(number: u64) -> u64 {
    let mut bits = number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ (bits >> 31)
}

struct Null {
    answering: Answering,
    calls: AtomicU64,
    ledger: Arc<Ledger>,
}

pub fn vendors(answering: Answering, ledger: &Arc<Ledger>) -> Vendors {
    let null = Arc::new(Null { answering, calls: AtomicU64::new(0), ledger: Arc::clone(ledger) });
    Vendors {
        crm: Some(Arc::clone(&null) as Arc<dyn Crm>),
        chat: Some(Arc::clone(&null) as Arc<dyn Chat>),
        mailer: Some(Arc::clone(&null) as Arc<dyn Mailer>),
        calendar: Some(Arc::clone(&null) as Arc<dyn Calendar>),
        telephony: Some(Arc::clone(&null) as Arc<dyn Telephony>),
        events: Some(null as Arc<dyn EventSink>),
        ..Vendors::default()
    }
}

impl Null {
    /// Takes as long as an answer does. A call that is given up meanwhile was not carried out.
    async fn answer(&self) {
        // As connectors tell of their calls where traces are told.
        let mut span = Span::call("POST", "null", "call");
        match self.answering.takes(self.calls.fetch_add(1, Relaxed)) {
            None => std::future::pending().await,
            Some(takes) if takes.is_zero() => {}
            Some(takes) => sleep(takes).await,
        }
        span.tell(names::STATUS, 200_i64);
    }

    async fn carry_out(&self, kind: Kind, key: &str) {
        self.answer().await;
        self.ledger.enter(kind, key);
    }
}

#[async_trait]
impl Crm for Null {
    fn vendor(&self) -> &'static str {
        "null"
    }
    async fn find(&self, _keys: &AccountKeys) -> Result<Records, VendorError> {
        self.answer().await;
        Ok(Records::default())
    }
    async fn write_lead(&self, lead: &CrmLead) -> Result<CrmRef, VendorError> {
        self.carry_out(Kind::CrmWrite, &lead.key).await;
        Ok(CrmRef { id: lead.key.clone(), url: None, owner_crm_id: lead.owner_crm_id.clone(), by_hand: false })
    }
    fn write_class(&self) -> Class {
        Class::Repeatable
    }
    async fn owner_of(&self, _crm_id: &str) -> Result<Option<CrmId>, VendorError> {
        self.answer().await;
        Ok(None)
    }
    async fn check(&self) -> Result<(), VendorError> {
        Ok(())
    }
}

fn message(channel: &str) -> MessageRef {
    MessageRef { channel: channel.to_owned(), ts: "1772550000.000100".into() }
}

#[async_trait]
impl Chat for Null {
    fn vendor(&self) -> &'static str {
        "null"
    }
    async fn post(&self, card: &Card) -> Result<MessageRef, VendorError> {
        self.carry_out(Kind::Card, &card.key).await;
        Ok(message(&card.channel))
    }
    async fn update(&self, _message: &MessageRef, _card: &Card) -> Result<(), VendorError> {
        self.answer().await;
        Ok(())
    }
    async fn find(&self, channel: &str, key: &str, _since: DateTime<Utc>) -> Result<Option<MessageRef>, VendorError> {
        self.answer().await;
        Ok(self.ledger.holds(Kind::Card, key).then(|| message(channel)))
    }
    async fn check(&self) -> Result<(), VendorError> {
        Ok(())
    }
}

#[async_trait]
impl Mailer for Null {
    async fn send(&self, mail: &Mail) -> Result<(), VendorError> {
        self.carry_out(Kind::Mail, &mail.key).await;
        Ok(())
    }
    async fn check(&self) -> Result<(), VendorError> {
        Ok(())
    }
}

#[async_trait]
impl Calendar for Null {
    fn vendor(&self) -> &'static str {
        "null"
    }
    async fn busy(
        &self,
        calendars: &[String],
        _from: DateTime<Utc>,
        _until: DateTime<Utc>,
    ) -> Result<BTreeMap<String, Result<Vec<Busy>, String>>, VendorError> {
        self.answer().await;
        Ok(calendars.iter().map(|calendar| (calendar.clone(), Ok(Vec::new()))).collect())
    }
    async fn absences(
        &self,
        _calendars: &[String],
        _from: DateTime<Utc>,
        _until: DateTime<Utc>,
    ) -> BTreeMap<String, Vec<Busy>> {
        self.answer().await;
        BTreeMap::new()
    }
    async fn book(&self, request: &BookRequest) -> Result<Booked, VendorError> {
        self.carry_out(Kind::Meeting, &request.key).await;
        Ok(Booked::Event { id: request.key.clone() })
    }
    async fn move_to(&self, id: &str, _request: &BookRequest) -> Result<Booked, VendorError> {
        self.answer().await;
        Ok(Booked::Event { id: id.to_owned() })
    }
    async fn cancel(&self, _calendar: &str, _id: &str, _words: &CallerText) -> Result<(), VendorError> {
        self.answer().await;
        Ok(())
    }
    async fn check(&self) -> Result<(), VendorError> {
        Ok(())
    }
}

#[async_trait]
impl Telephony for Null {
    fn ring_class(&self) -> Class {
        Class::Keyed
    }
    async fn instruct(&self, _call: &Call, _key: &str, _instruction: &Spoken) -> Result<(), VendorError> {
        self.answer().await;
        Ok(())
    }
    async fn hold(
        &self,
        _call: &Call,
        _key: &str,
        _recording: Recording,
        _comfort: Comfort,
    ) -> Result<(), VendorError> {
        self.answer().await;
        Ok(())
    }
    async fn ring(&self, request: &RingRequest) -> Result<(), VendorError> {
        self.ledger.rings(&request.call.id);
        self.carry_out(Kind::Ring, request.leg.as_str()).await;
        Ok(())
    }
    async fn whisper(&self, _leg: &LegId, _key: &str, _whisper: &Whisper) -> Result<(), VendorError> {
        self.answer().await;
        Ok(())
    }
    async fn join(&self, _call: &Call, _leg: &LegId, _key: &str, _recording: Recording) -> Result<(), VendorError> {
        self.answer().await;
        Ok(())
    }
    async fn hang_up(&self, _leg: &LegId, _key: &str, _reason: HangUpReason) -> Result<(), VendorError> {
        self.answer().await;
        Ok(())
    }
    async fn read(&self, _call: &Call, _leg: &LegId) -> Result<LegStatus, VendorError> {
        self.answer().await;
        Ok(LegStatus::Ringing)
    }
}

#[async_trait]
impl EventSink for Null {
    async fn publish(&self, _topic: &str, id: &str, _body: &serde_json::Value) -> Result<(), VendorError> {
        self.carry_out(Kind::Event, id).await;
        Ok(())
    }
}
