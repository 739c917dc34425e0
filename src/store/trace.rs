//! Decisions read back for what they say of reps.

use super::row::{Reading, micros};
use super::{StoreError, Tx};
use crate::routing::Decision;
use chrono::{DateTime, Utc};

/// Decisions held in memory at once: each is some kilobytes.
const PAGE: i64 = 200;

impl Tx {
    /// Shows every decision made since then, a page at a time, in the order of leads.
    pub async fn decisions_since(
        &mut self,
        since: DateTime<Utc>,
        mut show: impl FnMut(&Decision) + Send,
    ) -> Result<(), StoreError> {
        let sql = "-- decision::since\nSELECT lead_id, body FROM decision WHERE decided_at >= $1 AND lead_id > $2 \
                   ORDER BY lead_id LIMIT $3";
        let mut after = String::new();
        loop {
            let query = sqlx::query(sql).bind(micros(since)).bind(after.as_str()).bind(PAGE);
            let rows = query.fetch_all(self.conn()).await?;
            for row in &rows {
                let row = Reading::new("decision", row);
                show(&row.json("body")?);
                after = row.text("lead_id")?;
            }
            if (rows.len() as i64) < PAGE {
                return Ok(());
            }
        }
    }
}
