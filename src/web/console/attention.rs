//! A step that has failed, or a message that was put aside, and what is done about it: each act is the one of the API.

use super::form::Form;
use super::view;
use super::visit::Visit;
use crate::web::leads::attend::{self, CloseBody};
use crate::web::leads::replay as api_replay;
use crate::web::{Door, Nothing, Problem};
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::Uri;
use axum::response::Response;
use axum::{Extension, Json};
use serde_json::json;

/// Where one sees what is left: on the page that the form stands on.
fn left(form: &Form) -> Response {
    view::see(if form.text("on") == "quarantine" { "/console/quarantine" } else { "/console#attention" })
}

pub(super) async fn page(Extension(visit): Extension<Visit>, uri: Uri) -> Response {
    let asked = Form::of_query(&uri);
    let data = json!({ "key": asked.text("key"), "is_message": asked.text("kind") == "message" });
    visit.page("item", visit.language.word("attention"), data)
}

pub(super) async fn retry(
    door: State<Door>,
    Extension(Visit { rights, .. }): Extension<Visit>,
    body: Bytes,
) -> Result<Response, Problem> {
    let form = Form::read(&body);
    let _told = attend::retry(door, Extension(rights), Path(form.text("key").to_owned()), Query(Nothing {})).await?;
    Ok(left(&form))
}

pub(super) async fn replay(
    door: State<Door>,
    Extension(Visit { rights, .. }): Extension<Visit>,
    body: Bytes,
) -> Result<Response, Problem> {
    let form = Form::read(&body);
    api_replay(door, Extension(rights), Path(form.text("key").to_owned()), Query(Nothing {})).await?;
    Ok(left(&form))
}

/// Also of a lead that needs nobody any more, from its page.
pub(super) async fn close(
    door: State<Door>,
    Extension(Visit { rights, .. }): Extension<Visit>,
    body: Bytes,
) -> Result<Response, Problem> {
    let form = Form::read(&body);
    let (key, asked) = (form.text("key").to_owned(), CloseBody { why: form.text("why").to_owned() });
    let _told = attend::close(door, Extension(rights), Path(key), Query(Nothing {}), Json(asked)).await?;
    Ok(left(&form))
}
