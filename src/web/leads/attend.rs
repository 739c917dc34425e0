//! `POST /v1/attention/{key}/retry` and `/close`: what a person does about what needs one.

use super::act::{self, LONGEST_TEXT};
use crate::deciding::attention::{Attended, AttentionItem, Retried};
use crate::store::StoreError;
use crate::web::{Door, Nothing, Problem, Rights};
use axum::extract::{Path, Query, State};
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct CloseBody {
    /// Why nobody need look any more. It stands in the lead's story and in the audit: name nobody in it.
    #[schemars(length(min = 1, max = LONGEST_TEXT))]
    pub(in crate::web) why: String,
}

/// Tries failed steps again
///
/// One step, or all that failed of a lead: what can be done late without harm, such as a note in the CRM, a mail or a card. What a
/// caller on the line waited for is not done later. Who asked for it stands in the lead's story.
#[utoipa::path(
    post,
    path = "/v1/attention/{key}/retry",
    operation_id = "retrySteps",
    tag = "leads",
    params(
        ("key" = String, Path, description = "The `effect_key` of a failed step of `GET /v1/attention`, or a lead."),
        ("idempotency-key" = Option<String>, Header),
    ),
    responses(
        (status = 200, description = "They are tried again, for a day.", body = ref("#/components/schemas/RetryAnswer")),
        (status = 404, description = "No step of this key, and none of this lead, has failed."),
        (status = 409, description = "None of them may be done later; or what came of the first request of this \
                                      Idempotency-Key is not known, or not yet."),
        (status = 422, description = "The Idempotency-Key came before with another request."),
    ),
    security(("bearer" = ["act"])),
)]
pub(in crate::web) async fn retry(
    State(door): State<Door>,
    Extension(rights): Extension<Rights>,
    Path(key): Path<String>,
    Query(Nothing {}): Query<Nothing>,
) -> Result<Json<Value>, Problem> {
    let item = item(key, &rights)?;
    let none = || Problem::not_found("no step of this key or lead has failed; /v1/attention lists those that have");
    match attended(door.decider.retry(&item).await, none)? {
        Attended::Done(Retried { lead, steps }) => {
            Ok(Json(json!({ "status": "retried", "lead": lead, "steps": steps })))
        }
        Attended::Refused { why } => Err(Problem::conflict(format!("nothing is tried again: {why}"))),
    }
}

/// Closes what needed a person
///
/// A lead with all its failed steps, one failed step, or a message that was put aside: it leaves the list of `GET /v1/attention`,
/// and a lead no longer counts as open. Who closed it and why stays in the lead's story. A lead that comes to need a person later is
/// on the list again.
#[utoipa::path(
    post,
    path = "/v1/attention/{key}/close",
    operation_id = "closeAttention",
    tag = "leads",
    params(
        ("key" = String, Path, description = "A lead, the `effect_key` of a failed step, or the key of a message."),
        ("idempotency-key" = Option<String>, Header),
    ),
    request_body(content((ref("#/components/schemas/CloseBody") = "application/json"))),
    responses(
        (status = 200, description = "It is closed.", body = ref("#/components/schemas/CloseAnswer")),
        (status = 404, description = "Nothing of this key needs a person."),
        (status = 409, description = "It cannot be closed as things stand; or what came of the first request of this \
                                      Idempotency-Key is not known, or not yet."),
        (status = 415, description = "The body is not sent as JSON."),
        (status = 422, description = "The body is not understood; or the Idempotency-Key came before with another request."),
    ),
    security(("bearer" = ["act"])),
)]
pub(in crate::web) async fn close(
    State(door): State<Door>,
    Extension(rights): Extension<Rights>,
    Path(key): Path<String>,
    Query(Nothing {}): Query<Nothing>,
    Json(asked): Json<CloseBody>,
) -> Result<Json<Value>, Problem> {
    let (item, why) = (item(key, &rights)?, act::text("why", &asked.why)?);
    let none = || Problem::not_found("nothing of this key needs a person; /v1/attention lists what does");
    match attended(door.decider.close(&item, &why).await, none)? {
        Attended::Done(()) => Ok(Json(json!({ "status": "closed", "key": item.key }))),
        Attended::Refused { why } => Err(Problem::conflict(format!("it is not closed: {why}"))),
    }
}

fn item(key: String, rights: &Rights) -> Result<AttentionItem, Problem> {
    // No key of ours holds one, and PostgreSQL cannot be asked for it.
    if key.contains('\0') {
        return Err(Problem::not_found("nothing of this key needs a person; /v1/attention lists what does"));
    }
    Ok(AttentionItem { key, actor: act::actor(rights) })
}

fn attended<T>(
    done: Result<Option<Attended<T>>, StoreError>,
    none: impl FnOnce() -> Problem,
) -> Result<Attended<T>, Problem> {
    done.map_err(|error| Problem::ours(&error))?.ok_or_else(none)
}
