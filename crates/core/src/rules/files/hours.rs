//! `hours.yaml`: working weeks, holidays by region, lawful calling hours.

mod calling;
pub(in crate::rules) mod front_door;

use crate::domain::id::RepId;
use crate::domain::rep::Rep;
use crate::domain::rota::{Hours, Shift, Week};
use crate::rules::fault::{At, Faults, Word, did_you_mean, quoted};
use crate::rules::files::yaml::Node;
use crate::rules::words::values;
use chrono::{NaiveDate, NaiveTime, Timelike};
use std::collections::{BTreeMap, BTreeSet};

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const MINUTES_A_DAY: u32 = 24 * 60;
const MINUTES_A_WEEK: u32 = 7 * MINUTES_A_DAY;

/// Stands between the names of several weeks or regions of one rep.
pub(crate) const AND: &str = ";";

/// With the weeks and regions that reps have merged, each under its names together: every shift of the weeks is worked, and
/// every holiday of the regions is one. Shifts may overlap then; the rota counts no minute twice.
pub(crate) fn merged(hours: &Hours, reps: &BTreeMap<RepId, Rep>) -> Hours {
    let mut all = hours.clone();
    for rep in reps.values() {
        if rep.hours.contains(AND) && !all.weeks.contains_key(&rep.hours) {
            let weeks = rep.hours.split(AND).filter_map(|name| hours.weeks.get(name));
            let mut week = Week::default();
            for (day, shifts) in weeks.flat_map(|week| week.days.iter().enumerate()) {
                week.days[day].extend(shifts);
                week.days[day].sort_by_key(|shift| (shift.from, shift.until));
                week.days[day].dedup();
            }
            all.weeks.insert(rep.hours.clone(), week);
        }
        if rep.holidays.contains(AND) && !all.holidays.contains_key(&rep.holidays) {
            let regions = rep.holidays.split(AND).filter_map(|name| hours.holidays.get(name));
            all.holidays.insert(rep.holidays.clone(), regions.flatten().copied().collect());
        }
    }
    all
}

/// Hours, and where each holiday region begins.
pub(crate) struct HoursDraft {
    pub hours: Hours,
    pub regions: Vec<Word>,
}

/// A value that is refused leaves a blank behind; its fault keeps the blank from being used.
pub(crate) fn read(root: &Node, faults: &mut Faults) -> HoursDraft {
    let mut section = root.section(faults);
    let weeks = section.require("weeks", faults).map(|node| weeks(node, faults)).unwrap_or_default();
    let node = section.get("holidays");
    let regions = node.map(|node| node.map(faults).iter().map(|(region, _)| region.clone()).collect());
    let holidays = node.map(|node| holidays(node, faults)).unwrap_or_default();
    let calling = section.require("calling", faults).map(|node| calling::read(node, faults)).unwrap_or_default();
    section.finish(faults);
    let hours = Hours { weeks, holidays, calling: calling.everywhere, calling_in: calling.by_place };
    HoursDraft { hours, regions: regions.unwrap_or_default() }
}

fn weeks(node: &Node, faults: &mut Faults) -> BTreeMap<String, Week> {
    node.map(faults).iter().map(|(name, days)| (name.text.clone(), week(days, faults))).collect()
}

fn week(node: &Node, faults: &mut Faults) -> Week {
    let mut week = Week::default();
    let mut given: BTreeSet<usize> = BTreeSet::new();
    let mut places: Vec<(u32, u32, At)> = Vec::new();
    for (key, shifts) in node.map(faults) {
        let Some(days) = days(key, faults) else { continue };
        let shifts = shifts.list(faults).iter().filter_map(|node| shift(node, faults)).collect::<Vec<_>>();
        for day in days {
            if !given.insert(day) {
                let found = format!("{} a second time", DAYS[day]);
                faults.error("hours-day-twice", key.at, found, "each day in one place");
                continue;
            }
            places.extend(shifts.iter().map(|(shift, at)| {
                let (from, until) = minutes(day, *shift);
                (from, until, *at)
            }));
            week.days[day] = shifts.iter().map(|(shift, _)| *shift).collect();
            week.days[day].sort_by_key(|shift| shift.from);
        }
    }
    refuse_overlaps(places, faults);
    week
}

/// Start and end in minutes of the week; the end may lie in the next one.
fn minutes(day: usize, shift: Shift) -> (u32, u32) {
    let of = |time: NaiveTime| time.hour() * 60 + time.minute();
    let midnight = u32::try_from(day).unwrap_or(0) * MINUTES_A_DAY;
    let length = if shift.until > shift.from { 0 } else { MINUTES_A_DAY };
    (midnight + of(shift.from), midnight + of(shift.until) + length)
}

fn refuse_overlaps(mut shifts: Vec<(u32, u32, At)>, faults: &mut Faults) {
    shifts.sort_unstable();
    let Some(first) = shifts.first().map(|(from, until, at)| (from + MINUTES_A_WEEK, *until, *at)) else { return };
    shifts.push(first);
    for pair in shifts.windows(2) {
        if pair[1].0 < pair[0].1 {
            let found = "a shift that begins before the one before it has ended";
            faults.error("hours-overlap", pair[1].2, found, "shifts one after the other");
        }
    }
}

/// `mon`, `mon-fri` or `mon,wed`.
fn days(key: &Word, faults: &mut Faults) -> Option<Vec<usize>> {
    let index = |name: &str| DAYS.iter().position(|day| *day == name.trim());
    let mut days = Vec::new();
    for part in key.text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        match (index(first), index(last)) {
            (Some(first), Some(last)) if first <= last => days.extend(first..=last),
            _ => {
                let allowed = format!("days such as mon, mon-fri or mon,wed ({})", DAYS.join(", "));
                faults
                    .error("hours-bad-day", key.at, quoted(&key.text), allowed)
                    .hint(did_you_mean(&key.text, DAYS.into_iter()));
                return None;
            }
        }
    }
    Some(days)
}

fn shift(node: &Node, faults: &mut Faults) -> Option<(Shift, At)> {
    let word = node.word(faults)?;
    Some((faults.read(&word, "hours-bad-shift", values::SHIFT, values::shift)?, word.at))
}

fn holidays(node: &Node, faults: &mut Faults) -> BTreeMap<String, BTreeSet<NaiveDate>> {
    let mut regions = BTreeMap::new();
    for (region, dates) in node.map(faults) {
        let mut days = BTreeSet::new();
        for word in dates.list(faults).iter().filter_map(|node| node.word(faults)).collect::<Vec<_>>() {
            let Some(day) = faults.date(&word, "holiday-bad-date") else { continue };
            if !days.insert(day) {
                faults.error("holiday-twice", word.at, format!("{day} a second time"), "each day once per region");
            }
        }
        regions.insert(region.text.clone(), days);
    }
    regions
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::files::yaml;

    fn hours(text: &str) -> (Hours, Vec<String>) {
        let mut faults = Faults::default();
        let node = yaml::parse("rules/hours.yaml", text, &mut faults).unwrap();
        let hours = read(&node, &mut faults).hours;
        (hours, faults.lines())
    }

    #[test]
    fn weeks_are_read_by_day() {
        let (hours, faults) = hours(
            "weeks:\n  office: { mon-wed: [\"13:00-18:00\", \"09:00-12:30\"], \"thu,sat\": [\"22:00-06:00\"] }\ncalling: 08:00-21:00\n",
        );
        assert_eq!(faults, Vec::<String>::new());
        let week = &hours.weeks["office"];
        let counts: Vec<usize> = week.days.iter().map(Vec::len).collect();
        assert_eq!(counts, [2, 2, 2, 1, 0, 1, 0]);
        assert_eq!(week.days[0][0], values::shift("09:00-12:30").unwrap(), "shifts are in order");
    }

    #[test]
    fn five_faults_give_five_messages() {
        let (_, faults) = hours(
            "weeks:\n  office:\n    mon-fri: [\"9-17\"]\n    fri: []\n    sta: []\n  night: { sun: [\"22:00-06:00\"], mon: [\"05:00-09:00\"] }\n\
             holidays: { DE: [2026-13-01] }\ncalling: \"21:00-08:00\"\n",
        );
        let expected = [
            "3 hours-bad-shift",
            "4 hours-day-twice",
            "5 hours-bad-day",
            "6 hours-overlap",
            "7 holiday-bad-date",
            "8 hours-bad-calling",
        ];
        assert_eq!(faults, expected);
    }
}
