//! Lawful calling hours: what the workspace says, for everywhere or by place, and what the law of a place says where that is
//! stricter. A place that the workspace names goes by the workspace's words alone.

use super::{DAYS, week};
use crate::domain::rota::{Shift, Week};
use crate::rules::fault::{Faults, Word, quoted};
use crate::rules::files::yaml::{Data, Node};
use crate::rules::words::place;
use crate::rules::words::values;
use chrono::NaiveTime;
use std::collections::BTreeMap;

const LAW: &str = include_str!("calling.txt");
const ALLOWED: &str = "hours within one day, such as 08:00-21:00 or 00:00-24:00";

#[derive(Debug, Default)]
pub(super) struct Calling {
    pub everywhere: Shift,
    pub by_place: BTreeMap<String, Week>,
}

/// `"08:00-21:00"`, or a map with `default` and places.
pub(super) fn read(node: &Node, faults: &mut Faults) -> Calling {
    let Data::Map(_) = &node.data else {
        let everywhere = node.word(faults).and_then(|word| within_a_day(&word, faults));
        return with_the_law(everywhere.unwrap_or_default(), BTreeMap::new());
    };
    let mut section = node.section(faults);
    let default = section.require("default", faults).and_then(|node| node.word(faults));
    let everywhere = default.and_then(|word| within_a_day(&word, faults)).unwrap_or_default();
    let mut said = BTreeMap::new();
    for (name, hours) in section.others() {
        let Some(code) = code(&name.text) else {
            let hint = place::country(&name.text).map(|code| format!("write {code}"));
            let allowed = "default, a country such as DE, or a part of one such as US-FL";
            faults.error("hours-bad-place", name.at, quoted(&name.text), allowed).hint(hint);
            continue;
        };
        let week = match &hours.data {
            Data::Map(_) => week(hours, faults),
            _ => hours.word(faults).and_then(|word| within_a_day(&word, faults)).map(every_day).unwrap_or_default(),
        };
        if said.insert(code, week).is_some() {
            faults.error(
                "hours-bad-place",
                name.at,
                format!("{} a second time", quoted(&name.text)),
                "each place once",
            );
        }
    }
    with_the_law(everywhere, said)
}

/// Midnight ends a day, and begins none that is called in.
fn within_a_day(word: &Word, faults: &mut Faults) -> Option<Shift> {
    let ends_the_day = |shift: &Shift| shift.until == NaiveTime::MIN && word.text.trim_end().ends_with("24:00");
    let read = |text: &str| values::shift(text).filter(|shift| shift.from < shift.until || ends_the_day(shift));
    faults.read(word, "hours-bad-calling", ALLOWED, read)
}

/// `DE`, `US-FL`.
fn code(name: &str) -> Option<String> {
    let upper = name.to_uppercase();
    let (country, part) = upper.split_once('-').map_or((upper.as_str(), None), |(country, part)| (country, Some(part)));
    if country.len() != 2 || place::country(country) != Some(country) {
        return None;
    }
    match part {
        None => Some(country.to_owned()),
        Some(part) => place::state(country, part).filter(|code| code == part).map(|code| format!("{country}-{code}")),
    }
}

fn every_day(shift: Shift) -> Week {
    Week { days: std::array::from_fn(|_| vec![shift]) }
}

/// Adds the places that the workspace says nothing of, each with what both its country's hours and the law allow.
fn with_the_law(everywhere: Shift, said: BTreeMap<String, Week>) -> Calling {
    let mut by_place = said.clone();
    for (place, law) in law() {
        let country = place.split('-').next().unwrap_or_default();
        let own = said.get(country).cloned().unwrap_or_else(|| every_day(everywhere));
        by_place
            .entry(place)
            .or_insert_with(|| Week { days: std::array::from_fn(|day| both(&own.days[day], &law.days[day])) });
    }
    Calling { everywhere, by_place }
}

fn law() -> BTreeMap<String, Week> {
    let mut places: BTreeMap<String, Week> = BTreeMap::new();
    for line in LAW.lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split(' ').map(str::to_owned);
        let (Some(place), Some(on), Some(hours)) = (words.next(), words.next(), words.next()) else { continue };
        let (first, last) = on.split_once('-').unwrap_or((&on, &on));
        let index = |name: &str| DAYS.iter().position(|day| *day == name);
        let (Some(first), Some(last), Some(shift)) = (index(first), index(last), values::shift(&hours)) else {
            continue;
        };
        let week = places.entry(place).or_default();
        week.days[first..=last].iter_mut().for_each(|day| day.push(shift));
    }
    places
}

/// The times that lie in one of each.
fn both(one: &[Shift], other: &[Shift]) -> Vec<Shift> {
    let end = |shift: &Shift| if shift.until == NaiveTime::MIN { None } else { Some(shift.until) };
    let pairs = one.iter().flat_map(|a| other.iter().map(move |b| (a, b)));
    let shared = pairs.filter_map(|(a, b)| {
        let from = a.from.max(b.from);
        let until = match (end(a), end(b)) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        until.is_none_or(|until| from < until).then_some(Shift { from, until: until.unwrap_or(NaiveTime::MIN) })
    });
    shared.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::files::yaml;

    fn calling(text: &str) -> (Calling, Vec<String>) {
        let mut faults = Faults::default();
        let node = yaml::parse("rules/hours.yaml", text, &mut faults).expect("YAML");
        let calling = read(&node, &mut faults);
        (calling, faults.lines())
    }

    fn spelt(week: &Week) -> String {
        let shift = |shift: &Shift| format!("{}-{}", shift.from.format("%H:%M"), shift.until.format("%H:%M"));
        let day = |day: &Vec<Shift>| day.iter().map(shift).collect::<Vec<_>>().join(",");
        week.days.iter().map(day).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn every_line_of_the_law_is_read() {
        for line in LAW.lines().filter(|line| !line.starts_with('#')) {
            let words: Vec<&str> = line.split(' ').collect();
            assert_eq!(code(words[0]).as_deref(), Some(words[0]), "{line}");
            assert!(
                words.len() == 3 && values::shift(words[2]).is_some_and(|shift| shift.from < shift.until),
                "{line}"
            );
        }
        assert_eq!(law().values().map(|week| week.days.iter().flatten().count()).sum::<usize>(), 13 * 7 + 3 * 6);
    }

    #[test]
    fn hours_are_the_workspaces_and_the_laws_where_it_says_nothing_of_a_place() {
        let (calling, faults) =
            calling("default: \"09:00-20:30\"\nDE: \"00:00-24:00\"\nus-fl: { mon-fri: [\"10:00-18:00\"] }\n");
        assert_eq!(faults, Vec::<String>::new());
        assert_eq!(spelt(&calling.by_place["DE"]), ["00:00-00:00"; 7].join(" "), "a whole day");
        assert_eq!(spelt(&calling.by_place["US-FL"]), format!("{}  ", ["10:00-18:00"; 5].join(" ")));
        assert_eq!(spelt(&calling.by_place["US-RI"]), ["09:00-18:00"; 7].join(" "));
        assert_eq!(spelt(&calling.by_place["US-TX"]), format!("{} 12:00-20:30", ["09:00-20:30"; 6].join(" ")));
        assert_eq!(spelt(&calling.by_place["US-AL"]), format!("{} ", ["09:00-20:00"; 6].join(" ")), "not on Sundays");
        assert!(!calling.by_place.contains_key("US-CA"), "what all have is said once");
    }

    #[test]
    fn midnight_ends_a_day_wherever_hours_are_read() {
        for (text, from, until) in [("\"00:00-24:00\"", 0, 0), ("\"08:00-24:00\"", 8, 0), ("\"00:00-21:00\"", 0, 21)] {
            let (calling, faults) = calling(text);
            assert_eq!(faults, Vec::<String>::new(), "{text}");
            let time = |hour| NaiveTime::from_hms_opt(hour, 0, 0).expect("an hour");
            assert_eq!(calling.everywhere, Shift { from: time(from), until: time(until) }, "{text}");
        }
        for text in ["\"21:00-08:00\"", "\"22:00-00:00\"", "\"8 to 9\""] {
            assert_eq!(calling(text).1, ["1 hours-bad-calling"], "{text}");
        }
    }

    #[test]
    fn a_place_that_is_none_is_told_with_its_line() {
        let (_, faults) = calling(
            "default: \"08:00-21:00\"\nXX: \"09:00-20:00\"\nUS-ZZ: \"09:00-20:00\"\nGermany: \"09:00-20:00\"\nDE: \"9-20\"\n",
        );
        assert_eq!(faults, ["2 hours-bad-place", "3 hours-bad-place", "4 hours-bad-place", "5 hours-bad-calling"]);
        assert_eq!(calling("DE: \"09:00-20:00\"\n").1, ["1 key-missing"]);
    }
}
