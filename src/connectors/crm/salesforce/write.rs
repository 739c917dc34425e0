//! Lead and task in one call, rolled back together.

use super::errors::{self, KEY_FIELD, VENDOR, read};
use super::{Salesforce, soql};
use crate::connectors::http::{Answer, ApiCall, Does, cut};
use crate::connectors::{CrmLead, CrmRef, CrmTask, VendorError};
use baton_core::domain::crm_id::CrmId;
use chrono::SecondsFormat;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// The org's rules must not choose another owner than ours.
pub(super) const AUTO_ASSIGN: (&str, &str) = ("Sforce-Auto-Assign", "FALSE");
/// How the parts of the composite refer to each other.
pub(super) const LEAD: &str = "lead";
const TASK: &str = "task";
pub(super) const OWNER: &str = "owner";

/// The lead as the org has it before we write.
pub(super) struct Existing {
    id: String,
    pub owner: Option<CrmId>,
    /// Somebody else changed it last.
    touched: bool,
    /// The contact it was converted to; such a lead refuses writes.
    contact: Option<String>,
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

impl Salesforce {
    pub(super) async fn write(&self, lead: &CrmLead) -> Result<CrmRef, VendorError> {
        let existing = self.existing(&lead.key).await?;
        let parts = match &existing {
            Some(Existing { contact: Some(contact), .. }) => self.parts_beside("Contact", contact, lead, None),
            Some(theirs) if theirs.touched => self.parts_beside("Lead", &theirs.id, lead, theirs.owner.as_ref()),
            _ => self.parts_for_lead(lead),
        };
        let segments = ["services", "data", &self.api_version, "composite"];
        let call = ApiCall::new("composite", Does::Write, Method::POST, &segments)
            .header(AUTO_ASSIGN.0, AUTO_ASSIGN.1)
            .json(json!({ "allOrNone": true, "compositeRequest": parts }));
        let answer = self.send(call).await?;
        self.written(&answer, existing).await
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

    fn parts_for_lead(&self, lead: &CrmLead) -> Vec<Value> {
        let first = json!({
            "method": "PATCH",
            "url": self.path(&format!("sobjects/Lead/{KEY_FIELD}/{}", lead.key)),
            "referenceId": LEAD,
            "httpHeaders": { AUTO_ASSIGN.0: AUTO_ASSIGN.1 },
            "body": fields_of(lead),
        });
        let id = "@{lead.id}";
        let task = lead.task.as_ref().map(|task| self.task_part(task, id, lead.owner_crm_id.as_ref()));
        [first].into_iter().chain(task).chain([self.owner_part("Lead", id)]).collect()
    }

    /// Leaves the record itself alone: were we to write to it, we would be its last modifier, and the next write would
    /// take it for ours again. The task goes to whoever owns the record.
    fn parts_beside(&self, object: &str, id: &str, lead: &CrmLead, owner: Option<&CrmId>) -> Vec<Value> {
        let owner = owner.or(lead.owner_crm_id.as_ref());
        let task = lead.task.as_ref().map(|task| self.task_part(task, id, owner));
        task.into_iter().chain([self.owner_part(object, id)]).collect()
    }

    fn task_part(&self, task: &CrmTask, who: &str, owner: Option<&CrmId>) -> Value {
        json!({
            "method": "PATCH",
            "url": self.path(&format!("sobjects/Task/{KEY_FIELD}/{}", task.key)),
            "referenceId": TASK,
            "body": task_fields(task, who, owner),
        })
    }

    pub(super) fn owner_part(&self, object: &str, id: &str) -> Value {
        let url = self.path(&format!("sobjects/{object}/{id}?fields=OwnerId"));
        json!({ "method": "GET", "url": url, "referenceId": OWNER })
    }

    pub(super) fn path(&self, rest: &str) -> String {
        format!("/services/data/{}/{rest}", self.api_version)
    }

    /// The answer is 200 even when everything was rolled back: each part has its own status.
    async fn written(&self, answer: &Answer, existing: Option<Existing>) -> Result<CrmRef, VendorError> {
        let parts = read::<CompositeAnswer>(answer)?.composite_response;
        let judged: Vec<(u16, Value)> = parts.iter().map(|part| (part.http_status_code, part.body.clone())).collect();
        if let Some(error) = errors::of_parts(&judged, answer) {
            return Err(error);
        }
        let body = |name: &str| parts.iter().find(|part| part.reference_id == name).map(|part| &part.body);
        let written = body(LEAD).and_then(|body| body["id"].as_str()).map(str::to_owned);
        let id = written.or_else(|| existing.map(|existing| existing.contact.unwrap_or(existing.id)));
        let id = id.ok_or_else(|| VendorError::Unknown {
            vendor: VENDOR,
            why: "it answered success without the lead's id".to_owned(),
        })?;
        let owner_crm_id = body(OWNER).and_then(|body| body["OwnerId"].as_str()).map(CrmId::from);
        Ok(CrmRef { url: self.link(&id).await, id, owner_crm_id })
    }

    /// Where people open the record.
    async fn link(&self, id: &str) -> Option<String> {
        let object = soql::object_of(id)?;
        let token = self.tokens.get().await.ok()?;
        let base = token.base.as_ref().unwrap_or(self.http.base());
        base.join(&format!("/lightning/r/{object}/{id}/view")).ok().map(String::from)
    }
}

/// Lengths are those of the fields; longer values are refused, not cut (`STRING_TOO_LONG`).
pub(super) fn fields_of(lead: &CrmLead) -> Map<String, Value> {
    let mut fields = Map::new();
    let mut set = |name: &str, limit: usize, value: Option<&String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            fields.insert(name.to_owned(), Value::String(said(value, limit)));
        }
    };
    set("FirstName", 40, lead.first_name.as_ref());
    set("LastName", 80, Some(&lead.last_name));
    set("Company", 255, Some(&lead.company));
    set("Title", 128, lead.title.as_ref());
    set("Phone", 40, lead.phone.as_ref());
    set("City", 40, lead.city.as_ref());
    set("State", 80, lead.state.as_ref());
    set("PostalCode", 20, lead.postal.as_ref());
    set("Country", 80, lead.country.as_ref());
    // Half an address is none: one that does not fit is left out.
    set("Email", 80, lead.email.as_ref().filter(|email| email.chars().count() <= 80));
    set("Description", 32_000, Some(&lead.description.0));
    if let Some(owner) = lead.owner_crm_id.as_ref().filter(|_| !lead.keeps_owner) {
        fields.insert("OwnerId".to_owned(), Value::String(owner.to_string()));
    }
    fields
}

/// A text as a part of a composite takes it: what a caller said refers to no other part (`@{lead.id}`). A reference to what is not
/// there would undo the whole.
fn said(text: &str, limit: usize) -> String {
    cut(&text.replace("@{", "@ {"), limit)
}

/// The date is the day in UTC: the owner's zone is not known here. The reminder has the exact time.
fn task_fields(task: &CrmTask, who: &str, owner: Option<&CrmId>) -> Value {
    let mut fields = json!({
        "WhoId": who,
        "Subject": said(&task.subject, 255),
        "Description": said(&task.body.0, 32_000),
        "ActivityDate": task.due_at.date_naive(),
        "Status": if task.done { "Completed" } else { "Not Started" },
        "Priority": "Normal",
        "IsReminderSet": !task.done,
    });
    if !task.done {
        fields["ReminderDateTime"] = Value::String(task.due_at.to_rfc3339_opts(SecondsFormat::Millis, true));
    }
    // A task belongs to a user; a queue may own the lead alone.
    if let Some(owner) = owner.filter(|owner| owner.as_str().starts_with("005")) {
        fields["OwnerId"] = Value::String(owner.to_string());
    }
    fields
}
