//! Whether somebody holds the lead already: the owner in the CRM, the rep of a named account, the rep a route names.

use super::availability;
use super::case::Case;
use super::decision::{OwnershipResult, OwnershipTrace, Rejection};
use super::matching;
use super::routes::Taken;
use crate::domain::id::RepId;
use crate::domain::rep::Rep;
use crate::rules::set::{Existing, Route, RouteTo};
use chrono::TimeDelta;
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
    for rule in &case.rules.ownership {
        let (rep, result) = match owner(case, rule.existing) {
            Owner::Nobody => (None, OwnershipResult::NoOwner),
            Owner::Stranger(crm_id) => (None, OwnershipResult::NotARep { crm_id: crm_id.to_owned() }),
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

enum Owner<'a> {
    Nobody,
    /// A CRM user who is no rep here.
    Stranger(&'a str),
    Rep(&'a Rep),
}

/// Where the CRM names no account owner, the rep of the named account is it.
fn owner<'a>(case: &Case<'a>, existing: Existing) -> Owner<'a> {
    let crm_id = case.account.and_then(|account| match existing {
        Existing::AccountOwner => account.owner_crm_id.as_deref(),
        Existing::OpenOpportunityOwner => account.open_opportunity_owner_crm_id.as_deref(),
    });
    match (crm_id, existing) {
        (Some(crm_id), _) => {
            let rep = case.rules.reps.values().find(|rep| rep.crm_id.as_deref() == Some(crm_id));
            rep.map_or(Owner::Stranger(crm_id), Owner::Rep)
        }
        (None, Existing::AccountOwner) => {
            let named = matching::named_account(case.lead, case.account, case.rules);
            let rep = named.and_then(|named| case.rep(named.rep.as_ref()?));
            rep.map_or(Owner::Nobody, Owner::Rep)
        }
        (None, Existing::OpenOpportunityOwner) => Owner::Nobody,
    }
}

/// Caps, languages and skills are not asked: the account is this rep's. The delegate takes calls only; where no phone is
/// to be rung, the lead stays with an owner who is back in time, and otherwise goes on.
fn stand(case: &Case, rep: &Rep, wait_at_most: Option<Duration>) -> OwnershipResult {
    if !rep.active {
        return OwnershipResult::Inactive;
    }
    let Err(because) = availability::now(case, rep) else { return OwnershipResult::Keeps };
    if let Some(delegate) = free_delegate(case, rep) {
        return OwnershipResult::Delegated { to: delegate.id.clone(), because };
    }
    let free_at = availability::free_at(case, rep);
    let patience = wait_at_most.map_or(TimeDelta::MAX, |wait| TimeDelta::from_std(wait).unwrap_or(TimeDelta::MAX));
    if free_at.is_some_and(|at| at - case.now() <= patience) {
        OwnershipResult::KeepsForLater { because, free_at }
    } else {
        OwnershipResult::GivenUp { because, free_at }
    }
}

fn free_delegate<'a>(case: &Case<'a>, rep: &Rep) -> Option<&'a Rep> {
    let delegate = case.rep(rep.delegate.as_ref()?)?;
    (case.ring && delegate.active && availability::now(case, delegate).is_ok()).then_some(delegate)
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
        | OwnershipResult::Inactive => None,
    }
}
