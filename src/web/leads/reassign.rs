//! `POST /v1/leads/{id}/reassign`: a lead to another rep, or to whoever the rules name but the one who has it.

use crate::deciding::owner::{ReassignRequest, Reassigned};
use crate::web::{Door, Nothing, Problem};
use axum::Json;
use axum::extract::{Path, Query, State};
use baton_core::domain::id::{LeadId, RepId};
use serde::Deserialize;
use serde_json::{Value, json};

const LONGEST_REASON: usize = 500;

#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct ReassignBody {
    /// A rep of reps.csv; left out: whoever the rules name, but not the one who has it.
    to: Option<String>,
    #[schemars(length(min = 1, max = LONGEST_REASON))]
    reason: String,
    /// Who says so.
    #[schemars(length(min = 1, max = LONGEST_REASON))]
    by: String,
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
    Path(id): Path<String>,
    Query(Nothing {}): Query<Nothing>,
    Json(asked): Json<ReassignBody>,
) -> Result<Json<Value>, Problem> {
    let lead = LeadId::new(id).map_err(|fault| Problem::bad_request(fault.to_string()))?;
    let wish = asked.wish(&door, lead.clone())?;
    let done = door.decider.reassign(&wish).await.map_err(|error| Problem::ours(&error))?;
    match done.ok_or_else(|| Problem::not_found(format!("there is no lead {lead}")))? {
        Reassigned::To { owner, reason, next_step } => Ok(Json(
            json!({ "status": "reassigned", "lead": lead, "owner": owner, "reason": reason, "next_step": next_step }),
        )),
        Reassigned::Unchanged { owner } => Ok(Json(json!({ "status": "unchanged", "lead": lead, "owner": owner }))),
        Reassigned::Nobody { reason } => {
            Err(Problem::conflict(format!("nobody else can take it now, so it stays where it is: {reason}")))
        }
    }
}

impl ReassignBody {
    fn wish(self, door: &Door, lead: LeadId) -> Result<ReassignRequest, Problem> {
        let to = self.to.map(|name| named(door, &name)).transpose()?;
        Ok(ReassignRequest { lead, to, reason: text("reason", &self.reason)?, author: text("by", &self.by)? })
    }
}

/// What stands in the lead's story.
pub(super) fn text(name: &str, text: &str) -> Result<String, Problem> {
    match text.trim() {
        "" => Err(Problem::bad_request(format!("{name} is empty: it stands in the lead's story"))),
        told if told.chars().count() > LONGEST_REASON => {
            let length = told.chars().count();
            Err(Problem::bad_request(format!("{name} has {length} characters; allowed: {LONGEST_REASON}")))
        }
        told if told.contains('\0') => Err(Problem::bad_request(format!("{name} holds a NUL; allowed: text"))),
        told => Ok(told.to_owned()),
    }
}

pub(super) fn named(door: &Door, name: &str) -> Result<RepId, Problem> {
    let rules = door.rules();
    match RepId::new(name).ok().and_then(|rep| rules.reps.get(&rep)) {
        Some(rep) if rep.active => Ok(rep.id.clone()),
        Some(_) => Err(Problem::bad_request(format!("rep {name:?} is not active in reps.csv and can take no lead"))),
        None => Err(Problem::bad_request(format!("rep {name:?} is not in reps.csv"))),
    }
}
