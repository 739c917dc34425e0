//! A file of a release, line by line.

use super::told::LINES;
use crate::web::console::form::{Form, query};
use crate::web::console::visit::Visit;
use crate::web::{Door, Problem};
use axum::Extension;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use baton_core::domain::id::ReleaseId;
use baton_core::rules::SourceFile;
use serde_json::{Value, json};

impl Door {
    /// The files of a release that was live here.
    pub(super) async fn files_of(&self, release: &ReleaseId) -> Result<Vec<SourceFile>, Problem> {
        let files = self.store.release_files(release).await.map_err(|error| Problem::ours(&error))?;
        files.ok_or_else(|| Problem::not_found(format!("release {release} is not kept in this database")))
    }

    /// That of a query; of an empty one, the release that decides.
    pub(super) fn release_named(&self, named: &str) -> Result<ReleaseId, Problem> {
        if named.is_empty() {
            return Ok(self.rules().release.clone());
        }
        ReleaseId::new(named).map_err(|_| {
            Problem::bad_request(format!(
                "{named:?} is no release; allowed: a whole id, as the page of the rules lists them"
            ))
        })
    }
}

pub(in crate::web::console) async fn page(
    State(door): State<Door>,
    Extension(visit): Extension<Visit>,
    uri: Uri,
) -> Result<Response, Problem> {
    let asked = Form::of_query(&uri);
    let (release, path) = (door.release_named(asked.text("release"))?, asked.text("path"));
    let files = door.files_of(&release).await?;
    let Some(file) = files.iter().find(|file| file.path == path) else {
        return Err(Problem::not_found(format!("release {} has no file {path:?}", release.short())));
    };
    let from = asked.text("from").parse().unwrap_or(1usize).max(1);
    let of = file.text.lines().count();
    let lines = (from..).zip(file.text.lines().skip(from - 1)).take(LINES);
    let lines: Vec<Value> = lines.map(|(number, text)| json!({ "number": number, "text": text })).collect();
    let here = format!("/console/rules/file?{}&{}", query("release", release.as_str()), query("path", path));
    let to = from.saturating_add(LINES);
    let data = json!({
        "release": release.short(),
        "path": path,
        "of": of,
        "lines": lines,
        "before": (from > 1).then(|| format!("{here}&from={}", from.saturating_sub(LINES).max(1))),
        "after": (to <= of).then(|| format!("{here}&from={to}")),
    });
    Ok(visit.page("rules/file", path, data))
}
