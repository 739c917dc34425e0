//! Vendors that agree to everything at once: what is left is Baton.

use async_trait::async_trait;
use baton::connectors::*;
use baton::outbox::{EventSink, Vendors};
use baton_core::domain::account::Records;
use baton_core::domain::crm_id::CrmId;
use baton_core::domain::effect::Class;
use baton_core::domain::id::LegId;
use baton_core::domain::rep::Busy;
use baton_core::domain::text::RepText;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use std::sync::Arc;

struct Null;

pub fn vendors() -> Vendors {
    Vendors {
        crm: Some(Arc::new(Null)),
        chat: Some(Arc::new(Null)),
        mailer: Some(Arc::new(Null)),
        calendar: Some(Arc::new(Null)),
        telephony: Some(Arc::new(Null)),
        events: Some(Arc::new(Null)),
    }
}

#[async_trait]
impl Crm for Null {
    fn vendor(&self) -> &'static str {
        "null"
    }
    async fn find(&self, _keys: &AccountKeys) -> Result<Records, VendorError> {
        Ok(Records::default())
    }
    async fn write_lead(&self, lead: &CrmLead) -> Result<CrmRef, VendorError> {
        Ok(CrmRef { id: lead.key.clone(), url: None, owner_crm_id: lead.owner_crm_id.clone() })
    }
    fn write_class(&self) -> Class {
        Class::Repeatable
    }
    async fn owner_of(&self, _crm_id: &str) -> Result<Option<CrmId>, VendorError> {
        Ok(None)
    }
    async fn check(&self) -> Result<(), VendorError> {
        Ok(())
    }
}

#[async_trait]
impl Chat for Null {
    fn vendor(&self) -> &'static str {
        "null"
    }
    async fn post(&self, card: &Card) -> Result<MessageRef, VendorError> {
        Ok(MessageRef { channel: card.channel.clone(), ts: "1772550000.000100".into() })
    }
    async fn update(&self, _message: &MessageRef, _card: &Card) -> Result<(), VendorError> {
        Ok(())
    }
    async fn find(&self, _channel: &str, _key: &str, _since: DateTime<Utc>) -> Result<Option<MessageRef>, VendorError> {
        Ok(None)
    }
    async fn check(&self) -> Result<(), VendorError> {
        Ok(())
    }
}

#[async_trait]
impl Mailer for Null {
    async fn send(&self, _mail: &Mail) -> Result<(), VendorError> {
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
        Ok(calendars.iter().map(|calendar| (calendar.clone(), Ok(Vec::new()))).collect())
    }
    async fn absences(
        &self,
        _calendars: &[String],
        _from: DateTime<Utc>,
        _until: DateTime<Utc>,
    ) -> BTreeMap<String, Vec<Busy>> {
        BTreeMap::new()
    }
    async fn book(&self, request: &BookRequest) -> Result<Booked, VendorError> {
        Ok(Booked::Event { id: request.key.clone() })
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
    async fn instruct(&self, _call: &str, _key: &str, _instruction: &Spoken) -> Result<(), VendorError> {
        Ok(())
    }
    async fn hold(&self, _call: &str, _key: &str) -> Result<(), VendorError> {
        Ok(())
    }
    async fn ring(&self, _request: &RingRequest) -> Result<(), VendorError> {
        Ok(())
    }
    async fn whisper(&self, _leg: &LegId, _key: &str, _say: &RepText) -> Result<(), VendorError> {
        Ok(())
    }
    async fn join(&self, _call: &str, _leg: &LegId, _key: &str) -> Result<(), VendorError> {
        Ok(())
    }
    async fn hang_up(&self, _leg: &LegId, _key: &str) -> Result<(), VendorError> {
        Ok(())
    }
    async fn read(&self, _leg: &LegId) -> Result<LegStatus, VendorError> {
        Ok(LegStatus::Ringing)
    }
}

#[async_trait]
impl EventSink for Null {
    async fn publish(&self, _topic: &str, _id: &str, _body: &serde_json::Value) -> Result<(), VendorError> {
        Ok(())
    }
}
