//! Pools, ladders and territories that do not reach each other.

use super::territory_at;
use crate::domain::id::{PoolId, TerritoryId};
use crate::domain::rep::Rep;
use crate::rules::fault::{Faults, listed};
use crate::rules::files::members;
use crate::rules::files::prefer::Wished;
use crate::rules::model::set::{Ladders, RouteTo, RuleSet, Tier};
use crate::rules::resolve::Drafts;
use crate::rules::words::values;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn quick(drafts: &Drafts, rules: &RuleSet, faults: &mut Faults) {
    unserved_territories(rules, faults);
    unreachable_pools(drafts, rules, faults);
    requirements(drafts, rules, faults);
    unused_ladders(drafts, faults);
    unused_segments(drafts, faults);
}

fn unserved_territories(rules: &RuleSet, faults: &mut Faults) {
    let mut lines: BTreeMap<&TerritoryId, u32> = BTreeMap::new();
    for row in rules.territories.rows() {
        lines.entry(&row.territory).or_insert(row.line);
    }
    let mut unserved: BTreeMap<Vec<&str>, Vec<(u32, &str)>> = BTreeMap::new();
    for (territory, line) in lines {
        let served = |tier: &&Tier| rules.serving(Some(territory), &tier.name).is_some();
        let tiers: Vec<&str> = rules.tiers.iter().filter(|tier| !served(tier)).map(|tier| tier.name.as_str()).collect();
        if !tiers.is_empty() {
            unserved.entry(tiers).or_default().push((line, territory.as_str()));
        }
    }
    for (tiers, mut territories) in unserved {
        territories.sort_unstable();
        let found = format!(
            "{} × {}: served by no pool",
            listed(territories.iter().map(|(_, territory)| *territory)),
            tiers.join(", ")
        );
        faults
            .warning("territory-unserved", territory_at(territories[0].0), found, "a pool for each territory and tier")
            .hint(Some(format!("these leads go to the catch-all, {}", rules.catch_all)));
    }
}

fn unreachable_pools(drafts: &Drafts, rules: &RuleSet, faults: &mut Faults) {
    let mut reached: BTreeSet<&PoolId> = BTreeSet::from([&rules.catch_all]);
    reached.extend(rules.pools.values().filter_map(|pool| pool.overflow.as_ref()));
    let at_the_door = rules.front_door.numbers().map(|number| &number.route);
    reached.extend(rules.routes.iter().chain(at_the_door).filter_map(|route| match &route.to {
        RouteTo::Pool(pool) => Some(pool),
        RouteTo::Rep(_) => None,
    }));
    for draft in &drafts.routing.pools {
        if draft.territories.is_empty() && draft.tiers.is_empty() && !reached.contains(&draft.id) {
            let found = format!("{}, which nothing leads to", draft.id);
            faults.warning("pool-unreachable", draft.at, found, "serves, a route, an overflow or the catch-all");
        }
    }
}

/// Requirements and preferences that no active member meets, or that never relax.
fn requirements(drafts: &Drafts, rules: &RuleSet, faults: &mut Faults) {
    for draft in &drafts.routing.pools {
        let Some(pool) = rules.pools.get(&draft.id) else { continue };
        if let Some(selected) = &draft.members {
            members::warn(selected, &drafts.reps, faults);
        }
        let members = || pool.members.keys().filter_map(|id| rules.reps.get(id)).filter(|rep| rep.active);
        let required = draft.require.iter().filter(|word| pool.require_skills.contains(&word.text));
        for word in required.chain(draft.prefer.iter().flat_map(Wished::skills)) {
            if !members().any(|rep| rep.skills.contains(&word.text)) {
                let found = format!("{}, which no active member of {} has", word.text, pool.id);
                faults.warning("pool-skill-nobody-has", word.at, found, "a skill of at least one active member");
            }
        }
        for wished in &draft.prefer {
            let patience = rules.handoff.patience;
            if let Some(relax_after) = wished.relax_after.filter(|after| *after >= patience) {
                let (after, patience) = (values::spell(relax_after), values::spell(patience));
                let found =
                    format!("a preference that relaxes after {after}, when no caller waits longer than {patience}");
                faults.warning("pool-relax-too-late", wished.at, found, format!("less than {patience}")).hint(Some(
                    "leave relax_after out if the preference shall hold as long as the caller waits".to_owned(),
                ));
            }
        }
        let at = |rep: &Rep| drafts.reps.iter().find(|other| other.rep.id == rep.id).map_or(draft.at, |rep| rep.at);
        if pool.require_language {
            for rep in members().filter(|rep| rep.languages.is_empty()) {
                let found = format!("no languages for {}, a member of {}", rep.id, pool.id);
                faults.warning("rep-no-language", at(rep), found, "languages, since the pool requires the lead's");
            }
        }
        if pool.require_products {
            for rep in members().filter(|rep| rep.products.is_empty()) {
                let found = format!("no products for {}, a member of {}", rep.id, pool.id);
                faults.warning("rep-no-product", at(rep), found, "products, since the pool requires the lead's");
            }
        }
    }
}

fn unused_ladders(drafts: &Drafts, faults: &mut Faults) {
    let used: BTreeSet<&str> =
        drafts.routing.tiers.iter().filter_map(|tier| tier.ladder.as_ref()).map(|word| word.text.as_str()).collect();
    for (name, _) in &drafts.handoff.ladders {
        if name.text != Ladders::DEFAULT && !used.contains(name.text.as_str()) {
            let found = format!("{}, which no tier names", name.text);
            faults.warning("ladder-unused", name.at, found, "ladders that a tier names");
        }
    }
}

fn unused_segments(drafts: &Drafts, faults: &mut Faults) {
    for name in drafts.routing.vocabulary.segments.unused() {
        let found = format!("{}, which no rule uses", name.text);
        faults
            .warning("segment-unused", name.at, found, "segments that a rule names")
            .hint(Some("write segment: NAME in a tier or route, or delete it".to_owned()));
    }
}
