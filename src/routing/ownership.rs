//! Whether somebody holds the lead already: whom the CRM's own rules chose, the owner of the account, of its open
//! opportunity or of an earlier record of the caller, the rep of a named account, the rep a route names.

use super::availability;
use super::case::Case;
use super::decision::{OwnershipResult, OwnershipTrace, Rejection};
use super::matching;
use super::routes::Taken;
use super::snapshot::Snapshot;
use crate::domain::account::{Candidates, PersonKind};
use crate::domain::crm_id::CrmId;
use crate::domain::id::RepId;
use crate::domain::known::Fact;
use crate::domain::lead::Lead;
use crate::domain::rep::Rep;
use crate::rules::RuleSet;
use crate::rules::set::{Existing, OwnershipRule, Route, RouteTo};
use chrono::{DateTime, TimeDelta, Utc};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

pub(super) struct Ownership {
    /// Who keeps the lead; `None` = the pool decides.
    pub holder: Option<Holder>,
    /// The rules that were tried, up to the one that held.
    pub trace: Vec<OwnershipTrace>,
}

pub(super) struct Holder {
    pub rep: RepId,
    /// `account owner`, `route "partner leads"`: how the holder came to it.
    pub by: String,
    pub standing: Standing,
}

/// How a holder stands to the call.
pub(super) enum Standing {
    Free,
    /// Absent; the delegate takes the call, the lead stays.
    Delegated {
        to: RepId,
        because: Rejection,
    },
    /// Absent, but back soon enough: the lead stays, the call becomes a booking or a callback.
    Later {
        because: Rejection,
    },
}

/// The rules of ownership in order, then a route that names a rep. Disputes are the CRM's: its owner is followed.
pub(super) fn settle(case: &Case, route: &Taken) -> Ownership {
    let mut trace = Vec::new();
    for rule in chosen_by_crm(case).iter().chain(&case.rules.ownership) {
        let (rep, result) = match owner(case, rule) {
            Owner::Nobody => (None, OwnershipResult::NoOwner),
            Owner::Stranger(crm_id) => (None, OwnershipResult::NotARep { crm_id: crm_id.clone() }),
            Owner::TooLongAgo(active_at) => (None, OwnershipResult::TooLongAgo { active_at }),
            Owner::NotKnown(why) => (None, OwnershipResult::NotKnown { why: why.to_owned() }),
            Owner::Rep(rep) => (Some(rep), stand(case, rep, rule.wait_at_most)),
        };
        trace.push(OwnershipTrace {
            existing: rule.existing,
            rep: rep.map(|rep| rep.id.clone()),
            result: result.clone(),
        });
        if let Some((rep, standing)) = rep.zip(standing(result)) {
            let by = rule.existing.in_words().to_owned();
            return Ownership { holder: Some(Holder { rep: rep.id.clone(), by, standing }), trace };
        }
    }
    Ownership { holder: routed_rep(case, route), trace }
}

fn routed_rep(case: &Case, route: &Taken) -> Option<Holder> {
    let Taken::Route(Route { name, to: RouteTo::Rep(rep), .. }) = route else { return None };
    let standing = standing(stand(case, case.rep(rep)?, None))?;
    Some(Holder { rep: rep.clone(), by: format!("rep of route {name:?}"), standing })
}

/// Where the CRM assigns, its choice comes before every other owner, and is waited for within the rota.
fn chosen_by_crm(case: &Case) -> Option<OwnershipRule> {
    let rule = OwnershipRule { existing: Existing::CrmAssignment, wait_at_most: None, within: None };
    case.snapshot.assigned.as_ref().map(|_| rule)
}

enum Owner<'a> {
    Nobody,
    /// A CRM user, or a queue, who is no rep here.
    Stranger(&'a CrmId),
    TooLongAgo(Option<DateTime<Utc>>),
    NotKnown(&'a str),
    Rep(&'a Rep),
}

fn owner<'a>(case: &Case<'a>, rule: &OwnershipRule) -> Owner<'a> {
    match rule.existing {
        Existing::AccountOwner => account_owner(case),
        Existing::OpenOpportunityOwner => {
            of_crm(case, case.account.and_then(|account| account.open_opportunity_owner_crm_id.as_ref()))
        }
        Existing::LeadOwner => person_owner(case, rule, &[PersonKind::Lead, PersonKind::Contact]),
        Existing::ContactOwner => person_owner(case, rule, &[PersonKind::Contact]),
        Existing::CrmAssignment => match &case.snapshot.assigned {
            Some(Fact::Known { value, .. }) => of_crm(case, value.as_ref()),
            Some(Fact::Unknown { why }) => Owner::NotKnown(why),
            None => Owner::Nobody,
        },
    }
}

/// Where the CRM names no account owner, the rep of the named account is it.
fn account_owner<'a>(case: &Case<'a>) -> Owner<'a> {
    if let Some(crm_id) = case.account.and_then(|account| account.owner_crm_id.as_ref()) {
        return of_crm(case, Some(crm_id));
    }
    let named = matching::named_account(case.lead, case.account, case.rules);
    let rep = named.and_then(|named| case.rep(named.rep.as_ref()?));
    rep.map_or(Owner::Nobody, Owner::Rep)
}

/// Of the record of the caller that was active last; one without an owner is no reason to stop looking.
fn person_owner<'a>(case: &Case<'a>, rule: &OwnershipRule, kinds: &[PersonKind]) -> Owner<'a> {
    let owned = matching::same_person(case.lead, case.snapshot)
        .filter(|person| kinds.contains(&person.kind) && person.owner_crm_id.is_some());
    // The lower id where two were active at once.
    let Some(person) = owned.max_by_key(|person| (person.active_at, Reverse(&person.crm_id))) else {
        return Owner::Nobody;
    };
    if let Some(within) = rule.within {
        let within = TimeDelta::from_std(within).unwrap_or(TimeDelta::MAX);
        if person.active_at.is_none_or(|active_at| case.now() - active_at > within) {
            return Owner::TooLongAgo(person.active_at);
        }
    }
    of_crm(case, person.owner_crm_id.as_ref())
}

fn of_crm<'a>(case: &Case<'a>, crm_id: Option<&'a CrmId>) -> Owner<'a> {
    let Some(crm_id) = crm_id else { return Owner::Nobody };
    let rep = case.rules.reps.values().find(|rep| rep.crm_id.as_ref() == Some(crm_id));
    rep.map_or(Owner::Stranger(crm_id), Owner::Rep)
}

/// Every rep whom [`settle`] may find to be an owner, with who stands in for them: whose calendars are worth asking for
/// once the CRM has answered.
pub fn owners_considered(
    lead: &Lead,
    account: &Fact<Candidates>,
    assigned: Option<&Fact<Option<CrmId>>>,
    rules: &RuleSet,
    now: DateTime<Utc>,
) -> BTreeSet<RepId> {
    let (account, assigned) = (account.clone(), assigned.cloned());
    let snapshot = Snapshot { now, account, assigned, reps: BTreeMap::new(), ledgers: BTreeMap::new() };
    let matched = matching::account(lead, &snapshot, rules);
    let case = Case { lead, snapshot: &snapshot, rules, account: matched.account.as_ref(), ring: false };
    let mut reps = BTreeSet::new();
    for rule in chosen_by_crm(&case).iter().chain(&rules.ownership) {
        if let Owner::Rep(rep) = owner(&case, rule) {
            reps.extend([Some(rep.id.clone()), rep.delegate.clone()].into_iter().flatten());
        }
    }
    reps
}

/// Caps, languages and skills are not asked: the account is this rep's. The delegate takes calls only; where no phone is
/// to be rung, the lead stays with an owner who is back in time, and otherwise goes on.
fn stand(case: &Case, rep: &Rep, wait_at_most: Option<Duration>) -> OwnershipResult {
    if !rep.active {
        return OwnershipResult::Inactive;
    }
    let Err(because) = availability::now(case, case.seen(rep)) else { return OwnershipResult::Keeps };
    if let Some(delegate) = free_delegate(case, rep) {
        return OwnershipResult::Delegated { to: delegate.id.clone(), because };
    }
    let free_at = availability::free_at(case, case.seen(rep), &because);
    let patience = wait_at_most.map_or(TimeDelta::MAX, |wait| TimeDelta::from_std(wait).unwrap_or(TimeDelta::MAX));
    if free_at.is_some_and(|at| at - case.now() <= patience) {
        OwnershipResult::KeepsForLater { because, free_at }
    } else {
        OwnershipResult::GivenUp { because, free_at }
    }
}

fn free_delegate<'a>(case: &Case<'a>, rep: &Rep) -> Option<&'a Rep> {
    let delegate = case.rep(rep.delegate.as_ref()?)?;
    (case.ring && delegate.active && availability::now(case, case.seen(delegate)).is_ok()).then_some(delegate)
}

/// `None`: the lead goes on to the next rule.
fn standing(result: OwnershipResult) -> Option<Standing> {
    match result {
        OwnershipResult::Keeps => Some(Standing::Free),
        OwnershipResult::Delegated { to, because } => Some(Standing::Delegated { to, because }),
        OwnershipResult::KeepsForLater { because, .. } => Some(Standing::Later { because }),
        OwnershipResult::GivenUp { .. }
        | OwnershipResult::NoOwner
        | OwnershipResult::NotARep { .. }
        | OwnershipResult::Inactive
        | OwnershipResult::TooLongAgo { .. }
        | OwnershipResult::NotKnown { .. } => None,
    }
}
