//! The report on routing, as it is answered in JSON.

use super::Instant;
use schemars::JsonSchema;

/// The figures of `baton report --format json`.
#[derive(JsonSchema)]
pub(super) struct Report {
    version: u16,
    from: Instant,
    until: Instant,
    made_at: Instant,
    sla_s: u64,
    leads: u64,
    figures: Vec<Figure>,
    verdicts: Vec<VerdictCount>,
    /// What the figures lack, since it has had its time.
    #[schemars(skip_serializing_if = "Vec::is_empty")]
    no_longer_kept: Vec<NoLongerKept>,
    /// Leads that were decided in shadow: no figure counts them. Left out where there is none.
    #[schemars(skip_serializing_if = "Option::is_none")]
    shadow: Option<u64>,
}

#[derive(JsonSchema)]
struct NoLongerKept {
    /// `leads` or `timeline`.
    kind: String,
    before: Instant,
    /// For the figures.
    means: String,
}

#[derive(JsonSchema)]
struct Figure {
    key: String,
    name: String,
    definition: String,
    /// `share`, `seconds`, `rating`, `leads` or `reps_per_lead`.
    unit: String,
    total: Cell,
    groups: Vec<FigureGroup>,
}

/// A number with what it was counted out of.
#[derive(JsonSchema)]
struct Cell {
    numerator: u64,
    denominator: u64,
    /// Null: there was nothing to count.
    value: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
}

#[derive(JsonSchema)]
struct FigureGroup {
    dimension: String,
    name: String,
    numerator: u64,
    denominator: u64,
    value: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
}

#[derive(JsonSchema)]
struct VerdictCount {
    rule: String,
    verdict: Verdict,
    reason: String,
    leads: u64,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum Verdict {
    Right,
    Wrong,
    Unknown,
}
