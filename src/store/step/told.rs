//! What became of each step of a lead, for people.

use crate::store::sql::row::Reading;
use crate::store::{StoreError, Tx};
use baton_core::domain::id::{HandoffId, LeadId};
use chrono::{DateTime, Utc};
use sqlx::any::AnyRow;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepTold {
    pub effect_key: String,
    pub kind: String,
    /// `due`, `leased`, `done`, `failed`, `expired` or `closed`.
    pub state: String,
    pub attempts: u32,
    pub run_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
    /// What its vendor calls what came of it.
    pub vendor_ref: Option<String>,
    /// As the vendor worded it.
    pub error: Option<String>,
}

impl Tx {
    /// In the order in which they were to be done. They are found by their keys, which begin with what tells the handoff from
    /// others and go on with a number: in every collation that is before any letter.
    pub async fn steps_told(&mut self, lead: &LeadId) -> Result<Vec<StepTold>, StoreError> {
        let sql = "-- step::told\nSELECT effect_key, kind, state, attempts, run_at, ended_at, vendor_ref, last_error FROM step \
                   WHERE effect_key >= $1 AND effect_key <= $2 AND lead_id = $3 ORDER BY run_at, effect_key";
        let handoff = HandoffId::of(lead);
        let (from, until) = (handoff.suffix().to_owned(), format!("{}zz", handoff.suffix()));
        let query = sqlx::query(sql).bind(from).bind(until).bind(lead.as_str());
        let rows = query.fetch_all(self.conn()).await?;
        rows.iter().map(read_told).collect()
    }
}

fn read_told(row: &AnyRow) -> Result<StepTold, StoreError> {
    let row = Reading::new("step", row);
    Ok(StepTold {
        effect_key: row.text("effect_key")?,
        kind: row.text("kind")?,
        state: row.text("state")?,
        attempts: row.number("attempts")?,
        run_at: row.at("run_at")?,
        ended_at: row.maybe_at("ended_at")?,
        vendor_ref: row.maybe_text("vendor_ref")?,
        error: row.maybe_text("last_error")?,
    })
}
