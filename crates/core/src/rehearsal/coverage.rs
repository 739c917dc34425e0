//! Which parts of the rules the tests reach, and which nobody would notice breaking.

use super::expectations::route_taken;
use crate::routing::decision::{Decision, OwnershipResult};
use crate::routing::reason::FoundBy;
use crate::rules::RuleSet;
use crate::rules::expect::Places;
use crate::rules::model::set::{Existing, Ladders};
use std::collections::BTreeSet;

/// Everything that a decision can come by, and whether one did.
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
    pub reached: bool,
}

impl Part {
    pub fn reached(&self) -> usize {
        self.items.iter().filter(|item| item.reached).count()
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

/// Holds the decisions of the tests against the rules. A row that stands for several cells counts once; a pool is reached
/// by a lead that ends there, a rule of ownership by a lead that it settles.
pub fn coverage<'d>(rules: &RuleSet, places: &Places, decisions: impl Iterator<Item = &'d Decision>) -> Coverage {
    let mut reached = Reached::default();
    decisions.for_each(|decision| reached.note(decision, rules));
    let item = |name: &str, path, line, reached| CoverageItem { name: name.to_owned(), path, line, reached };

    let mut rows: Vec<CoverageItem> = Vec::new();
    for row in rules.territories.rows() {
        if rows.last().is_none_or(|last| last.line != row.line) {
            rows.push(item(row.territory.as_str(), TERRITORIES, row.line, reached.rows.contains(&row.line)));
        }
    }
    let routes = rules.routes.iter().map(|r| item(&r.name, ROUTING, r.line, reached.routes.contains(&r.name)));
    let tiers = rules.tiers.iter().map(|tier| {
        let name = tier.name.as_str();
        item(name, ROUTING, tier.line, reached.tiers.contains(name))
    });
    let mut pools: Vec<CoverageItem> = rules
        .pools
        .values()
        .map(|pool| item(pool.id.as_str(), ROUTING, pool.line, reached.pools.contains(pool.id.as_str())))
        .collect();
    pools.sort_by_key(|pool| pool.line);
    let ownership = rules.ownership.iter().enumerate().map(|(index, rule)| {
        let line = places.ownership.get(index).copied().unwrap_or(1);
        item(rule.existing.in_words(), ROUTING, line, reached.ownership.contains(&index))
    });
    let ladders = rules.handoff.ladders.iter().map(|(name, _)| {
        let line = places.ladders.get(name).copied().unwrap_or(1);
        item(name, HANDOFF, line, reached.ladders.contains(name))
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

#[derive(Default)]
struct Reached<'r> {
    rows: BTreeSet<u32>,
    routes: BTreeSet<String>,
    tiers: BTreeSet<String>,
    pools: BTreeSet<String>,
    ownership: BTreeSet<usize>,
    ladders: BTreeSet<&'r str>,
}

impl<'r> Reached<'r> {
    fn note(&mut self, decision: &Decision, rules: &'r RuleSet) {
        let (plan, trace) = (&decision.plan, &decision.trace);
        if let Some(winner) = trace.territory.winner.as_ref().filter(|winner| winner.by != FoundBy::NamedAccount) {
            self.rows.insert(winner.line);
        }
        self.routes.extend(route_taken(decision));
        self.tiers.insert(plan.tier.to_string());
        self.pools.insert(plan.pool.to_string());
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
        self.ownership.extend(settled);
        let tier = rules.tiers.iter().find(|tier| tier.name == plan.tier);
        self.ladders.insert(tier.and_then(|tier| tier.ladder.as_deref()).unwrap_or(Ladders::DEFAULT));
    }
}
