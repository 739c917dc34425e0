//! `POST /v1/leads/{id}/call`: a call that is owed is made now, by one act.

use super::act::{self, LONGEST_TEXT};
use crate::deciding::call_back::{CallAsked, CallRequest};
use crate::web::{Door, Nothing, Problem, Rights};
use axum::extract::{Path, Query, State};
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct CallBody {
    /// A rep of reps.csv, whose phone rings; left out: whoever owes the call.
    pub(in crate::web) rep: Option<String>,
    /// Who says so.
    #[schemars(length(min = 1, max = LONGEST_TEXT))]
    pub(in crate::web) by: String,
}

/// Calls a lead back
///
/// The rep's phone rings and tells them who it is about; once they accept, the lead is dialled, and the two are joined. It counts as
/// the first contact. Nobody is dialled outside the lawful calling hours where the lead is, or against what they agreed to: the
/// answer says what stands against it, and until when.
#[utoipa::path(
    post,
    path = "/v1/leads/{id}/call",
    operation_id = "callLead",
    tag = "leads",
    params(
        ("id" = String, Path, description = "The lead, such as `lead_2mk8…`."),
        ("idempotency-key" = Option<String>, Header),
    ),
    request_body(content((ref("#/components/schemas/CallBody") = "application/json"))),
    responses(
        (status = 200, description = "Whose phone rings, or will when it is free.", body = ref("#/components/schemas/CallAnswer")),
        (status = 404, description = "There is no such lead."),
        (status = 409, description = "The lead is not to be called now, and why; or what came of the first request of this \
                                      Idempotency-Key is not known, or not yet."),
        (status = 415, description = "The body is not sent as JSON."),
        (status = 422, description = "The body is not understood; or the Idempotency-Key came before with another request."),
    ),
    security(("bearer" = ["act"])),
)]
pub(in crate::web) async fn post(
    State(door): State<Door>,
    Extension(rights): Extension<Rights>,
    Path(id): Path<String>,
    Query(Nothing {}): Query<Nothing>,
    Json(asked): Json<CallBody>,
) -> Result<Json<Value>, Problem> {
    let lead = act::lead(id)?;
    let rep = act::rep(&door, asked.rep.as_deref())?;
    let wish = CallRequest { lead: lead.clone(), rep, author: act::text("by", &asked.by)?, actor: rights.actor() };
    let (status, rep) = match act::done(door.decider.call_back(&wish).await, &lead)? {
        CallAsked::Rings { rep } => ("rings", rep),
        CallAsked::Waits { rep } => ("waits", rep),
        CallAsked::Refused { why } => return Err(Problem::conflict(format!("nobody is called: {why}"))),
        CallAsked::ByHand => return Err(Problem::conflict(format!("nobody is called: {}", CallAsked::BY_HAND))),
    };
    Ok(Json(json!({ "status": status, "lead": lead, "rep": rep })))
}
