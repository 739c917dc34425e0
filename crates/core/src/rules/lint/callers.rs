//! Hours in which the callers of a territory are at work, and nobody is who could take their call: not in the pool that
//! serves them, and in none that it overflows into. By territory, tier, hour and language.
//!
//! A territory lives by the clocks of the countries and states that its rows name. Holidays and leave are left out: they pass.

use super::cover::{merged, monday_after, ordinary_members, spell, without};
use super::pool_at;
use crate::domain::id::{RepId, TerritoryId};
use crate::domain::rep::Rep;
use crate::domain::rota::{Window, working_windows};
use crate::domain::zone::Zone;
use crate::rules::fault::{Faults, listed};
use crate::rules::model::row::TerritoryRow;
use crate::rules::model::set::{Pool, RuleSet};
use crate::rules::words::zone;
use chrono::{Days, NaiveDate, NaiveTime, TimeDelta, TimeZone};
use std::collections::{BTreeMap, BTreeSet};

/// Clocks that a message names, those with the most hours first.
const CLOCKS: usize = 3;

pub(super) fn inform(rules: &RuleSet, today: NaiveDate, faults: &mut Faults) {
    let Some(monday) = monday_after(today) else { return };
    let shifts = Shifts::of(rules, monday);
    let mut callers: BTreeMap<(u32, Vec<&str>), Callers<'_>> = BTreeMap::new();
    for (territory, clocks) in clocks(rules, today) {
        let mut tiers: BTreeMap<u32, (&Pool, Vec<&str>)> = BTreeMap::new();
        for tier in &rules.tiers {
            let pool =
                rules.serving(Some(territory), &tier.name).map_or(&rules.pools[&rules.catch_all], |(_, pool)| pool);
            tiers.entry(pool.line).or_insert_with(|| (pool, Vec::new())).1.push(tier.name.as_str());
        }
        for (line, (pool, tiers)) in tiers {
            let group = callers.entry((line, tiers)).or_insert_with(|| Callers { pool, clocks: BTreeMap::new() });
            for (name, clock) in &clocks {
                group.clocks.entry(name).or_insert_with(|| (*clock, BTreeSet::new())).1.insert(territory.as_str());
            }
        }
    }
    for ((_, tiers), group) in &callers {
        let holes = group.holes(rules, &shifts, monday);
        if !holes.is_empty() {
            let rest =
                if holes.len() > CLOCKS { format!("; … ({} clocks in all)", holes.len()) } else { String::new() };
            let told: Vec<String> = holes.into_iter().take(CLOCKS).map(|hole| hole.told()).collect();
            let found = format!(
                "in the office hours of {} callers nobody of {}, nor of its overflow: {}{rest}",
                tiers.join(" and "),
                group.pool.id,
                told.join("; ")
            );
            faults
                .info(
                    "territory-hours",
                    pool_at(group.pool),
                    found,
                    "somebody while the callers of a territory are at work",
                )
                .hint(Some(
                    "let it overflow into a pool that works then, or mean it: these callers are booked or called back"
                        .to_owned(),
                ));
        }
    }
}

/// Whom one pool serves, of the same tiers.
struct Callers<'r> {
    pool: &'r Pool,
    /// By name of the zone.
    clocks: BTreeMap<&'static str, (Zone, BTreeSet<&'r str>)>,
}

/// What the callers of several territories, who live by one clock, find.
struct Hole<'r> {
    territories: BTreeSet<&'r str>,
    zone: Zone,
    nobody: Vec<Window>,
    /// Besides, for callers of these languages.
    speakers: BTreeMap<Vec<Window>, Vec<&'r str>>,
}

impl<'r> Callers<'r> {
    /// The longest first. Clocks that show the same time are one.
    fn holes(&self, rules: &'r RuleSet, shifts: &Shifts<'r>, monday: NaiveDate) -> Vec<Hole<'r>> {
        let chain = rules.chain(&self.pool.id);
        let anybody = shifts.open(&chain, None);
        // Of the pool itself: what only those it overflows into speak is no promise to these callers.
        let languages: BTreeSet<&str> =
            if self.pool.require_language { shifts.languages(self.pool).collect() } else { BTreeSet::new() };
        let by_language: Vec<(&str, Vec<Window>)> =
            languages.into_iter().map(|language| (language, shifts.open(&chain, Some(language)))).collect();
        let mut holes: Vec<Hole<'r>> = Vec::new();
        for (zone, territories) in self.clocks.values() {
            let office = office_hours(*zone, monday);
            let nobody = without(&office, &anybody);
            let mut speakers: BTreeMap<Vec<Window>, Vec<&str>> = BTreeMap::new();
            for (language, open) in &by_language {
                let more = without(&without(&office, open), &nobody);
                if !more.is_empty() {
                    speakers.entry(more).or_default().push(language);
                }
            }
            if nobody.is_empty() && speakers.is_empty() {
                continue;
            }
            match holes.iter_mut().find(|hole| (&hole.nobody, &hole.speakers) == (&nobody, &speakers)) {
                Some(hole) => hole.territories.extend(territories),
                None => holes.push(Hole { territories: territories.clone(), zone: *zone, nobody, speakers }),
            }
        }
        holes.sort_by_key(|hole| {
            std::cmp::Reverse(minutes(&hole.nobody) + hole.speakers.keys().map(|more| minutes(more)).sum::<i64>())
        });
        holes
    }
}

impl Hole<'_> {
    /// `in ASEAN, India for 12 h a week: Mon 09:00–12:00 … (Asia/Kolkata), who speaks de for 2 h a week: …`.
    fn told(&self) -> String {
        let mut told = format!("in {}", listed(self.territories.iter().copied()));
        if !self.nobody.is_empty() {
            told += &format!(" {}", spell(&self.nobody, self.zone));
        }
        for (index, (more, languages)) in self.speakers.iter().enumerate() {
            let joint = if index == 0 && self.nobody.is_empty() { "" } else { "," };
            told += &format!("{joint} who speaks {} {}", languages.join(", "), spell(more, self.zone));
        }
        told
    }
}

fn minutes(windows: &[Window]) -> i64 {
    windows.iter().map(|(from, until)| (*until - *from).num_minutes()).sum()
}

/// The zones in which a territory's rows of today lie; a row of a region alone lies nowhere.
fn clocks(rules: &RuleSet, today: NaiveDate) -> BTreeMap<&TerritoryId, BTreeMap<&'static str, Zone>> {
    let counts =
        |row: &&TerritoryRow| row.until.is_none_or(|until| until >= today) && row.from.is_none_or(|from| from <= today);
    let mut clocks: BTreeMap<&TerritoryId, BTreeMap<&'static str, Zone>> = BTreeMap::new();
    for row in rules.territories.rows().iter().filter(counts) {
        let zone = row.country.as_deref().and_then(|country| zone::of(country, row.state.as_deref()));
        if let Some(zone) = zone {
            clocks.entry(&row.territory).or_default().insert(zone.name(), zone);
        }
    }
    clocks
}

/// Monday to Friday from 9 to 17, which is nobody's law: the hours in which a company can be expected to call.
fn office_hours(zone: Zone, monday: NaiveDate) -> Vec<Window> {
    let at = |day: NaiveDate, hour: u32| {
        let wall = day.and_time(NaiveTime::from_hms_opt(hour, 0, 0)?);
        Some(zone.from_local_datetime(&wall).earliest()?.to_utc())
    };
    let days = (0..5).filter_map(|day| monday.checked_add_days(Days::new(day)));
    let mut hours: Vec<Window> = days.filter_map(|day| Some((at(day, 9)?, at(day, 17)?))).collect();
    hours.sort_unstable();
    hours
}

/// When who works, in the week of a Monday and a day before and after it: other zones begin earlier and end later.
struct Shifts<'r> {
    rules: &'r RuleSet,
    members: BTreeMap<&'r RepId, Vec<Window>>,
}

impl<'r> Shifts<'r> {
    fn of(rules: &'r RuleSet, monday: NaiveDate) -> Self {
        let from = monday.and_time(NaiveTime::MIN).and_utc() - TimeDelta::days(1);
        let until = from + TimeDelta::days(9);
        let mut members: BTreeMap<&RepId, Vec<Window>> = BTreeMap::new();
        for pool in rules.pools.values() {
            for rep in ordinary_members(rules, pool) {
                if let Some((id, _)) = rules.reps.get_key_value(&rep.id) {
                    members.entry(id).or_insert_with(|| working_windows(&rules.hours, &rep, from, until));
                }
            }
        }
        Self { rules, members }
    }

    /// Who of a pool's members may take its calls.
    fn able(&self, pool: &'r Pool) -> impl Iterator<Item = (&'r Rep, &[Window])> {
        let members =
            pool.members.keys().filter_map(|id| Some((self.rules.reps.get(id)?, self.members.get(id)?.as_slice())));
        members.filter(|(rep, _)| pool.require_skills.is_subset(&rep.skills))
    }

    fn languages(&self, pool: &'r Pool) -> impl Iterator<Item = &'r str> {
        self.able(pool).flat_map(|(rep, _)| rep.languages.iter().map(String::as_str))
    }

    /// When somebody of these pools could take the call of who speaks this language; `None`: it is not known.
    fn open(&self, pools: &[&'r Pool], language: Option<&str>) -> Vec<Window> {
        let able = pools.iter().flat_map(|pool| {
            let speaks = move |rep: &Rep| {
                !pool.require_language || language.is_none_or(|language| rep.languages.contains(language))
            };
            self.able(pool).filter(move |(rep, _)| speaks(rep))
        });
        merged(able.flat_map(|(_, windows)| windows.iter().copied()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The clocks of Berlin were put forward on the Sunday before.
    #[test]
    fn office_hours_are_those_of_the_callers_clock() {
        let monday = NaiveDate::from_ymd_opt(2026, 3, 30).expect("a day");
        let told: Vec<String> = office_hours(Zone::named("Europe/Berlin"), monday)
            .iter()
            .map(|(from, until)| format!("{from} {until}"))
            .collect();
        assert_eq!(told.len(), 5);
        assert_eq!(told[0], "2026-03-30 07:00:00 UTC 2026-03-30 15:00:00 UTC");
        let auckland = office_hours(Zone::named("Pacific/Auckland"), monday);
        assert_eq!(auckland[0].0.to_string(), "2026-03-29 20:00:00 UTC", "a Monday there, still Sunday here");
    }
}
