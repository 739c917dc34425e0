//! Which parts of the rules decisions come by, of tests or of leads, and which nobody would notice breaking.

use super::expectations::route_taken;
use crate::routing::decision::{Decision, OwnershipResult};
use crate::routing::reason::FoundBy;
use crate::rules::RuleSet;
use crate::rules::expect::Places;
use crate::rules::model::set::{Existing, Ladders};
use std::collections::BTreeMap;

/// Everything that a decision can come by, and how often one did.
#[derive(Debug, Clone, PartialEq)]
pub struct Coverage {
    pub parts: Vec<Part>,
}

/// All of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// `territory rows`, `pools` …
    pub what: &'static str,
    pub items: Vec<CoverageItem>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoverageItem {
    pub name: String,
    pub path: &'static str,
    pub line: u32,
    /// How many decisions came by it.
    pub times: u32,
}

impl CoverageItem {
    pub fn is_reached(&self) -> bool {
        self.times > 0
    }
}

impl Part {
    pub fn reached(&self) -> usize {
        self.items.iter().filter(|item| item.is_reached()).count()
    }

    /// Rounded down; a part without items is complete.
    pub fn percent(&self) -> u32 {
        let of = self.items.len();
        u32::try_from((self.reached() * 100).checked_div(of).unwrap_or(100)).unwrap_or(100)
    }
}

const ROUTING: &str = "rules/routing.yaml";
const TERRITORIES: &str = "rules/territories.csv";
const HANDOFF: &str = "rules/handoff.yaml";

/// Holds decisions against the rules that they were made by. A row that stands for several cells counts once; a pool is reached
/// by a lead that ends there, a rule of ownership by a lead that it settles.
pub fn coverage<'d>(rules: &RuleSet, places: &Places, decisions: impl Iterator<Item = &'d Decision>) -> Coverage {
    let mut reached = Reached::default();
    decisions.for_each(|decision| reached.note(decision, rules));
    let item = |name: &str, path, line, times: Option<&u32>| {
        let times = times.copied().unwrap_or_default();
        CoverageItem { name: name.to_owned(), path, line, times }
    };

    let mut rows: Vec<CoverageItem> = Vec::new();
    for row in rules.territories.rows() {
        if rows.last().is_none_or(|last| last.line != row.line) {
            rows.push(item(row.territory.as_str(), TERRITORIES, row.line, reached.rows.get(&row.line)));
        }
    }
    let routes = rules.routes.iter().map(|r| item(&r.name, ROUTING, r.line, reached.routes.get(&r.name)));
    let tiers = rules.tiers.iter().map(|tier| {
        let name = tier.name.as_str();
        item(name, ROUTING, tier.line, reached.tiers.get(name))
    });
    let mut pools: Vec<CoverageItem> = rules
        .pools
        .values()
        .map(|pool| item(pool.id.as_str(), ROUTING, pool.line, reached.pools.get(pool.id.as_str())))
        .collect();
    pools.sort_by_key(|pool| pool.line);
    let ownership = rules.ownership.iter().enumerate().map(|(index, rule)| {
        let line = places.ownership.get(index).copied().unwrap_or(1);
        item(rule.existing.in_words(), ROUTING, line, reached.ownership.get(&index))
    });
    let ladders = rules.handoff.ladders.iter().map(|(name, _)| {
        let line = places.ladders.get(name).copied().unwrap_or(1);
        item(name, HANDOFF, line, reached.ladders.get(name))
    });
    let part = |what, items| Part { what, items };
    Coverage {
        parts: vec![
            part("territory rows", rows),
            part("routes", routes.collect()),
            part("tiers", tiers.collect()),
            part("pools", pools),
            part("ownership rules", ownership.collect()),
            part("ladders", ladders.collect()),
        ],
    }
}

/// How often each was come by.
#[derive(Default)]
struct Reached<'r> {
    rows: BTreeMap<u32, u32>,
    routes: BTreeMap<String, u32>,
    tiers: BTreeMap<String, u32>,
    pools: BTreeMap<String, u32>,
    ownership: BTreeMap<usize, u32>,
    ladders: BTreeMap<&'r str, u32>,
}

fn count<K: Ord>(counts: &mut BTreeMap<K, u32>, key: K) {
    *counts.entry(key).or_default() += 1;
}

impl<'r> Reached<'r> {
    fn note(&mut self, decision: &Decision, rules: &'r RuleSet) {
        let (plan, trace) = (&decision.plan, &decision.trace);
        if let Some(winner) = trace.territory.winner.as_ref().filter(|winner| winner.by != FoundBy::NamedAccount) {
            count(&mut self.rows, winner.line);
        }
        if let Some(route) = route_taken(decision) {
            count(&mut self.routes, route);
        }
        count(&mut self.tiers, plan.tier.to_string());
        count(&mut self.pools, plan.pool.to_string());
        // What the CRM assigned is in the trace, but no rule of the file.
        let mut written = trace.ownership.iter().filter(|rule| rule.existing != Existing::CrmAssignment);
        let settled = written.position(|rule| match rule.result {
            OwnershipResult::Keeps | OwnershipResult::Delegated { .. } | OwnershipResult::KeepsForLater { .. } => true,
            OwnershipResult::GivenUp { .. }
            | OwnershipResult::NoOwner
            | OwnershipResult::NotARep { .. }
            | OwnershipResult::TooLongAgo { .. }
            | OwnershipResult::NotKnown { .. }
            | OwnershipResult::Weak
            | OwnershipResult::Inactive => false,
        });
        if let Some(settled) = settled {
            count(&mut self.ownership, settled);
        }
        let tier = rules.tiers.iter().find(|tier| tier.name == plan.tier);
        count(&mut self.ladders, tier.and_then(|tier| tier.ladder.as_deref()).unwrap_or(Ladders::DEFAULT));
    }
}
