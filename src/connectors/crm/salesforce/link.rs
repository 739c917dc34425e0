//! A lead that a duplicate rule of the org refuses: the record that the rule takes it for is the lead, and no twin is made.
//!
//! Every write asks the rules to refuse (`allowSave=false`), those too that would only warn a person in front of a screen. The
//! record found is somebody's: it is not written to, and what we have to say goes beside it as a task. A rule that minds changes
//! as well refuses one of a lead that is ours already: then that lead is the record.

use super::errors::VENDOR;
use super::write::Beside;
use super::{Salesforce, soql};
use crate::connectors::VendorError;
use serde_json::{Map, Value};

/// Leads that are looked at, at most: a rule that finds more is no help.
const LOOKED_AT: usize = 20;

impl Salesforce {
    /// Of the records that a rule takes a lead for, in the vendor's order: a contact, else an open lead, else the contact of a
    /// converted one, else an account that is a person.
    pub(super) async fn linked(&self, ids: &[String]) -> Result<Beside, VendorError> {
        let first = |object: &str| ids.iter().find(|id| soql::object_of(id) == Some(object)).cloned();
        if let Some(contact) = first("Contact") {
            return Ok(Beside::found("Contact", contact));
        }
        let leads = ids.iter().filter(|id| soql::object_of(id) == Some("Lead"));
        let leads: Vec<&String> = leads.take(LOOKED_AT).collect();
        if let Some(record) = self.lead_or_contact(&leads).await? {
            return Ok(record);
        }
        first("Account").map(|account| Beside::found("Account", account)).ok_or_else(|| {
            let why = "DUPLICATES_DETECTED: our user may not see the record that the lead is taken for; let the permission set \
                       read contacts and accounts, or the rule let our user's leads through";
            VendorError::needs_person(VENDOR, why)
        })
    }

    async fn lead_or_contact(&self, leads: &[&String]) -> Result<Option<Beside>, VendorError> {
        if leads.is_empty() {
            return Ok(None);
        }
        let ids: Vec<String> = leads.iter().map(|id| soql::literal(id)).collect();
        let soql = format!("SELECT Id, IsConverted, ConvertedContactId FROM Lead WHERE Id IN ({})", ids.join(", "));
        let rows = self.query(&soql).await?;
        let text = |row: &Map<String, Value>, field: &str| row.get(field).and_then(Value::as_str).map(str::to_owned);
        let is_open = |row: &&Map<String, Value>| row.get("IsConverted") != Some(&Value::Bool(true));
        let open = rows.iter().find(is_open).and_then(|row| text(row, "Id"));
        let contact = || rows.iter().find_map(|row| text(row, "ConvertedContactId"));
        let lead = open.map(|id| Beside::found("Lead", id));
        Ok(lead.or_else(|| contact().map(|id| Beside::found("Contact", id))))
    }
}
