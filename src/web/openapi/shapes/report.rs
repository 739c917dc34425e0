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
    /// The first digits of a release: leads that it decided alone.
    #[schemars(skip_serializing_if = "Option::is_none")]
    release: Option<String>,
    figures: Vec<Figure>,
    pictures: Vec<Picture>,
    sla_breaches: Breaches,
    /// Left out where the report is held against nothing.
    #[schemars(skip_serializing_if = "Option::is_none")]
    comparison: Option<Comparison>,
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
    /// `share`, `seconds`, `rating`, `leads`, `reps_per_lead` or `amount`.
    unit: String,
    total: Cell,
    groups: Vec<FigureGroup>,
    /// The newest of those that are worth a look. Left out where there is none.
    #[schemars(skip_serializing_if = "Vec::is_empty")]
    leads: Vec<String>,
}

/// What a chart is drawn of: a table of numbers.
#[derive(JsonSchema)]
struct Picture {
    key: String,
    name: String,
    definition: String,
    /// What the rows are.
    of: String,
    columns: Vec<Column>,
    rows: Vec<PictureRow>,
}

#[derive(JsonSchema)]
struct Column {
    name: String,
    /// As of figures, or `turns`.
    unit: String,
}

#[derive(JsonSchema)]
struct PictureRow {
    name: String,
    /// One for each column; null: there was nothing to count.
    values: Vec<Option<f64>>,
    /// The newest of the leads behind it. Left out where there is none.
    #[schemars(skip_serializing_if = "Vec::is_empty")]
    leads: Vec<String>,
}

/// Leads whose first contact was late, or is overdue.
#[derive(JsonSchema)]
struct Breaches {
    leads: u64,
    /// 100 at most.
    newest: Vec<Breach>,
}

#[derive(JsonSchema)]
struct Breach {
    lead: String,
    decided_at: Instant,
    owner: String,
    route: String,
    /// Null: nobody has spoken with them so far.
    contacted_after_s: Option<f64>,
}

/// The report beside another one.
#[derive(JsonSchema)]
struct Comparison {
    with: String,
    leads: u64,
    figures: Vec<Compared>,
}

#[derive(JsonSchema)]
struct Compared {
    key: String,
    name: String,
    unit: String,
    here: Cell,
    there: Cell,
    /// Here less there; bounds at 95 % for shares of leads.
    difference: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    conclusion: String,
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
