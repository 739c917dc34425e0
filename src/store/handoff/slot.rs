//! Times of reps that leads are booking: between the choice and the entry in the calendar they are one lead's alone.

use crate::store::sql::row::{Reading, micros};
use crate::store::{StoreError, Tx};
use baton_core::domain::id::{HandoffId, RepId};
use baton_core::domain::outcome::Slot;
use baton_core::domain::rep::{Busy, BusyKind};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::any::AnyRow;

/// How long a claim stands: longer than a booking whose answer was lost is still being settled. By then the calendar tells.
const CLAIM_FOR: TimeDelta = TimeDelta::hours(2);

impl Tx {
    /// Claims a time of a rep (locked before). `false`: another lead is booking a time that meets it.
    pub async fn slot_claim(
        &mut self,
        slot: &Slot,
        handoff: &HandoffId,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let sql = "-- slot::forget\nDELETE FROM slot_claim WHERE rep = $1 AND claimed_until <= $2";
        sqlx::query(sql).bind(slot.rep.as_str()).bind(micros(now)).execute(self.conn()).await?;
        let sql = "-- slot::claim\nINSERT INTO slot_claim (rep, from_at, until_at, handoff_id, claimed_until) \
                   SELECT $1, $2, $3, $4, $5 WHERE NOT EXISTS (SELECT 1 FROM slot_claim WHERE rep = $1 AND from_at < $3 \
                   AND until_at > $2 AND handoff_id <> $4) \
                   ON CONFLICT (rep, from_at, handoff_id) DO UPDATE SET claimed_until = excluded.claimed_until";
        let query = sqlx::query(sql).bind(slot.rep.as_str()).bind(micros(slot.from)).bind(micros(slot.until));
        let query = query.bind(handoff.as_str()).bind(micros(now + CLAIM_FOR));
        Ok(query.execute(self.conn()).await?.rows_affected() == 1)
    }

    /// The calendar says that the time was somebody else's all along.
    pub async fn slot_release(&mut self, slot: &Slot, handoff: &HandoffId) -> Result<(), StoreError> {
        let sql = "-- slot::release\nDELETE FROM slot_claim WHERE rep = $1 AND from_at = $2 AND handoff_id = $3";
        let query = sqlx::query(sql).bind(slot.rep.as_str()).bind(micros(slot.from)).bind(handoff.as_str());
        query.execute(self.conn()).await?;
        Ok(())
    }

    /// Times of a rep that leads are booking, as what they are about to be.
    pub async fn slots_claimed(&mut self, rep: &RepId, now: DateTime<Utc>) -> Result<Vec<Busy>, StoreError> {
        let sql =
            "-- slot::claimed\nSELECT rep, from_at, until_at FROM slot_claim WHERE rep = $1 AND claimed_until > $2";
        let rows = sqlx::query(sql).bind(rep.as_str()).bind(micros(now)).fetch_all(self.conn()).await?;
        rows.iter().map(read).collect()
    }
}

fn read(row: &AnyRow) -> Result<Busy, StoreError> {
    let row = Reading::new("slot_claim", row);
    Ok(Busy { from: row.at("from_at")?, until: row.at("until_at")?, kind: BusyKind::Busy })
}
