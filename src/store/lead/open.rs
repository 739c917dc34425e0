//! Leads about which something is open now, each with its handoff, found by the indexes of what is open.

use super::{CRM, LeadRecord, NEEDS_ATTENTION, NEXT_STEP, read};
use crate::store::sql::row::Reading;
use crate::store::{StoreError, Tx};
use baton_core::handoff::Handoff;
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;

/// What is open about a lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenMatter {
    /// A handoff is under way.
    Handoff,
    /// A call or a mail was promised.
    Promise,
    /// It waits for a rep who can take it.
    Wait,
    /// A person must look.
    Attention,
}

#[derive(Debug, Clone)]
pub struct OpenLead {
    pub record: LeadRecord,
    pub handoff: Handoff,
}

impl Tx {
    /// At most so many, the most urgent first. One that cannot be read is left out: it must not hide the others, and its own page
    /// says why.
    pub async fn leads_open(&mut self, matter: OpenMatter, limit: usize) -> Result<Vec<OpenLead>, StoreError> {
        let (which, order) = match matter {
            OpenMatter::Handoff => ("next_step = 'handoff'", "next_at, l.id"),
            OpenMatter::Promise => ("next_step IN ('callback', 'mail')", "next_at, l.id"),
            OpenMatter::Wait => ("h.waits_since IS NOT NULL", "h.waits_since, h.id"),
            OpenMatter::Attention => (NEEDS_ATTENTION, "next_at, l.id"),
        };
        let sql = format!(
            "-- lead::open\nSELECT l.id, COALESCE(l.completed, l.body) AS body, l.owner, l.status, {NEXT_STEP}, \
             l.first_contact_at, {CRM}, l.erased_at, h.body AS handoff FROM handoff h JOIN lead l ON l.id = h.lead_id \
             WHERE {which} ORDER BY {order} LIMIT $1"
        );
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(limit as i64).fetch_all(self.conn()).await?;
        Ok(rows.iter().filter_map(|row| read_open(row).ok()).collect())
    }
}

fn read_open(row: &AnyRow) -> Result<OpenLead, StoreError> {
    let record = read(row)?;
    Ok(OpenLead { record, handoff: Reading::new("handoff", row).json("handoff")? })
}
