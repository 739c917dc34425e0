//! Numbers that texts are sent to: which step wrote to one, so that nobody is written to twice within a day.

use crate::store::sql::row::{Reading, micros};
use crate::store::{StoreError, Tx};
use baton_core::domain::phone::PhoneE164;
use chrono::{DateTime, TimeDelta, Utc};

/// Nobody is written to again within this.
const A_DAY: TimeDelta = TimeDelta::hours(24);

impl Tx {
    /// Takes it upon a step to write to this number. `false`: another one did within a day.
    pub async fn text_claim(
        &mut self,
        phone: &PhoneE164,
        effect_key: &str,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let sql = "-- texted::claim\nINSERT INTO text_sent (phone, effect_key, asked_at) VALUES ($1, $2, $3) \
                   ON CONFLICT (phone) DO UPDATE SET effect_key = excluded.effect_key, asked_at = excluded.asked_at \
                   WHERE text_sent.asked_at <= $4 OR text_sent.effect_key = excluded.effect_key";
        let query = sqlx::query(sql).bind(phone.as_str()).bind(effect_key).bind(micros(now));
        let claimed = query.bind(micros(now - A_DAY)).execute(self.conn()).await?;
        Ok(claimed.rows_affected() == 1)
    }

    /// The number that a step has taken upon itself; `None`: it has written to nobody.
    pub async fn text_claimed(&mut self, effect_key: &str) -> Result<Option<PhoneE164>, StoreError> {
        let sql = "-- texted::claimed\nSELECT phone FROM text_sent WHERE effect_key = $1";
        let row = sqlx::query(sql).bind(effect_key).fetch_optional(self.conn()).await?;
        row.map(|row| Reading::new("text_sent", &row).id("phone")).transpose()
    }

    pub async fn texts_forget(&mut self, now: DateTime<Utc>) -> Result<(), StoreError> {
        let sql = "-- texted::forget\nDELETE FROM text_sent WHERE asked_at <= $1";
        sqlx::query(sql).bind(micros(now - A_DAY)).execute(self.conn()).await?;
        Ok(())
    }
}
