//! Hours of an ordinary week in which a pool works, and has nobody: nobody at all, or nobody who speaks the language that
//! the pool requires. Holidays and leave are left out: they pass.

use super::pool_at;
use crate::domain::rep::Rep;
use crate::domain::rota::{Window, working_windows};
use crate::domain::zone::Zone;
use crate::rules::fault::Faults;
use crate::rules::model::set::{Pool, RuleSet};
use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use std::collections::{BTreeMap, BTreeSet};

/// A longer pause is a night or a weekend.
const PAUSE_AT_MOST: TimeDelta = TimeDelta::hours(4);
/// Holes that a message names.
const NAMED: usize = 3;

pub(super) fn inform(rules: &RuleSet, today: NaiveDate, faults: &mut Faults) {
    let Some(from) = monday_after(today).map(|monday| monday.and_time(NaiveTime::MIN).and_utc()) else { return };
    let week = (from, from + TimeDelta::days(7));
    for pool in rules.pools.values() {
        let members = ordinary_members(rules, pool);
        let members: Vec<&Rep> = members.iter().collect();
        let zone = rules.reps.get(&pool.lead_rep).map_or(Zone::UTC, |rep| rep.timezone);
        let open = at_work(rules, &members, week);
        pauses(pool, &open, zone, faults);
        if pool.require_language {
            languages(rules, pool, &members, &open, week, zone, faults);
        }
    }
}

/// The first day of the next week.
pub(super) fn monday_after(today: NaiveDate) -> Option<NaiveDate> {
    today.checked_add_days(Days::new(7 - u64::from(today.weekday().num_days_from_monday())))
}

/// The active members, without what passes.
pub(super) fn ordinary_members(rules: &RuleSet, pool: &Pool) -> Vec<Rep> {
    let members = pool.members.keys().filter_map(|id| rules.reps.get(id)).filter(|rep| rep.active);
    members.map(|rep| Rep { leave: Vec::new(), holidays: String::new(), ..rep.clone() }).collect()
}

/// When at least one of them works.
fn at_work(rules: &RuleSet, reps: &[&Rep], (from, until): Window) -> Vec<Window> {
    merged(reps.iter().flat_map(|rep| working_windows(&rules.hours, rep, from, until)).collect())
}

/// In order, and none of them touches another.
pub(super) fn merged(mut windows: Vec<Window>) -> Vec<Window> {
    windows.sort_unstable();
    let mut merged: Vec<Window> = Vec::new();
    for (start, end) in windows {
        match merged.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            Some(_) | None => merged.push((start, end)),
        }
    }
    merged
}

fn pauses(pool: &Pool, open: &[Window], zone: Zone, faults: &mut Faults) {
    let between = open.windows(2).map(|pair| (pair[0].1, pair[1].0));
    let pauses: Vec<Window> = between.filter(|(from, until)| *until - *from <= PAUSE_AT_MOST).collect();
    if !pauses.is_empty() {
        let found = format!("nobody in {} at work {}", pool.id, spell(&pauses, zone));
        faults
            .info("pool-pause", pool_at(pool), found, "somebody from the pool's first hour of a day to its last")
            .hint(Some("stagger the breaks in hours.yaml, or mean it".to_owned()));
    }
}

fn languages(
    rules: &RuleSet,
    pool: &Pool,
    members: &[&Rep],
    open: &[Window],
    week: Window,
    zone: Zone,
    faults: &mut Faults,
) {
    let languages: BTreeSet<&str> = members.iter().flat_map(|rep| rep.languages.iter().map(String::as_str)).collect();
    let mut holes: BTreeMap<Vec<Window>, Vec<&str>> = BTreeMap::new();
    for language in languages {
        let speakers: Vec<&Rep> = members.iter().copied().filter(|rep| rep.languages.contains(language)).collect();
        holes.entry(without(open, &at_work(rules, &speakers, week))).or_default().push(language);
    }
    holes.remove(&Vec::new());
    if !holes.is_empty() {
        let told = holes.iter().map(|(holes, languages)| format!("{} {}", languages.join(", "), spell(holes, zone)));
        let found = format!("in {} at work nobody who speaks {}", pool.id, told.collect::<Vec<_>>().join("; "));
        faults
            .info("pool-language-hole", pool_at(pool), found, "a speaker in every hour in which the pool works")
            .hint(Some("callers of these languages are booked or called back in these hours".to_owned()));
    }
}

/// The parts of `open` that `covered` leaves; both disjoint and in order.
pub(super) fn without(open: &[Window], covered: &[Window]) -> Vec<Window> {
    let mut left = Vec::new();
    for &(mut from, until) in open {
        for &(start, end) in covered.iter().filter(|(start, _)| *start < until) {
            if end <= from {
                continue;
            }
            if from < start {
                left.push((from, start));
            }
            from = from.max(end);
        }
        if from < until {
            left.push((from, until));
        }
    }
    left
}

/// `5 h a week: Mon 12:30–13:30, Tue 12:30–13:30 … (Europe/Berlin)`.
pub(super) fn spell(holes: &[Window], zone: Zone) -> String {
    let minutes: i64 = holes.iter().map(|(from, until)| (*until - *from).num_minutes()).sum();
    let (hours, minutes) = (minutes / 60, minutes % 60);
    let length = match (hours, minutes) {
        (hours, 0) => format!("{hours} h"),
        (0, minutes) => format!("{minutes} min"),
        (hours, minutes) => format!("{hours} h {minutes:02}"),
    };
    let time = |at: &DateTime<Utc>, form: &str| at.with_timezone(&zone).format(form).to_string();
    let named =
        holes.iter().take(NAMED).map(|(from, until)| format!("{}–{}", time(from, "%a %H:%M"), time(until, "%H:%M")));
    let named = named.collect::<Vec<_>>().join(", ");
    let rest = if holes.len() > NAMED { " …" } else { "" };
    format!("for {length} a week: {named}{rest} ({zone})")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn windows(hours: &[(i64, i64)]) -> Vec<Window> {
        let at = |hour: i64| DateTime::<Utc>::UNIX_EPOCH + TimeDelta::hours(hour);
        hours.iter().map(|(from, until)| (at(*from), at(*until))).collect()
    }

    #[test]
    fn what_is_covered_is_taken_out() {
        let open = windows(&[(0, 10), (20, 30)]);
        assert_eq!(without(&open, &[]), open);
        assert_eq!(without(&open, &windows(&[(0, 30)])), []);
        assert_eq!(without(&open, &windows(&[(2, 4), (5, 25)])), windows(&[(0, 2), (4, 5), (25, 30)]));
        assert_eq!(without(&open, &windows(&[(10, 20)])), open, "what only touches takes nothing");
    }

    #[test]
    fn a_hole_is_told_by_the_clock_on_the_pools_wall() {
        let told = spell(&windows(&[(100, 101), (124, 125), (148, 149), (172, 174)]), Zone::named("Europe/Berlin"));
        assert_eq!(told, "for 5 h a week: Mon 05:00–06:00, Tue 05:00–06:00, Wed 05:00–06:00 … (Europe/Berlin)");
    }
}
