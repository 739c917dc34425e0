//! The release that decides, and those before it.

use super::told::at;
use crate::release::past::{self, FileChange, Listed};
use crate::release::{Refusal, Release};
use crate::store::SeenWorker;
use crate::web::console::form::query;
use crate::web::console::visit::Visit;
use crate::web::{Door, Problem};
use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use baton_core::domain::id::ReleaseId;
use serde_json::{Value, json};
use std::sync::Arc;

/// Releases that are listed, the newest.
const LISTED: usize = 50;
/// Faults of a change that was not taken up.
const FAULTS: usize = 50;

pub(in crate::web::console) async fn page(
    State(door): State<Door>,
    Extension(visit): Extension<Visit>,
) -> Result<Response, Problem> {
    let release: Arc<Release> = Arc::clone(&door.release.borrow());
    let refused = door.refused.borrow().clone();
    let (all, workers) = tokio::try_join!(past::list(&door.store), door.store.workers_seen(door.clock.now()))
        .map_err(|error| Problem::ours(&error))?;
    let id = &release.rules.release;
    let here = all.iter().find(|listed| listed.release.id == *id);
    let files = here.into_iter().flat_map(|listed| listed.release.files.keys());
    let files = files.map(|path| json!({ "path": path, "href": file(id, path) }));
    let data = json!({
        "id": id,
        "short": id.short(),
        "live_since": at(release.live_since),
        "first": here.map(|listed| json!({ "at": at(listed.release.first_live_at), "by": listed.release.first_worker })),
        "decisions": here.map(|listed| listed.release.decisions),
        "summary": release.summary,
        "refused": refused.as_deref().map(refusal),
        "workers": workers.iter().map(worker).collect::<Vec<_>>(),
        "files": files.collect::<Vec<_>>(),
        "releases": all.iter().take(LISTED).map(|listed| line(listed, id)).collect::<Vec<_>>(),
        "older": all.len().saturating_sub(LISTED),
    });
    Ok(visit.page("rules/live", visit.language.word("rules"), data))
}

fn file(release: &ReleaseId, path: &str) -> String {
    format!("/console/rules/file?{}&{}", query("release", release.as_str()), query("path", path))
}

fn refusal(refused: &Refusal) -> Value {
    let faults = &refused.faults;
    json!({
        "short": refused.release.short(), "at": at(refused.at), "count": faults.len(),
        "faults": faults.iter().take(FAULTS).collect::<Vec<_>>(),
    })
}

fn worker(SeenWorker { worker, is_on_other_rules }: &SeenWorker) -> Value {
    json!({
        "host": worker.host, "version": worker.version, "release": worker.release.short(),
        "since": at(worker.release_since), "seen_at": at(worker.seen_at), "shadow": worker.shadow,
        "is_on_other_rules": is_on_other_rules,
    })
}

fn line(Listed { release, changes }: &Listed, live: &ReleaseId) -> Value {
    let is_live = release.id == *live;
    json!({
        "short": release.id.short(),
        "is_live": is_live,
        "at": at(release.first_live_at),
        "by": release.first_worker,
        "decisions": release.decisions,
        "changes": changes.iter().map(change).collect::<Vec<_>>(),
        "summary": release.summary,
        "diff": (!is_live).then(|| format!("/console/rules/diff?{}", query("release", release.id.as_str()))),
    })
}

/// Of a file, with lines that came and went.
pub(super) fn change(FileChange { path, added, removed }: &FileChange) -> Value {
    json!({ "path": path, "added": added, "removed": removed })
}
