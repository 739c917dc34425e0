//! Contact, note and task of a lead. Each step leaves something that a repetition finds.

use super::{HubSpot, KEY_PROPERTY, OWNER, Object, VENDOR, body, errors, read};
use crate::connectors::http::{ApiCall, Does, cut};
use crate::connectors::{CrmLead, CrmRef, CrmTask, OwnerBy, TaskKind, VendorError};
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
struct Engagement<'a> {
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
    pub(super) async fn write(&self, lead: &CrmLead) -> Result<CrmRef, VendorError> {
        let owner = self.owner_id(lead.owner_crm_id.as_ref(), lead.owner_email.as_deref()).await?;
        let written = self.write_for(lead, owner.as_deref()).await;
        if matches!(&written, Err(VendorError::NeedsPerson { why, .. }) if why.contains(OWNER)) {
            // Somebody was deactivated since: the next try says whom.
            self.forget_owners().await;
        }
        written
    }

    async fn write_for(&self, lead: &CrmLead, owner: Option<&str>) -> Result<CrmRef, VendorError> {
        let (contact, is_new) = self.contact(lead, owner).await?;
        self.engage(&contact.id, is_new, &self.note(lead, owner)).await?;
        if let Some(task) = &lead.task {
            self.engage(&contact.id, is_new, &self.task(task, owner)).await?;
        }
        let written = self.send(self.get("read_owner", &["contacts", &contact.id]).query("properties", OWNER)).await?;
        let written: Object = read(&written)?;
        let owner_crm_id = match written.get(OWNER) {
            Some(owner) => Some(self.who().await?.name(owner)),
            None => None,
        };
        Ok(CrmRef { id: contact.id, url: written.url.or(contact.url), owner_crm_id, by_hand: false })
    }

    /// The contact as it now is, and whether it was created just now.
    async fn contact(&self, lead: &CrmLead, owner: Option<&str>) -> Result<(Object, bool), VendorError> {
        let (contact, is_new) = self.created(lead, owner).await?;
        if is_new { Ok((contact, true)) } else { Ok((self.complete(contact, lead, owner).await?, false)) }
    }

    /// The contact as it was created just now, or as it was there already, and which of the two.
    pub(super) async fn created(&self, lead: &CrmLead, owner: Option<&str>) -> Result<(Object, bool), VendorError> {
        if lead.email.is_none()
            && let Some(known) = self.contact_by(&lead.key, KEY_PROPERTY).await?
        {
            return Ok((known, false));
        }
        let mut properties = properties_of(lead, owner);
        if lead.email.is_none() {
            properties.insert(KEY_PROPERTY, lead.key.clone());
        }
        let call = self
            .object_call("create_contact", Does::Write, Method::POST, &["contacts"])
            .json(json!({ "properties": properties }));
        let answer = self.send_unjudged(call).await?;
        if !errors::is_conflict(&answer) {
            errors::judge(&answer)?;
            return Ok((read(&answer)?, true));
        }
        let known = match (errors::existing_id(&answer), &lead.email) {
            (Some(id), _) => self.contact_by_id(&id).await?,
            (None, Some(email)) => self.contact_by(email, "email").await?,
            (None, None) => self.contact_by(&lead.key, KEY_PROPERTY).await?,
        };
        // It was deleted between the two answers: the next try creates it.
        let in_the_way = || VendorError::retry(VENDOR, "a contact is in the way that cannot be read");
        Ok((known.ok_or_else(in_the_way)?, false))
    }

    pub(super) async fn contact_by(&self, value: &str, property: &str) -> Result<Option<Object>, VendorError> {
        self.object(with_history(self.get("read_contact", &["contacts", value])).query("idProperty", property)).await
    }

    async fn contact_by_id(&self, id: &str) -> Result<Option<Object>, VendorError> {
        self.object(with_history(self.get("read_contact", &["contacts", id]))).await
    }

    /// Fills in what the contact does not say of itself, and sets the owner unless somebody has the say who is not us.
    async fn complete(&self, known: Object, lead: &CrmLead, owner: Option<&str>) -> Result<Object, VendorError> {
        let stays = match known.get(OWNER) {
            None => false,
            Some(_) if lead.keeps_owner || taken_over(&known) => true,
            Some(current) => lead.yields_owner && !by_program(&known) && !self.who().await?.is_gone(current),
        };
        let mut missing = properties_of(lead, owner);
        missing.retain(|property, value| match *property {
            OWNER => !stays && known.get(OWNER) != Some(value.as_str()),
            property => known.get(property).is_none(),
        });
        if missing.is_empty() {
            return Ok(known);
        }
        let call = self
            .object_call("update_contact", Does::Write, Method::PATCH, &["contacts", &known.id])
            .json(json!({ "properties": missing }));
        self.send(call).await?;
        Ok(known)
    }

    /// Creates a note or task unless it is there. An existing one is brought up to date.
    async fn engage(&self, contact: &str, is_new: bool, wanted: &Engagement<'_>) -> Result<(), VendorError> {
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
    fn note<'a>(&self, lead: &'a CrmLead, owner: Option<&str>) -> Engagement<'a> {
        let body_property = "hs_note_body";
        let mut properties = BTreeMap::from([
            ("hs_timestamp", self.clock.now().timestamp_millis().to_string()),
            (body_property, body::html(&lead.description.0, &lead.key)),
        ]);
        properties.extend(owner.map(|owner| (OWNER, owner.to_owned())));
        let renewed = &["hs_note_body"];
        Engagement { kind: "notes", body_property, association: NOTE_TO_CONTACT, key: &lead.key, properties, renewed }
    }

    fn task<'a>(&self, task: &'a CrmTask, owner: Option<&str>) -> Engagement<'a> {
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

/// With all that `complete` compares.
fn with_history(call: ApiCall) -> ApiCall {
    let read =
        ["email", "firstname", "lastname", "phone", "jobtitle", "company", "city", "state", "zip", "country", OWNER];
    call.query("properties", read.join(",")).query("propertiesWithHistory", OWNER)
}

/// A person gave the contact to somebody after a program had: that stands. An owner from before our time does not, since
/// the decision has weighed it.
fn taken_over(known: &Object) -> bool {
    let mut changes = known.owner_changes();
    changes.next() == Some(OwnerBy::Person) && changes.any(|by| by == OwnerBy::Program)
}

/// The owner it has was set by a program, such as we.
fn by_program(known: &Object) -> bool {
    known.owner_changes().next() == Some(OwnerBy::Program)
}

/// HubSpot's names for what is known; all values are text.
fn properties_of(lead: &CrmLead, owner: Option<&str>) -> BTreeMap<&'static str, String> {
    let known = [
        ("email", lead.email.as_deref()),
        ("firstname", lead.first_name.as_deref()),
        ("lastname", Some(lead.last_name.as_str())),
        ("phone", lead.phone.as_deref()),
        ("jobtitle", lead.title.as_deref()),
        ("company", Some(lead.company.as_str())),
        ("city", lead.city.as_deref()),
        ("state", lead.state.as_deref()),
        ("zip", lead.postal.as_deref()),
        ("country", lead.country.as_deref()),
        (OWNER, owner),
    ];
    let filled = known.into_iter().filter_map(|(name, value)| Some((name, value.filter(|value| !value.is_empty())?)));
    filled.map(|(name, value)| (name, value.to_owned())).collect()
}

#[cfg(test)]
mod tests;
