//! Legs at a carrier that gives its calls names of its own: what a leg was asked for as, and which call it rings as.

use crate::store::sql::row::{Reading, micros};
use crate::store::{StoreError, Tx};
use baton_core::domain::id::LegId;
use chrono::{DateTime, TimeDelta, Utc};

/// No call lasts as long.
const KEPT_FOR: TimeDelta = TimeDelta::hours(12);

/// A rep's leg as it was asked for.
#[derive(Clone, PartialEq, Eq)]
pub struct CarrierLeg {
    /// The carrier's name of the caller's leg; where they have not come yet, this leg itself. It names the room of the two.
    pub call: String,
    pub phone: String,
    pub asked_at: DateTime<Utc>,
    /// The carrier's name of this leg; `None`: it has not said so yet.
    pub sid: Option<String>,
    /// Who picked up, as the carrier guesses.
    pub hint: Option<String>,
}

impl Tx {
    /// Before the carrier is asked for it. A leg that was asked for before stays as it was.
    pub async fn carrier_leg_ask(
        &mut self,
        leg: &LegId,
        call: &str,
        phone: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let sql = "-- carried::ask\nINSERT INTO carrier_leg (leg, call_id, phone, asked_at) VALUES ($1, $2, $3, $4) \
                   ON CONFLICT (leg) DO NOTHING";
        let query = sqlx::query(sql).bind(leg.as_str()).bind(call).bind(phone).bind(micros(now));
        query.execute(self.conn()).await?;
        Ok(())
    }

    /// The first name that the carrier gives a leg counts.
    pub async fn carrier_leg_name(&mut self, leg: &LegId, sid: &str) -> Result<(), StoreError> {
        let sql = "-- carried::name\nUPDATE carrier_leg SET sid = $2 WHERE leg = $1 AND sid IS NULL";
        sqlx::query(sql).bind(leg.as_str()).bind(sid).execute(self.conn()).await?;
        Ok(())
    }

    pub async fn carrier_leg_hint(&mut self, leg: &LegId, hint: &str) -> Result<(), StoreError> {
        let sql = "-- carried::hint\nUPDATE carrier_leg SET hint = $2 WHERE leg = $1";
        sqlx::query(sql).bind(leg.as_str()).bind(hint).execute(self.conn()).await?;
        Ok(())
    }

    /// `None`: nobody was asked for it.
    pub async fn carrier_leg(&mut self, leg: &LegId) -> Result<Option<CarrierLeg>, StoreError> {
        let sql = "-- carried::leg\nSELECT leg, call_id, phone, asked_at, sid, hint FROM carrier_leg WHERE leg = $1";
        let row = sqlx::query(sql).bind(leg.as_str()).fetch_optional(self.conn()).await?;
        let Some(row) = row else { return Ok(None) };
        let row = Reading::new("carrier_leg", &row);
        Ok(Some(CarrierLeg {
            call: row.text("call_id")?,
            phone: row.text("phone")?,
            asked_at: row.at("asked_at")?,
            sid: row.maybe_text("sid")?,
            hint: row.maybe_text("hint")?,
        }))
    }

    /// The leg that the carrier calls so.
    pub async fn carrier_leg_named(&mut self, sid: &str) -> Result<Option<LegId>, StoreError> {
        let sql = "-- carried::named\nSELECT leg FROM carrier_leg WHERE sid = $1";
        let row = sqlx::query(sql).bind(sid).fetch_optional(self.conn()).await?;
        row.map(|row| Reading::new("carrier_leg", &row).id("leg")).transpose()
    }

    pub async fn carrier_legs_forget(&mut self, now: DateTime<Utc>) -> Result<(), StoreError> {
        let sql = "-- carried::forget\nDELETE FROM carrier_leg WHERE asked_at < $1";
        sqlx::query(sql).bind(micros(now - KEPT_FOR)).execute(self.conn()).await?;
        Ok(())
    }
}
