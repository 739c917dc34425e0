//! A report beside another one: how figures differ, and what may be concluded from it.

use super::Report;
use super::figure::{Cell, Figure, Unit};
use super::statistics::newcombe;
use super::words;
use serde::Serialize;

/// The other report, and the differences of this one from it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// What this is held against, in words.
    pub with: String,
    /// Of the other report.
    pub leads: u64,
    pub figures: Vec<Compared>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Compared {
    pub key: &'static str,
    pub name: &'static str,
    pub unit: Unit,
    pub here: Cell,
    pub there: Cell,
    /// Here less there.
    pub difference: Option<f64>,
    /// Bounds of the difference at 95 % (Newcombe), for shares of leads.
    pub low: Option<f64>,
    pub high: Option<f64>,
    /// What may be concluded, in a sentence.
    pub conclusion: String,
}

/// Shares that are no shares of leads or phones: a mean of parts has another interval.
const MEANS: [&str; 1] = ["briefing_completeness"];

/// `with`: what the other report is of.
pub fn compare(here: &Report, there: &Report, with: String) -> Comparison {
    let pair = |one: &Figure| {
        let other = there.figures.iter().find(|other| other.key == one.key)?;
        Some(compared(one, other))
    };
    Comparison { with, leads: there.leads, figures: here.figures.iter().filter_map(pair).collect() }
}

fn compared(one: &Figure, other: &Figure) -> Compared {
    let (here, there) = (one.total, other.total);
    let has_interval = one.unit == Unit::Share && !MEANS.contains(&one.key);
    let counts = |cell: Cell| (cell.numerator, cell.denominator);
    let bounds = if has_interval { newcombe(counts(here), counts(there)) } else { None };
    let (low, high) = bounds.unzip();
    let difference = here.value.zip(there.value).map(|(here, there)| here - there);
    let conclusion = conclusion(difference, bounds, has_interval);
    Compared { key: one.key, name: one.name, unit: one.unit, here, there, difference, low, high, conclusion }
}

/// No more than the counts bear.
fn conclusion(difference: Option<f64>, bounds: Option<(f64, f64)>, has_interval: bool) -> String {
    let told = match (difference, bounds) {
        (None, _) => "On one side there was nothing to count: nothing can be concluded.",
        (Some(_), None) if has_interval => "On one side there was nothing to count: nothing can be concluded.",
        (Some(_), None) => "No interval is known of this: a difference may be chance.",
        (Some(_), Some((low, high))) if low <= 0.0 && high >= 0.0 => "The difference may be chance.",
        (Some(difference), Some(_)) if difference > 0.0 => {
            "Higher, by more than chance would explain; what else changed between the two is not known."
        }
        (Some(_), Some(_)) => {
            "Lower, by more than chance would explain; what else changed between the two is not known."
        }
    };
    told.to_owned()
}

impl Compared {
    /// "+3.1 points (0.4 to 5.8)", "+12".
    pub(super) fn difference_in_words(&self) -> String {
        let Some(difference) = self.difference else { return "no data".to_owned() };
        if self.unit == Unit::Share {
            let points = |share: f64| format!("{:+.1}", share * 100.0);
            let range = self.low.zip(self.high).map(|(low, high)| format!(" ({} to {})", points(low), points(high)));
            return format!("{} points{}", points(difference), range.unwrap_or_default());
        }
        let sign = if difference < 0.0 { "−" } else { "+" };
        format!("{sign}{}", words::number(difference.abs(), self.unit).trim_start_matches('+'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_concluded_than_the_counts_bear() {
        let told = |here: (u64, u64), there: (u64, u64)| {
            let figure = |(hits, of)| Figure {
                key: "acceptance",
                name: "Acceptance",
                definition: "",
                unit: Unit::Share,
                total: Cell::of(hits, of),
                groups: Vec::new(),
                leads: Vec::new(),
            };
            let found = compared(&figure(here), &figure(there));
            (found.difference_in_words(), found.conclusion)
        };
        let (difference, conclusion) = told((56, 70), (48, 80));
        assert_eq!(difference, "+20.0 points (+5.2 to +33.4)");
        assert!(conclusion.starts_with("Higher, by more than chance"), "{conclusion}");
        assert!(told((48, 80), (56, 70)).1.starts_with("Lower, by more than chance"));
        assert_eq!(told((6, 10), (4, 10)).1, "The difference may be chance.");
        assert_eq!(told((6, 10), (0, 0)).0, "no data");
        assert!(told((0, 0), (6, 10)).1.contains("nothing can be concluded"));
    }
}
