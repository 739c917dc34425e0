//! Whether somebody holds the lead already: whom the CRM's own rules chose, the owner of the account, of its open
//! opportunity or of an earlier record of the caller, the rep of a named account, the rep a route names.

mod owner;

use super::availability;
use super::matching;
use super::routes::Taken;
use crate::domain::account::Candidates;
use crate::domain::id::RepId;
use crate::domain::rep::{Leave, Rep};
use crate::routing::case::RoutingCase;
use crate::routing::decision::{KeyOwner, OwnershipResult, OwnershipTrace};
use crate::routing::reason::{HeldBy, Rejection};
use crate::rules::RuleSet;
use crate::rules::model::set::{Existing, OwnershipRule, Route, RouteTo};
use chrono::{DateTime, NaiveTime, TimeDelta, TimeZone, Utc};
use owner::{Owner, owner};
use std::collections::BTreeSet;

pub(in crate::routing) struct Ownership {
    /// Who keeps the lead; `None` = the pool decides.
    pub holder: Option<Holder>,
    /// The rules that were tried, up to the one that held.
    pub trace: Vec<OwnershipTrace>,
}

pub(in crate::routing) struct Holder {
    pub rep: RepId,
    pub by: HeldBy,
    pub standing: OwnerStanding,
}

/// How a holder stands to the call.
pub(in crate::routing) enum OwnerStanding {
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
pub(in crate::routing) fn settle(case: &RoutingCase, route: &Taken) -> Ownership {
    let mut trace = Vec::new();
    for rule in chosen_by_crm(case).iter().chain(&case.rules.ownership) {
        let (rep, result) = match owner(case, rule) {
            Owner::Nobody => (None, OwnershipResult::NoOwner),
            Owner::Stranger(crm_id) => (None, OwnershipResult::NotARep { crm_id: crm_id.clone() }),
            Owner::TooLongAgo(active_at) => (None, OwnershipResult::TooLongAgo { active_at }),
            Owner::NotKnown(why) => (None, OwnershipResult::NotKnown { why: why.to_owned() }),
            Owner::Weak(rep) => (rep, OwnershipResult::Weak),
            Owner::Rep(rep) => (Some(rep), stand(case, rep, rule)),
        };
        trace.push(OwnershipTrace {
            existing: rule.existing,
            rep: rep.map(|rep| rep.id.clone()),
            disputed: disputed(case, rule, rep),
            result: result.clone(),
        });
        if let Some((rep, standing)) = rep.zip(standing(result)) {
            let by = HeldBy::Existing(rule.existing);
            return Ownership { holder: Some(Holder { rep: rep.id.clone(), by, standing }), trace };
        }
    }
    Ownership { holder: routed_rep(case, route), trace }
}

/// Both owners, where a rule follows one to whom only one of the caller's keys leads.
fn disputed(case: &RoutingCase, rule: &OwnershipRule, rep: Option<&Rep>) -> Vec<KeyOwner> {
    let (Some(rep), Some(Candidates::Found(records))) = (rep, case.snapshot.account.value()) else { return Vec::new() };
    if rule.existing == Existing::CrmAssignment {
        return Vec::new();
    }
    let found = matching::owners_by_key(case.lead, records).unwrap_or_default();
    if found.iter().any(|found| rep.is_called_in_crm(&found.owner)) { found } else { Vec::new() }
}

fn routed_rep(case: &RoutingCase, route: &Taken) -> Option<Holder> {
    let Taken::Route(Route { name, to: RouteTo::Rep(rep), .. }) = route else { return None };
    let standing = standing(stand(case, case.rep(rep)?, &OwnershipRule::of(Existing::AccountOwner)))?;
    Some(Holder { rep: rep.clone(), by: HeldBy::Route(name.clone()), standing })
}

/// Where the CRM assigns, its choice comes before every other owner, and is waited for within the rota.
fn chosen_by_crm(case: &RoutingCase) -> Option<OwnershipRule> {
    case.snapshot.assigned.as_ref().map(|_| OwnershipRule::of(Existing::CrmAssignment))
}

/// Every rep whom [`settle`] may find to be an owner.
pub(in crate::routing) fn owners_considered(case: &RoutingCase) -> BTreeSet<RepId> {
    let crm = chosen_by_crm(case);
    let rules = crm.iter().chain(&case.rules.ownership);
    let owners = rules.filter_map(|rule| match owner(case, rule) {
        Owner::Rep(rep) => Some(rep.id.clone()),
        Owner::Nobody | Owner::Stranger(_) | Owner::TooLongAgo(_) | Owner::NotKnown(_) | Owner::Weak(_) => None,
    });
    owners.collect()
}

/// Caps, languages and skills are not asked: the account is this rep's. An owner who is absent for longer than the rule waits
/// is given up, whoever could take the call: the lead would lie with nobody. A delegate takes calls only; where no phone is to
/// be rung, the lead stays with an owner who is back in time, and otherwise goes on.
fn stand(case: &RoutingCase, rep: &Rep, rule: &OwnershipRule) -> OwnershipResult {
    if !rep.active {
        return OwnershipResult::Inactive;
    }
    let Err(because) = availability::now(case.moment(), case.seen(rep)) else { return OwnershipResult::Keeps };
    let free_at = availability::free_at(case, case.seen(rep), &because);
    let absent = Absence { rep, because: &because, free_at };
    if absent.is_too_long(case, rule) {
        return OwnershipResult::GivenUp { because, free_at };
    }
    match free_delegate(case, rep) {
        Some(delegate) => OwnershipResult::Delegated { to: delegate.id.clone(), because },
        None if free_at.is_some() => OwnershipResult::KeepsForLater { because, free_at },
        None => OwnershipResult::GivenUp { because, free_at },
    }
}

struct Absence<'a> {
    rep: &'a Rep,
    because: &'a Rejection,
    /// `None`: not within the horizon of the rota.
    free_at: Option<DateTime<Utc>>,
}

impl Absence<'_> {
    /// By the limit for what keeps the owner away; leave that begins in days off, or ends in them, is leave. Without a limit
    /// no absence is too long for a delegate.
    fn is_too_long(&self, case: &RoutingCase, rule: &OwnershipRule) -> bool {
        let (limit, ends_at) = match (self.leave_ends_at(case), self.because) {
            (Some(ends_at), _) if rule.leave_at_most.is_some() => (rule.leave_at_most, Some(ends_at)),
            (None, Rejection::OffRota { .. } | Rejection::Holiday { .. }) if rule.off_rota_at_most.is_some() => {
                (rule.off_rota_at_most, self.free_at)
            }
            (Some(_) | None, _) => (rule.wait_at_most, self.free_at),
        };
        let Some(limit) = limit else { return false };
        let limit = TimeDelta::from_std(limit).unwrap_or(TimeDelta::MAX);
        ends_at.is_none_or(|at| at - case.now() > limit)
    }

    /// The end of the last leave, or absence in the calendar, that begins before the owner is free again.
    fn leave_ends_at(&self, case: &RoutingCase) -> Option<DateTime<Utc>> {
        let zone = self.rep.timezone;
        let today = case.now().with_timezone(&zone).date_naive();
        let is_ahead = |leave: &&Leave| {
            let begins = zone.from_local_datetime(&leave.from.and_time(NaiveTime::MIN)).earliest();
            leave.until >= today && begins.zip(self.free_at).is_none_or(|(begins, free_at)| begins <= free_at)
        };
        let last = self.rep.leave.iter().filter(is_ahead).map(|leave| leave.until).max();
        // The first moment of the day after; an hour later where the zone skips its midnight.
        let ends_at = last.and_then(|last| {
            let midnight = last.succ_opt()?.and_time(NaiveTime::MIN);
            let at = |time| zone.from_local_datetime(&time).earliest();
            Some(at(midnight).or_else(|| at(midnight + TimeDelta::hours(1)))?.to_utc())
        });
        if !case.snapshot.sees_leave_ahead {
            let Rejection::OutOfOffice { until } = self.because else { return ends_at };
            return ends_at.max(Some(*until));
        }
        let calendar = case.seen(self.rep).calendar().unwrap_or(&[]);
        let away = calendar.iter().filter(|entry| availability::is_absence(entry) && entry.until > case.now());
        let away = away.filter(|entry| self.free_at.is_none_or(|free_at| entry.from <= free_at));
        ends_at.max(away.map(|entry| entry.until).max())
    }
}

/// Whoever stands in for a rep, for that rep's stand-in, and so on; nobody twice.
pub(in crate::routing) fn delegates<'a>(rules: &'a RuleSet, rep: &Rep) -> impl Iterator<Item = &'a Rep> {
    let mut seen = BTreeSet::from([rep.id.clone()]);
    let mut following = rep.delegate.clone();
    std::iter::from_fn(move || {
        let next = rules.reps.get(following.as_ref()?)?;
        following.clone_from(&next.delegate);
        seen.insert(next.id.clone()).then_some(next)
    })
}

fn free_delegate<'a>(case: &RoutingCase<'a>, rep: &Rep) -> Option<&'a Rep> {
    let free = |delegate: &&Rep| delegate.active && availability::now(case.moment(), case.seen(delegate)).is_ok();
    if case.ring { delegates(case.rules, rep).find(free) } else { None }
}

/// `None`: the lead goes on to the next rule.
fn standing(result: OwnershipResult) -> Option<OwnerStanding> {
    match result {
        OwnershipResult::Keeps => Some(OwnerStanding::Free),
        OwnershipResult::Delegated { to, because } => Some(OwnerStanding::Delegated { to, because }),
        OwnershipResult::KeepsForLater { because, .. } => Some(OwnerStanding::Later { because }),
        OwnershipResult::GivenUp { .. }
        | OwnershipResult::NoOwner
        | OwnershipResult::NotARep { .. }
        | OwnershipResult::Inactive
        | OwnershipResult::Weak
        | OwnershipResult::TooLongAgo { .. }
        | OwnershipResult::NotKnown { .. } => None,
    }
}
