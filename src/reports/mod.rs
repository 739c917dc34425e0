//! How well it went: rows in, verdicts and figures, one page out.
//!
//! Guarantees: every figure says how it is defined, what was counted and out of how many; a figure without leads says so
//! and is never a number; a grouped figure's groups add up to its total. The figures are pure; `source` alone
//! reads the database, and the clock comes from the caller. Nothing here changes a rule, it shows where one may be wrong.

pub mod drift;
mod figure;
mod figures;
mod gone;
mod html;
pub mod rows;
mod shadow;
mod source;
mod spreadsheet;
mod statistics;
#[cfg(test)]
mod tests;
mod text;
pub mod verdict;
mod words;

pub use figure::{Cell, Dimension, Figure, FigureGroup, Unit};
pub use gone::NoLongerKept;
pub use rows::LeadRow;
pub use shadow::{Difference, ShadowFormat, ShadowReport, Side, render_shadow};
pub use source::{over, shadow_over};
pub use spreadsheet::harmless;

use chrono::{DateTime, Utc};
use serde::Serialize;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;
use verdict::RoutingVerdict;

/// Version of the JSON layout: grows when a key changes its meaning or goes away.
pub const REPORT_VERSION: u16 = 1;

/// How far back a report goes at most: ten years.
pub const LONGEST_DAYS: u32 = 3660;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReportOptions {
    /// Leads decided from this instant …
    pub from: DateTime<Utc>,
    /// … and before this one.
    pub until: DateTime<Utc>,
    /// From decision to first human contact.
    pub sla: Duration,
    pub now: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    pub version: u16,
    pub from: DateTime<Utc>,
    pub until: DateTime<Utc>,
    pub made_at: DateTime<Utc>,
    pub sla_s: u64,
    pub leads: u64,
    pub figures: Vec<Figure>,
    /// How many leads each rule of judgement decided, in the order in which the rules are asked.
    pub verdicts: Vec<VerdictCount>,
    /// What the figures lack.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub no_longer_kept: Vec<NoLongerKept>,
    /// Leads that were decided in shadow: no figure counts them.
    #[serde(skip_serializing_if = "is_none")]
    pub shadow: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_none(count: &u64) -> bool {
    *count == 0
}

impl Report {
    /// `None`: nothing was decided in shadow.
    fn trial_in_words(&self) -> Option<String> {
        let told = || {
            format!(
                "A TRIAL: {} leads were decided in shadow, and nobody was told of them. No figure counts them; baton shadow \
                 compares them with what the other system did.",
                self.shadow
            )
        };
        (self.shadow > 0).then(told)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VerdictCount {
    pub rule: &'static str,
    pub verdict: RoutingVerdict,
    pub reason: &'static str,
    pub leads: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Aligned, at most 100 columns.
    Text,
    Json,
    /// One row per figure and group.
    Csv,
    /// One page that needs nothing else.
    Html,
}

impl Format {
    pub const ALL: [Self; 4] = [Self::Text, Self::Json, Self::Csv, Self::Html];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Html => "html",
        }
    }

    pub fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; charset=utf-8",
            Self::Json => "application/json",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Html => "text/html; charset=utf-8",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a format of reports: choose text, json, csv or html")]
pub struct UnknownFormat(String);

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, UnknownFormat> {
        Self::ALL.into_iter().find(|format| format.as_str() == text).ok_or_else(|| UnknownFormat(text.to_owned()))
    }
}

/// Rows outside of the time are left out; their order does not matter.
pub fn build(rows: &[LeadRow], options: &ReportOptions) -> Report {
    let rows: Vec<&LeadRow> =
        rows.iter().filter(|row| options.from <= row.decided_at && row.decided_at < options.until).collect();
    Report {
        version: REPORT_VERSION,
        from: options.from,
        until: options.until,
        made_at: options.now,
        sla_s: options.sla.as_secs(),
        leads: statistics::count(rows.len()),
        figures: figures::all(&rows, options),
        verdicts: verdict_counts(&rows),
        no_longer_kept: Vec::new(),
        shadow: 0,
    }
}

fn verdict_counts(rows: &[&LeadRow]) -> Vec<VerdictCount> {
    let judged: Vec<&verdict::JudgementRule> = rows.iter().map(|row| verdict::judge(row)).collect();
    let count = |rule: &verdict::JudgementRule| VerdictCount {
        rule: rule.name,
        verdict: rule.verdict,
        reason: rule.reason,
        leads: statistics::count(judged.iter().filter(|other| other.name == rule.name).count()),
    };
    verdict::RULES.iter().map(count).collect()
}

/// A line for each figure, without its groups and its definition.
pub fn in_brief(report: &Report) -> String {
    text::brief(report)
}

pub fn render(report: &Report, format: Format) -> String {
    match format {
        Format::Text => text::layout(report),
        Format::Json => {
            let json = serde_json::to_string_pretty(report).expect("a report holds text and finite numbers");
            json + "\n"
        }
        Format::Csv => spreadsheet::layout(report),
        Format::Html => html::layout(report),
    }
}
