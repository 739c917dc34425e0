//! One figure: a number with what it was counted out of, in all and for each group of leads.

use super::rows::LeadRow;
use super::statistics::{count, ratio, wilson};
use baton_core::domain::id::LeadId;
use chrono::TimeDelta;
use serde::Serialize;
use std::collections::BTreeMap;
use std::str::FromStr;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figure {
    /// Stable name for machines.
    pub key: &'static str,
    pub name: &'static str,
    /// One sentence.
    pub definition: &'static str,
    pub unit: Unit,
    pub total: Cell,
    pub groups: Vec<FigureGroup>,
    /// The newest of those that are worth a look: what is wrong or missing among them, or where the figure counts what is seldom,
    /// what it counts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub leads: Vec<LeadId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// 0 to 1.
    Share,
    Seconds,
    /// A mean of ratings from 1 to 5.
    Rating,
    Leads,
    RepsPerLead,
    /// In the currency of the CRM.
    Amount,
    /// Leads that somebody owes or is owed.
    Turns,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Cell {
    pub numerator: u64,
    pub denominator: u64,
    /// `None`: there was nothing to count.
    pub value: Option<f64>,
    /// Bounds at 95 %, for figures that are drawn from a sample of the leads.
    pub low: Option<f64>,
    pub high: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FigureGroup {
    pub dimension: Dimension,
    pub name: String,
    #[serde(flatten)]
    pub cell: Cell,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Dimension {
    Route,
    Territory,
    Tier,
    Pool,
    Source,
    Channel,
    /// What became of it: the rung of the ladder on which it ended, or stands.
    Status,
    /// Whom the decision gave it to.
    Rep,
    Misroute,
    /// Why a phone was given up.
    Cause,
    /// Decided owner → right rep.
    RightRep,
    /// One lead, by its id.
    Lead,
}

impl Dimension {
    pub(super) const ALL_OF_A_LEAD: [Self; 6] =
        [Self::Route, Self::Territory, Self::Tier, Self::Pool, Self::Source, Self::Channel];

    /// By which leads can be grouped.
    pub const BY: [Self; 8] =
        [Self::Route, Self::Territory, Self::Tier, Self::Pool, Self::Source, Self::Channel, Self::Status, Self::Rep];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Route => "route",
            Self::Territory => "territory",
            Self::Tier => "tier",
            Self::Pool => "pool",
            Self::Source => "source",
            Self::Channel => "channel",
            Self::Status => "status",
            Self::Rep => "rep",
            Self::Misroute => "misroute",
            Self::Cause => "cause",
            Self::RightRep => "right rep",
            Self::Lead => "lead",
        }
    }

    /// The group of a lead; empty for dimensions that belong to feedback or a phone and not to the lead.
    pub(super) fn of(self, row: &LeadRow) -> String {
        match self {
            Self::Route => row.route.clone(),
            Self::Territory => row.territory.as_ref().map_or_else(|| "no territory".to_owned(), ToString::to_string),
            Self::Tier => row.tier.to_string(),
            Self::Pool => row.pool.to_string(),
            Self::Source => row.source.clone(),
            Self::Channel => row.channel.as_str().to_owned(),
            Self::Status => row.status.in_words().to_owned(),
            Self::Rep => row.decided_owner.to_string(),
            Self::Lead => row.lead_id.to_string(),
            Self::Misroute | Self::Cause | Self::RightRep => String::new(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is nothing that leads are grouped by: choose route, territory, tier, pool, source, channel, status or rep"
)]
pub struct UnknownDimension(String);

impl FromStr for Dimension {
    type Err = UnknownDimension;

    fn from_str(text: &str) -> Result<Self, UnknownDimension> {
        Self::BY.into_iter().find(|by| by.as_str() == text).ok_or_else(|| UnknownDimension(text.to_owned()))
    }
}

impl Cell {
    pub(super) fn of(numerator: u64, denominator: u64) -> Self {
        Self { numerator, denominator, value: ratio(numerator, denominator), low: None, high: None }
    }

    pub(super) fn sampled(numerator: u64, denominator: u64) -> Self {
        let (low, high) = wilson(numerator, denominator).unzip();
        Self { low, high, ..Self::of(numerator, denominator) }
    }

    /// The count itself is the value, out of however many; of no leads there is none.
    pub(super) fn number(numerator: u64, denominator: u64) -> Self {
        Self { value: (denominator > 0).then_some(numerator as f64), ..Self::of(numerator, denominator) }
    }

    pub(super) fn seconds(value: Option<TimeDelta>, measured: usize, of: u64) -> Self {
        Self { numerator: count(measured), denominator: of, value: value.map(in_seconds), low: None, high: None }
    }
}

pub(super) fn in_seconds(span: TimeDelta) -> f64 {
    span.num_milliseconds() as f64 / 1000.0
}

/// Leads that are counted together.
pub(super) type Rows<'a> = [&'a LeadRow];

/// A share and its groups. `hit` tells `None` for a lead that is not counted at all. Key, name and definition are the
/// caller's.
pub(super) fn share(
    rows: &Rows<'_>,
    dimensions: &[Dimension],
    cell: fn(u64, u64) -> Cell,
    hit: impl Fn(&LeadRow) -> Option<bool>,
) -> Figure {
    let cell = |rows: &Rows<'_>| {
        let counted: Vec<bool> = rows.iter().filter_map(|row| hit(row)).collect();
        cell(count(counted.iter().filter(|hit| **hit).count()), count(counted.len()))
    };
    Figure {
        key: "",
        name: "",
        definition: "",
        unit: Unit::Share,
        total: cell(rows),
        groups: by(rows, dimensions, cell),
        leads: Vec::new(),
    }
}

/// The same cell for every group of every dimension, groups by name.
fn by(rows: &Rows<'_>, dimensions: &[Dimension], cell: impl Fn(&Rows<'_>) -> Cell) -> Vec<FigureGroup> {
    let mut groups = Vec::new();
    for dimension in dimensions {
        let mut members: BTreeMap<String, Vec<&LeadRow>> = BTreeMap::new();
        for row in rows {
            members.entry(dimension.of(row)).or_default().push(row);
        }
        let group =
            |(name, rows): (String, Vec<&LeadRow>)| FigureGroup { dimension: *dimension, name, cell: cell(&rows) };
        groups.extend(members.into_iter().map(group));
    }
    groups
}
