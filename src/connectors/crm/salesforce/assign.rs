//! A lead whose owner the org's own assignment rules choose.
//!
//! It is *created*, never upserted: the unique key refuses a second one, so the rules run once for a lead, also when an
//! answer is lost, the deadline passes and the request arrives after all. An upsert would run them again on every
//! repetition and take the lead from whoever has it by then.

use super::Salesforce;
use super::errors::{self, KEY_FIELD, read};
use super::write::{CompositeAnswer, LEAD, OWNER, fields_of};
use crate::connectors::http::{ApiCall, Does};
use crate::connectors::{CrmLead, VendorError};
use baton_core::domain::crm_id::CrmId;
use reqwest::Method;
use serde_json::{Value, json};

/// Runs the org's active assignment rule.
const AUTO_ASSIGN: (&str, &str) = ("Sforce-Auto-Assign", "TRUE");

impl Salesforce {
    /// Without an active rule, or where none of its entries fits and there is no default owner, the lead falls to the user
    /// who creates it: to us, and so to nobody.
    pub(super) async fn create_by_rules(&self, lead: &CrmLead) -> Result<Option<CrmId>, VendorError> {
        let mut fields = fields_of(&CrmLead { owner_crm_id: None, ..lead.clone() });
        fields.insert(KEY_FIELD.to_owned(), lead.key.clone().into());
        let create = json!({
            "method": "POST",
            "url": self.path("sobjects/Lead"),
            "referenceId": LEAD,
            "httpHeaders": { AUTO_ASSIGN.0: AUTO_ASSIGN.1 },
            "body": fields,
        });
        let segments = ["services", "data", self.api_version.as_str(), "composite"];
        let call = ApiCall::new("assign", Does::Write, Method::POST, &segments)
            .header(AUTO_ASSIGN.0, AUTO_ASSIGN.1)
            .json(json!({ "allOrNone": true, "compositeRequest": [create, self.owner_part("Lead", "@{lead.id}")] }));
        let answer = self.send(call).await?;
        let parts = read::<CompositeAnswer>(&answer)?.composite_response;
        let judged: Vec<(u16, Value)> = parts.iter().map(|part| (part.http_status_code, part.body.clone())).collect();
        let owner = if errors::is_taken_key(&judged) {
            self.existing(&lead.key).await?.and_then(|existing| existing.owner)
        } else if let Some(error) = errors::of_parts(&judged, &answer) {
            return Err(error);
        } else {
            let read_back = parts.iter().find(|part| part.reference_id == OWNER);
            read_back.and_then(|part| part.body["OwnerId"].as_str()).map(CrmId::from)
        };
        let us = self.tokens.get().await?.acts_as.as_deref().map(CrmId::from);
        Ok(owner.filter(|owner| us.as_ref() != Some(owner)))
    }
}
