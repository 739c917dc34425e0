//! `/v1/reps/{id}/leaver`: everything open of a rep who has left goes to whoever the rules name; shown before, and undone within a day.

use super::act::{self, LONGEST_TEXT};
use crate::deciding::owner::leaver::{LeaverRequest, Leaving};
use crate::web::{Door, Nothing, Problem, Rights};
use axum::extract::{Path, Query, State};
use axum::{Extension, Json};
use baton_core::domain::id::RepId;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct LeaverBody {
    /// Gives back what was handed over within a day and nobody has touched since. The rep must be active again.
    #[serde(default)]
    undo: bool,
    #[schemars(length(min = 1, max = LONGEST_TEXT))]
    reason: String,
    /// Who says so.
    #[schemars(length(min = 1, max = LONGEST_TEXT))]
    by: String,
}

/// Shows what a leaver's leads would become
///
/// Everything open that a rep has, and to whom each would go by the rules, if the rep had left by now: decided as it would be done,
/// one lead after the other, on the turns as they are. Nothing moves. A rep who is active may be asked for, before they are not.
#[utoipa::path(
    get,
    path = "/v1/reps/{id}/leaver",
    operation_id = "previewLeaver",
    tag = "leads",
    params(("id" = String, Path, description = "The rep, as in `reps.csv`, or as it was there.")),
    responses(
        (status = 200, description = "What would go where, and what would stay.",
         body = ref("#/components/schemas/LeaverAnswer")),
        (status = 404, description = "There is no such rep, and nothing was ever theirs."),
    ),
    security(("bearer" = ["read"])),
)]
pub(in crate::web) async fn preview(
    State(door): State<Door>,
    Path(id): Path<String>,
    Query(Nothing {}): Query<Nothing>,
) -> Result<Json<Value>, Problem> {
    let rep = leaver(id)?;
    let leaving = door.decider.leaver_preview(&rep).await.map_err(|error| Problem::ours(&error))?;
    let is_known = door.rules().reps.contains_key(&rep);
    if !is_known && is_empty(&leaving) {
        return Err(unknown(&rep));
    }
    Ok(told("preview", &rep, &leaving))
}

/// Hands a leaver's leads over, or gives them back
///
/// Promises, meetings to come, waiting and open leads of a rep who is not active any more go to whoever the rules name, each with its
/// next step and its time; each is told to whoever has it now, and to the CRM. Asked again, it does what is left to do. With
/// `undo`, what was handed over within a day comes back, but for what somebody has touched since: the rep must be active again.
#[utoipa::path(
    post,
    path = "/v1/reps/{id}/leaver",
    operation_id = "handOverLeaver",
    tag = "leads",
    params(
        ("id" = String, Path, description = "The rep, as in `reps.csv`, or as it was there."),
        ("idempotency-key" = Option<String>, Header),
    ),
    request_body(content((ref("#/components/schemas/LeaverBody") = "application/json"))),
    responses(
        (status = 200, description = "What went where, and what stayed.", body = ref("#/components/schemas/LeaverAnswer")),
        (status = 404, description = "There is no such rep, and nothing was ever theirs."),
        (status = 409, description = "The rep is active still, or, with `undo`, is not active again, or more than a day has \
                                      passed; or what came of the first request of this Idempotency-Key is not known, or not yet."),
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
    Json(asked): Json<LeaverBody>,
) -> Result<Json<Value>, Problem> {
    let LeaverBody { undo, reason, by } = asked;
    let (rep, reason, author) = (leaver(id)?, act::text("reason", &reason)?, act::text("by", &by)?);
    let wish = LeaverRequest { rep, reason, author, actor: rights.actor() };
    if undo { give_back(&door, &wish).await } else { hand_over(&door, &wish).await }
}

async fn hand_over(door: &Door, wish: &LeaverRequest) -> Result<Json<Value>, Problem> {
    let rep = &wish.rep;
    let known = door.rules().reps.get(rep).map(|known| known.active);
    if known == Some(true) {
        return Err(Problem::conflict(format!(
            "rep {rep} is active in reps.csv, and would go on getting leads: set `active` to no there, or take the row out, \
             and ask again once the worker has taken it up; GET /v1/reps/{rep}/leaver shows what would go where"
        )));
    }
    let leaving = door.decider.leaver_hand_over(wish).await.map_err(|error| Problem::ours(&error))?;
    if known.is_none() && is_empty(&leaving) {
        return Err(unknown(rep));
    }
    let status = if leaving.moves.is_empty() && leaving.stays.is_empty() { "nothing_open" } else { "handed_over" };
    Ok(told(status, rep, &leaving))
}

async fn give_back(door: &Door, wish: &LeaverRequest) -> Result<Json<Value>, Problem> {
    let rep = &wish.rep;
    match door.rules().reps.get(rep).map(|known| known.active) {
        Some(true) => {}
        None | Some(false) => {
            return Err(Problem::conflict(format!(
                "rep {rep} is not active in reps.csv, so that nothing can be theirs: set `active` to yes there, and ask again \
                 once the worker has taken it up"
            )));
        }
    }
    let leaving = door.decider.leaver_give_back(wish).await.map_err(|error| Problem::ours(&error))?;
    if !leaving.moves.is_empty() || !leaving.stays.is_empty() {
        return Ok(told("given_back", rep, &leaving));
    }
    match door.decider.leaver_last(rep).await.map_err(|error| Problem::ours(&error))? {
        None => Ok(told("nothing_handed_over", rep, &leaving)),
        Some(at) => Err(Problem::conflict(format!(
            "the last that {rep} had was handed over at {}, more than a day ago, and stays where it is: give single leads by \
             POST /v1/leads/{{id}}/reassign",
            at.format("%Y-%m-%d %H:%M UTC")
        ))),
    }
}

fn leaver(id: String) -> Result<RepId, Problem> {
    RepId::new(id).map_err(|fault| Problem::bad_request(fault.to_string()))
}

fn is_empty(leaving: &Leaving) -> bool {
    leaving.moves.is_empty() && leaving.stays.is_empty() && leaving.earlier.is_empty()
}

fn unknown(rep: &RepId) -> Problem {
    Problem::not_found(format!("there is no rep {rep} in reps.csv, and nothing is theirs"))
}

fn told(status: &str, rep: &RepId, leaving: &Leaving) -> Json<Value> {
    let Leaving { moves, stays, earlier, more } = leaving;
    Json(json!({ "status": status, "rep": rep, "moves": moves, "stays": stays, "earlier": earlier, "more": more }))
}
