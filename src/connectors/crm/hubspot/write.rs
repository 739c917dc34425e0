//! Contact, note and task of a lead. Each step leaves something that a repetition finds.

mod engagement;

use super::{HubSpot, KEY_PROPERTY, OWNER, Object, VENDOR, errors, read};
use crate::connectors::http::{ApiCall, Does};
use crate::connectors::{CrmLead, CrmRef, OwnerBy, VendorError};
use reqwest::Method;
use serde_json::json;
use std::collections::BTreeMap;

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
        if !lead.description.0.is_empty() {
            self.engage(&contact.id, is_new, &self.note(lead, owner)).await?;
        }
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
        let answer = self.send_judged(call, errors::judge_creation).await?;
        if answer.is_success() {
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
