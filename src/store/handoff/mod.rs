//! The state of each handoff; beside it, what moves it, and the times that it is booking.

mod promised;
mod slot;
mod transition;

pub use promised::Promised;
pub(super) use transition::{GIVEN_TO, lead_ended, wait_ended};
pub use transition::{Move, Moved, Mover, local_day, new_steps};

use super::sql::dialect::Column::Int;
use super::sql::row::{Bulk, Reading, Rows, columns, micros, texts_json};
use super::{StoreError, Tx};
use baton_core::domain::id::{HandoffId, LeadId, PoolId};
use baton_core::handoff::{Handoff, Stage};
use baton_core::routing::waits::RecentWaits;
use chrono::{DateTime, Utc};
use sqlx::AssertSqlSafe;
use std::collections::BTreeMap;
use std::time::Duration;

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
        Int live: i64,
        Int joined_at: Option<i64>,
        Int waited_ms: Option<i64>,
    } with body
}

/// A state that takes the place of the one that was read at a revision.
#[derive(serde::Serialize)]
struct SavedColumns<'a> {
    #[serde(flatten)]
    next: HandoffColumns<'a>,
    was: u32,
}

impl<'a> HandoffColumns<'a> {
    fn of(handoff: &'a Handoff) -> Self {
        let (waiting, put_through) = (waiting(handoff), handoff.put_through());
        Self {
            id: &handoff.id,
            lead_id: &handoff.lead_id,
            revision: handoff.revision,
            stage: stage_name(&handoff.stage),
            rung: handoff.legs.len(),
            waits_in: waiting.map(|(pool, _)| pool),
            waits_since: waiting.map(|(_, since)| since),
            open_since: open_since(handoff),
            live: i64::from(handoff.live),
            joined_at: put_through.map(|(at, _)| micros(at)),
            waited_ms: put_through.and_then(|(_, waited)| i64::try_from(waited.as_millis()).ok()),
        }
    }
}

const ONE: &str = "id, body FROM handoff WHERE id = $1";

impl Tx {
    pub(super) fn handoffs_to_insert<'h>(
        &self,
        handoffs: impl Iterator<Item = &'h Handoff>,
    ) -> Result<Bulk, StoreError> {
        let mut rows = Rows::sized(handoffs.size_hint().0, 2_000);
        for handoff in handoffs {
            rows.row(&HandoffColumns::of(handoff))?.document("body", handoff)?;
        }
        let sql = self.engine.insert_text("handoff::insert", "handoff", HandoffColumns::ALL, "");
        rows.bulk(sql)
    }

    /// Reads handoffs and holds them until the transaction ends, in the order of their ids; unknown ones are left out.
    pub(super) async fn handoffs_lock(
        &mut self,
        ids: &[&HandoffId],
    ) -> Result<BTreeMap<HandoffId, Handoff>, StoreError> {
        let sql = format!(
            "-- handoff::lock_all\nSELECT id, body FROM handoff WHERE id IN {} ORDER BY id {}",
            self.engine.texts(),
            self.engine.for_update()
        );
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(texts_json(ids)).fetch_all(self.conn()).await?;
        rows.iter().map(|row| Reading::new("handoff", row)).map(|row| Ok((row.id("id")?, row.json("body")?))).collect()
    }

    /// Reads a handoff and holds it until the transaction ends.
    pub async fn handoff_lock(&mut self, id: &HandoffId) -> Result<Handoff, StoreError> {
        let sql = format!("-- handoff::lock\nSELECT {ONE} {}", self.engine.for_update());
        self.one_handoff(sql, id).await
    }

    pub async fn handoff(&mut self, id: &HandoffId) -> Result<Handoff, StoreError> {
        self.one_handoff(format!("-- handoff::by_id\nSELECT {ONE}"), id).await
    }

    /// `None`: the lead has none.
    pub async fn handoff_if_any(&mut self, id: &HandoffId) -> Result<Option<Handoff>, StoreError> {
        let sql = format!("-- handoff::if_any\nSELECT {ONE}");
        let row = sqlx::query(AssertSqlSafe(sql)).bind(id.as_str()).fetch_optional(self.conn()).await?;
        row.map(|row| Reading::new("handoff", &row).json("body")).transpose()
    }

    async fn one_handoff(&mut self, sql: String, id: &HandoffId) -> Result<Handoff, StoreError> {
        let row = sqlx::query(AssertSqlSafe(sql)).bind(id.as_str()).fetch_optional(self.conn()).await?;
        let row = row.ok_or_else(|| StoreError::NotFound { what: "handoff", id: id.to_string() })?;
        Reading::new("handoff", &row).json("body")
    }

    /// The next states, each with the revision at which it was read, and the leads' views with them.
    pub(in crate::store) fn handoffs_to_save(&self, handoffs: &[(&Handoff, u32)]) -> Result<Vec<Bulk>, StoreError> {
        if handoffs.is_empty() {
            return Ok(Vec::new());
        }
        let mut rows = Rows::sized(handoffs.len(), 2_000);
        for (handoff, read_at_revision) in handoffs {
            let columns = SavedColumns { next: HandoffColumns::of(handoff), was: *read_at_revision };
            rows.row(&columns)?.document("body", handoff)?;
        }
        let columns = [HandoffColumns::ALL, &[Int("was")]].concat();
        let sql = format!(
            "-- handoff::save\nUPDATE handoff SET revision = r.revision, stage = r.stage, rung = r.rung, body = r.body, \
             waits_in = r.waits_in, waits_since = r.waits_since, open_since = r.open_since, live = r.live, \
             joined_at = r.joined_at, waited_ms = r.waited_ms FROM {} \
             WHERE handoff.id = r.id AND handoff.revision = r.was",
            self.engine.rows(&columns)
        );
        let ids: Vec<&str> = handoffs.iter().map(|(handoff, _)| handoff.id.as_str()).collect();
        let moved_on = StoreError::Conflict { what: "handoff", id: ids.join(" or ") };
        let saved = rows.bulk(sql)?.must_change(handoffs.len(), moved_on);
        Ok(vec![saved, self.lead_views(handoffs)?])
    }

    /// How many have not come to their end: whoever is behind them waits, or is owed something.
    pub async fn handoffs_owed(&mut self) -> Result<u64, StoreError> {
        let sql = "-- handoff::owed\nSELECT '' AS key, COUNT(*) AS owed FROM handoff WHERE stage <> 'done'";
        let row = sqlx::query(sql).fetch_one(self.conn()).await?;
        Reading::new("handoff", &row).number("owed")
    }

    /// How long the callers who were put through last had waited.
    pub async fn waits_lately(&mut self) -> Result<RecentWaits, StoreError> {
        let sql = "-- handoff::waits\nSELECT d.pool, h.waited_ms FROM handoff h JOIN decision d ON d.lead_id = h.lead_id \
                   WHERE h.joined_at IS NOT NULL ORDER BY h.joined_at DESC LIMIT $1";
        let rows = sqlx::query(sql).bind(RecentWaits::LOOKED_BACK as i64).fetch_all(self.conn()).await?;
        let waited = rows.iter().map(|row| Reading::new("handoff", row)).map(|row| {
            let waited = Duration::from_millis(row.number("waited_ms")?);
            Ok((row.id("pool")?, waited))
        });
        waited.collect::<Result<_, StoreError>>().map(RecentWaits)
    }

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
