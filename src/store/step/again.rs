//! Steps that have failed for good, in a person's hands: tried again, or closed.

use crate::store::sql::row::{Reading, micros, texts_json};
use crate::store::{StoreError, Tx};
use baton_core::domain::effect::Effect;
use baton_core::domain::id::LeadId;
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;

/// How long a step may take that a person has tried again.
const TRIED_WITHIN: TimeDelta = TimeDelta::hours(24);

/// A step that has failed for good, with what it was to do.
#[derive(Debug, Clone, PartialEq)]
pub struct FailedStep {
    pub effect_key: String,
    pub lead_id: LeadId,
    pub effect: Effect,
    /// A request has left, and its answer was lost.
    pub may_be_done: bool,
}

impl Tx {
    /// Those of a lead, or the one of this key, in the order of their keys; held until the transaction ends.
    pub async fn steps_failed_of(&mut self, key: &str) -> Result<Vec<FailedStep>, StoreError> {
        let sql = format!(
            "-- again::failed_of\nSELECT effect_key, lead_id, payload, sent_at FROM step \
             WHERE state = 'failed' AND (lead_id = $1 OR effect_key = $1) ORDER BY effect_key {}",
            self.engine.for_update()
        );
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(key).fetch_all(self.conn()).await?;
        let read = |row: &AnyRow| {
            let row = Reading::new("step", row);
            let may_be_done = row.maybe_int("sent_at")?.is_some();
            let effect = row.json("payload")?;
            Ok(FailedStep { effect_key: row.text("effect_key")?, lead_id: row.id("lead_id")?, effect, may_be_done })
        };
        rows.iter().map(read).collect()
    }

    /// Steps that have failed are due once more, as if they had never been tried; what stands at the vendor under their keys is
    /// looked for as after any lost answer.
    pub async fn steps_again(&mut self, keys: &[&str], now: DateTime<Utc>) -> Result<(), StoreError> {
        let sql = format!(
            "-- again::due\nUPDATE step SET state = 'due', run_at = $2, deadline_at = $3, attempts = 0, ended_at = NULL \
             WHERE state = 'failed' AND effect_key IN {}",
            self.engine.texts()
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(texts_json(keys)).bind(micros(now));
        query.bind(micros(now + TRIED_WITHIN)).execute(self.conn()).await?;
        Ok(())
    }

    /// Steps that have failed are on no list any more; what is known of them stays.
    pub async fn steps_close(&mut self, keys: &[&str]) -> Result<(), StoreError> {
        let sql = format!(
            "-- again::close\nUPDATE step SET state = 'closed' WHERE state = 'failed' AND effect_key IN {}",
            self.engine.texts()
        );
        sqlx::query(AssertSqlSafe(sql)).bind(texts_json(keys)).execute(self.conn()).await?;
        Ok(())
    }
}
