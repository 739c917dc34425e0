//! The company a lead belongs to, and the people of the CRM who may be the caller.
//!
//! A connector brings records ([`Records`]); `routing::steps::matching` says which of them the lead belongs to.

use super::crm_id::CrmId;
use super::id::RepId;
use super::lead::FieldValue;
use super::phone::PhoneE164;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Account {
    /// The CRM's id of the account. In snapshots without candidates also that of a contact or lead.
    pub crm_id: CrmId,
    pub name: String,
    pub domain: Option<String>,
    /// CRM user id; `rules` maps it to a rep.
    pub owner_crm_id: Option<CrmId>,
    pub open_opportunity_owner_crm_id: Option<CrmId>,
    /// The strongest key that fits.
    pub matched_by: MatchKey,
    /// 0 to 1000; how sure the match is. An exact key counts 1000, a name as much as the two are alike.
    pub score_permille: u16,
    /// Declared CRM fields, routable as `account.NAME`.
    pub fields: BTreeMap<String, FieldValue>,
}

/// How lead and account were brought together, strongest first unless the rules say otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MatchKey {
    Phone,
    Email,
    Domain,
    Name,
}

/// What the CRM holds for a lead. Stored with the snapshot: the older form, an account or null, reads as [`Self::Settled`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Candidates {
    /// As the CRM has them; the rules' keys decide which one it is.
    Found(Records),
    /// Somebody has said which one it is: a snapshot from before candidates were kept, or a rehearsal.
    Settled(Option<Account>),
}

impl From<Option<Account>> for Candidates {
    fn from(account: Option<Account>) -> Self {
        Self::Settled(account)
    }
}

/// Companies and people who share a key with a lead, or nearly so.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Records {
    // Without a default: this is what tells the form from an [`Account`].
    pub companies: Vec<CompanyRecord>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<PersonRecord>,
    /// Companies that a loose search brought and that are nowhere near the lead.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub left_out: u32,
}

/// An account of the CRM, as it is there.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CompanyRecord {
    pub crm_id: CrmId,
    pub name: String,
    /// Host of the website and further domains, lower case, without `www.`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub domains: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phones: Vec<PhoneE164>,
    /// As written there: a code or a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner_crm_id: Option<CrmId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_opportunity_owner_crm_id: Option<CrmId>,
    /// The last activity that the CRM knows of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active_at: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, FieldValue>,
    /// When it was read, where that was after the records beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen_at: Option<DateTime<Utc>>,
}

/// What is counted of an account, whatever the CRM calls a deal or a ticket: fields that are routable as `account.NAME` without
/// being declared. Amounts are in the currency in which the CRM keeps them.
pub const OPEN_OPPORTUNITIES: &str = "open_opportunities";
pub const OPEN_AMOUNT: &str = "open_opportunity_amount";
/// Of the one that changed last, as the CRM calls it.
pub const OPEN_STAGE: &str = "open_opportunity_stage";
pub const OPEN_CASES: &str = "open_cases";
/// The day on which it was opened, in UTC.
pub const OLDEST_CASE: &str = "oldest_open_case";

impl CompanyRecord {
    /// `stage`: of the one that changed last.
    pub fn count_opportunities(&mut self, count: usize, amount: f64, stage: Option<&str>) {
        self.fields.insert(OPEN_OPPORTUNITIES.to_owned(), FieldValue::Number(count as f64));
        self.fields.insert(OPEN_AMOUNT.to_owned(), FieldValue::Number(amount));
        self.fields.extend(stage.map(|stage| (OPEN_STAGE.to_owned(), FieldValue::Text(stage.to_owned()))));
    }

    pub fn count_cases(&mut self, count: usize, oldest: Option<DateTime<Utc>>) {
        self.fields.insert(OPEN_CASES.to_owned(), FieldValue::Number(count as f64));
        let day = oldest.map(|at| FieldValue::Text(at.date_naive().to_string()));
        self.fields.extend(day.map(|day| (OLDEST_CASE.to_owned(), day)));
    }
}

/// A contact, or a lead that is not converted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PersonRecord {
    pub kind: PersonKind,
    pub crm_id: CrmId,
    /// The [`Company`] that a contact belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company_crm_id: Option<CrmId>,
    /// Lower case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phones: Vec<PhoneE164>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner_crm_id: Option<CrmId>,
    /// Of a lead of our own: who has it. The record is ours then, and `crm_id` the lead's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<RepId>,
    /// The last activity, or when the owner was set or the record made, whichever is later and known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PersonKind {
    Lead,
    Contact,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}
