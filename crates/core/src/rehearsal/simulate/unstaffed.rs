//! Hours of the week in which nobody of a pool is at work.

use crate::domain::id::{PoolId, RepId};
use crate::domain::rota;
use crate::rules::RuleSet;
use chrono::{DateTime, Datelike, TimeDelta, Timelike, Utc};
use std::collections::{BTreeMap, BTreeSet};

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// By pool, the hours of the week in which nobody works in any week of the span.
pub(super) fn nobody_at_work(
    rules: &RuleSet,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> BTreeMap<PoolId, Vec<String>> {
    let hours: BTreeMap<&RepId, BTreeSet<u32>> = rules
        .reps
        .values()
        .filter(|rep| rep.active)
        .map(|rep| {
            let windows = rota::working_windows(&rules.hours, rep, from, until);
            (&rep.id, windows.into_iter().flat_map(|(start, end)| hours_of_the_week(start, end)).collect())
        })
        .collect();
    let mut empty = BTreeMap::new();
    for pool in rules.pools.values() {
        let staffed: BTreeSet<u32> = pool.members.keys().filter_map(|rep| hours.get(rep)).flatten().copied().collect();
        let ranges = ranges(&(0..7 * 24).filter(|hour| !staffed.contains(hour)).collect::<Vec<_>>());
        if !ranges.is_empty() {
            empty.insert(pool.id.clone(), ranges);
        }
    }
    empty
}

/// Every hour that the span touches, counted from Monday midnight.
fn hours_of_the_week(start: DateTime<Utc>, end: DateTime<Utc>) -> Vec<u32> {
    let mut at = start - TimeDelta::seconds(i64::from(start.num_seconds_from_midnight() % 3600));
    let mut hours = Vec::new();
    while at < end {
        hours.push(at.weekday().num_days_from_monday() * 24 + at.hour());
        at += TimeDelta::hours(1);
    }
    hours
}

/// Hours that follow each other within a day, as `Mon 00-07` (the last hour ends at seven); a day as `Sat`.
fn ranges(hours: &[u32]) -> Vec<String> {
    let mut told: Vec<String> = Vec::new();
    for day in 0..7u32 {
        let of_day: Vec<u32> = hours.iter().filter(|hour| **hour / 24 == day).map(|hour| hour % 24).collect();
        if of_day.len() == 24 {
            told.push(DAYS[day as usize].to_owned());
            continue;
        }
        let mut rest = of_day.as_slice();
        while let Some(first) = rest.first() {
            let length = rest.iter().zip(*first..).take_while(|(hour, wanted)| **hour == *wanted).count();
            told.push(format!("{} {first:02}-{:02}", DAYS[day as usize], first + length as u32));
            rest = &rest[length..];
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_told_as_ranges_and_whole_days() {
        let mut hours: Vec<u32> = (0..7).chain(18..24).collect();
        hours.extend(5 * 24..6 * 24);
        assert_eq!(ranges(&hours), ["Mon 00-07", "Mon 18-24", "Sat"]);
    }

    #[test]
    fn a_window_touches_the_hours_it_begins_and_ends_in() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().expect("an instant");
        let hours = hours_of_the_week(at("2026-03-02T08:30:00Z"), at("2026-03-02T10:15:00Z"));
        assert_eq!(hours, [8, 9, 10]);
    }
}
