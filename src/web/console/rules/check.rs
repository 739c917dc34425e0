//! What a check says of the release that decides.

use super::bench::Bench;
use super::told::examined;
use crate::web::console::visit::Visit;
use crate::web::{Door, Problem};
use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use serde_json::json;
use std::sync::Arc;

pub(in crate::web::console) async fn page(
    State(door): State<Door>,
    Extension(visit): Extension<Visit>,
    Extension(bench): Extension<Arc<Bench>>,
) -> Result<Response, Problem> {
    let release = door.rules().release.clone();
    let (files, today, id) = (door.files_of(&release).await?, door.clock.now().date_naive(), release.clone());
    let faults = bench.work(move || examined(files, today, Some(id.as_str())).faults).await?;
    let data = json!({ "release": release.short(), "faults": faults });
    Ok(visit.page("rules/check", visit.language.word("rules_check"), data))
}
