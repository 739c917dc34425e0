//! Leads with whom nobody spoke in time.

use crate::reports::ReportOptions;
use crate::reports::figure::in_seconds;
use crate::reports::rows::LeadRow;
use baton_core::domain::id::{LeadId, RepId};
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::cmp::Reverse;

/// So many are listed; the others are counted.
const LISTED: usize = 100;

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Breaches {
    /// All of them.
    pub leads: u64,
    /// The newest 100.
    pub newest: Vec<Breach>,
}

/// A lead whose first contact was late, or is overdue.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Breach {
    pub lead: LeadId,
    pub decided_at: DateTime<Utc>,
    pub owner: RepId,
    pub route: String,
    /// `None`: nobody has spoken with them so far.
    pub contacted_after_s: Option<f64>,
}

impl Breaches {
    pub(in crate::reports) fn add(&mut self, row: &LeadRow, options: &ReportOptions) {
        if row.in_time(options.sla(), options.now) != Some(false) {
            return;
        }
        self.leads += 1;
        let key = (Reverse(row.decided_at), &row.lead_id);
        let place = self.newest.partition_point(|breach| (Reverse(breach.decided_at), &breach.lead) < key);
        if place < LISTED {
            self.newest.insert(
                place,
                Breach {
                    lead: row.lead_id.clone(),
                    decided_at: row.decided_at,
                    owner: row.decided_owner.clone(),
                    route: row.route.clone(),
                    contacted_after_s: row.contacted_after().map(in_seconds),
                },
            );
            self.newest.truncate(LISTED);
        }
    }
}
