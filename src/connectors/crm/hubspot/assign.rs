//! A contact whose owner the portal's own workflow chooses: it is created without one, and looked at until it has one.
//!
//! HubSpot's rotation cannot be called, it runs some seconds after a contact was created. A contact that was there already is
//! left as it is, and its owner counts, whoever that was made by; not one who is deactivated.

use super::{HubSpot, KEY_PROPERTY, OWNER, Object, read};
use crate::connectors::{CrmLead, OwnerBy, VendorError};
use baton_core::domain::crm_id::CrmId;

impl HubSpot {
    pub(super) async fn create_without_owner(&self, lead: &CrmLead) -> Result<Option<CrmId>, VendorError> {
        let (contact, is_new) = self.created(lead, None).await?;
        if is_new { Ok(None) } else { self.named_in(&contact).await }
    }

    pub(super) async fn named_since(&self, lead: &CrmLead) -> Result<Option<CrmId>, VendorError> {
        let contact = match &lead.email {
            Some(email) => self.contact_by(email, "email").await?,
            None => self.contact_by(&lead.key, KEY_PROPERTY).await?,
        };
        match contact {
            Some(contact) => self.named_in(&contact).await,
            None => Ok(None),
        }
    }

    async fn named_in(&self, contact: &Object) -> Result<Option<CrmId>, VendorError> {
        let Some(owner) = contact.get(OWNER) else { return Ok(None) };
        let who = self.who().await?;
        Ok((!who.is_gone(owner)).then(|| who.name(owner)))
    }

    /// Of a contact, as `write_lead` names it.
    pub(super) async fn owner_now(&self, id: &str) -> Result<Option<(CrmId, OwnerBy)>, VendorError> {
        let call = self.get("read_owner", &["contacts", id]).query("properties", OWNER);
        let contact: Object = read(&self.send(call.query("propertiesWithHistory", OWNER)).await?)?;
        let Some(owner) = contact.get(OWNER) else { return Ok(None) };
        let by = contact.owner_changes().next().unwrap_or(OwnerBy::Unknown);
        Ok(Some((self.who().await?.name(owner), by)))
    }
}
