//! People who are counted on and cannot take what they are counted on for.

use super::lines;
use crate::domain::id::RepId;
use crate::rules::fault::{At, Faults, Word};
use crate::rules::files::routes::To;
use crate::rules::model::set::{RouteTo, RuleSet};
use crate::rules::resolve::Drafts;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn quick(drafts: &Drafts, rules: &RuleSet, faults: &mut Faults) {
    inactive(drafts, rules, faults);
    idle_reps(drafts, rules, faults);
    unreachable_reps(drafts, rules, faults);
}

/// People who are counted on and have left, each once for all who count on them.
fn inactive<'d>(drafts: &'d Drafts, rules: &RuleSet, faults: &mut Faults) {
    let mut counted_on: BTreeMap<(&'static str, &'static str, &'d str), Vec<At>> = BTreeMap::new();
    let mut note = |word: Option<&'d Word>, code, role| {
        let left = |word: &&Word| rules.reps.iter().any(|(id, rep)| id.as_str() == word.text && !rep.active);
        if let Some(word) = word.filter(left) {
            counted_on.entry((code, role, &word.text)).or_default().push(word.at);
        }
    };
    for draft in drafts.reps.iter().filter(|draft| draft.rep.active) {
        note(draft.delegate.as_ref(), "rep-inactive-delegate", "delegate");
        note(draft.manager.as_ref(), "rep-inactive-manager", "manager");
    }
    for account in &drafts.accounts {
        note(account.rep.as_ref(), "account-inactive-rep", "owner of a named account");
    }
    for route in &drafts.routing.routes {
        if let Some(To::Rep(word)) = &route.to {
            note(Some(word), "route-inactive-rep", "target of a route");
        }
    }
    for ((code, role, name), places) in counted_on {
        let all =
            if places.len() == 1 { String::new() } else { format!(" in {}", lines(places.iter().map(|at| at.line))) };
        faults.warning(code, places[0], format!("{name}, who is not active, as {role}{all}"), "an active rep");
    }
}

/// Active reps who can never be given a lead and answer for nothing else.
fn idle_reps(drafts: &Drafts, rules: &RuleSet, faults: &mut Faults) {
    let mut busy: BTreeSet<&RepId> = BTreeSet::from([&rules.handoff.needs_attention]);
    for pool in rules.pools.values() {
        busy.extend(pool.members.keys().chain([&pool.lead_rep]));
    }
    busy.extend(rules.territories.accounts().iter().filter_map(|account| account.rep.as_ref()));
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
