//! What the calendar makes of the rules from today on: rows and holiday lists that end, people who are away together.

use super::{lines, pool_at, territory_at};
use crate::domain::id::TerritoryId;
use crate::domain::rep::{Leave, Rep};
use crate::domain::rota::Hours;
use crate::rules::fault::Faults;
use crate::rules::model::set::{Pool, RuleSet};
use crate::rules::resolve::Drafts;
use chrono::{Datelike, Days, NaiveDate};
use std::collections::{BTreeMap, BTreeSet};

/// Time enough to make the next sheet.
const ROWS_END_WITHIN: Days = Days::new(30);
const HOLIDAYS_END_WITHIN: Days = Days::new(60);
/// As far ahead as anything is promised or looked for.
const AWAY_WITHIN: usize = 60;

pub(super) fn warn(drafts: &Drafts, rules: &RuleSet, today: NaiveDate, faults: &mut Faults) {
    ended_rows(rules, today, faults);
    ending_rows(rules, today, faults);
    holidays(drafts, rules, today, faults);
    delegates(drafts, rules, today, faults);
    pools(rules, today, faults);
}

fn ended_rows(rules: &RuleSet, today: NaiveDate, faults: &mut Faults) {
    let ended = |until: Option<NaiveDate>| until.is_some_and(|until| until < today);
    let ended: BTreeSet<u32> =
        rules.territories.rows().iter().filter(|row| ended(row.until)).map(|row| row.line).collect();
    let Some(first) = ended.first() else { return };
    let found = format!("{} whose last day is before {today}", lines(ended.iter().copied()));
    faults
        .info("territory-ended", territory_at(*first), found, "rows that count today or later")
        .hint(Some("delete what is history: git keeps it".to_owned()));
}

/// Rows that end soon, when nothing takes their leads from the day after.
fn ending_rows(rules: &RuleSet, today: NaiveDate, faults: &mut Faults) {
    let soon = today.checked_add_days(ROWS_END_WITHIN).unwrap_or(NaiveDate::MAX);
    let mut ending: BTreeMap<(NaiveDate, &TerritoryId), BTreeSet<u32>> = BTreeMap::new();
    for row in rules.territories.rows() {
        let Some((until, next)) = row.until.and_then(|until| Some((until, until.succ_opt()?))) else { continue };
        let followed = || rules.territories.lookup(&super::shadow::least_known(row, next)).next().is_some();
        if (today..=soon).contains(&until) && !followed() {
            ending.entry((until, &row.territory)).or_default().insert(row.line);
        }
    }
    for ((until, territory), rows) in ending {
        let at = territory_at(*rows.first().expect("every group has a row"));
        let found =
            format!("{} ({territory}) with {until} as the last day, and no row after it", lines(rows.into_iter()));
        faults
            .warning("territory-ends", at, found, "a row for the days that follow")
            .hint(Some(format!("from then on these leads go to the catch-all, {}", rules.catch_all)));
    }
}

/// Lists that end while somebody still goes by them: from then on every holiday is a working day.
fn holidays(drafts: &Drafts, rules: &RuleSet, today: NaiveDate, faults: &mut Faults) {
    let soon = today.checked_add_days(HOLIDAYS_END_WITHIN).unwrap_or(NaiveDate::MAX);
    let used: BTreeSet<&str> = drafts
        .reps
        .iter()
        .filter(|draft| draft.rep.active)
        .flat_map(|draft| draft.holidays.iter().map(|word| word.text.as_str()))
        .collect();
    for region in drafts.hours.regions.iter().filter(|region| used.contains(region.text.as_str())) {
        let last = rules.hours.holidays.get(&region.text).and_then(BTreeSet::last);
        if last.is_none_or(|last| *last < soon) {
            let end = last.map_or_else(|| "no day at all".to_owned(), |last| format!("{last} as its last day"));
            let found = format!("{} with {end}", region.text);
            faults.warning("holidays-end", region.at, found, format!("holidays beyond {soon}")).hint(Some(
                "add those of the coming year: without them, leads are promised to people who are off".to_owned(),
            ));
        }
    }
}

/// Whoever stands in is away as well: the lead goes on to the pool.
fn delegates(drafts: &Drafts, rules: &RuleSet, today: NaiveDate, faults: &mut Faults) {
    for draft in drafts.reps.iter().filter(|draft| draft.rep.active) {
        let Some(rep) = rules.reps.get(&draft.rep.id) else { continue };
        let Some(delegate) = rep.delegate.as_ref().and_then(|id| rules.reps.get(id)) else { continue };
        let both = rep.leave.iter().flat_map(|mine| delegate.leave.iter().filter_map(|theirs| overlap(mine, theirs)));
        let Some(both) = both.filter(|both| both.until >= today).min_by_key(|both| both.from) else { continue };
        let at = draft.delegate.as_ref().map_or(draft.at, |word| word.at);
        let found = format!("{} and the delegate {} away together, {}", rep.id, delegate.id, spell(both));
        faults
            .warning("rep-delegate-away", at, found, "a delegate who is there when the rep is not")
            .hint(Some("name another delegate; otherwise the leads of these days go to the pool".to_owned()));
    }
}

fn overlap(mine: &Leave, theirs: &Leave) -> Option<Leave> {
    let both = Leave { from: mine.from.max(theirs.from), until: mine.until.min(theirs.until) };
    (both.from <= both.until).then_some(both)
}

fn spell(leave: Leave) -> String {
    if leave.from == leave.until { leave.from.to_string() } else { format!("{} to {}", leave.from, leave.until) }
}

/// Days on which a pool would work, and everybody who would is on leave.
fn pools(rules: &RuleSet, today: NaiveDate, faults: &mut Faults) {
    for pool in rules.pools.values() {
        let days = today.iter_days().take(AWAY_WITHIN);
        let empty: Vec<NaiveDate> = days.filter(|day| is_deserted(rules, pool, *day)).collect();
        let Some(first) = empty.first() else { continue };
        let so_far = empty.iter().zip(first.iter_days()).take_while(|(day, next)| *day == next);
        let leave = Leave { from: *first, until: so_far.last().map_or(*first, |(day, _)| *day) };
        let rest = match empty.len() - (leave.until - leave.from).num_days().unsigned_abs() as usize - 1 {
            0 => String::new(),
            more => format!(", and {more} more days within {AWAY_WITHIN}"),
        };
        let found = format!("everybody in {} on leave, {}{rest}", pool.id, spell(leave));
        let hint = rules.chain(&pool.id).get(1).map_or_else(
            || format!("give {} an overflow, or its leads of these days wait for a callback", pool.id),
            |next| format!("the leads of these days go to {}", next.id),
        );
        faults.warning("pool-on-leave", pool_at(pool), found, "somebody on every working day").hint(Some(hint));
    }
}

fn is_deserted(rules: &RuleSet, pool: &Pool, day: NaiveDate) -> bool {
    let members = pool.members.keys().filter_map(|id| rules.reps.get(id)).filter(|rep| rep.active);
    let mut working = members.filter(|rep| would_work(&rules.hours, rep, day)).peekable();
    working.peek().is_some() && working.all(|rep| rep.leave.iter().any(|leave| leave.from <= day && day <= leave.until))
}

/// Were it not for leave.
fn would_work(hours: &Hours, rep: &Rep, day: NaiveDate) -> bool {
    let weekday = day.weekday().num_days_from_monday() as usize;
    let shifts = hours.weeks.get(&rep.hours).is_some_and(|week| !week.days[weekday].is_empty());
    shifts && !hours.holidays.get(&rep.holidays).is_some_and(|days| days.contains(&day))
}
