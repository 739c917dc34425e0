//! When a caller can be promised a call: inside the owner's working hours and the caller's lawful calling hours, and when the
//! owner's calendar, as far as it is known, leaves the time to make it. Calls that one rep owes are spread: each has a time of its
//! own, as long as that is no later than it would be alone. A mail may be read at any hour.

use super::begin::later;
use super::state::Handoff;
use crate::domain::id::RepId;
use crate::domain::lead::ReachBack;
use crate::domain::outcome::Promise;
use crate::domain::rep::{Busy, BusyKind, Rep};
use crate::domain::rota;
use crate::domain::whereabouts::Whereabouts;
use crate::rules::RuleSet;
use chrono::{DateTime, TimeDelta, Utc};
use std::time::Duration;

/// An owner who is back only after this long lets the delegate keep the promise.
const OWNER_MAY_BE_AWAY: TimeDelta = TimeDelta::hours(24);

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
    if open == after { after } else { open + room(handoff, within) }
}

/// Whether whoever owes it may call at the time of a promise, and could have begun to, where the caller is; who has left is
/// another matter.
pub(super) fn is_lawful(promise: &Promise, handoff: &Handoff, rules: &RuleSet) -> bool {
    let Some(rep) = rules.reps.get(&promise.owner) else { return true };
    let (caller, at) = (handoff.whereabouts(), promise.promised_at);
    let room = room(handoff, within(handoff, promise.raised));
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
/// taken then, the call is promised for before that, where half of the time is left, or else for after it; and if another lead is
/// to be called then, for before that as well, where there is room.
fn time_for(
    handoff: &Handoff,
    rules: &RuleSet,
    rep: &Rep,
    within: Duration,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let times = Times { rules, rep, caller: hours_of(handoff), room: room(handoff, within) };
    let (busy, half) = (handoff.busy(&rep.id), later(now, within / 2));
    let due = times.clear_of(busy, rota::add_working_time(&rules.hours, rep, now, within)?, half)?;
    let others = calls_of_others(handoff, &rep.id);
    Some(times.apart(due, &others, busy, half).unwrap_or(due))
}

/// When calls that the rep owes other leads are to be made, each up to its time.
fn calls_of_others(handoff: &Handoff, rep: &RepId) -> Vec<Busy> {
    let takes = TimeDelta::from_std(handoff.terms.callback.takes).unwrap_or_default();
    let owed = handoff.promised.get(rep).into_iter().flatten();
    owed.map(|at| Busy { from: *at - takes, until: *at, kind: BusyKind::Busy }).collect()
}

/// Times at which one rep can call one caller.
struct Times<'a> {
    rules: &'a RuleSet,
    rep: &'a Rep,
    caller: Whereabouts,
    room: TimeDelta,
}

impl Times<'_> {
    /// The first from `due` on that no entry of the calendar takes, or one before it that is not before `earliest`.
    fn clear_of(&self, busy: &[Busy], due: DateTime<Utc>, earliest: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let mut due = self.lawful(due)?;
        // Every round moves on, past one entry at least.
        while let Some((start, end)) = taken(busy, due - self.room, due) {
            let begins = start - self.room;
            let early_enough = earliest <= begins && self.callable(begins) == Some(begins);
            if early_enough && self.may_be_called(start) && taken(busy, begins, start).is_none() {
                return Some(start);
            }
            due = self.lawful(self.after(end, self.room)?)?;
        }
        Some(due)
    }

    /// Where another lead is to be called at about that time: the first time from `earliest` on at which the rep has nothing to do.
    /// `None`: nobody else is, or there is none before it. Nobody is told a later time because others are called.
    fn apart(
        &self,
        due: DateTime<Utc>,
        others: &[Busy],
        busy: &[Busy],
        earliest: DateTime<Utc>,
    ) -> Option<DateTime<Utc>> {
        let _met = taken(others, due - self.room, due)?;
        let all = [busy, others].concat();
        let mut at = self.lawful(self.after(earliest, self.room)?)?;
        // As above.
        while at < due {
            match taken(&all, at - self.room, at) {
                None => return Some(at),
                Some((_, end)) => at = self.lawful(self.after(end, self.room)?)?,
            }
        }
        None
    }

    /// Who may not be called before some moment cannot have been called by then.
    fn lawful(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self.callable(at)? {
            open if open > at => self.callable(self.after(open, self.room)?),
            _ if self.may_be_called(at - self.room) => Some(at),
            _ => {
                let open = rota::next_calling_time(&self.rules.hours, &self.caller, at - self.room);
                self.callable(self.after(open, self.room)?)
            }
        }
    }

    fn callable(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        rota::next_call_at(&self.rules.hours, self.rep, &self.caller, at)
    }

    fn may_be_called(&self, at: DateTime<Utc>) -> bool {
        rota::calling_allowed(&self.rules.hours, &self.caller, at)
    }

    /// When so much of the rep's working time has passed.
    fn after(&self, at: DateTime<Utc>, span: TimeDelta) -> Option<DateTime<Utc>> {
        rota::add_working_time(&self.rules.hours, self.rep, at, span.to_std().ok()?)
    }
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
    let room = room(handoff, handoff.terms.callback.within_after_hang_up).min((promised_at - from) / 2);
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

/// What a call needs of so much time: a promise is for the end of it.
fn room(handoff: &Handoff, within: Duration) -> TimeDelta {
    TimeDelta::from_std(handoff.terms.callback.takes.min(within / 2)).unwrap_or_default()
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
