//! Which rules of the release that decides leads came by, how often, and by which none did.

use super::bench::Bench;
use super::told::place;
use crate::web::console::visit::Visit;
use crate::web::{Door, Problem};
use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use baton_core::rehearsal::coverage::{CoverageItem, Part, coverage};
use baton_core::rules::expect::places;
use serde_json::{Value, json};
use std::cmp::Reverse;
use std::sync::Arc;

/// Decisions that are looked at, the newest.
const DECISIONS: usize = 1000;
/// Rules of one kind that are listed, those that were met and those that were not.
const LISTED: usize = 200;

pub(in crate::web::console) async fn page(
    State(door): State<Door>,
    Extension(visit): Extension<Visit>,
    Extension(bench): Extension<Arc<Bench>>,
) -> Result<Response, Problem> {
    let rules = door.rules();
    let files = door.files_of(&rules.release).await?;
    let decisions = door.store.decisions_of(&rules.release, DECISIONS).await;
    let decisions = decisions.map_err(|error| Problem::ours(&error))?;
    let (count, release) = (decisions.len(), rules.release.clone());
    let counting = bench.work(move || {
        let covered = coverage(&rules, &places(&files), decisions.iter());
        covered.parts.iter().map(|part| kind(part, rules.release.as_str())).collect::<Vec<_>>()
    });
    let parts = counting.await?;
    let data = json!({ "release": release.short(), "decisions": count, "is_all": count < DECISIONS, "parts": parts });
    Ok(visit.page("rules/coverage", visit.language.word("rules_coverage"), data))
}

fn kind(part: &Part, release: &str) -> Value {
    let (mut met, never): (Vec<&CoverageItem>, Vec<&CoverageItem>) =
        part.items.iter().partition(|item| item.is_reached());
    met.sort_by_key(|item| Reverse(item.times));
    let told =
        |items: &[&CoverageItem]| -> Vec<Value> { items.iter().take(LISTED).map(|one| item(one, release)).collect() };
    json!({
        "what": part.what,
        "reached": part.reached(),
        "of": part.items.len(),
        "met": told(&met),
        "more_met": met.len().saturating_sub(LISTED),
        "never": told(&never),
        "more_never": never.len().saturating_sub(LISTED),
    })
}

fn item(item: &CoverageItem, release: &str) -> Value {
    json!({
        "name": item.name, "times": item.times, "place": format!("{}:{}", item.path, item.line),
        "href": place(release, item.path, item.line),
    })
}
