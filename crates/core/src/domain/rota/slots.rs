//! Free times for a meeting within working time.

use super::Window;
use crate::domain::rep::Busy;
use crate::domain::zone::Zone;
use chrono::{DateTime, TimeDelta, Timelike, Utc};
use std::collections::BTreeSet;
use std::time::Duration;

/// Meetings begin on the half hour of the rep's own clock: it is what calendars show and what people say on the phone.
pub const SLOT_GRID: Duration = Duration::from_secs(30 * 60);

/// The first `max` times that are free, lie within working time, start on the grid of `zone` and not before
/// `not_before`. They do not overlap each other. `windows` is what [`super::working_windows`] gives; `busy` may come in
/// any order and overlap.
pub fn free_slots(
    windows: &[Window],
    busy: &[Busy],
    zone: Zone,
    duration: Duration,
    not_before: DateTime<Utc>,
    max: usize,
) -> Vec<Window> {
    let Ok(duration) = TimeDelta::from_std(duration) else { return Vec::new() };
    let mut busy: Vec<&Busy> = busy.iter().collect();
    busy.sort_by_key(|busy| (busy.from, busy.until));
    let mut slots = Vec::new();
    for (open, close) in windows {
        let mut from = on_grid(zone, (*open).max(not_before));
        while slots.len() < max && from + duration <= *close {
            let until = from + duration;
            match busy.iter().find(|busy| busy.from < until && from < busy.until) {
                Some(taken) => from = on_grid(zone, taken.until),
                None => {
                    slots.push((from, until));
                    from = on_grid(zone, until.max(from + TimeDelta::seconds(1)));
                }
            }
        }
    }
    slots
}

/// Whether the day of `at`, by the clock of `zone`, has so many of these meetings already.
pub fn day_is_full(meetings: &BTreeSet<DateTime<Utc>>, zone: Zone, at: DateTime<Utc>, at_most: u32) -> bool {
    let day = |at: DateTime<Utc>| at.with_timezone(&zone).date_naive();
    let on = day(at);
    meetings.iter().filter(|meeting| day(**meeting) == on).count() >= at_most as usize
}

/// The first instant at or after `at` at which the local clock shows a multiple of [`SLOT_GRID`].
fn on_grid(zone: Zone, at: DateTime<Utc>) -> DateTime<Utc> {
    let grid = SLOT_GRID.as_secs() as i64;
    let whole = if at.nanosecond() == 0 { at } else { at + TimeDelta::nanoseconds(1_000_000_000 - nanos(at)) };
    let past = i64::from(whole.with_timezone(&zone).num_seconds_from_midnight()) % grid;
    if past == 0 { whole } else { whole + TimeDelta::seconds(grid - past) }
}

fn nanos(at: DateTime<Utc>) -> i64 {
    i64::from(at.timestamp_subsec_nanos() % 1_000_000_000)
}
