//! In the place of a vendor: takes down what it is asked for, and does nothing.

use crate::connectors::{
    AccountKeys, BookRequest, Booked, Calendar, Card, Chat, Crm, CrmLead, CrmRef, Mail, Mailer, MessageRef, TaskKind,
    VendorError,
};
use async_trait::async_trait;
use baton_core::domain::account::Records;
use baton_core::domain::crm_id::CrmId;
use baton_core::domain::effect::Class;
use baton_core::domain::rep::Busy;
use baton_core::domain::text::CallerText;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// What was taken down since somebody looked.
#[derive(Default)]
pub(super) struct Taken(Mutex<Vec<Value>>);

impl Taken {
    fn put(&self, write: Value) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(write);
    }

    pub(super) fn take(&self) -> Vec<Value> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// In the place of a vendor.
pub(super) struct Scribe {
    pub(super) vendor: &'static str,
    pub(super) taken: Arc<Taken>,
}

impl Scribe {
    /// Nothing is read where nothing is done.
    fn cannot<T>(&self) -> Result<T, VendorError> {
        Err(VendorError::amiss(self.vendor, "it is not asked in a rehearsal"))
    }
}

#[async_trait]
impl Crm for Scribe {
    fn vendor(&self) -> &'static str {
        self.vendor
    }

    async fn find(&self, _keys: &AccountKeys) -> Result<Records, VendorError> {
        self.cannot()
    }

    async fn write_lead(&self, lead: &CrmLead) -> Result<CrmRef, VendorError> {
        let task = lead.task.as_ref().map(|task| {
            let kind = match task.kind {
                TaskKind::Call => "call",
                TaskKind::Mail => "mail",
                TaskKind::Other => "other",
            };
            json!({ "key": task.key, "subject": task.subject, "body": task.body, "due_at": task.due_at, "kind": kind, "done": task.done })
        });
        self.taken.put(json!({
            "vendor": self.vendor,
            "lead": {
                "key": lead.key,
                "first_name": lead.first_name,
                "last_name": lead.last_name,
                "company": lead.company,
                "email": lead.email,
                "phone": lead.phone,
                "title": lead.title,
                "country": lead.country,
                "state": lead.state,
                "postal": lead.postal,
                "city": lead.city,
                "owner": lead.owner_crm_id,
                "owner_email": lead.owner_email,
                "keeps_owner": lead.keeps_owner,
                "yields_owner": lead.yields_owner,
                "description": lead.description,
            },
            "task": task,
        }));
        Ok(CrmRef { id: lead.key.clone(), url: None, owner_crm_id: lead.owner_crm_id.clone(), by_hand: false })
    }

    fn write_class(&self) -> Class {
        Class::Repeatable
    }

    async fn owner_of(&self, _crm_id: &str) -> Result<Option<CrmId>, VendorError> {
        self.cannot()
    }

    async fn check(&self) -> Result<(), VendorError> {
        self.cannot()
    }
}

impl Scribe {
    fn card(&self, card: &Card, is_new: bool) {
        self.taken.put(json!({
            "vendor": self.vendor,
            "card": if is_new { "posted" } else { "rewritten" },
            "to": card.channel,
            "title": card.title,
            "opening": card.opening,
            "briefing": card.briefing,
            "footer": card.footer,
        }));
    }

    fn meeting(&self, what: &'static str, request: &BookRequest) {
        self.taken.put(json!({
            "vendor": self.vendor,
            "meeting": what,
            "calendar": request.calendar,
            "from": request.from,
            "until": request.until,
            "guest": request.attendee_email,
            "guest_name": request.attendee_name,
            "summary": request.summary,
            "description": request.description,
        }));
    }
}

#[async_trait]
impl Chat for Scribe {
    fn vendor(&self) -> &'static str {
        self.vendor
    }

    async fn post(&self, card: &Card) -> Result<MessageRef, VendorError> {
        self.card(card, true);
        Ok(MessageRef { channel: card.channel.clone(), ts: card.key.clone() })
    }

    async fn update(&self, _message: &MessageRef, card: &Card) -> Result<(), VendorError> {
        self.card(card, false);
        Ok(())
    }

    async fn find(&self, _channel: &str, _key: &str, _since: DateTime<Utc>) -> Result<Option<MessageRef>, VendorError> {
        self.cannot()
    }

    async fn check(&self) -> Result<(), VendorError> {
        self.cannot()
    }
}

#[async_trait]
impl Mailer for Scribe {
    async fn send(&self, mail: &Mail) -> Result<(), VendorError> {
        self.taken.put(json!({
            "vendor": self.vendor,
            "to": mail.to,
            "reply_to": mail.reply_to,
            "subject": mail.subject,
            "text": mail.text,
        }));
        Ok(())
    }

    async fn check(&self) -> Result<(), VendorError> {
        self.cannot()
    }
}

#[async_trait]
impl Calendar for Scribe {
    fn vendor(&self) -> &'static str {
        self.vendor
    }

    async fn busy(
        &self,
        _calendars: &[String],
        _from: DateTime<Utc>,
        _until: DateTime<Utc>,
    ) -> Result<BTreeMap<String, Result<Vec<Busy>, String>>, VendorError> {
        self.cannot()
    }

    async fn book(&self, request: &BookRequest) -> Result<Booked, VendorError> {
        self.meeting("booked", request);
        Ok(Booked::Event { id: request.key.clone() })
    }

    async fn move_to(&self, id: &str, request: &BookRequest) -> Result<Booked, VendorError> {
        self.meeting("moved", request);
        Ok(Booked::Event { id: id.to_owned() })
    }

    async fn cancel(&self, calendar: &str, id: &str, words: &CallerText) -> Result<(), VendorError> {
        self.taken.put(json!({
            "vendor": self.vendor,
            "meeting": "cancelled",
            "calendar": calendar,
            "event": id,
            "words": words,
        }));
        Ok(())
    }

    async fn check(&self) -> Result<(), VendorError> {
        self.cannot()
    }
}
