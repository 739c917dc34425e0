//! Leads and events in; what became of them out.

use super::incoming::{Brought, LONGEST_WAIT, TAKEN_WITHIN, own_source};
use super::listed::{Listed, cursor};
use super::{Door, Nothing, Problem, Rights};
use crate::deciding::answer::{DIFFERS, OutgoingAnswer};
use crate::intake::event::{key_of, parse, structured};
use crate::release::Lost;
use crate::render::explain::explain_whole;
use crate::store::{Arrival, InboxMessage, LeadRecord, StoreError};
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use baton_core::domain::id::LeadId;
use baton_core::domain::outcome::NextStepKind;
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wait {
    /// `1500ms` or `1s`: answer with the instruction, if it is there by then.
    wait: Option<String>,
}

/// 202 once the bytes are committed; with `wait` 200 and the instruction, if the decision is there in time.
pub(super) async fn post(
    State(door): State<Door>,
    Extension(rights): Extension<Rights>,
    Query(query): Query<Wait>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let wait = query.wait.as_deref().map(parse_wait).transpose()?;
    let until = Instant::now() + wait.unwrap_or(TAKEN_WITHIN);
    let attributes =
        headers.iter().filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())));
    let body = structured(body.to_vec(), &attributes.collect());
    own_source(&rights, &body)?;
    let now = door.clock.now();
    let incoming = parse(&body, now).map_err(|faults| {
        let faults = faults.iter().map(|fault| json!(fault.to_string())).collect();
        Problem::unprocessable("the event cannot be understood; nothing was stored", faults)
    })?;
    let (reply_to, correlation_id) = (None, None);
    let message = InboxMessage {
        key: key_of(&body),
        kind: incoming.kind.as_str().to_owned(),
        body,
        received_at: now,
        reply_to,
        correlation_id,
    };
    let brought = door.bring(vec![message], until, wait.is_some()).await?;
    let Brought { key, known, answer } = brought.into_iter().next().expect("one was brought");
    Ok(match answer {
        Some(answer) => Json(OutgoingAnswer::of(&answer, known)).into_response(),
        None => {
            let notes: Vec<String> = incoming.notes.iter().map(ToString::to_string).collect();
            accepted(&key, known, &notes)
        }
    })
}

/// With what was not understood, if anything: the integrator sees it on the first try, and the caller is not dropped.
fn accepted(key: &str, known: Arrival, notes: &[String]) -> Response {
    let mut told = json!({ "status": "accepted", "event": key });
    if known == Arrival::Differs {
        told["note"] = json!(DIFFERS);
    }
    if !notes.is_empty() {
        told["notes"] = json!(notes);
    }
    (StatusCode::ACCEPTED, Json(told)).into_response()
}

fn parse_wait(text: &str) -> Result<Duration, Problem> {
    let allowed =
        || Problem::bad_request(format!("wait is {text:?}; allowed: 1ms to 1500ms, such as wait=1500ms or wait=1s"));
    let span = match (text.strip_suffix("ms"), text.strip_suffix('s')) {
        (Some(ms), _) => Duration::from_millis(ms.parse().map_err(|_| allowed())?),
        (None, Some(s)) => Duration::from_secs(s.parse().map_err(|_| allowed())?),
        (None, None) => return Err(allowed()),
    };
    if span.is_zero() || span > LONGEST_WAIT { Err(allowed()) } else { Ok(span) }
}

/// The newest leads, page by page, or those that are asked for.
pub(super) async fn list(State(door): State<Door>, Query(asked): Query<Listed>) -> Result<Json<Value>, Problem> {
    let (query, limit) = asked.check()?;
    let mut leads = door.store.leads_find(&query, limit + 1).await.map_err(|error| Problem::ours(&error))?;
    let more = leads.len() > limit;
    leads.truncate(limit);
    let next = leads.last().filter(|_| more).map(|last| cursor(last.decided_at, &last.lead));
    Ok(Json(json!({ "leads": leads, "next": next })))
}

/// What needs a person: leads nobody could place or call in time, steps that failed for good, messages put aside, webhooks that
/// are disabled. At most [`LISTED`] of each, and how many there are; and how much there is to do.
pub(super) async fn attention(
    State(door): State<Door>,
    Query(Nothing {}): Query<Nothing>,
) -> Result<Json<Value>, Problem> {
    const LISTED: usize = 200;
    let now = door.clock.now();
    let found = door.store.read("attention", move |tx| {
        Box::pin(async move {
            let leads = tx.leads_list(Some(NextStepKind::NeedsAttention), LISTED).await?;
            let (steps, messages) = (tx.steps_failed(LISTED).await?, tx.inbox_quarantined(LISTED).await?);
            let webhooks = tx.webhooks_disabled(LISTED).await?;
            Ok((leads, steps, messages, webhooks, tx.attention_counts().await?, tx.step_stats(now).await?))
        })
    });
    let (leads, steps, messages, webhooks, counts, backlog) = found.await.map_err(|error| Problem::ours(&error))?;
    Ok(Json(json!({
        "leads": leads, "failed_steps": steps, "quarantined": messages, "webhooks": webhooks, "counts": counts,
        "backlog": backlog
    })))
}

/// 202: a message that was put aside is tried again.
pub(super) async fn replay(
    State(door): State<Door>,
    Path(key): Path<String>,
    Query(Nothing {}): Query<Nothing>,
) -> Result<Response, Problem> {
    match door.decider.replay(&key).await {
        Ok(()) => Ok(accepted(&key, Arrival::TriedAgain, &[])),
        Err(StoreError::NotFound { .. }) => {
            Err(Problem::not_found("no message of this key is put aside; /v1/attention lists those that are"))
        }
        Err(error) => Err(Problem::ours(&error)),
    }
}

/// The lead, its decision, and everything that happened to it.
pub(super) async fn get(
    State(door): State<Door>,
    Path(id): Path<String>,
    Query(Nothing {}): Query<Nothing>,
) -> Result<Json<Value>, Problem> {
    let (lead, record) = door.known_lead(&id).await?;
    let found = door.store.read("lead.story", move |tx| {
        let lead = lead.clone();
        Box::pin(
            async move { Ok((tx.decision(&lead).await?, tx.timeline(&lead).await?, tx.owner_changes(&lead).await?)) },
        )
    });
    let (decision, timeline, changes) = found.await.map_err(|error| Problem::ours(&error))?;
    let timeline: Vec<Value> =
        timeline.into_iter().map(|entry| json!({ "at": entry.at, "kind": entry.kind, "body": entry.body })).collect();
    let changes: Vec<Value> =
        changes.into_iter().map(|c| json!({ "from": c.from, "to": c.to, "seen_at": c.seen_at })).collect();
    Ok(Json(json!({
        "lead": record.lead,
        "owner": record.owner,
        "status": record.status,
        "next_step": record.next_step,
        "first_contact_at": record.first_contact_at,
        "crm": record.crm,
        "decision": decision,
        "timeline": timeline,
        "owner_changes": changes,
    })))
}

/// The decision in sentences: why this rep, and why not each other one.
pub(super) async fn explain(
    State(door): State<Door>,
    Path(id): Path<String>,
    Query(Nothing {}): Query<Nothing>,
) -> Result<String, Problem> {
    let (lead, record) = door.known_lead(&id).await?;
    let found = door.store.read("decision.get", move |tx| {
        let lead = lead.clone();
        Box::pin(
            async move { Ok((tx.decision(&lead).await?, tx.snapshot(&lead).await?, tx.decided_again(&lead).await?)) },
        )
    });
    let (decision, snapshot, again) = found.await.map_err(|error| Problem::ours(&error))?;
    let (Some(decision), Some(snapshot)) = (decision, snapshot) else {
        return Err(Problem::not_found("this lead has no decision"));
    };
    let rules = match door.library.rules(&decision.release).await {
        Ok(rules) => rules,
        // Told with today's names, then: the decision itself says nearly everything.
        Err(Lost::Unknown(_) | Lost::Refused { .. }) => door.rules(),
        Err(error @ Lost::Store(_)) => return Err(Problem::ours(&error)),
    };
    Ok(explain_whole(&decision, &record.lead, &snapshot, &again, &rules))
}

impl Door {
    pub(super) async fn lead(&self, id: &LeadId) -> Result<Option<LeadRecord>, Problem> {
        self.store.lead(id).await.map_err(|error| Problem::ours(&error))
    }

    async fn known_lead(&self, id: &str) -> Result<(LeadId, LeadRecord), Problem> {
        let lead = LeadId::new(id).map_err(|fault| Problem::bad_request(fault.to_string()))?;
        let record = self.lead(&lead).await?.ok_or_else(|| Problem::not_found(format!("there is no lead {lead}")))?;
        Ok((lead, record))
    }
}
