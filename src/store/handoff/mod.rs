//! The state of each handoff; beside it, what moves it, and the times that it is booking.

mod slot;
mod transition;

pub(super) use transition::GIVEN_TO;
pub use transition::{Moved, Mover, local_day, new_steps};

use super::sql::row::{Reading, Rows, columns, document, micros};
use super::{StoreError, Tx};
use baton_core::domain::id::{HandoffId, LeadId, PoolId};
use baton_core::handoff::{Handoff, Stage};
use chrono::{DateTime, Utc};
use sqlx::AssertSqlSafe;

columns! {
    struct HandoffColumns<'a> {
        Text id: &'a HandoffId,
        Text lead_id: &'a LeadId,
        Int revision: u32,
        Text stage: &'static str,
        Int rung: usize,
        Text waits_in: Option<&'a PoolId>,
        Int waits_since: Option<i64>,
        Int open_since: Option<i64>,
    } with body
}

const ONE: &str = "id, body FROM handoff WHERE id = $1";

impl Tx {
    pub(super) async fn handoffs_insert(&mut self, handoffs: impl Iterator<Item = &Handoff>) -> Result<(), StoreError> {
        let mut rows = Rows::sized(handoffs.size_hint().0, 2_000);
        for handoff in handoffs {
            let waiting = waiting(handoff);
            let columns = HandoffColumns {
                id: &handoff.id,
                lead_id: &handoff.lead_id,
                revision: handoff.revision,
                stage: stage_name(&handoff.stage),
                rung: handoff.legs.len(),
                waits_in: waiting.map(|(pool, _)| pool),
                waits_since: waiting.map(|(_, since)| since),
                open_since: open_since(handoff),
            };
            rows.row(&columns)?.document("body", handoff)?;
        }
        let sql = self.engine.insert_all("handoff::insert", "handoff", HandoffColumns::ALL, "");
        sqlx::query(sql).bind(rows.finish()?).execute(self.conn()).await?;
        Ok(())
    }

    /// Reads a handoff and holds it until the transaction ends.
    pub async fn handoff_lock(&mut self, id: &HandoffId) -> Result<Handoff, StoreError> {
        let sql = format!("-- handoff::lock\nSELECT {ONE} {}", self.engine.for_update());
        self.one_handoff(sql, id).await
    }

    pub async fn handoff(&mut self, id: &HandoffId) -> Result<Handoff, StoreError> {
        self.one_handoff(format!("-- handoff::by_id\nSELECT {ONE}"), id).await
    }

    async fn one_handoff(&mut self, sql: String, id: &HandoffId) -> Result<Handoff, StoreError> {
        let row = sqlx::query(AssertSqlSafe(sql)).bind(id.as_str()).fetch_optional(self.conn()).await?;
        let row = row.ok_or_else(|| StoreError::NotFound { what: "handoff", id: id.to_string() })?;
        Reading::new("handoff", &row).json("body")
    }

    /// Stores the next state, and the lead's view with it.
    ///
    /// # Errors
    /// `Conflict` if it has moved since it was read.
    pub async fn handoff_save(&mut self, handoff: &Handoff, read_at_revision: u32) -> Result<(), StoreError> {
        let sql = "-- handoff::save\nUPDATE handoff SET revision = $3, stage = $4, rung = $5, body = $6, \
                   waits_in = $7, waits_since = $8, open_since = $9 WHERE id = $1 AND revision = $2";
        let query = sqlx::query(sql).bind(handoff.id.as_str()).bind(i64::from(read_at_revision));
        let query = query.bind(i64::from(handoff.revision)).bind(stage_name(&handoff.stage));
        let query = query.bind(handoff.legs.len() as i64).bind(document(handoff)?);
        let waiting = waiting(handoff);
        let query = query.bind(waiting.map(|(pool, _)| pool.as_str())).bind(waiting.map(|(_, since)| since));
        let query = query.bind(open_since(handoff));
        let changed = query.execute(self.conn()).await?;
        if changed.rows_affected() != 1 {
            return Err(StoreError::Conflict { what: "handoff", id: handoff.id.to_string() });
        }
        self.lead_view(handoff).await
    }
}

impl Tx {
    /// Leads that are open and were decided before this moment, the oldest first.
    pub async fn handoffs_open_since(
        &mut self,
        before: DateTime<Utc>,
        limit: usize,
    ) -> Result<Vec<HandoffId>, StoreError> {
        let sql = "-- handoff::open\nSELECT id FROM handoff WHERE open_since IS NOT NULL AND open_since <= $1 \
                   ORDER BY open_since LIMIT $2";
        let rows = sqlx::query(sql).bind(micros(before)).bind(limit as i64).fetch_all(self.conn()).await?;
        rows.iter().map(|row| Reading::new("handoff", row).id("id")).collect()
    }
}

/// When the lead began to count as open, if it does.
fn open_since(handoff: &Handoff) -> Option<i64> {
    handoff.is_open().then(|| micros(handoff.decided_at))
}

/// The pool in which the lead waits, and since when.
fn waiting(handoff: &Handoff) -> Option<(&PoolId, i64)> {
    let pool = handoff.waits_in.as_ref().filter(|_| handoff.is_waiting())?;
    Some((pool, micros(handoff.decided_at)))
}

fn stage_name(stage: &Stage) -> &'static str {
    match stage {
        Stage::Offered => "offered",
        Stage::Ringing { .. } => "ringing",
        Stage::Briefing { .. } => "briefing",
        Stage::Joining { .. } => "joining",
        Stage::Bridged { .. } => "bridged",
        Stage::Searching { .. } => "searching",
        Stage::Offering { .. } => "offering",
        Stage::Booking { .. } => "booking",
        Stage::Callback { .. } => "callback",
        Stage::Done { .. } => "done",
        Stage::NeedsAttention { .. } => "needs_attention",
    }
}
