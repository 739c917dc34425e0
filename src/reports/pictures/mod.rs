//! What the report shows as pictures: tables of numbers, each of which a chart is drawn of. Counted lead by lead, as the figures are.
//!
//! Guarantees: a picture's chart, its table and its rows in CSV, Markdown and JSON are made of these numbers and no others.

mod breaches;
mod people;
mod rules;
mod time;
mod way;

pub use breaches::{Breach, Breaches};

use super::ReportOptions;
use super::figure::Unit;
use super::rows::LeadRow;
use baton_core::domain::id::{LeadId, PoolId};
use baton_core::routing::ledger::Ledger;
use serde::Serialize;
use std::collections::BTreeMap;
use std::ops::Range;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Picture {
    /// Stable name for machines.
    pub key: &'static str,
    pub name: &'static str,
    /// What is counted, in a sentence or two.
    pub definition: &'static str,
    #[serde(skip)]
    pub shape: Shape,
    /// What the rows are.
    pub of: &'static str,
    pub columns: Vec<Column>,
    pub rows: Vec<PictureRow>,
}

/// How its chart is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// The first column over time as a line within the bounds of the second and third, the fourth as a line.
    Trend,
    /// A bar for each row and each of the first so many columns.
    Bars(usize),
    /// A field for each row and column: the darker, the more.
    Grid,
    /// The third column to both sides of nothing, with the bounds of the fourth.
    Balance,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Column {
    pub name: String,
    pub unit: Unit,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PictureRow {
    pub name: String,
    /// One for each column; `None`: there was nothing to count.
    pub values: Vec<Option<f64>>,
    /// The newest of the leads behind it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub leads: Vec<LeadId>,
}

impl Shape {
    /// The columns that are drawn, of so many.
    pub fn draws(self, columns: usize) -> Range<usize> {
        match self {
            Self::Trend => 0..4,
            Self::Bars(first) => 0..first,
            Self::Grid => 0..columns,
            Self::Balance => 2..4,
        }
    }
}

impl Column {
    fn of(name: impl Into<String>, unit: Unit) -> Self {
        Self { name: name.into(), unit }
    }

    /// All of them leads.
    fn leads(names: impl IntoIterator<Item = impl Into<String>>) -> Vec<Self> {
        names.into_iter().map(|name| Self::of(name, Unit::Leads)).collect()
    }
}

/// The ledgers of the pools, as they stand when the report is made.
pub(super) type Ledgers = BTreeMap<PoolId, Ledger>;

pub(super) struct Pictures {
    time: time::OverTime,
    way: way::Way,
    people: people::People,
    rules: rules::ByRule,
}

impl Pictures {
    pub(super) fn new(options: &ReportOptions) -> Self {
        let (people, rules) = (people::People::default(), rules::ByRule::default());
        Self { time: time::OverTime::new(options), way: way::Way::default(), people, rules }
    }

    pub(super) fn add(&mut self, row: &LeadRow, options: &ReportOptions) {
        self.time.add(row, options);
        self.way.add(row, options);
        self.people.add(row);
        self.rules.add(row);
    }

    pub(super) fn finish(self, ledgers: &Ledgers) -> Vec<Picture> {
        let (accuracy, [waits, misses]) = self.time.finish();
        let [funnel, contact, parts, ladder] = self.way.finish();
        let [right, shares, reps] = self.people.finish(ledgers);
        vec![accuracy, right, self.rules.finish(), funnel, contact, parts, ladder, shares, reps, waits, misses]
    }
}

/// A share in percent of what it is of; of nothing there is none.
fn share(part: u64, of: u64) -> Option<f64> {
    super::statistics::ratio(part, of)
}

/// A count.
fn number(count: u64) -> Option<f64> {
    Some(count as f64)
}
