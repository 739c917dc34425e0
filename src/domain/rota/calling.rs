//! Lawful calling hours, in the caller's zone.

use super::shifts::{clip, days, horizon, instants, shifts};
use super::{Hours, Window};
use crate::domain::rep::Rep;
use crate::domain::zone::Zone;
use chrono::{DateTime, Utc};

/// Whether the caller may be called at this instant. If the zone is unknown nothing can be checked here and the answer
/// is yes: give the zone of the rep or of the caller's country where one is at hand.
pub fn calling_allowed(hours: &Hours, zone: Option<Zone>, at: DateTime<Utc>) -> bool {
    next_calling_time(hours, zone, at) == at
}

/// The first instant from `at` on at which the caller may be called.
pub fn next_calling_time(hours: &Hours, zone: Option<Zone>, at: DateTime<Utc>) -> DateTime<Utc> {
    let Some(zone) = zone else { return at };
    calling_windows(hours, zone, at, horizon(at)).next().map_or(at, |(start, _)| start)
}

/// The first instant from `at` on at which the rep works *and* the caller may be called.
/// `None` if the two never meet within [`super::HORIZON_DAYS`].
pub fn next_call_at(hours: &Hours, rep: &Rep, zone: Option<Zone>, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
    shifts(hours, rep, at, horizon(at)).find_map(|(start, end)| {
        let callable = next_calling_time(hours, zone, start);
        (callable < end).then_some(callable)
    })
}

fn calling_windows(
    hours: &Hours,
    zone: Zone,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> impl Iterator<Item = Window> {
    let shift = hours.calling;
    days(zone, from, until).filter_map(move |day| clip(instants(zone, day, shift), from, until))
}
