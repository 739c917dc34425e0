//! How well it went: rows in, verdicts, figures and pictures out, as text, as a page that needs nothing else, and as tables.
//!
//! Guarantees: every figure says how it is defined, what was counted and out of how many; a figure without leads says so
//! and is never a number; a grouped figure's groups add up to its total. Leads are counted one by one, so that a long time needs no
//! more room than a short one. The figures are pure; `source` alone reads the database, and the clock comes from the caller. Nothing
//! here changes a rule, it shows where one may be wrong.

mod charts;
mod compare;
pub mod drift;
mod figure;
mod figures;
mod gone;
mod markdown;
mod page;
mod pictures;
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

pub use compare::{Compared, Comparison, compare};
pub use figure::{Cell, Dimension, Figure, FigureGroup, Unit, UnknownDimension};
pub use gone::NoLongerKept;
pub use page::{sections, style};
pub use pictures::{Breach, Breaches, Column, Picture, PictureRow, Shape};
pub use rows::LeadRow;
pub use shadow::{Difference, ShadowFormat, ShadowReport, Side, render_shadow};
pub use source::{Against, Asked, moment, over, release_digits, shadow_over};
pub use spreadsheet::harmless;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;
use verdict::{JudgementRule, RULES, RoutingVerdict};

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
    /// Figures are grouped by this alone; `None`: each by what tells most of it.
    pub by: Option<Dimension>,
}

impl ReportOptions {
    fn sla(&self) -> TimeDelta {
        TimeDelta::from_std(self.sla).unwrap_or(TimeDelta::MAX)
    }
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    pub version: u16,
    pub from: DateTime<Utc>,
    pub until: DateTime<Utc>,
    pub made_at: DateTime<Utc>,
    pub sla_s: u64,
    pub leads: u64,
    /// Leads that were decided by these rules alone; its first digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    pub figures: Vec<Figure>,
    /// What charts are drawn of.
    pub pictures: Vec<Picture>,
    pub sla_breaches: Breaches,
    /// Beside another time, or other rules.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comparison: Option<Comparison>,
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
    /// Markdown: tables for whatever shows them.
    Md,
    /// One page that needs nothing else.
    Html,
}

impl Format {
    pub const ALL: [Self; 5] = [Self::Text, Self::Json, Self::Csv, Self::Md, Self::Html];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Md => "md",
            Self::Html => "html",
        }
    }

    pub fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; charset=utf-8",
            Self::Json => "application/json",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Md => "text/markdown; charset=utf-8",
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
#[error("{0:?} is not a format of reports: choose text, json, csv, md or html")]
pub struct UnknownFormat(String);

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, UnknownFormat> {
        Self::ALL.into_iter().find(|format| format.as_str() == text).ok_or_else(|| UnknownFormat(text.to_owned()))
    }
}

/// A report in the making.
pub struct Sheet {
    options: ReportOptions,
    leads: u64,
    shadow: u64,
    figures: figures::Figures,
    pictures: pictures::Pictures,
    breaches: Breaches,
    /// In the order of [`RULES`].
    verdicts: Vec<u64>,
}

impl Sheet {
    pub fn new(options: ReportOptions) -> Self {
        Self {
            leads: 0,
            shadow: 0,
            figures: figures::Figures::default(),
            pictures: pictures::Pictures::new(&options),
            breaches: Breaches::default(),
            verdicts: vec![0; RULES.len()],
            options,
        }
    }

    /// A lead that was decided in shadow: no figure counts it.
    fn add_shadow(&mut self) {
        self.shadow += 1;
    }

    /// A lead outside of the time is left out; in which order they come does not matter.
    pub fn add(&mut self, row: &LeadRow) {
        let options = &self.options;
        if row.decided_at < options.from || options.until <= row.decided_at {
            return;
        }
        self.leads += 1;
        self.figures.add(row, options);
        self.pictures.add(row, options);
        self.breaches.add(row, options);
        let name = verdict::judge(row).name;
        for (leads, rule) in self.verdicts.iter_mut().zip(&RULES) {
            *leads += u64::from(rule.name == name);
        }
    }

    /// `ledgers`: of the pools, as they stand now.
    pub fn finish(self, ledgers: &pictures::Ledgers) -> Report {
        let line = |(rule, leads): (&JudgementRule, u64)| VerdictCount {
            rule: rule.name,
            verdict: rule.verdict,
            reason: rule.reason,
            leads,
        };
        let options = self.options;
        Report {
            version: REPORT_VERSION,
            from: options.from,
            until: options.until,
            made_at: options.now,
            sla_s: options.sla.as_secs(),
            leads: self.leads,
            release: None,
            figures: self.figures.finish(options.by),
            pictures: self.pictures.finish(ledgers),
            sla_breaches: self.breaches,
            comparison: None,
            verdicts: RULES.iter().zip(self.verdicts).map(line).collect(),
            no_longer_kept: Vec::new(),
            shadow: self.shadow,
        }
    }
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
        Format::Md => markdown::layout(report),
        Format::Html => page::layout(report),
    }
}
