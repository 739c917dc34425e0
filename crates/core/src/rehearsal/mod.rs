//! What rules would do, tried before anybody calls: a made-up world to decide in.
//!
//! Pure: leads, rules and a world in; decisions and their comparison out. Reading files is `cli`'s business.

pub mod chance;
pub mod compare;
pub mod coverage;
pub mod expectations;
mod named;
pub mod outcome;
pub mod simulate;
pub mod traffic;
mod why;
pub mod world;

#[cfg(test)]
mod tests;

use crate::domain::account::Candidates;
use crate::domain::crm_id::CrmId;
use crate::domain::id::{PoolId, RepId};
use crate::domain::known::Fact;
use crate::domain::lead::Lead;
use crate::routing::ledger::Ledger;
use crate::routing::snapshot::RepFacts;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// A lead to be decided, and what is known of the world at that moment beside the rules.
#[derive(Debug, Clone, PartialEq)]
pub struct Trial {
    pub lead: Lead,
    /// When it is decided.
    pub at: DateTime<Utc>,
    pub account: Fact<Candidates>,
    /// Whom the CRM's own rules chose, where they were asked.
    pub assigned: Option<Fact<Option<CrmId>>>,
    /// Presence and calendars as they were stored. Who is not listed counts as free.
    pub reps: BTreeMap<RepId, RepFacts>,
    /// Balances as they were stored: where a world begins that has not given a turn in the pool yet.
    pub ledgers: BTreeMap<PoolId, Ledger>,
}
