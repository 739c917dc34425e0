//! Figures for Prometheus, and how long requests take.

use crate::telemetry::figures;
use crate::web::admit::missing;
use crate::web::{Door, Problem};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use baton_core::domain::scope::Scope;
use tokio::time::Instant;

/// OpenMetrics 1.0, which every Prometheus since 2.5 asks for.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Who may read the figures of a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricsFor {
    /// Whoever may read, as at every other address.
    Readers,
    Everybody,
    /// There is no such address, and the store is not read for it.
    Nobody,
}

/// All figures. They stand in no line of other requests.
///
/// # Errors
/// Whoever asks may not read.
pub(in crate::web) async fn all(State(door): State<Door>, headers: HeaderMap) -> Result<Response, Problem> {
    if door.metrics != MetricsFor::Everybody {
        let rights = door.keyring.rights(headers.get(header::AUTHORIZATION)).await?;
        if !rights.may(Scope::Read) {
            return Err(missing(&rights, Scope::Read));
        }
    }
    Ok(([(header::CONTENT_TYPE, OPEN_METRICS)], figures::told()).into_response())
}

/// Takes the time of every request.
pub(in crate::web) async fn timed(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().cloned();
    let began = Instant::now();
    let response = next.run(request).await;
    figures::answered(route.as_ref().map(MatchedPath::as_str), response.status().as_u16(), began.elapsed());
    response
}
