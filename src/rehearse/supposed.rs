//! One lead, as it would be decided in a world that is given.

use crate::render::explain::{explain, facts};
use baton_core::domain::account::Records;
use baton_core::domain::lead::Lead;
use baton_core::rehearsal::world::{at_rest, decide_in, holding};
use baton_core::routing::decision::NoLongerLive;
use baton_core::routing::{Decision, Snapshot, as_it_counts, shortlist};
use baton_core::rules::RuleSet;
use chrono::{DateTime, Utc};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

pub struct Supposed {
    pub decision: Decision,
    /// It is dated so long ago that a worker would take the caller for gone; decided as if it had just been sent.
    pub late: Option<NoLongerLive>,
    lead: Lead,
    snapshot: Snapshot,
    rules: Arc<RuleSet>,
}

impl Supposed {
    /// By what it says and by the rules alone, as if it had just been sent. `held`: what the CRM would hold.
    pub fn of(rules: RuleSet, lead: Lead, held: Option<Records>, now: DateTime<Utc>) -> Self {
        let mut world = at_rest(&rules, now);
        if let Some(held) = held {
            world = holding(world, shortlist(&lead, held, &rules));
        }
        Self::just_sent(Arc::new(rules), lead, &world)
    }

    /// In this world, as if it had just been sent: an event is kept for longer than a caller waits.
    pub fn just_sent(rules: Arc<RuleSet>, lead: Lead, world: &Snapshot) -> Self {
        let (_, late) = as_it_counts(&lead, world.now, &rules);
        if late.is_none() {
            return Self::in_world(rules, lead, world);
        }
        let mut patient = RuleSet::clone(&rules);
        patient.handoff.live_at_most = Duration::MAX;
        Self { late, ..Self::in_world(Arc::new(patient), lead, world) }
    }

    /// In this world, as it is dated.
    pub fn in_world(rules: Arc<RuleSet>, lead: Lead, world: &Snapshot) -> Self {
        let (snapshot, decision) = decide_in(world, &lead, &rules);
        Self { decision, late: None, lead, snapshot, rules }
    }

    pub fn in_words(&self) -> String {
        let Self { decision, lead, snapshot, rules, .. } = self;
        format!("{}\n{}", explain(decision, lead, rules).trim_end(), facts(decision, snapshot, rules))
    }

    /// As [`as_json`] says.
    ///
    /// # Errors
    /// A value has no form in JSON.
    pub fn json(&self) -> serde_json::Result<Value> {
        as_json(&self.decision, &self.lead, &self.snapshot)
    }
}

/// The decision, and beside its own keys `snapshot`: every fact with its source and the instant it was observed; `unread`: what
/// the event brought and nobody could read.
///
/// # Errors
/// A value has no form in JSON.
pub fn as_json(decision: &Decision, lead: &Lead, snapshot: &Snapshot) -> serde_json::Result<Value> {
    let mut told = serde_json::to_value(decision)?;
    if !lead.unread.is_empty() {
        told["unread"] = serde_json::to_value(&lead.unread)?;
    }
    told["snapshot"] = serde_json::to_value(snapshot)?;
    Ok(told)
}
