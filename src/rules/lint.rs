//! Rules that load, and probably do not do what was meant. Runs only on a set without errors.

use super::fault::{At, Faults, Word};
use super::handoff::DEFAULT_LADDER;
use super::resolve::Drafts;
use super::routes::To;
use super::set::{RouteTo, RuleSet};
use crate::domain::id::{PoolId, RepId, TerritoryId};
use std::collections::{BTreeMap, BTreeSet};

pub fn warn(drafts: &Drafts, rules: &RuleSet, faults: &mut Faults) {
    inactive(drafts, rules, faults);
    idle_reps(drafts, rules, faults);
    unreachable_reps(drafts, rules, faults);
    unserved_territories(rules, faults);
    unreachable_pools(drafts, rules, faults);
    requirements(drafts, rules, faults);
    unused_ladders(drafts, faults);
    unused_segments(drafts, faults);
}

/// People who are counted on and have left.
fn inactive(drafts: &Drafts, rules: &RuleSet, faults: &mut Faults) {
    let mut check = |word: Option<&Word>, code: &'static str, role: &str| {
        let Some(word) = word else { return };
        if rules.reps.iter().any(|(id, rep)| id.as_str() == word.text && !rep.active) {
            let found = format!("{}, who is not active, as {role}", word.text);
            faults.warning(code, word.at, found, "an active rep");
        }
    };
    for draft in &drafts.reps {
        if draft.rep.active {
            check(draft.delegate.as_ref(), "rep-inactive-delegate", "delegate");
            check(draft.manager.as_ref(), "rep-inactive-manager", "manager");
        }
    }
    for account in &drafts.accounts {
        check(account.rep.as_ref(), "account-inactive-rep", "owner of a named account");
    }
    for route in &drafts.routing.routes {
        if let Some(To::Rep(word)) = &route.to {
            check(Some(word), "route-inactive-rep", "target of a route");
        }
    }
}

/// Active reps who can never be given a lead and answer for nothing else.
fn idle_reps(drafts: &Drafts, rules: &RuleSet, faults: &mut Faults) {
    let mut busy: BTreeSet<&RepId> = BTreeSet::from([&rules.handoff.needs_attention]);
    for pool in rules.pools.values() {
        busy.extend(pool.members.keys().chain([&pool.lead_rep]));
    }
    busy.extend(rules.named_accounts.iter().filter_map(|account| account.rep.as_ref()));
    busy.extend(rules.reps.values().flat_map(|rep| [&rep.delegate, &rep.manager]).flatten());
    busy.extend(rules.routes.iter().filter_map(|route| match &route.to {
        RouteTo::Rep(rep) => Some(rep),
        RouteTo::Pool(_) => None,
    }));
    for draft in &drafts.reps {
        if draft.rep.active && !busy.contains(&draft.rep.id) {
            let found = format!("{} in no pool", draft.rep.id);
            faults
                .warning("rep-in-no-pool", draft.at, found, "a pool for every active rep")
                .hint(Some("check team and seniority, or set active to no".to_owned()));
        }
    }
}

/// Members of pools whom no call can reach.
fn unreachable_reps(drafts: &Drafts, rules: &RuleSet, faults: &mut Faults) {
    let members: BTreeSet<&RepId> = rules.pools.values().flat_map(|pool| pool.members.keys()).collect();
    for draft in &drafts.reps {
        if draft.rep.active && draft.rep.phones.is_empty() && members.contains(&draft.rep.id) {
            let found = format!("no phone for {}", draft.rep.id);
            faults.warning("rep-no-phone", draft.at, found, "a phone to ring for every member of a pool");
        }
    }
}

fn unserved_territories(rules: &RuleSet, faults: &mut Faults) {
    let mut lines: BTreeMap<&TerritoryId, u32> = BTreeMap::new();
    for row in &rules.territories {
        lines.entry(&row.territory).or_insert(row.line);
    }
    for (territory, line) in lines {
        let served =
            |tier: &&super::set::Tier| rules.pools.values().any(|pool| pool.fit(Some(territory), &tier.name).is_some());
        let unserved: Vec<&str> =
            rules.tiers.iter().filter(|tier| !served(tier)).map(|tier| tier.name.as_str()).collect();
        if !unserved.is_empty() {
            let at = At { path: super::TERRITORIES, line, column: 1 };
            let found = format!("{territory} × {}: served by no pool", unserved.join(", "));
            faults
                .warning("territory-unserved", at, found, "a pool for each territory and tier")
                .hint(Some(format!("these leads go to the catch-all, {}", rules.catch_all)));
        }
    }
}

fn unreachable_pools(drafts: &Drafts, rules: &RuleSet, faults: &mut Faults) {
    let mut reached: BTreeSet<&PoolId> = BTreeSet::from([&rules.catch_all]);
    reached.extend(rules.pools.values().filter_map(|pool| pool.overflow.as_ref()));
    reached.extend(rules.routes.iter().filter_map(|route| match &route.to {
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

/// Requirements that no active member meets.
fn requirements(drafts: &Drafts, rules: &RuleSet, faults: &mut Faults) {
    for draft in &drafts.routing.pools {
        let Some(pool) = rules.pools.get(&draft.id) else { continue };
        let members = || pool.members.keys().filter_map(|id| rules.reps.get(id)).filter(|rep| rep.active);
        for word in draft.require.iter().filter(|word| pool.require_skills.contains(&word.text)) {
            if !members().any(|rep| rep.skills.contains(&word.text)) {
                let found = format!("{}, which no active member of {} has", word.text, pool.id);
                faults.warning("pool-skill-nobody-has", word.at, found, "a skill of at least one active member");
            }
        }
        if pool.require_language {
            for rep in members().filter(|rep| rep.languages.is_empty()) {
                let at = drafts.reps.iter().find(|other| other.rep.id == rep.id).map_or(draft.at, |rep| rep.at);
                let found = format!("no languages for {}, a member of {}", rep.id, pool.id);
                faults.warning("rep-no-language", at, found, "languages, since the pool requires the lead's");
            }
        }
    }
}

fn unused_ladders(drafts: &Drafts, faults: &mut Faults) {
    let used: BTreeSet<&str> =
        drafts.routing.tiers.iter().filter_map(|tier| tier.ladder.as_ref()).map(|word| word.text.as_str()).collect();
    for (name, _) in &drafts.handoff.ladders {
        if name.text != DEFAULT_LADDER && !used.contains(name.text.as_str()) {
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
