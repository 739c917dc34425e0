//! Whether rules, leads and sources do what they did in the last four weeks: a day of leads is held against the same day of each
//! of the four weeks before, and a source that sent enough in the same hours of each of them is missed when it sends nothing.
//!
//! Pure: hours that were counted in, findings out. A day in which everything is as it was is told apart from chance by a stated
//! bound; too few leads say nothing.

use super::statistics::ratio;
use crate::store::{Tallies, Tally, TallyKind};
use baton_core::rules::RuleSet;
use std::collections::{BTreeMap, BTreeSet};

/// Weeks that today is held against.
const WEEKS: i64 = 4;
const WEEK_HOURS: i64 = 7 * 24;
const DAY_HOURS: i64 = 24;
/// Leads of a day, and of the same days before, below which a share says nothing.
const LEADS_OF_DAY: u64 = 50;
const LEADS_BEFORE: u64 = 200;
/// How many standard errors of the difference (two proportions, pooled) two shares lie apart at least: chance alone does so once in
/// 16,000 times.
const APART: f64 = 4.0;
/// And they differ by so much, or by so many times: with many leads the smallest difference is beyond chance.
const POINTS: f64 = 0.05;
const TIMES: f64 = 2.0;
/// Hours in which a source is missed, the last of them just over: by night and at weekends a source that never sends then is not.
const MISSED_IN_HOURS: [i64; 6] = [1, 2, 4, 8, DAY_HOURS, WEEK_HOURS];
/// What it sent in each of the four weeks at least: of one that sends so often by chance, none comes once in 20,000 times.
const SENT_AT_LEAST: u64 = 10;

/// Begins the names of routes.
pub const ROUTE: &str = "route ";

/// So many of so many leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    pub leads: u64,
    pub of: u64,
}

/// A share of one day, and of the same days of the weeks before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShareThenAndNow {
    /// The rule, as [`Tally::name`] has it; `fallback`.
    pub name: String,
    pub now: Share,
    pub before: Share,
}

/// What is held against the weeks before. What has too few leads, or no past, is in none of the lists.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    pub rules: Vec<ShareThenAndNow>,
    /// Leads that were not put through, of all channels.
    pub fallback: Option<ShareThenAndNow>,
    /// Each source, and each route by its name, and whether it is silent.
    pub sources: BTreeMap<String, bool>,
}

impl ShareThenAndNow {
    pub fn drifts(&self) -> bool {
        differ(self.now, self.before)
    }
}

impl Findings {
    /// A sentence for each rule that drifts and each source that is silent; nobody is named in them.
    pub fn in_words(&self) -> Vec<String> {
        let percent = |share: Share| 100.0 * ratio(share.leads, share.of).unwrap_or_default();
        let shares = self.rules.iter().chain(&self.fallback).filter(|share| share.drifts());
        let drifting = shares.map(|ShareThenAndNow { name, now, before }| {
            format!(
                "{name}: {:.1} % of the {} leads of the last day, {:.1} % of the {} of the same days of the four weeks before",
                percent(*now),
                now.of,
                percent(*before),
                before.of
            )
        });
        let silent = self.sources.iter().filter(|(_, is_silent)| **is_silent);
        let silent = silent
            .map(|(name, _)| format!("{name}: no lead, in hours in which some came in each of the last four weeks"));
        drifting.chain(silent).collect()
    }
}

/// What can be said of the last day that was counted. Of rules that were taken away nothing is.
pub fn found_in(tallies: &Tallies, rules: &RuleSet) -> Findings {
    let is_live = |name: &str| match name.split_once(' ') {
        Some(("route", route)) => rules.routes.iter().any(|live| live.name == route),
        Some(("tier", tier)) => rules.tiers.iter().any(|live| live.name.as_str() == tier),
        Some(("pool", pool)) => rules.pools.keys().any(|live| live.as_str() == pool),
        _ => true,
    };
    find(&tallies.rows, tallies.until, is_live)
}

fn find(tallies: &[Tally], until: i64, is_live: impl Fn(&str) -> bool) -> Findings {
    let hours = Hours::of(tallies);
    let names = |kind: TallyKind| {
        let of_kind = tallies.iter().filter(move |tally| tally.kind == kind);
        of_kind.map(|tally| tally.name.as_str()).collect::<BTreeSet<_>>()
    };
    let share = |kind: TallyKind, name: &str| {
        let of_week = |week: i64| {
            let end = until - week * WEEK_HOURS;
            let leads = |kind, name| hours.leads(kind, name, end - DAY_HOURS, end);
            Share { leads: leads(kind, name), of: leads(TallyKind::All, "") }
        };
        let before = (1..=WEEKS)
            .map(&of_week)
            .fold(Share { leads: 0, of: 0 }, |sum, week| Share { leads: sum.leads + week.leads, of: sum.of + week.of });
        (of_week(0), before)
    };
    let is_enough = |now: Share, before: Share| now.of >= LEADS_OF_DAY && before.of >= LEADS_BEFORE;
    let rules = names(TallyKind::Rule).into_iter().filter(|name| is_live(name)).filter_map(|name| {
        let (now, before) = share(TallyKind::Rule, name);
        let has_a_past = before.leads > 0 && is_enough(now, before);
        has_a_past.then(|| ShareThenAndNow { name: name.to_owned(), now, before })
    });
    let (now, before) = share(TallyKind::Fallback, "");
    let fallback = is_enough(now, before).then(|| ShareThenAndNow { name: "fallback".to_owned(), now, before });
    let sources = names(TallyKind::Source).into_iter().map(|name| (TallyKind::Source, name));
    let routes = names(TallyKind::Rule).into_iter().filter(|name| name.starts_with(ROUTE) && is_live(name));
    let sources = sources.chain(routes.map(|name| (TallyKind::Rule, name)));
    let sources = sources.filter_map(|(kind, name)| {
        let sent = |span: i64, week: i64, shift: i64| {
            let end = until - week * WEEK_HOURS + shift;
            hours.leads(kind, name, end - span, end)
        };
        // Hours are UTC: where clocks were changed, a source comes an hour sooner or later than in the weeks before.
        let often = |span: i64, shift: i64| (1..=WEEKS).all(|week| sent(span, week, shift) >= SENT_AT_LEAST);
        let is_usual = |span: i64| (-1..=1).all(|shift| often(span, shift));
        let is_silent = MISSED_IN_HOURS.iter().any(|span| sent(*span, 0, 0) == 0 && is_usual(*span));
        often(WEEK_HOURS, 0).then(|| (name.to_owned(), is_silent))
    });
    Findings { rules: rules.collect(), fallback, sources: sources.collect() }
}

/// Whether two shares lie further apart than chance puts them, and far enough to matter.
fn differ(now: Share, before: Share) -> bool {
    let (Some(new), Some(old)) = (ratio(now.leads, now.of), ratio(before.leads, before.of)) else { return false };
    let (n, m) = (now.of as f64, before.of as f64);
    let pooled = (now.leads + before.leads) as f64 / (n + m);
    let error = (pooled * (1.0 - pooled) * (1.0 / n + 1.0 / m)).sqrt();
    let apart = (new - old).abs();
    apart > 0.0 && apart >= APART * error && (apart >= POINTS || new.max(old) >= TIMES * new.min(old))
}

/// Leads by what they are counted by, and by hour.
struct Hours<'t>(BTreeMap<(TallyKind, &'t str), BTreeMap<i64, u64>>);

impl<'t> Hours<'t> {
    fn of(tallies: &'t [Tally]) -> Self {
        let mut hours: BTreeMap<_, BTreeMap<i64, u64>> = BTreeMap::new();
        for Tally { kind, name, hour, leads } in tallies {
            *hours.entry((*kind, name.as_str())).or_default().entry(*hour).or_default() += leads;
        }
        Self(hours)
    }

    /// From one hour up to, not including, another.
    fn leads(&self, kind: TallyKind, name: &str, from: i64, until: i64) -> u64 {
        self.0.get(&(kind, name)).map_or(0, |hours| hours.range(from..until).map(|(_, leads)| leads).sum())
    }
}

#[cfg(test)]
mod tests;
