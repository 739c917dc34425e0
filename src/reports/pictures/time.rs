//! How it went from week to week, or day to day; and at which hours, in which territories, leads waited or were missed.

use super::{Column, Picture, PictureRow, Shape, number, share};
use crate::reports::ReportOptions;
use crate::reports::figure::{Unit, in_seconds};
use crate::reports::rows::{LeadRow, Newest};
use crate::reports::statistics::{percentile, wilson};
use crate::reports::verdict::{RoutingVerdict, judge};
use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Timelike, Utc};
use std::collections::BTreeMap;

/// A report over so much at most shows each day, a longer one each week.
const DAY_BY_DAY: TimeDelta = TimeDelta::days(21);
const HOURS: usize = 24;

#[derive(Default)]
struct Span {
    right: u64,
    judged: u64,
    leads: u64,
    wrong: Newest,
}

#[derive(Default)]
struct HourOfTerritory {
    waits: Vec<TimeDelta>,
    missed: u64,
    leads: u64,
}

#[derive(Default)]
struct Territory {
    hours: [HourOfTerritory; HOURS],
    missed: Newest,
}

pub(super) struct OverTime {
    daily: bool,
    spans: BTreeMap<NaiveDate, Span>,
    territories: BTreeMap<String, Territory>,
}

impl OverTime {
    pub(super) fn new(options: &ReportOptions) -> Self {
        let daily = options.until - options.from <= DAY_BY_DAY;
        Self { daily, spans: BTreeMap::new(), territories: BTreeMap::new() }
    }

    pub(super) fn add(&mut self, row: &LeadRow, options: &ReportOptions) {
        let verdict = judge(row).verdict;
        let span = self.spans.entry(begin_of(row.decided_at, self.daily)).or_default();
        span.leads += 1;
        span.judged += u64::from(verdict != RoutingVerdict::Unknown);
        span.right += u64::from(verdict == RoutingVerdict::Right);
        if verdict == RoutingVerdict::Wrong {
            span.wrong.add(row);
        }
        let name = row.territory.as_ref().map_or_else(|| "no territory".to_owned(), ToString::to_string);
        let territory = self.territories.entry(name).or_default();
        let hour = &mut territory.hours[row.decided_at.hour() as usize];
        hour.leads += 1;
        hour.waits.extend(row.contacted_after());
        if row.in_time(options.sla(), options.now) == Some(false) {
            hour.missed += 1;
            territory.missed.add(row);
        }
    }

    /// Accuracy; then waits and misses by the hour.
    pub(super) fn finish(self) -> (Picture, [Picture; 2]) {
        let of = if self.daily { "Day" } else { "Week from" };
        (accuracy(self.spans, of), by_hour(self.territories))
    }
}

/// Monday of its week, or its day, in UTC.
fn begin_of(at: DateTime<Utc>, daily: bool) -> NaiveDate {
    let day = at.date_naive();
    let back = if daily { 0 } else { day.weekday().num_days_from_monday() };
    day - TimeDelta::days(i64::from(back))
}

fn accuracy(spans: BTreeMap<NaiveDate, Span>, of: &'static str) -> Picture {
    let row = |(day, span): (NaiveDate, Span)| {
        let (low, high) = wilson(span.right, span.judged).unzip();
        let (right, coverage) = (share(span.right, span.judged), share(span.judged, span.leads));
        PictureRow {
            name: day.to_string(),
            values: vec![right, low, high, coverage, number(span.judged), number(span.leads)],
            leads: span.wrong.into_leads(),
        }
    };
    let shares = ["Right", "at least", "at most", "Label coverage"].map(|name| Column::of(name, Unit::Share));
    Picture {
        key: "accuracy_over_time",
        name: "Accuracy over time",
        definition: "Leads judged right out of leads judged, with Wilson's interval at 95 %, and of how many leads anything tells; \
                     by when they were decided, in UTC. Behind each: leads judged wrong.",
        shape: Shape::Trend,
        of,
        columns: shares.into_iter().chain(Column::leads(["Judged", "Leads"])).collect(),
        rows: spans.into_iter().map(row).collect(),
    }
}

fn by_hour(territories: BTreeMap<String, Territory>) -> [Picture; 2] {
    let (mut waits, mut misses) = (Vec::new(), Vec::new());
    for (name, Territory { hours, missed }) in territories {
        // An hour in which nothing was decided has no misses, and that says nothing.
        let missed_in = hours.iter().map(|hour| (hour.leads > 0).then_some(hour.missed as f64)).collect();
        let half = hours.into_iter().map(|mut hour| percentile(&mut hour.waits, 50).map(in_seconds)).collect();
        waits.push(PictureRow { name: name.clone(), values: half, leads: Vec::new() });
        misses.push(PictureRow { name, values: missed_in, leads: missed.into_leads() });
    }
    let hours = |unit| (0..HOURS).map(|hour| Column::of(format!("{hour:02}"), unit)).collect();
    [
        Picture {
            key: "waits_by_hour",
            name: "Waits by hour and territory",
            definition: "Time from decision to human contact that half of the contacted leads stayed within, by the hour of the \
                         decision in UTC.",
            shape: Shape::Grid,
            of: "Territory",
            columns: hours(Unit::Seconds),
            rows: waits,
        },
        Picture {
            key: "misses_by_hour",
            name: "Misses by hour and territory",
            definition: "Leads without human contact within the SLA, by the hour of the decision in UTC.",
            shape: Shape::Grid,
            of: "Territory",
            columns: hours(Unit::Leads),
            rows: misses,
        },
    ]
}
