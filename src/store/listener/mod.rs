//! Who hears what happens on the lines that we carry ourselves, and which callers a handoff counts as being there.

mod transfer;

pub use transfer::Arrived;

use super::sql::row::{Reading, micros};
use super::{CARRIER, StoreError, Tx};
use baton_core::handoff::Handoff;
use chrono::{DateTime, TimeDelta, Utc};

/// A call that nobody tells the end of is over by then.
const LONGEST_CALL: TimeDelta = TimeDelta::hours(4);

/// A caller on the line, or a lead who is called back.
#[derive(Debug, Clone, PartialEq)]
pub struct CallerOnLine {
    /// The leg at the carrier; of a lead who is called back, that of the rep. `None`: their platform still has them, and reps of ours
    /// are rung for them.
    pub leg: Option<String>,
    /// That it is a leg at our carrier we know by ourselves, and not from their platform.
    pub has_come: bool,
    pub handoff: Handoff,
}

impl Tx {
    /// Takes or keeps the right to hear a carrier until then. `false`: another worker has it.
    pub async fn listener_take(
        &mut self,
        carrier: &str,
        worker: &str,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let sql = "-- listener::take\nINSERT INTO listener (carrier, worker, until) VALUES ($1, $2, $3) \
                   ON CONFLICT (carrier) DO UPDATE SET worker = excluded.worker, until = excluded.until \
                   WHERE listener.worker = excluded.worker OR listener.until <= $4";
        let query = sqlx::query(sql).bind(carrier).bind(worker).bind(micros(until)).bind(micros(now));
        Ok(query.execute(self.conn()).await?.rows_affected() == 1)
    }

    /// Gives it back, so that another need not wait.
    pub async fn listener_leave(&mut self, carrier: &str, worker: &str) -> Result<(), StoreError> {
        let sql = "-- listener::leave\nDELETE FROM listener WHERE carrier = $1 AND worker = $2";
        sqlx::query(sql).bind(carrier).bind(worker).execute(self.conn()).await?;
        Ok(())
    }

    /// Nobody hears any more: the one worker that there was is dead.
    pub(super) async fn listeners_lapse(&mut self, now: DateTime<Utc>) -> Result<(), StoreError> {
        let sql = "-- listener::lapse\nUPDATE listener SET until = $1 WHERE until > $1";
        sqlx::query(sql).bind(micros(now)).execute(self.conn()).await?;
        Ok(())
    }

    /// Whether somebody hears it now.
    pub async fn listener_hears(&mut self, carrier: &str, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let sql = "-- listener::hears\nSELECT worker FROM listener WHERE carrier = $1 AND until > $2";
        let row = sqlx::query(sql).bind(carrier).bind(micros(now)).fetch_optional(self.conn()).await?;
        Ok(row.is_some())
    }

    /// Callers with a leg, or with a rep of ours who waits for them, of whom it is not known that they have left; and calls to leads
    /// of whom the same holds.
    pub async fn callers_on_line(&mut self, now: DateTime<Utc>) -> Result<Vec<CallerOnLine>, StoreError> {
        let sql = "-- listener::callers\nSELECT h.id, l.call_leg, l.call_platform, h.body, \
                   (SELECT COUNT(*) FROM transfer t WHERE t.handoff_id = h.id) AS rings, \
                   (SELECT COUNT(*) FROM transfer t WHERE t.handoff_id IN (h.id, '') AND t.channel = l.call_leg) AS arrivals \
                   FROM handoff h JOIN lead l ON l.id = h.lead_id WHERE h.live = 1 AND l.decided_at > $1 \
                   AND (l.call_leg IS NOT NULL OR EXISTS (SELECT 1 FROM transfer t WHERE t.handoff_id = h.id))";
        let rows = sqlx::query(sql).bind(micros(now - LONGEST_CALL)).fetch_all(self.conn()).await?;
        let read = |row| {
            let row = Reading::new("handoff", row);
            let is_ours = row.maybe_text("call_platform")?.is_some_and(|platform| platform == CARRIER);
            let has_come = is_ours || row.int("arrivals")? > 0;
            let is_away = row.int("rings")? > 0 && !has_come;
            let leg = row.maybe_text("call_leg")?.filter(|_| !is_away);
            Ok(CallerOnLine { leg, has_come, handoff: row.json("body")? })
        };
        let callers: Result<Vec<_>, StoreError> = rows.iter().map(read).collect();
        Ok([callers?, self.called_back(now).await?].concat())
    }

    /// Legs at the carrier of callers whom nobody of ours took at the front door, and for whom it has not asked for the agent. The
    /// agent's leg is the handoff's of the ordinal 0: rings are counted from 1.
    pub async fn callers_left_to_agent(&mut self, now: DateTime<Utc>) -> Result<Vec<String>, StoreError> {
        let sql = "-- listener::left_to_agent\nSELECT l.call_leg FROM lead l JOIN handoff h ON h.lead_id = l.id \
                   WHERE l.status = 'left_to_agent' AND l.decided_at > $1 AND h.live = 1 AND l.call_leg IS NOT NULL \
                   AND NOT EXISTS (SELECT 1 FROM carrier_leg c WHERE c.leg = 'leg_' || SUBSTR(h.id, 5) || '.0')";
        let rows = sqlx::query(sql).bind(micros(now - LONGEST_CALL)).fetch_all(self.conn()).await?;
        rows.iter().map(|row| Reading::new("lead", row).text("call_leg")).collect()
    }

    /// Whoever calls back is held for it: there are no more of them than reps.
    async fn called_back(&mut self, now: DateTime<Utc>) -> Result<Vec<CallerOnLine>, StoreError> {
        let sql = "-- listener::called_back\nSELECT h.body FROM rep_state r JOIN handoff h ON h.id = r.reserved_by \
                   WHERE r.reserved_until > $1";
        let rows = sqlx::query(sql).bind(micros(now)).fetch_all(self.conn()).await?;
        let handoffs: Result<Vec<Handoff>, StoreError> =
            rows.iter().map(|row| Reading::new("handoff", row).json("body")).collect();
        let calls = |handoff: Handoff| {
            Some(CallerOnLine { leg: Some(handoff.calling.as_ref()?.to_string()), has_come: true, handoff })
        };
        Ok(handoffs?.into_iter().filter_map(calls).collect())
    }
}
