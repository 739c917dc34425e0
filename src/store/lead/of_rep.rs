//! What a rep has promised, found by the indexes of what is open.

use super::{NEXT_STEP, next_step};
use crate::store::sql::row::{Reading, micros};
use crate::store::{StoreError, Tx};
use baton_core::domain::id::{LeadId, RepId};
use baton_core::domain::outcome::NextStep;
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;

/// A meeting that began before is over.
const MEETS_FOR: TimeDelta = TimeDelta::hours(2);
/// Nobody waits any more for a mail that was to be written before.
const MAIL_FOR: TimeDelta = TimeDelta::days(30);

/// A call, a meeting or a mail that a rep owes a lead.
#[derive(Debug, Clone, PartialEq)]
pub struct PromisedStep {
    pub lead: LeadId,
    /// Of the person, as first told; `None` of whom it is not known, or who was erased.
    pub name: Option<String>,
    pub step: NextStep,
}

impl Tx {
    /// At most so many of each kind, those due first.
    pub async fn promised_by(
        &mut self,
        rep: &RepId,
        limit: usize,
        now: DateTime<Utc>,
    ) -> Result<Vec<PromisedStep>, StoreError> {
        let mut promised = Vec::new();
        for (kind, since) in
            [("callback", DateTime::UNIX_EPOCH), ("meeting", now - MEETS_FOR), ("mail", now - MAIL_FOR)]
        {
            let sql = format!(
                "-- of_rep::promised\nSELECT id, name, {NEXT_STEP} FROM lead \
                 WHERE next_step = '{kind}' AND next_owner = $1 AND next_at > $2 ORDER BY next_at LIMIT $3"
            );
            let query = sqlx::query(AssertSqlSafe(sql)).bind(rep.as_str()).bind(micros(since)).bind(limit as i64);
            for row in &query.fetch_all(self.conn()).await? {
                promised.push(read(row)?);
            }
        }
        promised.sort_by_key(|promised: &PromisedStep| promised.step.at);
        Ok(promised)
    }
}

fn read(row: &AnyRow) -> Result<PromisedStep, StoreError> {
    let row = Reading::new("lead", row);
    Ok(PromisedStep { lead: row.id("id")?, name: row.maybe_text("name")?, step: next_step(&row)? })
}
