//! Lawful calling hours, on every clock that may be the caller's.

use super::Hours;
use super::shifts::{clip, days, horizon, instants, on, shifts};
use crate::domain::rep::Rep;
use crate::domain::whereabouts::Whereabouts;
use crate::domain::zone::Zone;
use chrono::{DateTime, Utc};

/// Whether the caller may be called at this instant. If nothing is known of where they are, nothing can be checked here and the
/// answer is yes.
pub fn calling_allowed(hours: &Hours, caller: &Whereabouts, at: DateTime<Utc>) -> bool {
    next_calling_time(hours, caller, at) == at
}

/// The first instant from `at` on at which it is lawful on each of the caller's clocks; on the likeliest alone, if they never
/// agree within [`super::HORIZON_DAYS`].
pub fn next_calling_time(hours: &Hours, caller: &Whereabouts, at: DateTime<Utc>) -> DateTime<Utc> {
    let place = caller.place.as_deref();
    let next = |zone: &Zone, from| next_on(hours, place, *zone, from, horizon(at));
    let mut agreed = at;
    while let Some(latest) = caller.zones.iter().map(|zone| next(zone, agreed)).collect::<Option<Vec<_>>>() {
        match latest.into_iter().max() {
            Some(later) if later > agreed => agreed = later,
            Some(_) | None => return agreed,
        }
    }
    caller.zones.first().and_then(|zone| next(zone, at)).unwrap_or(at)
}

/// The first instant from `at` on at which the rep works *and* the caller may be called.
/// `None` if the two never meet within [`super::HORIZON_DAYS`].
pub fn next_call_at(hours: &Hours, rep: &Rep, caller: &Whereabouts, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let mut found: Option<DateTime<Utc>> = None;
    shifts(hours, rep, at, horizon(at)).find_map(|(start, end)| {
        // What was found for an earlier shift is the next lawful moment still, until that has gone by.
        let callable = found.filter(|found| *found >= start).unwrap_or_else(|| next_calling_time(hours, caller, start));
        found = Some(callable);
        (callable < end).then_some(callable)
    })
}

/// `None`: not before `until`.
fn next_on(
    hours: &Hours,
    place: Option<&str>,
    zone: Zone,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let own = place.and_then(|place| hours.calling_of(place));
    let all_week = [hours.calling];
    let lawful = |day| own.map_or(&all_week[..], |week| on(week, day));
    let windows =
        days(zone, from, until).flat_map(|day| lawful(day).iter().map(move |shift| instants(zone, day, *shift)));
    windows.filter_map(|window| clip(window, from, until)).map(|(start, _)| start).next()
}
