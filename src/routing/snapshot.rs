//! What was known when a lead was decided. Stored with the decision, so that it can be replayed to the same bytes.

use super::ledger::Ledger;
use crate::domain::account::Candidates;
use crate::domain::crm_id::CrmId;
use crate::domain::id::{PoolId, RepId};
use crate::domain::known::Fact;
use crate::domain::rep::{Busy, Presence};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    pub now: DateTime<Utc>,
    /// What the CRM holds for the lead; known and empty: it was asked and has nothing.
    pub account: Fact<Candidates>,
    /// Whom the CRM's own rules gave the lead to; known and `None`: to nobody. Absent where Baton assigns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assigned: Option<Fact<Option<CrmId>>>,
    /// Reps that are not listed: presence unset, no load, calendar unknown.
    pub reps: BTreeMap<RepId, RepFacts>,
    /// Pools that are not listed have an empty ledger.
    pub ledgers: BTreeMap<PoolId, Ledger>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RepFacts {
    pub presence: Presence,
    /// Rung or talking for another lead until then.
    pub reserved_until: Option<DateTime<Utc>>,
    /// Leads given since midnight in the rep's zone.
    pub taken_today: u32,
    /// The same since Monday.
    #[serde(default)]
    pub taken_this_week: u32,
    /// Leads owned and not yet closed.
    pub open: u32,
    pub calendar: Fact<Vec<Busy>>,
}
