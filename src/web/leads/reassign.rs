//! `POST /v1/leads/{id}/reassign`: a lead to another rep, or to whoever the rules name but the one who has it.

use super::act::{self, LONGEST_TEXT};
use crate::deciding::owner::{ReassignRequest, Reassigned};
use crate::web::{Door, Nothing, Problem, Rights};
use axum::extract::{Path, Query, State};
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct ReassignBody {
    /// A rep of reps.csv; left out: whoever the rules name, but not the one who has it.
    pub(in crate::web) to: Option<String>,
    #[schemars(length(min = 1, max = LONGEST_TEXT))]
    pub(in crate::web) reason: String,
    /// Who says so.
    #[schemars(length(min = 1, max = LONGEST_TEXT))]
    pub(in crate::web) by: String,
}

/// Gives a lead to another rep
///
/// To the one who is named, or to whoever the rules name but the one who has it. The answer says who has it now, also where it
/// was theirs already.
#[utoipa::path(
    post,
    path = "/v1/leads/{id}/reassign",
    operation_id = "reassignLead",
    tag = "leads",
    params(
        ("id" = String, Path, description = "The lead, such as `lead_2mk8…`."),
        ("idempotency-key" = Option<String>, Header),
    ),
    request_body(content((ref("#/components/schemas/ReassignBody") = "application/json"))),
    responses(
        (status = 200, description = "Who has it now.", body = ref("#/components/schemas/ReassignAnswer")),
        (status = 404, description = "There is no such lead."),
        (status = 409, description = "Nobody else can take it now; or what came of the first request of this Idempotency-Key \
                                      is not known, or not yet."),
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
    Json(asked): Json<ReassignBody>,
) -> Result<Json<Value>, Problem> {
    let ReassignBody { to, reason, by } = asked;
    let lead = act::lead(id)?;
    let (to, reason) = (act::rep(&door, to.as_deref())?, act::text("reason", &reason)?);
    let (author, actor) = (act::text("by", &by)?, rights.actor());
    let wish = ReassignRequest { lead: lead.clone(), to, from: None, reason, author, actor };
    match act::done(door.decider.reassign(&wish).await, &lead)? {
        Reassigned::To { owner, reason, next_step } => Ok(Json(
            json!({ "status": "reassigned", "lead": lead, "owner": owner, "reason": reason, "next_step": next_step }),
        )),
        Reassigned::Unchanged { owner } => Ok(Json(json!({ "status": "unchanged", "lead": lead, "owner": owner }))),
        Reassigned::Nobody { reason } => {
            Err(Problem::conflict(format!("nobody else can take it now, so it stays where it is: {reason}")))
        }
    }
}
