//! What changes about a rep from minute to minute: presence, reservation, load.

mod state;

pub use state::RepState;

use super::sql::dialect::Column::{self, Int, Text};
use super::sql::dialect::{names, replacing};
use super::sql::row::{Bulk, Reading, micros, rows_json, texts_json};
use super::{StoreError, Tx};
use baton_core::domain::id::{HandoffId, RepId};
use baton_core::domain::rep::Presence;
use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;
use std::collections::{BTreeMap, BTreeSet};

pub(super) const COLUMNS: [Column; 12] = [
    Text("rep"),
    Text("presence"),
    Int("away_until"),
    Text("reserved_by"),
    Int("reserved_until"),
    Text("taken_on"),
    Int("taken_today"),
    Text("taken_week"),
    Int("taken_this_week"),
    Int("open_leads"),
    Int("missed_rings"),
    Int("quiet_until"),
];

impl Tx {
    /// These reps, locked in order until the transaction ends; one of whom nothing was stored begins at rest.
    pub async fn reps_lock(&mut self, reps: &BTreeSet<RepId>) -> Result<BTreeMap<RepId, RepState>, StoreError> {
        let names: Vec<&RepId> = reps.iter().collect();
        let rows = self.reps_select(&names).await?;
        if rows.len() == names.len() {
            return Ok(rows);
        }
        // Made first and locked then: a row that is not there cannot be held against another worker.
        let new = names.iter().map(|rep| json!({ "rep": rep, "presence": "unset", "taken_today": 0, "open_leads": 0 }));
        let columns = [Text("rep"), Text("presence"), Int("taken_today"), Int("open_leads")];
        let sql = self.engine.insert_all("rep::begin", "rep_state", &columns, "ON CONFLICT (rep) DO NOTHING");
        sqlx::query(sql).bind(rows_json(new)?).execute(self.conn()).await?;
        self.reps_select(&names).await
    }

    /// Every rep of whom something is stored, as they stand; locks nothing.
    pub async fn reps_read(&mut self) -> Result<BTreeMap<RepId, RepState>, StoreError> {
        let sql = format!("-- rep::all\nSELECT {} FROM rep_state ORDER BY rep", names(&COLUMNS));
        let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(self.conn()).await?;
        rows.iter().map(|row| read(row).map(|state| (state.rep.clone(), state))).collect()
    }

    async fn reps_select(&mut self, reps: &[&RepId]) -> Result<BTreeMap<RepId, RepState>, StoreError> {
        let sql = format!(
            "-- rep::lock\nSELECT {} FROM rep_state WHERE rep IN {} ORDER BY rep {}",
            names(&COLUMNS),
            self.engine.texts(),
            self.engine.for_update()
        );
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(texts_json(reps)).fetch_all(self.conn()).await?;
        rows.iter().map(|row| read(row).map(|state| (state.rep.clone(), state))).collect()
    }

    /// These states whole; they were read under [`Tx::reps_lock`].
    pub(super) fn reps_to_save(&self, states: &[RepState]) -> Result<Option<Bulk>, StoreError> {
        if states.is_empty() {
            return Ok(None);
        }
        let rows = states.iter().map(|state| {
            json!({
                "rep": state.rep,
                "presence": presence_name(state.presence),
                "away_until": state.away_until.map(micros),
                "reserved_by": state.reserved.as_ref().map(|(by, _)| by),
                "reserved_until": state.reserved.as_ref().map(|(_, until)| micros(*until)),
                "taken_on": state.taken.0,
                "taken_today": state.taken.1,
                "taken_week": state.taken_week.0,
                "taken_this_week": state.taken_week.1,
                "open_leads": state.open_leads,
                "missed_rings": state.missed_rings,
                "quiet_until": state.quiet_until.map(micros),
            })
        });
        let sql = self.engine.insert_text("rep::save", "rep_state", &COLUMNS, &replacing("rep", &COLUMNS));
        Ok(Some(Bulk::new(sql, rows_json(rows)?)))
    }

    /// Until when this rep's phone is left alone, if it is.
    pub async fn rep_quiet_until(&mut self, rep: &RepId) -> Result<Option<DateTime<Utc>>, StoreError> {
        let sql = "-- rep::quiet_until\nSELECT quiet_until FROM rep_state WHERE rep = $1";
        let row = sqlx::query(sql).bind(rep.as_str()).fetch_optional(self.conn()).await?;
        row.map_or(Ok(None), |row| Reading::new("rep_state", &row).maybe_at("quiet_until"))
    }

    /// Whoever says how they are is there: rings that were missed count no more.
    /// `until`: of whoever is away, if they say until when.
    pub async fn rep_presence(
        &mut self,
        rep: &RepId,
        presence: Presence,
        until: Option<DateTime<Utc>>,
    ) -> Result<(), StoreError> {
        self.reps_lock(&BTreeSet::from([rep.clone()])).await?;
        let sql = "-- rep::presence\nUPDATE rep_state SET presence = $2, away_until = $3, missed_rings = 0, \
                   quiet_until = NULL WHERE rep = $1";
        let query = sqlx::query(sql).bind(rep.as_str()).bind(presence_name(presence)).bind(until.map(micros));
        query.execute(self.conn()).await?;
        Ok(())
    }
}

fn presence_name(presence: Presence) -> &'static str {
    match presence {
        Presence::Unset => "unset",
        Presence::Available => "available",
        Presence::Away => "away",
    }
}

pub(super) fn read(row: &AnyRow) -> Result<RepState, StoreError> {
    let row = Reading::new("rep_state", row);
    let presence = match row.text("presence")?.as_str() {
        "available" => Presence::Available,
        "away" => Presence::Away,
        "unset" => Presence::Unset,
        other => return Err(row.fault("presence", format!("{other:?} is no presence"))),
    };
    let by = row.maybe_text("reserved_by")?.map(|_| row.id::<HandoffId>("reserved_by")).transpose()?;
    let day = |column: &'static str| {
        let parse = |day: String| day.parse().map_err(|error| row.fault(column, format!("{day:?}: {error}")));
        row.maybe_text(column)?.map(parse).transpose()
    };
    Ok(RepState {
        rep: row.id("rep")?,
        presence,
        away_until: row.maybe_at("away_until")?,
        reserved: by.zip(row.maybe_at("reserved_until")?),
        taken: (day("taken_on")?, row.number("taken_today")?),
        taken_week: (day("taken_week")?, row.number("taken_this_week")?),
        open_leads: row.number("open_leads")?,
        missed_rings: row.number("missed_rings")?,
        quiet_until: row.maybe_at("quiet_until")?,
    })
}
