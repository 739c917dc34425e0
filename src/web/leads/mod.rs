//! Leads and events in; what became of them out.

mod act;
pub(super) mod attend;
pub(super) mod call;
mod explained;
pub(super) mod leaver;
pub(super) mod listed;
pub(super) mod ping;
pub(super) mod reassign;

use super::admit::once::key_of as idempotency_key;
use super::incoming::{Brought, LONGEST_WAIT, TAKEN_WITHIN, own_source};
use super::{Door, Nothing, Problem, Rights};
use crate::deciding::answer::{DIFFERS, OutgoingAnswer};
use crate::intake::event::{key_of, parse, structured, with_id};
use crate::store::{Arrival, InboxMessage, Kept, LeadRecord, StoreError, TimelineEntry};
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use baton_core::domain::id::LeadId;
use baton_core::domain::outcome::NextStepKind;
use baton_core::routing::Decision;
use chrono::{DateTime, Utc};
use listed::{Listed, cursor};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Wait {
    /// `1500ms` or `1s`: answer with the instruction, if it is there by then. 1 ms to 1500 ms.
    #[param(pattern = "^(([1-9][0-9]{0,2}|1[0-4][0-9]{2}|1500)ms|1s)$", example = "1500ms")]
    wait: Option<String>,
}

/// Brings a lead
///
/// A CloudEvents 1.0 event of the type `lead.qualified`: in structured form, or in binary form with the attributes in the headers
/// `ce-id`, `ce-source`, `ce-type` and `ce-specversion` and the data as body. Answered 202 once the bytes are committed; with
/// `wait` 200 and what the voice agent says now, if the decision is there in time. The same event again gets the same answer.
#[utoipa::path(
    post,
    path = "/v1/leads",
    operation_id = "postLead",
    tag = "events",
    params(Wait, ("idempotency-key" = Option<String>, Header)),
    request_body(
        description = "An event; without an `id` of its own it takes the Idempotency-Key as its id.",
        content(
            (ref("#/components/schemas/lead.qualified") = "application/json"),
            (ref("#/components/schemas/lead.qualified") = "application/cloudevents+json"),
        ),
    ),
    responses(
        (status = 200, description = "With `wait`: what became of it.", body = ref("#/components/schemas/EventAnswer")),
        (status = 202, description = "Committed; decided from here on.", body = ref("#/components/schemas/Accepted")),
        (status = 422, description = "The event cannot be understood; nothing was stored."),
    ),
    security(("bearer" = ["intake"])),
)]
pub(super) async fn post(
    State(door): State<Door>,
    Extension(rights): Extension<Rights>,
    Query(query): Query<Wait>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let id = idempotency_key(&headers)?;
    let wait = query.wait.as_deref().map(parse_wait).transpose()?;
    let until = Instant::now() + wait.unwrap_or(TAKEN_WITHIN);
    let attributes =
        headers.iter().filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())));
    let body = structured(body.to_vec(), &attributes.collect());
    let body = if let Some(id) = id { with_id(body, &id) } else { body };
    own_source(&rights, &body)?;
    let now = door.clock.now();
    let incoming = parse(&body, now).map_err(|faults| {
        let faults = faults.iter().map(|fault| json!(fault.to_string())).collect();
        Problem::unprocessable("the event cannot be understood; nothing was stored", faults)
    })?;
    let (key, kind) = (key_of(&body), incoming.kind.as_str().to_owned());
    let (reply_to, correlation_id, trace_context) = (None, None, None);
    let messages = vec![InboxMessage { key, kind, body, received_at: now, reply_to, correlation_id, trace_context }];
    door.own_calls(&rights, &messages, until).await?;
    let brought = door.bring(messages, until, wait.is_some()).await?;
    let Brought { key, known, answer } = brought.into_iter().next().expect("one was brought");
    Ok(match answer {
        Some(answer) => Json(OutgoingAnswer::of(&answer, known)).into_response(),
        None => {
            let notes: Vec<String> = incoming.notes.iter().map(ToString::to_string).collect();
            accepted(&key, known, &notes)
        }
    })
}

/// Brings an event
///
/// Any event that Baton takes, leads included, in structured or binary form as of `POST /v1/leads`.
#[utoipa::path(
    post,
    path = "/v1/events",
    operation_id = "postEvent",
    tag = "events",
    params(Wait, ("idempotency-key" = Option<String>, Header)),
    request_body(
        description = "An event; without an `id` of its own it takes the Idempotency-Key as its id.",
        content(
            (ref("#/components/schemas/Event") = "application/json"),
            (ref("#/components/schemas/Event") = "application/cloudevents+json"),
        ),
    ),
    responses(
        (status = 200, description = "With `wait`: what became of it.", body = ref("#/components/schemas/EventAnswer")),
        (status = 202, description = "Committed; acted upon from here on.", body = ref("#/components/schemas/Accepted")),
        (status = 422, description = "The event cannot be understood; nothing was stored."),
    ),
    security(("bearer" = ["intake"])),
)]
pub(super) async fn event(
    door: State<Door>,
    rights: Extension<Rights>,
    query: Query<Wait>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    post(door, rights, query, headers, body).await
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

/// Lists leads
///
/// The newest first, page by page, or those that are asked for.
#[utoipa::path(
    get,
    path = "/v1/leads",
    operation_id = "listLeads",
    tag = "leads",
    params(Listed),
    responses((status = 200, description = "One page.", body = ref("#/components/schemas/LeadPage"))),
    security(("bearer" = ["read"])),
)]
pub(super) async fn list(State(door): State<Door>, Query(asked): Query<Listed>) -> Result<Json<Value>, Problem> {
    let (query, limit) = asked.check()?;
    let mut leads = door.store.leads_find(&query, limit + 1).await.map_err(|error| Problem::ours(&error))?;
    let more = leads.len() > limit;
    leads.truncate(limit);
    let next = leads.last().filter(|_| more).map(|last| cursor(last.decided_at, &last.lead));
    Ok(Json(json!({ "leads": leads, "next": next })))
}

/// Lists what needs a person
///
/// Leads nobody could place or call in time, steps that failed for good, messages put aside, webhooks that are disabled: at most
/// 200 of each, and how many there are; and how much there is to do. A lead is given to somebody else by
/// `POST /v1/leads/{id}/reassign` or called by `POST /v1/leads/{id}/call`, steps are tried again by
/// `POST /v1/attention/{key}/retry`, messages by `/replay`; what needs nobody any more is closed by `/close`.
#[utoipa::path(
    get,
    path = "/v1/attention",
    operation_id = "listAttention",
    tag = "leads",
    responses((status = 200, description = "All of it.", body = ref("#/components/schemas/Attention"))),
    security(("bearer" = ["read"])),
)]
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

/// Replays a message
///
/// One that was put aside is tried again, as after a repair of the rules.
#[utoipa::path(
    post,
    path = "/v1/attention/{key}/replay",
    operation_id = "replayMessage",
    tag = "leads",
    params(
        ("key" = String, Path, description = "The message's key, as of `GET /v1/attention`."),
        ("idempotency-key" = Option<String>, Header),
    ),
    responses(
        (status = 202, description = "It is tried again.", body = ref("#/components/schemas/Accepted")),
        (status = 404, description = "No message of this key is put aside."),
        (status = 409, description = "What came of the first request of this Idempotency-Key is not known, or not yet."),
        (status = 422, description = "The Idempotency-Key came before with another request."),
    ),
    security(("bearer" = ["act"])),
)]
pub(super) async fn replay(
    State(door): State<Door>,
    Extension(rights): Extension<Rights>,
    Path(key): Path<String>,
    Query(Nothing {}): Query<Nothing>,
) -> Result<Response, Problem> {
    let none = || Problem::not_found("no message of this key is put aside; /v1/attention lists those that are");
    // No key of ours holds one, and PostgreSQL cannot be asked for it.
    if key.contains('\0') {
        return Err(none());
    }
    match door.decider.replay(&key, &rights.actor()).await {
        Ok(()) => Ok(accepted(&key, Arrival::TriedAgain, &[])),
        Err(StoreError::NotFound { .. }) => Err(none()),
        Err(error) => Err(Problem::ours(&error)),
    }
}

/// Reads a lead
///
/// The lead, its decision, and everything that happened to it.
#[utoipa::path(
    get,
    path = "/v1/leads/{id}",
    operation_id = "getLead",
    tag = "leads",
    params(("id" = String, Path, description = "The lead, such as `lead_2mk8…`.")),
    responses(
        (status = 200, description = "The lead.", body = ref("#/components/schemas/LeadStory")),
        (status = 404, description = "There is no such lead."),
    ),
    security(("bearer" = ["read"])),
)]
pub(super) async fn get(
    State(door): State<Door>,
    Path(id): Path<String>,
    Query(Nothing {}): Query<Nothing>,
) -> Result<Json<Value>, Problem> {
    let (lead, record) = door.known_lead(&id).await?;
    let found = door.store.read("lead.story", move |tx| {
        let lead = lead.clone();
        Box::pin(async move {
            let told = (tx.decision(&lead).await?, tx.timeline(&lead).await?, tx.owner_changes(&lead).await?);
            Ok((told, tx.kept_since().await?))
        })
    });
    let ((decision, timeline, changes), since) = found.await.map_err(|error| Problem::ours(&error))?;
    let gone = no_longer_kept(&record, decision.as_ref(), &timeline, &since);
    let timeline: Vec<Value> =
        timeline.into_iter().map(|entry| json!({ "at": entry.at, "kind": entry.kind, "body": entry.body })).collect();
    let changes: Vec<Value> =
        changes.into_iter().map(|c| json!({ "from": c.from, "to": c.to, "seen_at": c.seen_at })).collect();
    let mut story = json!({
        "lead": record.lead,
        "owner": record.owner,
        "status": record.status,
        "next_step": record.next_step,
        "first_contact_at": record.first_contact_at,
        "crm": record.crm,
        "erased_at": record.erased_at,
        "decision": decision,
        "timeline": timeline,
        "owner_changes": changes,
    });
    if !gone.is_empty() {
        story["no_longer_kept"] = json!(gone);
    }
    Ok(Json(story))
}

/// What of a lead has had its time.
fn no_longer_kept(
    record: &LeadRecord,
    decision: Option<&Decision>,
    timeline: &[TimelineEntry],
    since: &[(Kept, DateTime<Utc>)],
) -> Vec<&'static str> {
    let since = |kind| since.iter().find(|(gone, _)| *gone == kind).map(|(_, since)| *since);
    let came_before = |at: DateTime<Utc>| record.lead.received_at < at;
    let has_links = record.lead.transcript_url.is_some() || record.lead.recording_url.is_some();
    // Every story begins with the decision.
    let begins = timeline.first().is_some_and(|first| first.kind == "decided");
    let gone = [
        (Kept::Transcripts, since(Kept::Transcripts).is_some_and(came_before) && !has_links),
        (Kept::Timeline, since(Kept::Timeline).is_some() && !begins),
        (Kept::Decisions, decision.is_none()),
    ];
    gone.into_iter().filter(|(_, is_gone)| *is_gone).map(|(kind, _)| kind.as_str()).collect()
}

/// Explains a decision
///
/// In sentences: why this rep, and why not each other one.
#[utoipa::path(
    get,
    path = "/v1/leads/{id}/explain",
    operation_id = "explainLead",
    tag = "leads",
    params(("id" = String, Path, description = "The lead, such as `lead_2mk8…`.")),
    responses(
        (status = 200, description = "As `baton explain` says it.", body = String),
        (status = 404, description = "There is no such lead, or it has no decision, or that is no longer kept."),
    ),
    security(("bearer" = ["read"])),
)]
pub(super) async fn explain(
    State(door): State<Door>,
    Path(id): Path<String>,
    Query(Nothing {}): Query<Nothing>,
) -> Result<String, Problem> {
    let (lead, record) = door.known_lead(&id).await?;
    let explained = door.explained(&lead, &record).await?;
    let none = || Problem::not_found("this lead has no decision, or it is no longer kept");
    explained.map(|explained| explained.told).ok_or_else(none)
}

impl Door {
    pub(super) async fn lead(&self, id: &LeadId) -> Result<Option<LeadRecord>, Problem> {
        self.store.lead(id).await.map_err(|error| Problem::ours(&error))
    }

    pub(super) async fn known_lead(&self, id: &str) -> Result<(LeadId, LeadRecord), Problem> {
        let lead = LeadId::new(id).map_err(|fault| Problem::bad_request(fault.to_string()))?;
        let none = || Problem::not_found(format!("there is no lead {lead}, or it is no longer kept"));
        let record = self.lead(&lead).await?.ok_or_else(none)?;
        Ok((lead, record))
    }
}
