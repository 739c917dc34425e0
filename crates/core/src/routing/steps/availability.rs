//! Whether a rep can be had at this moment, and if not, when for the first time.

use crate::domain::rep::{Busy, BusyKind, Presence, Rep};
use crate::domain::rota::{self, OffReason};
use crate::routing::case::{Moment, RoutingCase, SeenRep};
use crate::routing::reason::Rejection;
use chrono::{DateTime, TimeDelta, Utc};
use std::time::Duration;

/// What "away" is taken to last, since nobody says until when: an hour, a long lunch.
const AWAY_FOR: TimeDelta = TimeDelta::hours(1);

/// At work and at hand: what is asked of an owner or a delegate. An owner whose calendar is unknown counts as free:
/// passing them over costs the caller their own rep, ringing in vain costs seconds.
pub(super) fn now(moment: Moment, seen: SeenRep) -> Result<(), Rejection> {
    at_work(moment, seen.rep)?;
    at_hand(moment, seen)
}

pub(super) fn at_work(moment: Moment, rep: &Rep) -> Result<(), Rejection> {
    let Some((reason, back_at)) = rota::why_off(&moment.rules.hours, rep, moment.now) else { return Ok(()) };
    Err(match reason {
        OffReason::OffRota => Rejection::OffRota { back_at },
        OffReason::Holiday => Rejection::Holiday { region: rep.holidays.clone(), back_at },
        OffReason::Leave { until } => Rejection::OnLeave { until },
    })
}

/// What the calendar, the rep's own word and the phone say.
pub(super) fn at_hand(moment: Moment, seen: SeenRep) -> Result<(), Rejection> {
    let (facts, calendar) = (seen.facts, seen.calendar().unwrap_or(&[]));
    if let Some(until) = taken_until(calendar, moment.now, is_absence) {
        return Err(Rejection::OutOfOffice { until });
    }
    if facts.is_some_and(|facts| facts.presence == Presence::Away) {
        return Err(Rejection::Away);
    }
    if !moment.ring {
        return if moment.call_back { calls_back(moment, seen.rep, calendar) } else { Ok(()) };
    }
    if let Some(until) = facts.and_then(|facts| facts.reserved_until).filter(|until| *until > moment.now) {
        return Err(Rejection::Reserved { until });
    }
    if let Some(until) = facts.and_then(|facts| facts.quiet_until).filter(|until| *until > moment.now) {
        return Err(Rejection::NotAnswering { until });
    }
    if let Some(until) = busy_until(moment, calendar) {
        return Err(Rejection::Busy { until });
    }
    if seen.rep.phones.is_empty() { Err(Rejection::NoPhone) } else { Ok(()) }
}

/// A meeting is no reason to pass over whoever calls back later, unless it lasts beyond the time of the promise.
fn calls_back(moment: Moment, rep: &Rep, calendar: &[Busy]) -> Result<(), Rejection> {
    let Some(until) = busy_until(moment, calendar) else { return Ok(()) };
    let within = moment.rules.handoff.callback.within;
    match rota::add_working_time(&moment.rules.hours, rep, moment.now, within) {
        Some(due) if until <= due => Ok(()),
        Some(_) | None => Err(Rejection::Busy { until }),
    }
}

/// The first moment at which the rep works, is not reserved and has nothing in the calendar, as far as it is known.
/// `None`: not within the horizon of the rota. `because` is why the rep cannot be had now.
pub(super) fn free_at(case: &RoutingCase, seen: SeenRep, because: &Rejection) -> Option<DateTime<Utc>> {
    let SeenRep { rep, facts } = seen;
    let mut from = case.now();
    if facts.is_some_and(|facts| facts.presence == Presence::Away) {
        from += AWAY_FOR;
    }
    for taken in facts.into_iter().flat_map(|facts| [facts.reserved_until, facts.quiet_until]) {
        from = from.max(taken.unwrap_or(from));
    }
    let calendar = seen.calendar().unwrap_or(&[]);
    let back_at = match because {
        Rejection::OffRota { back_at } | Rejection::Holiday { back_at, .. } => *back_at,
        _ => None,
    };
    loop {
        let working = match back_at.filter(|back_at| from <= *back_at) {
            Some(back_at) => back_at,
            None => rota::add_working_time(&case.rules.hours, rep, from, Duration::ZERO)?,
        };
        let taken = calendar.iter().filter(|busy| covers(busy, working) && case.rules.calendars.takes(busy));
        match taken.map(|busy| busy.until).max() {
            Some(until) => from = until, // later than `working`: every round moves on, past one entry at least
            None => return Some(working),
        }
    }
}

pub(super) fn is_absence(entry: &Busy) -> bool {
    entry.kind == BusyKind::OutOfOffice
}

/// By whatever counts as busy and is no absence.
fn busy_until(moment: Moment, calendar: &[Busy]) -> Option<DateTime<Utc>> {
    taken_until(calendar, moment.now, |entry| !is_absence(entry) && moment.rules.calendars.takes(entry))
}

/// The end of what is in the calendar now, over entries that follow without a break.
fn taken_until(calendar: &[Busy], now: DateTime<Utc>, counts: impl Fn(&Busy) -> bool) -> Option<DateTime<Utc>> {
    let mut end = None;
    while let Some(until) =
        calendar.iter().filter(|busy| counts(busy) && covers(busy, end.unwrap_or(now))).map(|busy| busy.until).max()
    {
        end = Some(until);
    }
    end
}

fn covers(busy: &Busy, at: DateTime<Utc>) -> bool {
    busy.from <= at && at < busy.until
}
