//! A lead whose owner the org's own assignment rules choose.
//!
//! It is *created*, never upserted: the unique key refuses a second one, so the rules run once for a lead, also when an
//! answer is lost, the deadline passes and the request arrives after all. An upsert would run them again on every
//! repetition and take the lead from whoever has it by then.

use super::Salesforce;
use super::errors::{self, KEY_FIELD};
use super::fields::fields_of;
use crate::connectors::{CrmLead, VendorError};
use baton_core::domain::crm_id::CrmId;

impl Salesforce {
    /// Without an active rule, or where none of its entries fits and there is no default owner, the lead falls to the user
    /// who creates it: to us, and so to nobody. One that the org has already, as a duplicate rule says, has its owner.
    pub(super) async fn create_by_rules(&self, lead: &CrmLead) -> Result<Option<CrmId>, VendorError> {
        let mut fields = fields_of(&CrmLead { owner_crm_id: None, ..lead.clone() });
        fields.insert(KEY_FIELD.to_owned(), lead.key.clone().into());
        let parts = [self.new_lead(&fields, "TRUE"), self.owner_part("Lead", "@{lead.id}")];
        let composed = self.compose("assign", "TRUE", &parts).await?;
        let judged = composed.judged();
        let owner = if errors::is_taken_key(&judged) {
            self.existing(&lead.key).await?.and_then(|existing| existing.owner)
        } else if let Some(duplicates) = errors::duplicates(&judged) {
            let record = self.linked(&duplicates).await?;
            self.owner(record.object, &record.id).await?
        } else {
            composed.or_error()?;
            composed.owner()
        };
        let us = self.tokens.get().await?.acts_as.as_deref().map(CrmId::from);
        Ok(owner.filter(|owner| us.as_ref() != Some(owner)))
    }
}
