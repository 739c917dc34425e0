//! *Now*: calls under way, what was promised, who waits, what needs a person; as it is, and then as it changes.

mod board;
mod live;

pub(super) use live::{Live, events};

use super::visit::Visit;
use crate::web::Problem;
use axum::Extension;
use axum::response::Response;
use serde_json::{Value, json};
use std::sync::Arc;

pub(super) async fn page(
    Extension(visit): Extension<Visit>,
    Extension(live): Extension<Arc<Live>>,
) -> Result<Response, Problem> {
    let board = live.board().await.map_err(|error| Problem::ours(&error))?;
    let part = |section: board::Section| json!({ "name": section.name(), "html": board.html(section, visit.language, live.clock()) });
    let sections: Vec<Value> = board::Section::ALL.into_iter().map(part).collect();
    Ok(visit.renewing_page("now", visit.language.word("now"), json!({ "sections": sections })))
}
