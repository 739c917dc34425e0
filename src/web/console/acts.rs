//! What somebody does about a lead from its page: each act is the one of the API, under the name of whoever has signed in.

use super::form::Form;
use super::view;
use super::visit::Visit;
use crate::deciding::owner::offered::Noted;
use crate::store::StoreError;
use crate::web::leads::call::CallBody;
use crate::web::leads::reassign::ReassignBody;
use crate::web::leads::{call as api_call, reassign as api_reassign};
use crate::web::{Door, Nothing, Problem};
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::{Extension, Json};

/// Back to the lead, which says that it was done.
fn done(lead: &str) -> Response {
    view::see(&format!("/console/leads/{lead}?done=1"))
}

pub(super) async fn reassign(
    door: State<Door>,
    Extension(Visit { rights, .. }): Extension<Visit>,
    Path(lead): Path<String>,
    body: Bytes,
) -> Result<Response, Problem> {
    let form = Form::read(&body);
    let asked = ReassignBody { to: form.filled("to"), reason: form.text("reason").to_owned(), by: rights.name.clone() };
    let _told = api_reassign::post(door, Extension(rights), Path(lead.clone()), Query(Nothing {}), Json(asked)).await?;
    Ok(done(&lead))
}

pub(super) async fn call(
    door: State<Door>,
    Extension(Visit { rights, .. }): Extension<Visit>,
    Path(lead): Path<String>,
) -> Result<Response, Problem> {
    let asked = CallBody { rep: None, by: rights.name.clone() };
    let _told = api_call::post(door, Extension(rights), Path(lead.clone()), Query(Nothing {}), Json(asked)).await?;
    Ok(done(&lead))
}

/// Whoever was to do the next step has spoken with the lead, as they say on a card as well.
pub(super) async fn contacted(
    State(door): State<Door>,
    Extension(Visit { rights, .. }): Extension<Visit>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let (lead, record) = door.known_lead(&id).await?;
    match door.decider.has_called(&lead, &record.next_step.owner, &rights.actor()).await {
        Ok(Noted::Yes) => Ok(done(&id)),
        Ok(Noted::Closed) => Err(Problem::conflict("nothing is recorded: the lead is closed")),
        Ok(Noted::No) => {
            Err(Problem::conflict("nothing is recorded: as things stand nobody can have spoken with the lead"))
        }
        Err(StoreError::NotFound { .. }) => Err(Problem::not_found(format!("there is no handoff of lead {lead}"))),
        Err(error) => Err(Problem::ours(&error)),
    }
}
