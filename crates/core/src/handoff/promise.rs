//! When a caller can be promised a call: inside the owner's working hours and the caller's lawful calling hours, and when the
//! owner's calendar, as far as it is known, leaves the time to make it. A mail may be read at any hour.

use super::begin::later;
use super::state::Handoff;
use crate::domain::id::RepId;
use crate::domain::lead::ReachBack;
use crate::domain::outcome::Promise;
use crate::domain::rep::{Busy, Rep};
use crate::domain::rota;
use crate::domain::whereabouts::Whereabouts;
use crate::rules::RuleSet;
use chrono::{DateTime, TimeDelta, Utc};
use std::time::Duration;

/// An owner who is back only after this long lets the delegate keep the promise.
const OWNER_MAY_BE_AWAY: TimeDelta = TimeDelta::hours(24);
/// What a call needs: a promise is for the end of so much free time.
const ROOM: Duration = Duration::from_secs(10 * 60);

/// The promise for this handoff. Somebody always owes it: where the owner cannot, the delegate, else whoever owns what
/// nothing else could place; where no working time is found in which the caller may be called, the promise is due once they
/// may be.
pub(super) fn promise(handoff: &Handoff, rules: &RuleSet, raised: bool, now: DateTime<Utc>) -> Promise {
    let within = within(handoff, raised);
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
            (sink, at(sink).unwrap_or_else(|| lawful_alone(handoff, rules, within, now)))
        }
    };
    let by_mail = handoff.reach_back == ReachBack::Mail;
    Promise { owner: owner.clone(), promised_at, raised, by_mail }
}

/// Once the caller may be called, with room for a call; by nobody's working time.
fn lawful_alone(handoff: &Handoff, rules: &RuleSet, within: Duration, now: DateTime<Utc>) -> DateTime<Utc> {
    let after = later(now, within);
    let open = rota::next_calling_time(&rules.hours, &hours_of(handoff), after);
    if open == after { after } else { open + room(within) }
}

/// Whether whoever owes it may call at the time of a promise, and could have begun to, where the caller is; who has left is
/// another matter.
pub(super) fn is_lawful(promise: &Promise, handoff: &Handoff, rules: &RuleSet) -> bool {
    let Some(rep) = rules.reps.get(&promise.owner) else { return true };
    let (caller, at) = (handoff.whereabouts(), promise.promised_at);
    let room = room(within(handoff, promise.raised));
    rota::next_call_at(&rules.hours, rep, &caller, at) == Some(at)
        && rota::calling_allowed(&rules.hours, &caller, at - room)
}

/// Where the caller must be awake; nowhere, where nobody calls them.
fn hours_of(handoff: &Handoff) -> Whereabouts {
    match handoff.reach_back {
        ReachBack::Call => handoff.whereabouts(),
        ReachBack::Mail | ReachBack::Nothing => Whereabouts::default(),
    }
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

/// The first instant at which this much of the rep's working time has passed and there was room for a lawful call. If the rep is
/// taken then, the call is promised for before that, where half of the time is left, or else for after it.
fn time_for(
    handoff: &Handoff,
    rules: &RuleSet,
    rep: &Rep,
    within: Duration,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let caller = hours_of(handoff);
    let callable = |at| rota::next_call_at(&rules.hours, rep, &caller, at);
    let (busy, room) = (handoff.busy(&rep.id), room(within));
    let before = |at: DateTime<Utc>| at - room;
    let after = |at, span: TimeDelta| rota::add_working_time(&rules.hours, rep, at, span.to_std().ok()?);
    let may_be_called = |at| rota::calling_allowed(&rules.hours, &caller, at);
    // Who may not be called before some moment cannot have been called by then.
    let lawful = |at| match callable(at)? {
        open if open > at => callable(after(open, room)?),
        _ if may_be_called(before(at)) => Some(at),
        _ => callable(after(rota::next_calling_time(&rules.hours, &caller, before(at)), room)?),
    };
    let mut due = lawful(rota::add_working_time(&rules.hours, rep, now, within)?)?;
    // Every round moves on, past one entry at least.
    while let Some((start, end)) = taken(busy, before(due), due) {
        let early_enough = later(now, within / 2) <= before(start) && callable(before(start)) == Some(before(start));
        if early_enough && may_be_called(start) && taken(busy, before(start), start).is_none() {
            return Some(start);
        }
        due = lawful(after(end, room)?)?;
    }
    Some(due)
}

/// From when the steps of a promise are counted: when it is made, and where calendars or lawful hours put it off, as long before
/// its time as it would have been made otherwise.
pub(super) fn clock_from(handoff: &Handoff, rules: &RuleSet, promise: &Promise, now: DateTime<Utc>) -> DateTime<Utc> {
    let within = within(handoff, promise.raised);
    if promise.promised_at <= worked(rules, &promise.owner, now, within) {
        return now;
    }
    let before = TimeDelta::from_std(within).unwrap_or_default();
    now.max(promise.promised_at - before)
}

/// When so much of the rep's working time has passed; of any time, where they have none.
pub(super) fn worked(rules: &RuleSet, rep: &RepId, from: DateTime<Utc>, span: Duration) -> DateTime<Utc> {
    let rep = rules.reps.get(rep);
    rep.and_then(|rep| rota::add_working_time(&rules.hours, rep, from, span)).unwrap_or_else(|| later(from, span))
}

/// Whether this rep's work and calendar leave room, from then on, for a lawful call before the time that a caller was told.
pub(super) fn can_keep(
    handoff: &Handoff,
    rules: &RuleSet,
    rep: &RepId,
    promised_at: DateTime<Utc>,
    from: DateTime<Utc>,
) -> bool {
    let Some(rep) = rules.reps.get(rep).filter(|_| from < promised_at) else { return false };
    let room = room(handoff.terms.callback.within_after_hang_up).min((promised_at - from) / 2);
    let (caller, busy) = (hours_of(handoff), handoff.busy(&rep.id));
    let callable = |at| rota::next_call_at(&rules.hours, rep, &caller, at);
    rota::working_windows(&rules.hours, rep, from, promised_at).into_iter().any(|(mut from, until)| {
        // Every round moves on, past one entry at least.
        while let Some(at) = callable(from).filter(|at| *at + room <= until) {
            match taken(busy, at, at + room) {
                Some((_, end)) => from = end,
                None if rota::calling_allowed(&rules.hours, &caller, at + room) => return true,
                None => from = at + room,
            }
        }
        false
    })
}

fn within(handoff: &Handoff, raised: bool) -> Duration {
    let terms = &handoff.terms.callback;
    if raised { terms.within_after_hang_up } else { terms.within }
}

/// What a call needs of so much time.
fn room(within: Duration) -> TimeDelta {
    TimeDelta::from_std(ROOM.min(within / 2)).unwrap_or_default()
}

/// What is taken without a break around this span, if any of it is.
fn taken(busy: &[Busy], from: DateTime<Utc>, until: DateTime<Utc>) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let touching = |from, until| busy.iter().filter(move |busy| busy.from < until && from < busy.until);
    let mut start = touching(from, until).map(|busy| busy.from).min()?;
    let mut end = touching(from, until).map(|busy| busy.until).max()?;
    while let Some(before) = busy.iter().find(|busy| busy.from < start && busy.until >= start) {
        start = before.from;
    }
    while let Some(after) = busy.iter().find(|busy| busy.until > end && busy.from <= end) {
        end = after.until;
    }
    Some((start, end))
}
