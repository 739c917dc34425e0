//! Reports over HTTP: the same figures and formats as `baton report`.

use super::{Door, Problem};
use crate::reports::{self, Format, LONGEST_DAYS, UnknownFormat};
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
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
    #[param(pattern = "^(json|text|csv|html)$")]
    format: Option<String>,
}

fn thirty() -> u32 {
    30
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
    let rules = door.rules();
    let report = reports::over(&door.store, &rules, asked.days, door.clock.now()).await;
    let report = report.map_err(|error| Problem::ours(&error))?;
    Ok(([(header::CONTENT_TYPE, format.content_type())], reports::render(&report, format)).into_response())
}
