//! The company a lead belongs to, as the CRM knows it.

use super::lead::FieldValue;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Account {
    /// The CRM's id of the record that matched (account, contact or lead).
    pub crm_id: String,
    pub name: String,
    pub domain: Option<String>,
    /// CRM user id; `rules` maps it to a rep.
    pub owner_crm_id: Option<String>,
    pub open_opportunity_owner_crm_id: Option<String>,
    pub matched_by: MatchKey,
    /// 0 to 1000; how sure the match is. An exact key counts 1000.
    pub score_permille: u16,
    /// Declared CRM fields, routable as `account.NAME`.
    pub fields: BTreeMap<String, FieldValue>,
}

/// How lead and account were brought together, strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MatchKey {
    Phone,
    Email,
    Domain,
    Name,
}
