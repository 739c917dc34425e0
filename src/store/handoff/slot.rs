//! Times of reps that leads are booking: between the choice and the entry in the calendar they are one lead's alone.

use crate::store::sql::row::{Reading, micros};
use crate::store::{StoreError, Tx};
use baton_core::domain::id::{HandoffId, LeadId, RepId};
use baton_core::domain::outcome::Slot;
use baton_core::domain::rep::{Busy, BusyKind};
use baton_core::domain::rota;
use baton_core::domain::zone::Zone;
use baton_core::handoff::Handoff;
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::any::AnyRow;
use std::collections::BTreeSet;

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

    /// When a rep meets other leads than this one, or is about to, by what was booked here; from the first moment on, until the
    /// second.
    pub async fn meetings_of(
        &mut self,
        rep: &RepId,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
        but: &LeadId,
        now: DateTime<Utc>,
    ) -> Result<BTreeSet<DateTime<Utc>>, StoreError> {
        let sql = "-- slot::meetings\nSELECT next_at AS from_at FROM lead WHERE next_step = 'meeting' AND next_owner = $1 \
                   AND next_at >= $2 AND next_at < $3 AND id <> $4 \
                   UNION SELECT from_at FROM slot_claim WHERE rep = $1 AND from_at >= $2 AND from_at < $3 \
                   AND handoff_id <> $5 AND claimed_until > $6";
        let query = sqlx::query(sql).bind(rep.as_str()).bind(micros(from)).bind(micros(until)).bind(but.as_str());
        let handoff = HandoffId::of(but);
        let rows = query.bind(handoff.as_str()).bind(micros(now)).fetch_all(self.conn()).await?;
        rows.iter().map(|row| Reading::new("lead", row).at("from_at")).collect()
    }

    /// Whether its rep (locked before) has as many meetings on the day of this time, by the clock of `zone`, as this lead's terms
    /// allow.
    pub(super) async fn slot_day_is_full(
        &mut self,
        slot: &Slot,
        handoff: &Handoff,
        zone: Zone,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let Some(at_most) = handoff.terms.booking.at_most else { return Ok(false) };
        // A day on which clocks go back is longer than one.
        let (from, until) = (slot.from - TimeDelta::days(2), slot.from + TimeDelta::days(2));
        let meetings = self.meetings_of(&slot.rep, from, until, &handoff.lead_id, now).await?;
        Ok(rota::day_is_full(&meetings, zone, slot.from, at_most))
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
