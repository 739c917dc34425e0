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
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A Monday morning, in hours since 1970: ten of them are over.
    const NOW: i64 = 30_000 * 24 + 10;

    fn tally(kind: TallyKind, name: &str, hour: i64, leads: u64) -> Tally {
        Tally { kind, name: name.to_owned(), hour, leads }
    }

    /// Five weeks in which a rule decides `then` of ten leads an hour by day, and `now` of ten in the last day.
    fn five_weeks(then: u64, now: u64) -> Vec<Tally> {
        let mut tallies = Vec::new();
        for hour in (NOW - 5 * WEEK_HOURS)..NOW {
            if !(8..18).contains(&hour.rem_euclid(24)) {
                continue;
            }
            let hits = if hour >= NOW - DAY_HOURS { now } else { then };
            tallies.push(tally(TallyKind::All, "", hour, 10));
            tallies.push(tally(TallyKind::Rule, "route partners", hour, hits));
            tallies.push(tally(TallyKind::Fallback, "", hour, 10 - hits));
            tallies.push(tally(TallyKind::Source, "vapi", hour, 10));
        }
        tallies.retain(|tally| tally.leads > 0);
        tallies
    }

    #[test]
    fn a_day_of_another_rate_is_told_and_a_day_like_the_others_is_not() {
        let drifting = find(&five_weeks(3, 6), NOW, |_| true);
        let [rule] = &drifting.rules[..] else { panic!("{drifting:?}") };
        assert_eq!((rule.now, rule.before), (Share { leads: 60, of: 100 }, Share { leads: 120, of: 400 }));
        assert!(rule.drifts() && drifting.fallback.as_ref().is_some_and(ShareThenAndNow::drifts), "{drifting:?}");
        let words = drifting.in_words();
        assert!(
            words[0].starts_with("route partners: 60.0 % of the 100 leads of the last day, 30.0 % of the 400"),
            "{words:?}"
        );
        let same = find(&five_weeks(3, 3), NOW, |_| true);
        assert_eq!(same.in_words(), Vec::<String>::new());
        assert_eq!((same.rules.len(), same.fallback.is_some()), (1, true), "it was looked at");
        // Of a rule that was taken away nothing is expected.
        assert!(find(&five_weeks(3, 0), NOW, |name| name != "route partners").rules.is_empty());
    }

    #[test]
    fn few_leads_and_no_past_say_nothing() {
        let mut few = five_weeks(3, 9);
        few.retain(|tally| tally.hour.rem_euclid(24) == 9);
        let found = find(&few, NOW, |_| true);
        assert_eq!((found.rules.len(), found.fallback), (0, None));
        let mut new = five_weeks(3, 9);
        new.retain(|tally| tally.hour >= NOW - WEEK_HOURS);
        let found = find(&new, NOW, |_| true);
        assert_eq!((found.rules.len(), found.sources.len()), (0, 0), "a week is not four");
    }

    /// What a source sent, without the hours that are meant.
    fn silent(is_left_out: impl Fn(i64) -> bool, until: i64) -> Option<bool> {
        let mut tallies = five_weeks(3, 3);
        tallies.retain(|tally| tally.hour < until && !is_left_out(tally.hour));
        find(&tallies, until, |_| true).sources.get("vapi").copied()
    }

    #[test]
    fn a_source_is_missed_after_its_usual_gap_and_not_at_night() {
        assert_eq!(silent(|_| false, NOW), Some(false));
        // It stopped this morning at eight: by nine an hour is missed.
        assert_eq!(silent(|hour| hour >= NOW - 2, NOW - 2), Some(false), "nothing is due by night");
        assert_eq!(silent(|hour| hour >= NOW - 2, NOW - 1), Some(false), "clocks may have been changed");
        assert_eq!(silent(|hour| hour >= NOW - 2, NOW), Some(true));
        // Yesterday evening and tonight, after its last hour.
        assert_eq!(silent(|_| false, NOW - 14), Some(false));
        assert_eq!(silent(|_| false, NOW - 5), Some(false));
        assert_eq!(silent(|hour| hour >= NOW - 26, NOW - 5), Some(true), "a whole day was missed");
    }

    proptest! {
        #[test]
        fn equal_shares_never_differ_and_it_is_all_the_same_which_came_first(
            of in 1u64..5_000, before in 1u64..20_000, part in 0.0..=1.0f64, other in 0.0..=1.0f64,
        ) {
            let share = |of: u64, part: f64| Share { leads: (of as f64 * part) as u64, of };
            prop_assert!(!differ(share(of, part), share(of, part)));
            let (now, then) = (share(of, part), share(before, other));
            prop_assert_eq!(differ(now, then), differ(then, now));
        }

        #[test]
        fn a_source_that_sent_something_in_the_last_hour_is_never_silent(sent in proptest::collection::vec(0u64..40, 840)) {
            let hours = (NOW - 840)..NOW;
            let mut tallies: Vec<Tally> =
                hours.zip(sent).map(|(hour, leads)| tally(TallyKind::Source, "vapi", hour, leads)).collect();
            tallies.push(tally(TallyKind::Source, "vapi", NOW - 1, 1));
            prop_assert!(find(&tallies, NOW, |_| true).sources.get("vapi") != Some(&true));
        }
    }
}
