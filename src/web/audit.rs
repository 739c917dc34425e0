//! What people and tokens have changed, for whoever may do everything.

use super::{Door, Problem};
use crate::store::AuditQuery;
use axum::Json;
use axum::extract::{Query, State};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};

const LONGEST_PAGE: usize = 500;

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Asked {
    /// Entries of a page; 50 if it is left out.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
    /// What the page before gave as `next`.
    #[param(pattern = "^[0-9]{1,18}$")]
    cursor: Option<String>,
    /// From this instant on, such as `2026-03-02T17:00:00Z`.
    #[param(value_type = Option<String>, format = "date-time")]
    since: Option<DateTime<Utc>>,
    /// `token NAME`, `rep ID`, `cli USER`, `worker HOST` or `nobody`.
    actor: Option<String>,
    /// The id of what was changed, such as `lead_2mk8…`.
    subject: Option<String>,
}

impl Asked {
    fn check(self) -> Result<(AuditQuery, usize), Problem> {
        let limit = self.limit.unwrap_or(50);
        if !(1..=LONGEST_PAGE).contains(&limit) {
            return Err(Problem::bad_request(format!("limit is {limit}; allowed: 1 to {LONGEST_PAGE}, then cursor=")));
        }
        for (name, text) in [("actor", &self.actor), ("subject", &self.subject)] {
            if text.as_ref().is_some_and(|text| text.contains('\0')) {
                return Err(Problem::bad_request(format!("{name} holds a NUL; allowed: text as an entry has it")));
            }
        }
        let before = self.cursor.as_deref().map(|cursor| {
            let unread =
                || Problem::bad_request(format!("cursor is {cursor:?}; allowed: what a page before gave as next"));
            cursor.parse().map_err(|_| unread())
        });
        let before = before.transpose()?;
        Ok((AuditQuery { since: self.since, actor: self.actor, subject: self.subject, before }, limit))
    }
}

/// Lists the audit
///
/// What people and tokens have changed, the newest first, page by page. Each entry hangs on the one before it; `baton audit verify`
/// follows the whole chain.
#[utoipa::path(
    get,
    path = "/v1/audit",
    operation_id = "listAudit",
    tag = "reports",
    params(Asked),
    responses((status = 200, description = "One page.", body = ref("#/components/schemas/AuditPage"))),
    security(("bearer" = ["admin"])),
)]
pub(super) async fn list(State(door): State<Door>, Query(asked): Query<Asked>) -> Result<Json<Value>, Problem> {
    let (query, limit) = asked.check()?;
    let mut entries = door.store.audit_find(&query, limit + 1).await.map_err(|error| Problem::ours(&error))?;
    let more = entries.len() > limit;
    entries.truncate(limit);
    let next = entries.last().filter(|_| more).map(|last| last.seq.to_string());
    Ok(Json(json!({ "entries": entries, "next": next })))
}
