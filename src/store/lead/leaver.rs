//! Leads of a rep who has left: what is open of theirs, and what was handed over, for as long as it can be told.

use super::waiting::owed;
use super::{NEXT_STEP, kind_name, next_step};
use crate::store::sql::row::{Reading, micros};
use crate::store::{StoreError, Tx};
use baton_core::domain::id::{LeadId, RepId};
use baton_core::domain::outcome::NextStep;
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;

/// Longer than it can be given back, so that whoever comes too late is told so.
const KEPT: TimeDelta = TimeDelta::days(7);

/// A lead that was handed over because its rep had left.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct HandedOver {
    pub lead: LeadId,
    /// Who has it since.
    pub owner: RepId,
    pub at: DateTime<Utc>,
    /// As it was then, to the microsecond.
    pub next_step: NextStep,
}

impl Tx {
    /// Everything open that a rep has: leads of theirs that are open or wait, and what they owe a call, a mail, a meeting to come
    /// or a look; the most urgent first.
    pub async fn leads_of_leaver(
        &mut self,
        rep: &RepId,
        now: DateTime<Utc>,
        limit: usize,
    ) -> Result<Vec<LeadId>, StoreError> {
        let sql = format!(
            "-- leaver::open\nSELECT l.id FROM lead l JOIN handoff h ON h.lead_id = l.id \
             WHERE l.erased_at IS NULL AND l.status <> 'shadow' \
             AND ((l.owner = $1 AND (h.open_since IS NOT NULL OR h.waits_since IS NOT NULL)) \
             OR (l.next_owner = $1 AND {})) ORDER BY l.next_at, l.id LIMIT $3",
            owed("$2")
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(rep.as_str()).bind(micros(now)).bind(limit as i64);
        query.fetch_all(self.conn()).await?.iter().map(|row| Reading::new("lead", row).id("id")).collect()
    }

    /// Notes that a lead was handed over because this rep had left.
    pub async fn handed_over_note(&mut self, rep: &RepId, over: &HandedOver) -> Result<(), StoreError> {
        let sql = "-- leaver::note\nINSERT INTO leaver_move (lead_id, rep, owner, at, next_step, next_owner, next_at) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (lead_id, rep) DO UPDATE SET owner = excluded.owner, \
                   at = excluded.at, next_step = excluded.next_step, next_owner = excluded.next_owner, \
                   next_at = excluded.next_at";
        let next = &over.next_step;
        let query = sqlx::query(sql).bind(over.lead.as_str()).bind(rep.as_str()).bind(over.owner.as_str());
        let query = query.bind(micros(over.at)).bind(kind_name(next.what)).bind(next.owner.as_str());
        query.bind(micros(next.at)).execute(self.conn()).await?;
        Ok(())
    }

    /// What was handed over of this rep's and not given back, the oldest first.
    pub async fn handed_over(&mut self, rep: &RepId, limit: usize) -> Result<Vec<HandedOver>, StoreError> {
        let sql = format!(
            "-- leaver::handed_over\nSELECT lead_id, owner, at, {NEXT_STEP} FROM leaver_move WHERE rep = $1 \
             ORDER BY at, lead_id LIMIT $2"
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(rep.as_str()).bind(limit as i64);
        query.fetch_all(self.conn()).await?.iter().map(read).collect()
    }

    /// It is given back, and cannot be once more. `false`: it was before.
    pub async fn handed_over_ends(&mut self, rep: &RepId, lead: &LeadId) -> Result<bool, StoreError> {
        let sql = "-- leaver::ends\nDELETE FROM leaver_move WHERE lead_id = $1 AND rep = $2";
        let query = sqlx::query(sql).bind(lead.as_str()).bind(rep.as_str());
        Ok(query.execute(self.conn()).await?.rows_affected() == 1)
    }

    /// What was handed over a week ago.
    pub async fn handed_over_forget(&mut self, now: DateTime<Utc>) -> Result<(), StoreError> {
        let sql = "-- leaver::forget\nDELETE FROM leaver_move WHERE at < $1";
        sqlx::query(sql).bind(micros(now - KEPT)).execute(self.conn()).await?;
        Ok(())
    }
}

fn read(row: &AnyRow) -> Result<HandedOver, StoreError> {
    let row = Reading::new("leaver_move", row);
    Ok(HandedOver { lead: row.id("lead_id")?, owner: row.id("owner")?, at: row.at("at")?, next_step: next_step(&row)? })
}
