//! Decisions and moves read back for what they say of reps.

use crate::store::handoff::GIVEN_TO;
use crate::store::sql::row::{Reading, micros};
use crate::store::{StoreError, Tx};
use baton_core::domain::id::RepId;
use baton_core::routing::{Decision, versions};
use chrono::{DateTime, Utc};
use serde_json::Value;
use std::collections::BTreeMap;

/// Decisions held in memory at once: each is some kilobytes.
const PAGE: i64 = 200;

impl Tx {
    /// How often each rep was given a lead since then that another had, or that had waited: [`Tx::decisions_since`] shows whom
    /// leads were given to at first.
    pub async fn given_since(&mut self, since: DateTime<Utc>) -> Result<BTreeMap<RepId, u32>, StoreError> {
        let sql = "-- timeline::given\nSELECT lead_id, body FROM timeline WHERE at >= $1 \
                   AND kind IN ('found', 'joined', 'reassigned') ORDER BY at";
        let rows = sqlx::query(sql).bind(micros(since)).fetch_all(self.conn()).await?;
        let mut given: BTreeMap<RepId, u32> = BTreeMap::new();
        for row in &rows {
            let row = Reading::new("timeline", row);
            let body: Value = row.json("body")?;
            let to = body[GIVEN_TO]
                .as_str()
                .map(|rep| RepId::new(rep).map_err(|fault| row.fault("body", format!("{GIVEN_TO} {rep:?}: {fault}"))));
            if let Some(rep) = to.transpose()? {
                *given.entry(rep).or_default() += 1;
            }
        }
        Ok(given)
    }

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
                show(&row.json_of_any_version("body", versions::read)?);
                after = row.text("lead_id")?;
            }
            if (rows.len() as i64) < PAGE {
                return Ok(());
            }
        }
    }
}
