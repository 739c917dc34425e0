//! All that one commit holds, and all that it changes, each in one trip to the server where that is possible.

use super::database::numbered_after;
use super::handoff::{lead_ended, wait_ended};
use super::lead::call;
use super::sql::dialect::{Engine, names, nulls};
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

/// What is locked for decisions.
#[derive(Debug, Default)]
pub struct Held {
    /// Whose each call is.
    pub calls: BTreeMap<String, LeadId>,
    pub ledgers: BTreeMap<PoolId, Ledger>,
    pub reps: BTreeMap<RepId, RepState>,
}

impl Tx {
    /// The keys of these calls, each with whose it is ([`Tx::calls_lock`]), then these ledgers, then these reps, each in their order,
    /// locked until the transaction ends; those of whom nothing was stored begin level and at rest.
    pub async fn hold(
        &mut self,
        calls: &BTreeMap<String, LeadId>,
        pools: &[PoolId],
        reps: &BTreeSet<RepId>,
    ) -> Result<Held, StoreError> {
        let mut held = Held::default();
        let names_of_reps: Vec<&RepId> = reps.iter().collect();
        let mut bound = vec![texts_json(pools), texts_json(&names_of_reps)];
        let [ledgers, of_reps] = self.standing_locking();
        let mut sql = format!("-- changes::standing\nSELECT * FROM {ledgers} UNION ALL SELECT * FROM {of_reps}");
        if self.engine == Engine::Sqlite {
            held.calls = self.calls_lock(calls).await?;
        } else if !calls.is_empty() {
            // In one trip; the parts of a union are carried out one after the other.
            let (of_call, no_ledger, no_rep) = (names(&call::COLUMNS), nulls(&ledger::COLUMNS), nulls(&rep::COLUMNS));
            sql = format!(
                "-- changes::hold\nWITH c AS ({}) SELECT {of_call}, {no_ledger}, {no_rep} FROM c UNION ALL SELECT * FROM {} \
                 UNION ALL SELECT * FROM {}",
                self.calls_locking(),
                numbered_after(1, &ledgers),
                numbered_after(1, &of_reps)
            );
            bound.insert(0, call::rows(calls)?);
        }
        let query = bound.into_iter().fold(sqlx::query(AssertSqlSafe(sql)), |query, texts| query.bind(texts));
        for row in &query.fetch_all(self.conn()).await? {
            if Reading::new("ledger", row).maybe_text("pool")?.is_some() {
                held.ledgers.extend([ledger::read(row)?]);
            } else if Reading::new("rep_state", row).maybe_text("rep")?.is_some() {
                let state = rep::read(row)?;
                held.reps.insert(state.rep.clone(), state);
            } else {
                held.calls.extend([call::holder(row)?]);
            }
        }
        if held.ledgers.len() < pools.len() || held.reps.len() < reps.len() {
            // Some are new: made first, and locked then.
            held.ledgers = self.ledgers_lock(pools).await?;
            held.reps = self.reps_lock(reps).await?;
        }
        Ok(held)
    }

    /// Ledgers of the pools in parameter 1, then reps of parameter 2, after columns for a call.
    fn standing_locking(&self) -> [String; 2] {
        let lock = self.engine.for_update();
        let (of_call, of_ledger, of_rep) = (nulls(&call::COLUMNS), names(&ledger::COLUMNS), names(&rep::COLUMNS));
        let (no_ledger, no_rep) = (nulls(&ledger::COLUMNS), nulls(&rep::COLUMNS));
        let (pools, reps) = (self.engine.texts(), self.engine.other_texts());
        [
            format!(
                "(SELECT {of_call}, {of_ledger}, {no_rep} FROM ledger WHERE pool IN {pools} ORDER BY pool {lock}) l"
            ),
            format!(
                "(SELECT {of_call}, {no_ledger}, {of_rep} FROM rep_state WHERE rep IN {reps} ORDER BY rep {lock}) r"
            ),
        ]
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
