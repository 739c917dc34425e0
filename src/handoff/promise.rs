//! When a caller can be promised a call: inside the owner's working hours and the caller's lawful calling hours.

use super::begin::later;
use super::state::Handoff;
use crate::domain::id::RepId;
use crate::domain::outcome::Promise;
use crate::domain::rep::Rep;
use crate::domain::rota;
use crate::rules::RuleSet;
use chrono::{DateTime, TimeDelta, Utc};
use std::time::Duration;

/// An owner who is back only after this long lets the delegate keep the promise.
const OWNER_MAY_BE_AWAY: TimeDelta = TimeDelta::hours(24);

/// The promise for this handoff. Somebody always owes it: where the owner cannot, the delegate, else whoever owns what
/// nothing else could place; where no working time is found at all, the promise is due after the bare span.
pub(super) fn promise(handoff: &Handoff, rules: &RuleSet, raised: bool, now: DateTime<Utc>) -> Promise {
    let terms = &handoff.terms.callback;
    let within = if raised { terms.within_after_hang_up } else { terms.within };
    let at = |rep: &RepId| {
        rules.reps.get(rep).filter(|rep| rep.active).and_then(|rep| time_for(handoff, rules, rep, within, now))
    };
    let owner = &handoff.owner;
    let owner_at = at(owner);
    let delegate = rules.reps.get(owner).and_then(|rep| rep.delegate.as_ref());
    let delegated = delegate.and_then(|rep| Some((rep, at(rep)?)));
    let (owner, promised_at) = match (owner_at, delegated) {
        (Some(mine), Some((rep, theirs))) if mine - theirs > OWNER_MAY_BE_AWAY => (rep, theirs),
        (Some(mine), _) => (owner, mine),
        (None, Some((rep, theirs))) => (rep, theirs),
        (None, None) => {
            let sink = sink(handoff, rules);
            (sink, at(sink).unwrap_or_else(|| later(now, within)))
        }
    };
    Promise { owner: owner.clone(), promised_at, raised }
}

/// Whoever owns what nothing else could place: as when the lead was decided, unless they have left since.
pub(super) fn sink<'a>(handoff: &'a Handoff, rules: &'a RuleSet) -> &'a RepId {
    let named = &handoff.terms.needs_attention;
    if is_here(named, rules) { named } else { &rules.handoff.needs_attention }
}

/// Rules change while a handoff goes on: a rep may have left the roster, or may not be active any more.
pub(super) fn is_here(rep: &RepId, rules: &RuleSet) -> bool {
    rules.reps.get(rep).is_some_and(|rep| rep.active)
}

/// The first instant at which this much of the rep's working time has passed and the caller may lawfully be called.
fn time_for(
    handoff: &Handoff,
    rules: &RuleSet,
    rep: &Rep,
    within: Duration,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let at = rota::add_working_time(&rules.hours, rep, now, within)?;
    rota::next_call_at(&rules.hours, rep, &handoff.whereabouts(), at)
}
