//! What is asked before the first lead: the users who are to have leads, the fields that rules read, and whether a lead would be
//! taken. Nothing of it stays in the org.

use super::errors::{self, KEY_FIELD, VENDOR, read};
use super::write::{AUTO_ASSIGN, CompositeAnswer, LEAD};
use super::{Salesforce, soql};
use crate::connectors::crm::{FieldWords, read_in_vain};
use crate::connectors::http::{ApiCall, Does};
use crate::connectors::{LookedUp, VendorError};
use baton_core::domain::crm_id::CrmId;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Ids in one query, which is part of an address.
const IDS_AT_ONCE: usize = 200;
/// Has the form of a lead's id, and is that of none.
const NO_LEAD: &str = "00Q000000000000AAA";

impl Salesforce {
    pub(super) async fn users(&self, ids: &[String]) -> Result<LookedUp, VendorError> {
        let (asked, others): (Vec<&String>, Vec<&String>) = ids.iter().partition(|id| soql::is_id(id.as_str()));
        let no_id = || Err("it is no id of Salesforce, which has 15 or 18 letters and digits".to_owned());
        let mut found: LookedUp = others.into_iter().map(|id| (id.clone(), no_id())).collect();
        for some in asked.chunks(IDS_AT_ONCE) {
            let list: Vec<String> = some.iter().map(|id| soql::literal(id.as_str())).collect();
            let rows = self.query(&format!("SELECT Id, IsActive FROM User WHERE Id IN ({})", list.join(", "))).await?;
            let known = rows.iter().filter_map(|row| {
                let is_active = row.get("IsActive") == Some(&Value::Bool(true));
                Some((CrmId::from(row.get("Id")?.as_str()?), is_active))
            });
            let known: BTreeMap<CrmId, bool> = known.collect();
            for id in some {
                let standing = match known.get(&CrmId::from(id.as_str())) {
                    Some(true) => Ok(()),
                    Some(false) => Err("the user is not active, and can have no lead".to_owned()),
                    None => Err("there is no such user, or ours may not see it".to_owned()),
                };
                found.insert(id.to_string(), standing);
            }
        }
        Ok(found)
    }

    pub(super) async fn lacking(&self, fields: &FieldWords) -> Result<Vec<String>, VendorError> {
        if fields.is_empty() {
            return Ok(Vec::new());
        }
        let described = self.send(self.call("describe", &["sobjects", "Account", "describe"])).await?.value();
        let known = described["fields"].as_array().map(Vec::as_slice).unwrap_or_default();
        let lacking = fields.iter().filter_map(|(field, words)| {
            let is_it = |one: &&Value| one["name"].as_str().is_some_and(|name| name.eq_ignore_ascii_case(field));
            let Some(one) = known.iter().find(is_it) else {
                return Some(format!("account.{field}: accounts have no field {field}, or our user may not see it"));
            };
            let listed = one["picklistValues"].as_array().map(Vec::as_slice).unwrap_or_default();
            let listed: Vec<&str> = listed.iter().filter_map(|value| value["value"].as_str()).collect();
            read_in_vain(field, words, &listed)
        });
        Ok(lacking.collect())
    }

    /// A lead, and a part that must fail: the org takes the first through its own rules, and both are rolled back.
    pub(super) async fn write_and_take_back(&self) -> Result<(), VendorError> {
        let create = json!({
            "method": "POST",
            "url": self.path("sobjects/Lead"),
            "referenceId": LEAD,
            "httpHeaders": { AUTO_ASSIGN: "FALSE" },
            "body": { "LastName": "Baton doctor", "Company": "Baton doctor", KEY_FIELD: "doctor" },
        });
        let segments = ["services", "data", self.api_version.as_str(), "composite"];
        let call = ApiCall::new("try_write", Does::Write, Method::POST, &segments)
            .header(AUTO_ASSIGN, "FALSE")
            .json(json!({ "allOrNone": true, "compositeRequest": [create, self.owner_part("Lead", NO_LEAD)] }));
        let answer = self.send(call).await?;
        let parts = read::<CompositeAnswer>(&answer)?.composite_response;
        let judged: Vec<(u16, Value)> = parts.into_iter().map(|part| (part.http_status_code, part.body)).collect();
        match errors::of_parts(&judged, &answer) {
            Some(VendorError::Gone { .. }) => Ok(()),
            Some(error) => Err(error),
            None => Err(VendorError::amiss(VENDOR, "it did not roll back a write of which a part had failed")),
        }
    }
}
