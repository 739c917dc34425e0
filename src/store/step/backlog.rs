//! How much there is to do, and what has failed for good.

use crate::store::sql::row::{Reading, micros};
use crate::store::{StoreError, Tx};
use baton_core::domain::id::LeadId;
use chrono::{DateTime, Utc};
use sqlx::any::AnyRow;

/// How much there is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct StepStats {
    /// Steps whose time has come and that nobody holds.
    pub due: i64,
    /// Since when the oldest of them could run.
    pub oldest_due_at: Option<DateTime<Utc>>,
    /// Steps that somebody holds, or held until a lease ended.
    pub leased: i64,
    /// Those of them whose lease has ended.
    pub lapsed: i64,
}

/// A step that has failed for good: somebody should look.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct StepProblem {
    pub effect_key: String,
    pub lead_id: LeadId,
    pub kind: String,
    pub error: String,
    pub at: DateTime<Utc>,
}

impl Tx {
    /// Steps that have failed for good, newest first.
    pub async fn steps_failed(&mut self, limit: usize) -> Result<Vec<StepProblem>, StoreError> {
        let sql = "-- step::failed\nSELECT effect_key, lead_id, kind, last_error, ended_at FROM step WHERE state = 'failed' \
                   ORDER BY ended_at DESC LIMIT $1";
        let rows = sqlx::query(sql).bind(limit as i64).fetch_all(self.conn()).await?;
        let read = |row: &AnyRow| {
            let row = Reading::new("step", row);
            Ok(StepProblem {
                effect_key: row.text("effect_key")?,
                lead_id: row.id("lead_id")?,
                kind: row.text("kind")?,
                error: row.maybe_text("last_error")?.unwrap_or_default(),
                at: row.at("ended_at")?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// How much there is to do at this moment: nothing is due or leased when all is done that could be.
    pub async fn step_stats(&mut self, now: DateTime<Utc>) -> Result<StepStats, StoreError> {
        let sql = "-- step::stats_due\nSELECT '' AS key, COUNT(*) AS due, MIN(run_at) AS oldest FROM step \
                   WHERE state = 'due' AND run_at <= $1";
        let due = sqlx::query(sql).bind(micros(now)).fetch_one(self.conn()).await?;
        let sql = "-- step::stats_leased\nSELECT '' AS key, COUNT(*) AS leased, \
                   COUNT(CASE WHEN lease_until <= $1 THEN 1 END) AS lapsed FROM step WHERE state = 'leased'";
        let leased = sqlx::query(sql).bind(micros(now)).fetch_one(self.conn()).await?;
        let (due, leased) = (Reading::new("step", &due), Reading::new("step", &leased));
        Ok(StepStats {
            due: due.int("due")?,
            oldest_due_at: due.maybe_at("oldest")?,
            leased: leased.int("leased")?,
            lapsed: leased.int("lapsed")?,
        })
    }
}
