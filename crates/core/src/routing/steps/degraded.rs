//! What could not be had in time, of what this decision would have used.

use crate::domain::id::RepId;
use crate::domain::known::Fact;
use crate::routing::case::RoutingCase;
use crate::routing::decision::{AccountTrace, CandidateVerdict, OwnershipResult, Plan, Trace};
use crate::routing::reason::{NotKnown, Rejection};
use std::collections::BTreeSet;

pub(in crate::routing) fn list(case: &RoutingCase, plan: &Plan, trace: &Trace) -> Vec<NotKnown> {
    let mut missing = Vec::new();
    if let AccountTrace::Unknown { why } = &trace.account {
        missing.push(NotKnown::Account { why: why.clone() });
    }
    if let Some(Fact::Unknown { why }) = &case.snapshot.assigned {
        missing.push(NotKnown::OwnerChosenByCrm { why: why.clone() });
    }
    for rep in calendars_used(plan, trace) {
        if let Some(rep) = case.rep(rep)
            && let Err(why) = case.seen(rep).calendar()
        {
            missing.push(NotKnown::Calendar { rep: rep.id.clone(), why: why.to_owned() });
        }
    }
    missing
}

/// A member who is rejected for another reason was not asked for the calendar, nor was an owner who left, nor whoever only
/// answers for a lead that waits.
fn calendars_used<'a>(plan: &'a Plan, trace: &'a Trace) -> BTreeSet<&'a RepId> {
    let owners = trace.ownership.iter().filter(|rule| rule.result != OwnershipResult::Inactive);
    let owners = owners.filter_map(|rule| rule.rep.as_ref());
    let owner = Some(&plan.owner).filter(|_| !plan.waits);
    let candidates = trace.pools.iter().flat_map(|pool| &pool.candidates);
    let asked = candidates.filter(|candidate| match &candidate.verdict {
        CandidateVerdict::Eligible { .. } => true,
        CandidateVerdict::Rejected { because } => matches!(because, Rejection::CalendarUnknown { .. }),
    });
    let targets = plan.targets.iter().map(|target| &target.rep);
    owners.chain(asked.map(|candidate| &candidate.rep)).chain(targets).chain(owner).collect()
}
