//! Which rules leads have met, and so which they have not.

use crate::rehearsal::outcome::DecisionOutcome;
use crate::routing::Decision;
use crate::rules::RuleSet;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Rules that no lead has met.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Unused {
    /// Lines of territories.csv that won no lead, with their territory.
    pub rows: Vec<(u32, String)>,
    pub row_count: u32,
    pub routes: Vec<String>,
    pub tiers: Vec<String>,
    /// Pools that were never asked.
    pub pools: Vec<String>,
    /// Active reps who got no lead.
    pub reps: Vec<String>,
}

/// What leads have met in one world.
#[derive(Default)]
pub(super) struct Met {
    rows: BTreeSet<u32>,
    routes: BTreeSet<String>,
    tiers: BTreeSet<String>,
    pools: BTreeSet<String>,
    reps: BTreeSet<String>,
}

impl Met {
    pub(super) fn note(&mut self, decision: &Decision, outcome: &DecisionOutcome) {
        self.rows.extend(decision.trace.territory.winner.as_ref().map(|winner| winner.line));
        once(&mut self.routes, outcome.route);
        once(&mut self.tiers, Some(outcome.tier.as_str()));
        once(&mut self.reps, Some(outcome.owner.as_str()));
        for pool in &decision.trace.pools {
            once(&mut self.pools, Some(pool.pool.as_str()));
        }
    }

    pub(super) fn unused(&self, rules: &RuleSet) -> Unused {
        let rows: BTreeMap<u32, &str> =
            rules.territories.rows().iter().map(|row| (row.line, row.territory.as_str())).collect();
        let rows = rows.into_iter().filter(|(line, _)| !self.rows.contains(line));
        let rows: Vec<(u32, String)> = rows.map(|(line, territory)| (line, territory.to_owned())).collect();
        let missing = |met: &BTreeSet<String>, names: Vec<&str>| -> Vec<String> {
            names.into_iter().filter(|name| !met.contains(*name)).map(str::to_owned).collect()
        };
        let reps = rules.reps.values().filter(|rep| rep.active).map(|rep| rep.id.as_str());
        Unused {
            row_count: u32::try_from(rows.len()).unwrap_or(u32::MAX),
            rows,
            routes: missing(&self.routes, rules.routes.iter().map(|route| route.name.as_str()).collect()),
            tiers: missing(&self.tiers, rules.tiers.iter().map(|tier| tier.name.as_str()).collect()),
            pools: missing(&self.pools, rules.pools.keys().map(|pool| pool.as_str()).collect()),
            reps: missing(&self.reps, reps.collect()),
        }
    }
}

fn once(names: &mut BTreeSet<String>, name: Option<&str>) {
    if let Some(name) = name.filter(|name| !names.contains(*name)) {
        names.insert(name.to_owned());
    }
}
