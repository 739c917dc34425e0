//! What is created beneath a contact: the briefing as a note, and the task.

use crate::connectors::crm::hubspot::{HubSpot, OWNER, Object, body};
use crate::connectors::http::{Does, cut};
use crate::connectors::{CrmLead, CrmTask, TaskKind, VendorError};
use reqwest::Method;
use serde::Deserialize;
use serde_json::json;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Association types that HubSpot defines. They are sent with the creation: a note that is linked in a second request
/// would, if that one is lost, be an orphan that nobody finds and the next try doubles.
const NOTE_TO_CONTACT: u32 = 202;
const TASK_TO_CONTACT: u32 = 204;
/// Association pages that are read when looking for a marker, and records in each.
const PAGES: usize = 5;
const PAGE: usize = 500;
/// Records whose bodies are looked at, newest first; a batch reads 100.
const NEWEST: usize = 300;
const BATCH: usize = 100;

/// What is created beneath a contact.
pub(super) struct Engagement<'a> {
    kind: &'static str,
    body_property: &'static str,
    association: u32,
    key: &'a str,
    properties: BTreeMap<&'static str, String>,
    /// Those that are brought up to date; whose it is, a person may have changed.
    renewed: &'static [&'static str],
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Associated {
    to_object_id: String,
}

impl HubSpot {
    /// Creates a note or task unless it is there. An existing one is brought up to date.
    pub(super) async fn engage(&self, contact: &str, is_new: bool, wanted: &Engagement<'_>) -> Result<(), VendorError> {
        let known = if is_new { None } else { self.marked(contact, wanted).await? };
        let Some(known) = known else {
            let types = json!([{ "associationCategory": "HUBSPOT_DEFINED", "associationTypeId": wanted.association }]);
            let call = self.object_call("create_engagement", Does::Write, Method::POST, &[wanted.kind]).json(json!({
                "properties": wanted.properties,
                "associations": [{ "to": { "id": contact }, "types": types }],
            }));
            return self.send(call).await.map(|_| ());
        };
        let body = wanted.properties.get(wanted.body_property).map(String::as_str);
        if known.get(wanted.body_property) == body {
            return Ok(());
        }
        let renewed = wanted.properties.iter().filter(|(name, _)| wanted.renewed.contains(name));
        let changed: BTreeMap<&str, &String> = renewed.map(|(name, value)| (*name, value)).collect();
        let call = self
            .object_call("update_engagement", Does::Write, Method::PATCH, &[wanted.kind, &known.id])
            .json(json!({ "properties": changed }));
        self.send(call).await.map(|_| ())
    }

    /// The contact's note or task that carries our marker.
    async fn marked(&self, contact: &str, wanted: &Engagement<'_>) -> Result<Option<Object>, VendorError> {
        let marker = body::marker(wanted.key);
        let ids = self.associated(contact, wanted.kind).await?;
        for batch in ids.chunks(BATCH) {
            let records = self.objects(wanted.kind, batch, &[wanted.body_property]).await?;
            let is_ours = |record: &Object| record.get(wanted.body_property).is_some_and(|text| text.contains(&marker));
            if let Some(found) = records.into_iter().find(is_ours) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Ids of the contact's newest notes or tasks; larger numbers are newer.
    async fn associated(&self, contact: &str, kind: &str) -> Result<Vec<String>, VendorError> {
        let call = || {
            let call = self.get("associations", &["contacts", contact, "associations", kind]);
            call.query("limit", PAGE.to_string())
        };
        let linked: Vec<Associated> = self.pages(PAGES, call).await?;
        let mut ids: Vec<String> = linked.into_iter().map(|associated| associated.to_object_id).collect();
        ids.sort_by_key(|id| Reverse(id.parse::<u64>().unwrap_or_default()));
        ids.truncate(NEWEST);
        Ok(ids)
    }

    /// The briefing, as a note of the lead: one per lead.
    pub(super) fn note<'a>(&self, lead: &'a CrmLead, owner: Option<&str>) -> Engagement<'a> {
        let body_property = "hs_note_body";
        let mut properties = BTreeMap::from([
            ("hs_timestamp", self.clock.now().timestamp_millis().to_string()),
            (body_property, body::html(&lead.description.0, &lead.key)),
        ]);
        properties.extend(owner.map(|owner| (OWNER, owner.to_owned())));
        let renewed = &["hs_note_body"];
        Engagement { kind: "notes", body_property, association: NOTE_TO_CONTACT, key: &lead.key, properties, renewed }
    }

    pub(super) fn task<'a>(&self, task: &'a CrmTask, owner: Option<&str>) -> Engagement<'a> {
        let body_property = "hs_task_body";
        let mut properties = BTreeMap::from([
            ("hs_timestamp", task.due_at.timestamp_millis().to_string()),
            ("hs_task_subject", cut(&task.subject, 255)),
            ("hs_task_status", if task.done { "COMPLETED" } else { "NOT_STARTED" }.to_owned()),
            ("hs_task_priority", "HIGH".to_owned()),
            ("hs_task_type", task_type(task.kind).to_owned()),
            (body_property, body::html(&task.body.0, &task.key)),
        ]);
        properties.extend(owner.map(|owner| (OWNER, owner.to_owned())));
        let renewed = &["hs_timestamp", "hs_task_subject", "hs_task_status", "hs_task_body"];
        Engagement { kind: "tasks", body_property, association: TASK_TO_CONTACT, key: &task.key, properties, renewed }
    }
}

/// HubSpot offers to dial for a call.
fn task_type(kind: TaskKind) -> &'static str {
    match kind {
        TaskKind::Call => "CALL",
        TaskKind::Mail => "EMAIL",
        TaskKind::Other => "TODO",
    }
}
