//! Lead and task in one call, rolled back together; beside a record that is somebody's, the task alone.

use super::errors::{self, KEY_FIELD, VENDOR, read};
use super::fields::{fields_of, note_fields, task_fields};
use super::{Salesforce, soql};
use crate::connectors::http::{Answer, ApiCall, Does};
use crate::connectors::{CrmLead, CrmRef, VendorError};
use baton_core::domain::crm_id::CrmId;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Runs the org's assignment rules where they are not told to be still.
pub(super) const AUTO_ASSIGN: &str = "Sforce-Auto-Assign";
/// A rule that would only warn of a duplicate refuses it as well, and says which record it means.
const NO_TWIN: (&str, &str) = ("Sforce-Duplicate-Rule-Header", "allowSave=false, includeRecordDetails=true");
/// How the parts of the composite refer to each other.
pub(super) const LEAD: &str = "lead";
const TASK: &str = "task";
const OWNER: &str = "owner";

/// The lead as the org has it before we write.
pub(super) struct Existing {
    id: String,
    pub owner: Option<CrmId>,
    /// Somebody else changed it last.
    touched: bool,
    /// The contact it was converted to; such a lead refuses writes.
    contact: Option<String>,
}

impl Existing {
    /// The record that is somebody's by now; `None`: it is as we wrote it.
    fn of_somebody(&self) -> Option<Beside> {
        match &self.contact {
            Some(contact) => Some(Beside { by_hand: true, ..Beside::found("Contact", contact.clone()) }),
            None if self.touched => Some(Beside { by_hand: true, ..self.as_it_is() }),
            None => None,
        }
    }

    /// Whoever owns it has the task.
    fn as_it_is(&self) -> Beside {
        Beside { owner: self.owner.clone(), ..Beside::found("Lead", self.id.clone()) }
    }
}

/// A record that is left alone, and has our task beside it: were we to write to it, we would be its last modifier, and the next
/// write would take it for ours.
pub(super) struct Beside {
    pub object: &'static str,
    pub id: String,
    /// Who has the task; `None`: whom we chose.
    owner: Option<CrmId>,
    /// A person has changed it since we wrote it.
    by_hand: bool,
}

impl Beside {
    pub(super) fn found(object: &'static str, id: String) -> Self {
        Self { object, id, owner: None, by_hand: false }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CompositeAnswer {
    pub composite_response: Vec<Part>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Part {
    #[serde(default)]
    pub body: Value,
    pub http_status_code: u16,
    pub reference_id: String,
}

/// What came of parts that belong together.
pub(super) struct Composed {
    answer: Answer,
    parts: Vec<Part>,
}

impl Salesforce {
    pub(super) async fn write(&self, lead: &CrmLead) -> Result<CrmRef, VendorError> {
        let mut refused = None;
        if lead.is_new {
            let composed = self.compose("composite", "FALSE", &self.parts_for_lead(lead, self.creation(lead))).await?;
            let judged = composed.judged();
            let is_twin = errors::duplicates(&judged).is_some();
            if !is_twin && !errors::is_taken_key(&judged) {
                return self.written(lead, None, composed).await;
            }
            refused = is_twin.then_some(composed);
        }
        // What an earlier attempt has left may be somebody's by now, or what a rule takes the lead for: it is looked at.
        let existing = self.existing(&lead.key).await?;
        if let Some(refused) = refused.filter(|_| existing.is_none()) {
            return self.written(lead, None, refused).await;
        }
        if let Some(record) = existing.as_ref().and_then(Existing::of_somebody) {
            return self.write_beside(lead, record).await;
        }
        let composed = self.compose("composite", "FALSE", &self.parts_for_lead(lead, self.upsert(lead))).await?;
        self.written(lead, existing, composed).await
    }

    async fn written(
        &self,
        lead: &CrmLead,
        existing: Option<Existing>,
        composed: Composed,
    ) -> Result<CrmRef, VendorError> {
        if let Some(duplicates) = errors::duplicates(&composed.judged()) {
            let record = match existing {
                Some(ours) => ours.as_it_is(),
                None => self.linked(&duplicates).await?,
            };
            return self.write_beside(lead, record).await;
        }
        composed.or_error()?;
        let id = composed.body(LEAD).and_then(|body| body["id"].as_str()).map(str::to_owned);
        let id = id.ok_or_else(|| VendorError::Unknown {
            vendor: VENDOR,
            why: "it answered success without the lead's id".to_owned(),
        })?;
        Ok(self.reference(id, &composed, false).await)
    }

    /// What the record's own description would have said goes into a task, where there is no other.
    async fn write_beside(&self, lead: &CrmLead, record: Beside) -> Result<CrmRef, VendorError> {
        let owner = record.owner.as_ref().or(lead.owner_crm_id.as_ref());
        let task = match &lead.task {
            Some(task) => Some((task.key.as_str(), task_fields(task))),
            None => note_fields(lead).map(|fields| (lead.key.as_str(), fields)),
        };
        let task = task.map(|(key, fields)| self.task_part(key, fields, (record.object, record.id.as_str()), owner));
        let parts: Vec<Value> = task.into_iter().chain([self.owner_part(record.object, &record.id)]).collect();
        let composed = self.compose("composite", "FALSE", &parts).await?;
        composed.or_error()?;
        Ok(self.reference(record.id, &composed, record.by_hand).await)
    }

    /// Sends parts of which all are done, or none.
    pub(super) async fn compose(
        &self,
        operation: &'static str,
        auto_assign: &'static str,
        parts: &[Value],
    ) -> Result<Composed, VendorError> {
        let segments = ["services", "data", &self.api_version, "composite"];
        let call = ApiCall::new(operation, Does::Write, Method::POST, &segments)
            .header(AUTO_ASSIGN, auto_assign)
            .header(NO_TWIN.0, NO_TWIN.1)
            .json(json!({ "allOrNone": true, "compositeRequest": parts }));
        let answer = self.send(call).await?;
        let parts = read::<CompositeAnswer>(&answer)?.composite_response;
        Ok(Composed { answer, parts })
    }

    async fn reference(&self, id: String, composed: &Composed, by_hand: bool) -> CrmRef {
        CrmRef { url: self.link(&id).await, id, owner_crm_id: composed.owner(), by_hand }
    }

    /// There is no compare-and-set: a change between this read and our write is seen when the owner is read back.
    pub(super) async fn existing(&self, key: &str) -> Result<Option<Existing>, VendorError> {
        let soql = format!(
            "SELECT Id, OwnerId, LastModifiedById, IsConverted, ConvertedContactId FROM Lead WHERE {KEY_FIELD} = {}",
            soql::literal(key)
        );
        let Some(row) = self.query(&soql).await?.into_iter().next() else { return Ok(None) };
        let text = |field: &str| row.get(field).and_then(Value::as_str).map(str::to_owned);
        let us = self.tokens.get().await?.acts_as.clone();
        let touched = match (text("LastModifiedById"), us) {
            (Some(last), Some(us)) => CrmId::from(last) != CrmId::from(us),
            _ => false,
        };
        let contact = text("ConvertedContactId").filter(|_| row.get("IsConverted") == Some(&Value::Bool(true)));
        Ok(Some(Existing {
            id: text("Id").unwrap_or_default(),
            owner: text("OwnerId").map(CrmId::from),
            touched,
            contact,
        }))
    }

    fn upsert(&self, lead: &CrmLead) -> Value {
        json!({
            "method": "PATCH",
            "url": self.path(&format!("sobjects/Lead/{KEY_FIELD}/{}", lead.key)),
            "referenceId": LEAD,
            "httpHeaders": { AUTO_ASSIGN: "FALSE", NO_TWIN.0: NO_TWIN.1 },
            "body": fields_of(lead),
        })
    }

    /// One of this key that is there already is refused, and stays as it is.
    fn creation(&self, lead: &CrmLead) -> Value {
        let mut fields = fields_of(lead);
        fields.insert(KEY_FIELD.to_owned(), lead.key.clone().into());
        self.new_lead(&fields, "FALSE")
    }

    /// The lead itself comes `first`.
    fn parts_for_lead(&self, lead: &CrmLead, first: Value) -> Vec<Value> {
        let (id, owner) = ("@{lead.id}", lead.owner_crm_id.as_ref());
        let task = lead.task.as_ref().map(|task| self.task_part(&task.key, task_fields(task), ("Lead", id), owner));
        [first].into_iter().chain(task).chain([self.owner_part("Lead", id)]).collect()
    }

    /// `auto_assign`: whether the org's own rules give it to somebody.
    pub(super) fn new_lead(&self, fields: &Map<String, Value>, auto_assign: &'static str) -> Value {
        json!({
            "method": "POST",
            "url": self.path("sobjects/Lead"),
            "referenceId": LEAD,
            "httpHeaders": { AUTO_ASSIGN: auto_assign, NO_TWIN.0: NO_TWIN.1 },
            "body": fields,
        })
    }

    fn task_part(
        &self,
        key: &str,
        mut fields: Map<String, Value>,
        (object, id): (&str, &str),
        owner: Option<&CrmId>,
    ) -> Value {
        // An account, also one that is a person, is what a task is about, and not who.
        let of = if object == "Account" { "WhatId" } else { "WhoId" };
        fields.insert(of.to_owned(), id.into());
        // A task belongs to a user; a queue may own the lead alone.
        if let Some(owner) = owner.filter(|owner| owner.as_str().starts_with("005")) {
            fields.insert("OwnerId".to_owned(), owner.as_str().into());
        }
        json!({
            "method": "PATCH",
            "url": self.path(&format!("sobjects/Task/{KEY_FIELD}/{key}")),
            "referenceId": TASK,
            "httpHeaders": { AUTO_ASSIGN: "FALSE" },
            "body": fields,
        })
    }

    pub(super) fn owner_part(&self, object: &str, id: &str) -> Value {
        let url = self.path(&format!("sobjects/{object}/{id}?fields=OwnerId"));
        json!({ "method": "GET", "url": url, "referenceId": OWNER })
    }

    pub(super) fn path(&self, rest: &str) -> String {
        format!("/services/data/{}/{rest}", self.api_version)
    }

    /// Where people open the record.
    async fn link(&self, id: &str) -> Option<String> {
        let object = soql::object_of(id)?;
        let token = self.tokens.get().await.ok()?;
        let base = token.base.as_ref().unwrap_or(self.http.base());
        base.join(&format!("/lightning/r/{object}/{id}/view")).ok().map(String::from)
    }
}

impl Composed {
    /// Status and body of each part: the answer is 200 even when everything was rolled back.
    pub(super) fn judged(&self) -> Vec<(u16, Value)> {
        self.parts.iter().map(|part| (part.http_status_code, part.body.clone())).collect()
    }

    /// # Errors
    /// Why everything was rolled back.
    pub(super) fn or_error(&self) -> Result<(), VendorError> {
        errors::of_parts(&self.judged(), &self.answer).map_or(Ok(()), Err)
    }

    fn body(&self, name: &str) -> Option<&Value> {
        self.parts.iter().find(|part| part.reference_id == name).map(|part| &part.body)
    }

    /// As it was read back.
    pub(super) fn owner(&self) -> Option<CrmId> {
        self.body(OWNER).and_then(|body| body["OwnerId"].as_str()).map(CrmId::from)
    }
}
