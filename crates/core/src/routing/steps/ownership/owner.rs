//! Whom one rule of ownership leads to.

use crate::domain::account::PersonKind;
use crate::domain::crm_id::CrmId;
use crate::domain::known::Fact;
use crate::domain::rep::Rep;
use crate::routing::case::RoutingCase;
use crate::routing::steps::matching;
use crate::rules::model::set::{Existing, OwnershipRule};
use chrono::{DateTime, TimeDelta, Utc};
use std::cmp::Reverse;

pub(super) enum Owner<'a> {
    Nobody,
    /// A CRM user, or a queue, who is no rep here.
    Stranger(&'a CrmId),
    TooLongAgo(Option<DateTime<Utc>>),
    NotKnown(&'a str),
    /// Of a company that is known by its name alone; who is a rep here, or not.
    Weak(Option<&'a Rep>),
    Rep(&'a Rep),
}

pub(super) fn owner<'a>(case: &RoutingCase<'a>, rule: &OwnershipRule) -> Owner<'a> {
    match rule.existing {
        Existing::AccountOwner => account_owner(case),
        Existing::OpenOpportunityOwner => {
            of_account(case, case.account.and_then(|account| account.open_opportunity_owner_crm_id.as_ref()))
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
fn account_owner<'a>(case: &RoutingCase<'a>) -> Owner<'a> {
    if let Some(crm_id) = case.account.and_then(|account| account.owner_crm_id.as_ref()) {
        return of_account(case, Some(crm_id));
    }
    let named = matching::named_account(case.lead, case.account.filter(|_| !case.account_is_weak), case.rules);
    let rep = named.and_then(|named| case.rep(named.rep.as_ref()?));
    rep.map_or(Owner::Nobody, Owner::Rep)
}

/// Of the record of the caller that was active last, the CRM's or our own; one without an owner is no reason to stop looking.
fn person_owner<'a>(case: &RoutingCase<'a>, rule: &OwnershipRule, kinds: &[PersonKind]) -> Owner<'a> {
    let owned = matching::same_person(case.lead, case.snapshot)
        .filter(|person| kinds.contains(&person.kind) && (person.owner_crm_id.is_some() || person.owner.is_some()));
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
    match &person.owner {
        Some(rep) => case.rep(rep).map_or(Owner::Nobody, Owner::Rep),
        None => of_crm(case, person.owner_crm_id.as_ref()),
    }
}

fn of_account<'a>(case: &RoutingCase<'a>, crm_id: Option<&'a CrmId>) -> Owner<'a> {
    match of_crm(case, crm_id) {
        Owner::Rep(rep) if case.account_is_weak => Owner::Weak(Some(rep)),
        Owner::Stranger(_) if case.account_is_weak => Owner::Weak(None),
        owner => owner,
    }
}

fn of_crm<'a>(case: &RoutingCase<'a>, crm_id: Option<&'a CrmId>) -> Owner<'a> {
    let Some(crm_id) = crm_id else { return Owner::Nobody };
    case.rules.rep_in_crm(crm_id).map_or(Owner::Stranger(crm_id), Owner::Rep)
}
