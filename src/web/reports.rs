//! Reports over HTTP: the same figures and formats as `baton report`.

use super::{Door, Problem};
use crate::reports::{
    self, Against, Asked, Dimension, Format, LONGEST_DAYS, UnknownDimension, UnknownFormat, moment, release_digits,
};
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde::Deserialize;

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct ReportQuery {
    /// How far back; 30 if it is left out.
    #[serde(default = "thirty")]
    #[param(minimum = 1, maximum = 3660)]
    days: u32,
    /// `json` if it is left out.
    #[serde(default)]
    #[param(pattern = "^(json|text|csv|md|html)$")]
    format: Option<String>,
    /// Leads decided from then on, in place of `days`: `2026-11-01`, or `2026-11-01T08:00:00Z`.
    #[serde(default)]
    from: Option<String>,
    /// And before then; until now if it is left out.
    #[serde(default)]
    to: Option<String>,
    /// Group figures by this alone.
    #[serde(default)]
    #[param(pattern = "^(route|territory|tier|pool|source|channel|status|rep)$")]
    by: Option<String>,
    /// Leads that were decided by these rules alone: eight digits of a release or more.
    #[serde(default)]
    #[param(pattern = "^[0-9a-fA-F]{8,64}$")]
    release: Option<String>,
    /// Beside another time (`2026-10-01..2026-11-01`), or beside the leads of other rules (a release).
    #[serde(default)]
    against: Option<String>,
}

fn thirty() -> u32 {
    30
}

impl ReportQuery {
    fn read(&self, now: DateTime<Utc>) -> Result<Asked, Problem> {
        let at = |text: &Option<String>| text.as_deref().map(moment).transpose().map_err(Problem::bad_request);
        let asked = Asked::over(at(&self.from)?, at(&self.to)?, self.days, now).map_err(Problem::bad_request)?;
        let by = self.by.as_deref().map(str::parse::<Dimension>).transpose();
        let by = by.map_err(|unknown: UnknownDimension| Problem::bad_request(unknown.to_string()))?;
        let release = self.release.as_deref().map(release_digits).transpose().map_err(Problem::bad_request)?;
        let against = self.against.as_deref().map(str::parse::<Against>).transpose().map_err(Problem::bad_request)?;
        Ok(Asked { by, release, against, ..asked })
    }
}

/// Reports on routing
///
/// The same figures as `baton report`, each with its definition and out of how many leads it was counted.
#[utoipa::path(
    get,
    path = "/v1/reports/routing",
    operation_id = "getRoutingReport",
    tag = "reports",
    params(ReportQuery),
    responses((
        status = 200,
        description = "In the format that was asked for.",
        content(
            (ref("#/components/schemas/Report") = "application/json"),
            (String = "text/plain"),
            (String = "text/csv"),
            (String = "text/markdown"),
            (String = "text/html"),
        ),
    )),
    security(("bearer" = ["read"])),
)]
pub(super) async fn routing(State(door): State<Door>, Query(asked): Query<ReportQuery>) -> Result<Response, Problem> {
    let format: Format = match asked.format.as_deref() {
        None => Format::Json,
        Some(name) => name.parse().map_err(|unknown: UnknownFormat| Problem::bad_request(unknown.to_string()))?,
    };
    if !(1..=LONGEST_DAYS).contains(&asked.days) {
        return Err(Problem::bad_request(format!("days is {}; allowed: 1 to {LONGEST_DAYS}", asked.days)));
    }
    let (rules, now) = (door.rules(), door.clock.now());
    let asked = asked.read(now)?;
    let report = reports::over(&door.store, &rules, &asked, now).await;
    let report = report.map_err(|error| Problem::ours(&error))?;
    Ok(([(header::CONTENT_TYPE, format.content_type())], reports::render(&report, format)).into_response())
}
