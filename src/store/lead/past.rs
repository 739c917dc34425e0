//! Leads as they came and what was known then, to be decided once more.

use crate::store::sql::row::{Reading, micros};
use crate::store::{StoreError, Tx};
use baton_core::domain::lead::Lead;
use baton_core::routing::Snapshot;
use chrono::{DateTime, Utc};

/// A decided lead with everything that went into its decision but the rules.
#[derive(Debug, Clone, PartialEq)]
pub struct PastLead {
    pub lead: Lead,
    pub snapshot: Snapshot,
    pub decided_at: DateTime<Utc>,
}

impl Tx {
    /// The next `limit` leads by the instant of their decision and by id, as far as what they were decided on is kept, and but those
    /// that were erased. `after` is both of the last one of the page before,
    /// so that leads of one instant are neither left out nor given twice; with an empty id it is where to begin.
    pub async fn past_leads(
        &mut self,
        after: &(DateTime<Utc>, String),
        limit: usize,
    ) -> Result<Vec<PastLead>, StoreError> {
        let sql = "-- past::leads\nSELECT l.id, l.body, l.decided_at, d.snapshot FROM decision d JOIN lead l ON l.id = d.lead_id \
                   WHERE d.erased_at IS NULL AND l.decided_at >= $1 AND (l.decided_at > $1 OR l.id > $2) AND octet_length(d.snapshot) > 0 \
                   ORDER BY l.decided_at, l.id LIMIT $3";
        let query = sqlx::query(sql).bind(micros(after.0)).bind(after.1.as_str()).bind(limit as i64);
        let rows = query.fetch_all(self.conn()).await?;
        let read = |row| {
            let reading = Reading::new("lead", row);
            Ok(PastLead {
                lead: reading.json("body")?,
                snapshot: reading.json("snapshot")?,
                decided_at: reading.at("decided_at")?,
            })
        };
        rows.iter().map(read).collect()
    }
}
