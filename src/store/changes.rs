//! All that one commit holds, and all that it changes, each in one trip to the server where that is possible.

use super::handoff::{lead_ended, wait_ended};
use super::sql::dialect::{names, nulls};
use super::sql::row::{Reading, texts_json};
use super::{DecidedLead, Handled, NewStep, RepState, StoreError, TimelineEntry, Tx, ledger, rep};
use baton_core::domain::id::{LeadId, PoolId, RepId};
use baton_core::handoff::Handoff;
use baton_core::routing::ledger::{Entry, Ledger};
use chrono::{DateTime, Utc};
use sqlx::AssertSqlSafe;
use std::collections::{BTreeMap, BTreeSet};

/// What is new, and what stands otherwise than before: handoffs, ledgers, reps and messages that are locked.
#[derive(Debug, Default)]
pub struct Changes<'a> {
    pub decided: &'a [DecidedLead],
    /// Next states, each with the revision at which it was read.
    pub moved: &'a [(&'a Handoff, u32)],
    /// Of moves; in order for each lead.
    pub told: &'a [TimelineEntry],
    /// Of moves.
    pub steps: &'a [NewStep],
    /// Of decisions, each with its lead.
    pub turns: &'a [(Entry, LeadId)],
    /// As those turns leave them.
    pub ledgers: &'a [Ledger],
    pub reps: &'a [RepState],
    pub handled: &'a [Handled],
    /// Leads whose callers are gone.
    pub over: &'a [LeadId],
    /// When the turns were given.
    pub at: DateTime<Utc>,
}

impl Tx {
    /// These ledgers, then these reps, each in their order, locked until the transaction ends; those of whom nothing was stored
    /// begin level and at rest.
    pub async fn standing_lock(
        &mut self,
        pools: &[PoolId],
        reps: &BTreeSet<RepId>,
    ) -> Result<(BTreeMap<PoolId, Ledger>, BTreeMap<RepId, RepState>), StoreError> {
        let lock = self.engine.for_update();
        let sql = format!(
            "-- changes::standing\nSELECT * FROM (SELECT {}, {} FROM ledger WHERE pool IN {} ORDER BY pool {lock}) l \
             UNION ALL SELECT * FROM (SELECT {}, {} FROM rep_state WHERE rep IN {} ORDER BY rep {lock}) r",
            names(&ledger::COLUMNS),
            nulls(&rep::COLUMNS),
            self.engine.texts(),
            nulls(&ledger::COLUMNS),
            names(&rep::COLUMNS),
            self.engine.other_texts()
        );
        let names_of_reps: Vec<&RepId> = reps.iter().collect();
        let query = sqlx::query(AssertSqlSafe(sql)).bind(texts_json(pools)).bind(texts_json(&names_of_reps));
        let (mut ledgers, mut states) = (BTreeMap::new(), BTreeMap::new());
        for row in &query.fetch_all(self.conn()).await? {
            if Reading::new("ledger", row).maybe_text("pool")?.is_some() {
                ledgers.extend([ledger::read(row)?]);
            } else {
                let state = rep::read(row)?;
                states.insert(state.rep.clone(), state);
            }
        }
        if ledgers.len() < pools.len() || states.len() < reps.len() {
            // Some are new: made first, and locked then.
            return Ok((self.ledgers_lock(pools).await?, self.reps_lock(reps).await?));
        }
        Ok((ledgers, states))
    }

    /// A statement for each family of tables, however many rows.
    ///
    /// # Errors
    /// `Conflict` if a handoff has moved or a message was handled since it was read; `NotFound` if a lead or ledger is not there.
    pub async fn change(&mut self, changes: &Changes<'_>) -> Result<(), StoreError> {
        let decided = changes.decided;
        decided.iter().filter_map(|one| lead_ended(&one.handoff.stage)).for_each(|what| self.count(what));
        let live = decided.iter().filter(|one| one.decision.is_live(&one.lead));
        live.filter_map(|one| wait_ended(&one.handoff, false, changes.at)).for_each(|what| self.count(what));
        let steps: Vec<&NewStep> = decided.iter().flat_map(|one| &one.steps).chain(changes.steps).collect();
        let told: Vec<&TimelineEntry> = decided.iter().flat_map(|one| &one.timeline).chain(changes.told).collect();
        let mut all = self.decided_to_insert(decided)?;
        all.extend(self.handoffs_to_save(changes.moved)?);
        all.extend(self.steps_to_insert(&steps)?);
        all.extend(self.timeline_to_append(&told)?);
        all.extend(self.turns_to_save(changes.turns, changes.ledgers, "decision", changes.at)?);
        all.extend(self.reps_to_save(changes.reps)?);
        all.extend(self.inbox_to_finish(changes.handled)?);
        all.extend(self.lives_to_end(changes.over));
        self.run_all("changes::change", all).await
    }
}
