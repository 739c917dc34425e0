//! Ledgers and reps as they stand while a batch is decided: each decision sees what the one before it took.

use crate::facts::LeadFacts;
use crate::store::{Promised, RepState, StoreError, TimelineEntry, Tx, local_day};
use baton_core::domain::id::{LeadId, PoolId, RepId};
use baton_core::domain::known::Fact;
use baton_core::domain::lead::Lead;
use baton_core::domain::rep::Busy;
use baton_core::handoff::Handoff;
use baton_core::routing::decision::DecidedAgain;
use baton_core::routing::ledger::{Entry, Ledger};
use baton_core::routing::snapshot::{Knowledge, Load, RepFacts};
use baton_core::routing::waits::RecentWaits;
use baton_core::routing::{Considered, Decision, Snapshot, decide};
use baton_core::rules::RuleSet;
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Ledgers and reps as a decision finds them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Standing {
    pub ledgers: BTreeMap<PoolId, Ledger>,
    pub reps: BTreeMap<RepId, RepState>,
}

impl Standing {
    /// As it is, and stays until the transaction ends.
    pub(super) async fn locked(tx: &mut Tx, rules: &RuleSet) -> Result<Self, StoreError> {
        Ok(Self::locked_with(tx, &BTreeMap::new(), rules).await?.1)
    }

    /// The same, and before it these keys of calls, each with the lead that it was first seen with: whose they are.
    pub(super) async fn locked_with(
        tx: &mut Tx,
        calls: &BTreeMap<String, LeadId>,
        rules: &RuleSet,
    ) -> Result<(BTreeMap<String, LeadId>, Self), StoreError> {
        let pools: Vec<PoolId> = rules.pools.keys().cloned().collect();
        let held = tx.hold(calls, &pools, &rules.reps.keys().cloned().collect()).await?;
        Ok((held.calls, Self { ledgers: held.ledgers, reps: held.reps }))
    }
}

#[derive(Default)]
pub(super) struct StandingTable {
    pub standing: Standing,
    pub entries: Vec<(Entry, LeadId)>,
    /// Reps who were given something.
    pub touched: BTreeSet<RepId>,
    /// Calls that they owe.
    pub promised: Promised,
    /// How long callers had to wait before.
    pub waits: Arc<RecentWaits>,
    /// Leads are decided in shadow.
    pub shadow: bool,
}

impl StandingTable {
    pub(super) fn of(standing: Standing) -> Self {
        Self { standing, ..Self::default() }
    }

    /// What is known for one lead.
    pub(super) fn snapshot(&self, facts: &LeadFacts, rules: &RuleSet, now: DateTime<Utc>) -> Snapshot {
        let known = AtTable { table: self, calendars: &facts.calendars, rules, now };
        let of_lead = Snapshot::of_lead(now, facts.account.clone(), facts.assigned.clone());
        Snapshot { lacks: facts.lacks.clone(), ..of_lead }.about(&facts.considered, &known, rules)
    }

    /// What is known of these reps, whichever lead comes.
    pub(super) fn reps(
        &self,
        reps: BTreeSet<RepId>,
        calendars: &BTreeMap<RepId, Fact<Vec<Busy>>>,
        rules: &RuleSet,
        now: DateTime<Utc>,
    ) -> BTreeMap<RepId, RepFacts> {
        let known = AtTable { table: self, calendars, rules, now };
        let of_no_lead = Snapshot::of_lead(now, Fact::Unknown { why: "there is no lead".to_owned() }, None);
        of_no_lead.about(&Considered { reps, pools: BTreeSet::new() }, &known, rules).reps
    }

    /// What the rules make of one lead, as the table stands.
    pub(super) fn decide(&self, lead: &Lead, facts: &LeadFacts, rules: &RuleSet, now: DateTime<Utc>) -> Decision {
        decide(lead, &self.snapshot(facts, rules, now), rules)
    }

    /// The turn and the load that a decision costs.
    pub(super) fn book(&mut self, lead: &Lead, decision: &Decision, rules: &RuleSet, now: DateTime<Utc>) {
        if let Some(entry) = &decision.turn {
            let ledgers = &mut self.standing.ledgers;
            let ledger = ledgers.entry(entry.pool.clone()).or_insert_with(|| Ledger::empty(entry.pool.clone()));
            ledger.apply(entry);
            self.entries.push((entry.clone(), lead.id.clone()));
        }
        // Who answers for a lead that waits does not have it: it must not fill the cap that it waits for.
        if !decision.plan.waits {
            let owner = &decision.plan.owner;
            self.rep(owner).take(local_day(rules, owner, now));
        }
    }

    /// Stores what a lead costs that was decided once more, and tells it in its story. For the rep it is counted by the move that
    /// follows.
    pub(super) async fn store_again(
        &mut self,
        tx: &mut Tx,
        lead: &Lead,
        decision: &Decision,
        again: &DecidedAgain,
        rules: &RuleSet,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.book(lead, decision, rules, now);
        tx.ledgers_save(&self.entries, &self.changed_ledgers(), "decision", now).await?;
        let body = serde_json::to_value(again).map_err(|error| StoreError::Unstorable { why: error.to_string() })?;
        let (lead_id, kind) = (lead.id.clone(), DecidedAgain::KIND.to_owned());
        tx.timeline_append(&[&TimelineEntry { lead_id, at: now, kind, body }]).await
    }

    /// The phones that ring first are ours. Nobody else can have them: every reservation is in this table, under its lock.
    pub(super) fn reserve(&mut self, state: &Handoff) {
        for hold in &state.holds {
            self.rep(&hold.rep).reserved = Some((state.id.clone(), hold.until));
        }
    }

    fn rep(&mut self, rep: &RepId) -> &mut RepState {
        self.touched.insert(rep.clone());
        self.standing.reps.entry(rep.clone()).or_insert_with(|| RepState::new(rep.clone()))
    }

    pub(super) fn changed_reps(&self) -> Vec<RepState> {
        self.touched.iter().filter_map(|rep| self.standing.reps.get(rep).cloned()).collect()
    }

    pub(super) fn changed_ledgers(&self) -> Vec<Ledger> {
        let pools: BTreeSet<&PoolId> = self.entries.iter().map(|(entry, _)| &entry.pool).collect();
        pools.into_iter().filter_map(|pool| self.standing.ledgers.get(pool).cloned()).collect()
    }
}

/// The table, beside what is known of calendars.
struct AtTable<'a> {
    table: &'a StandingTable,
    calendars: &'a BTreeMap<RepId, Fact<Vec<Busy>>>,
    rules: &'a RuleSet,
    now: DateTime<Utc>,
}

impl Knowledge for AtTable<'_> {
    fn load(&self, rep: &RepId) -> Load {
        let Some(state) = self.table.standing.reps.get(rep) else { return Load::NONE };
        let today = local_day(self.rules, rep, self.now);
        Load {
            presence: state.presence_at(self.now),
            reserved_until: state.reserved.as_ref().map(|(_, until)| *until),
            quiet_until: state.quiet_until,
            taken_today: state.taken_on(today),
            taken_this_week: state.taken_in_week_of(today),
            open: state.open_leads,
        }
    }

    fn calendar(&self, rep: &RepId) -> Option<&Fact<Vec<Busy>>> {
        self.calendars.get(rep)
    }

    fn ledgers(&self) -> &BTreeMap<PoolId, Ledger> {
        &self.table.standing.ledgers
    }
}

#[cfg(test)]
mod tests;
