//! Leads and the decisions about them.

use super::dialect::Column::{Int, Text};
use super::row::{Reading, Rows, micros};
use super::{NewStep, StoreError, TimelineEntry, Tx};
use crate::connectors::CrmRef;
use crate::domain::crm_id::CrmId;
use crate::domain::id::{DecisionId, HandoffId, LeadId, PoolId, ReleaseId, RepId, TerritoryId, TierId};
use crate::domain::lead::Lead;
use crate::domain::outcome::{NextStep, NextStepKind, Outcome};
use crate::domain::phone::PhoneE164;
use crate::handoff::{Handoff, Settled};
use crate::routing::decision::{OwnershipResult, TargetRole};
use crate::routing::{Decision, Snapshot};
use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;

/// A lead with everything its decision made, for one commit.
#[derive(Debug, Clone)]
pub struct DecidedLead {
    pub lead: Lead,
    pub decision: Decision,
    pub snapshot: Snapshot,
    /// As it is after its first move.
    pub handoff: Handoff,
    pub steps: Vec<NewStep>,
    pub timeline: Vec<TimelineEntry>,
    /// Of the briefing.
    pub completeness_permille: u16,
}

/// A lead as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct LeadRecord {
    pub lead: Lead,
    pub owner: RepId,
    pub status: String,
    pub next_step: NextStep,
    pub first_contact_at: Option<DateTime<Utc>>,
    pub crm: Option<CrmRef>,
}

/// A decision with everything it was made from, as it is written in the database: to be made again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredDecision {
    pub id: String,
    pub lead_id: LeadId,
    pub release: ReleaseId,
    pub decided_at: DateTime<Utc>,
    /// JSON of `routing::Decision`.
    pub body: String,
    /// JSON of `domain::lead::Lead`.
    pub lead: String,
    /// JSON of `routing::Snapshot`.
    pub snapshot: String,
}

#[derive(Serialize)]
struct LeadColumns<'a> {
    id: &'a LeadId,
    source: &'a str,
    event_id: &'a str,
    call_platform: Option<&'a str>,
    call_id: Option<&'a str>,
    call_leg: Option<&'a str>,
    phone: Option<&'a str>,
    email: Option<&'a str>,
    name: Option<&'a str>,
    received_at: i64,
    decided_at: i64,
    owner: &'a RepId,
    status: &'static str,
    next_step: &'static str,
    next_owner: &'a RepId,
    next_at: i64,
    completeness_permille: u16,
}

#[derive(Serialize)]
struct DecisionColumns<'a> {
    lead_id: &'a LeadId,
    id: &'a DecisionId,
    release: &'a ReleaseId,
    decided_at: i64,
    owner: &'a RepId,
    pool: &'a PoolId,
    territory: &'a Option<TerritoryId>,
    tier: &'a TierId,
    route: String,
    degraded: i64,
    reason: &'a str,
}

const STORED: &str = "d.id, d.lead_id, d.release, d.decided_at, d.body, d.snapshot, l.body AS lead \
                      FROM decision d JOIN lead l ON l.id = d.lead_id";

/// With what later events of the same call have added; [`STORED`] reads what was decided on.
const COLUMNS: &str = "id, COALESCE(completed, body) AS body, owner, status, next_step, next_owner, next_at, first_contact_at, crm_id, crm_url, crm_owner";

impl Tx {
    /// Leads, decisions, handoffs, steps and first timeline lines: a handful of statements, however many leads.
    pub async fn decided_insert(&mut self, decided: &[DecidedLead]) -> Result<(), StoreError> {
        self.leads_insert(decided).await?;
        self.decisions_insert(decided).await?;
        self.handoffs_insert(decided.iter().map(|one| &one.handoff)).await?;
        let steps: Vec<&NewStep> = decided.iter().flat_map(|one| &one.steps).collect();
        self.steps_insert(steps).await?;
        let timeline: Vec<&TimelineEntry> = decided.iter().flat_map(|one| &one.timeline).collect();
        self.timeline_append(timeline).await
    }

    async fn leads_insert(&mut self, decided: &[DecidedLead]) -> Result<(), StoreError> {
        let mut rows = Rows::sized(decided.len(), 3_500);
        for one in decided {
            let (lead, next) = (&one.lead, one.handoff.next_step());
            let columns = LeadColumns {
                id: &lead.id,
                source: &lead.source,
                event_id: &lead.event_id,
                call_platform: lead.call.as_ref().map(|call| call.platform.as_str()),
                call_id: lead.call.as_ref().map(|call| call.id.as_str()),
                call_leg: lead.call.as_ref().and_then(|call| call.leg.as_ref()).map(|leg| leg.as_str()),
                phone: lead.reach_phone().map(PhoneE164::as_str),
                email: lead.contact.email.as_ref().map(|email| email.value.as_str()),
                name: lead.contact.name.as_ref().map(|name| name.value.as_str()),
                received_at: micros(lead.received_at),
                decided_at: micros(one.decision.decided_at),
                owner: &one.handoff.owner,
                status: status(&one.handoff),
                next_step: kind_name(next.what),
                next_owner: &next.owner,
                next_at: micros(next.at),
                completeness_permille: one.completeness_permille,
            };
            rows.row(&columns)?.document("body", lead)?;
        }
        let columns = [
            Text("id"),
            Text("source"),
            Text("event_id"),
            Text("body"),
            Text("call_platform"),
            Text("call_id"),
            Text("call_leg"),
            Text("phone"),
            Text("email"),
            Text("name"),
            Int("received_at"),
            Int("decided_at"),
            Text("owner"),
            Text("status"),
            Text("next_step"),
            Text("next_owner"),
            Int("next_at"),
            Int("completeness_permille"),
        ];
        let sql = self.engine.insert_all("lead::insert", "lead", &columns, "");
        sqlx::query(sql).bind(rows.finish()?).execute(self.conn()).await?;
        Ok(())
    }

    async fn decisions_insert(&mut self, decided: &[DecidedLead]) -> Result<(), StoreError> {
        let mut rows = Rows::sized(decided.len(), 14_000);
        for one in decided {
            let decision = &one.decision;
            let columns = DecisionColumns {
                lead_id: &decision.lead_id,
                id: &decision.id,
                release: &decision.release,
                decided_at: micros(decision.decided_at),
                owner: &decision.plan.owner,
                pool: &decision.plan.pool,
                territory: &decision.plan.territory,
                tier: &decision.plan.tier,
                route: route(decision),
                degraded: i64::from(!decision.degraded.is_empty()),
                reason: &decision.plan.reason,
            };
            rows.row(&columns)?.document("body", decision)?.document("snapshot", &one.snapshot)?;
        }
        let columns = [
            Text("lead_id"),
            Text("id"),
            Text("release"),
            Int("decided_at"),
            Text("owner"),
            Text("pool"),
            Text("territory"),
            Text("tier"),
            Text("route"),
            Int("degraded"),
            Text("reason"),
            Text("body"),
            Text("snapshot"),
        ];
        let sql = self.engine.insert_all("decision::insert", "decision", &columns, "");
        sqlx::query(sql).bind(rows.finish()?).execute(self.conn()).await?;
        Ok(())
    }

    pub async fn lead(&mut self, id: &LeadId) -> Result<Option<LeadRecord>, StoreError> {
        let sql = format!("-- lead::by_id\nSELECT {COLUMNS} FROM lead WHERE id = $1");
        let row = sqlx::query(AssertSqlSafe(sql)).bind(id.as_str()).fetch_optional(self.conn()).await?;
        row.as_ref().map(read).transpose()
    }

    /// The lead that an event brought.
    pub async fn lead_by_event(&mut self, source: &str, event_id: &str) -> Result<Option<LeadRecord>, StoreError> {
        let sql = format!("-- lead::by_event\nSELECT {COLUMNS} FROM lead WHERE source = $1 AND event_id = $2");
        let query = sqlx::query(AssertSqlSafe(sql)).bind(source).bind(event_id);
        query.fetch_optional(self.conn()).await?.as_ref().map(read).transpose()
    }

    /// The handoff whose caller is on this call of this platform.
    pub async fn handoff_of_call(&mut self, platform: &str, call: &str) -> Result<Option<HandoffId>, StoreError> {
        let sql = "-- lead::by_call\nSELECT id FROM lead WHERE call_platform = $1 AND call_id = $2 ORDER BY decided_at DESC LIMIT 1";
        let row = sqlx::query(sql).bind(platform).bind(call).fetch_optional(self.conn()).await?;
        let id = row.map(|row| Reading::new("lead", &row).id::<LeadId>("id")).transpose()?;
        Ok(id.map(|lead| HandoffId::of(&lead)))
    }

    pub async fn decision(&mut self, lead: &LeadId) -> Result<Option<Decision>, StoreError> {
        let sql = "-- decision::by_lead\nSELECT lead_id, body FROM decision WHERE lead_id = $1";
        let row = sqlx::query(sql).bind(lead.as_str()).fetch_optional(self.conn()).await?;
        row.map(|row| Reading::new("decision", &row).json("body")).transpose()
    }

    /// What was known when it was decided.
    pub async fn snapshot(&mut self, lead: &LeadId) -> Result<Option<Snapshot>, StoreError> {
        let sql = "-- decision::snapshot\nSELECT lead_id, snapshot FROM decision WHERE lead_id = $1";
        let row = sqlx::query(sql).bind(lead.as_str()).fetch_optional(self.conn()).await?;
        row.map(|row| Reading::new("decision", &row).json("snapshot")).transpose()
    }

    /// One decision, by its own id or by its lead's.
    pub async fn decision_stored(&mut self, id: &str) -> Result<Option<StoredDecision>, StoreError> {
        let sql = format!("-- decision::stored\nSELECT {STORED} WHERE d.id = $1 OR d.lead_id = $1");
        let row = sqlx::query(AssertSqlSafe(sql)).bind(id).fetch_optional(self.conn()).await?;
        row.as_ref().map(read_stored).transpose()
    }

    /// Decisions in the order in which they were made: those later than `after` (instant and id), made before `until`.
    pub async fn decisions_stored(
        &mut self,
        after: (DateTime<Utc>, &str),
        until: DateTime<Utc>,
        limit: usize,
    ) -> Result<Vec<StoredDecision>, StoreError> {
        let sql = format!(
            "-- decision::stored_after\nSELECT {STORED} WHERE d.decided_at >= $1 AND d.decided_at < $3 \
             AND (d.decided_at > $1 OR d.id > $2) ORDER BY d.decided_at, d.id LIMIT $4"
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(micros(after.0)).bind(after.1);
        let rows = query.bind(micros(until)).bind(limit as i64).fetch_all(self.conn()).await?;
        rows.iter().map(read_stored).collect()
    }

    /// What the CRM calls the lead, and whom it names as owner.
    ///
    /// # Errors
    /// `NotFound` if there is no such lead.
    pub async fn lead_set_crm(&mut self, lead: &LeadId, crm: &CrmRef) -> Result<(), StoreError> {
        let sql = "-- lead::set_crm\nUPDATE lead SET crm_id = $2, crm_url = COALESCE($3, crm_url), \
                   crm_owner = COALESCE($4, crm_owner) WHERE id = $1";
        let query = sqlx::query(sql)
            .bind(lead.as_str())
            .bind(&crm.id)
            .bind(&crm.url)
            .bind(crm.owner_crm_id.as_ref().map(CrmId::as_str));
        found_lead(lead, query.execute(self.conn()).await?.rows_affected())
    }

    /// Keeps the lead's view in step with its handoff; called with every move.
    pub(super) async fn lead_view(&mut self, handoff: &Handoff) -> Result<(), StoreError> {
        let next = handoff.next_step();
        let sql = "-- lead::view\nUPDATE lead SET owner = $2, status = $3, next_step = $4, next_owner = $5, next_at = $6, \
                   first_contact_at = $7 WHERE id = $1";
        let query = sqlx::query(sql).bind(handoff.lead_id.as_str()).bind(handoff.owner.as_str()).bind(status(handoff));
        let query = query.bind(kind_name(next.what)).bind(next.owner.as_str()).bind(micros(next.at));
        let changed = query.bind(handoff.first_contact_at.map(micros)).execute(self.conn()).await?;
        found_lead(&handoff.lead_id, changed.rows_affected())
    }
}

fn found_lead(lead: &LeadId, rows: u64) -> Result<(), StoreError> {
    match rows {
        1 => Ok(()),
        _ => Err(StoreError::NotFound { what: "lead", id: lead.to_string() }),
    }
}

/// Where a lead stands, in one word.
pub fn status(handoff: &Handoff) -> &'static str {
    match handoff.stage.settled() {
        None => "handoff",
        Some(Settled::Done(Outcome::Connected { .. })) => "connected",
        Some(Settled::Done(Outcome::Booked { .. })) => "booked",
        Some(Settled::Done(Outcome::Called { .. })) => "called",
        Some(Settled::Callback(_)) => "callback",
        Some(Settled::NeedsAttention { .. }) => "needs_attention",
    }
}

/// How a lead was routed, for the reports.
fn route(decision: &Decision) -> String {
    let trace = &decision.trace;
    for step in &trace.ownership {
        match &step.result {
            OwnershipResult::Delegated { .. } => return "delegate".to_owned(),
            OwnershipResult::Keeps | OwnershipResult::KeepsForLater { .. } => return "owner".to_owned(),
            OwnershipResult::GivenUp { .. }
            | OwnershipResult::NoOwner
            | OwnershipResult::NotARep { .. }
            | OwnershipResult::Inactive
            | OwnershipResult::Weak
            | OwnershipResult::TooLongAgo { .. }
            | OwnershipResult::NotKnown { .. } => {}
        }
    }
    let owned = decision.plan.targets.iter().any(|target| target.role == TargetRole::Owner);
    let taken = trace.routes.iter().find(|route| route.verdict == crate::rules::condition::Verdict::Yes);
    match (owned, taken, &decision.plan.territory) {
        (true, _, _) => "owner".to_owned(),
        (false, Some(route), _) => format!("route {}", route.name),
        (false, None, Some(_)) => "territory × tier".to_owned(),
        (false, None, None) => "catch-all".to_owned(),
    }
}

pub(super) fn kind_name(kind: NextStepKind) -> &'static str {
    match kind {
        NextStepKind::Handoff => "handoff",
        NextStepKind::Meeting => "meeting",
        NextStepKind::Callback => "callback",
        NextStepKind::FollowUp => "follow_up",
        NextStepKind::NeedsAttention => "needs_attention",
    }
}

pub(super) fn next_step(row: &Reading<'_>) -> Result<NextStep, StoreError> {
    let name = row.text("next_step")?;
    let kinds = [
        NextStepKind::Handoff,
        NextStepKind::Meeting,
        NextStepKind::Callback,
        NextStepKind::FollowUp,
        NextStepKind::NeedsAttention,
    ];
    let what = kinds
        .into_iter()
        .find(|kind| kind_name(*kind) == name)
        .ok_or_else(|| row.fault("next_step", format!("{name:?} is no kind of next step")))?;
    Ok(NextStep { what, owner: row.id("next_owner")?, at: row.at("next_at")? })
}

fn read(row: &AnyRow) -> Result<LeadRecord, StoreError> {
    let row = Reading::new("lead", row);
    Ok(LeadRecord {
        lead: row.json("body")?,
        owner: row.id("owner")?,
        status: row.text("status")?,
        next_step: next_step(&row)?,
        first_contact_at: row.maybe_at("first_contact_at")?,
        crm: crm_ref(&row)?,
    })
}

/// `None` until the lead has been written there.
pub(super) fn crm_ref(row: &Reading<'_>) -> Result<Option<CrmRef>, StoreError> {
    let Some(id) = row.maybe_text("crm_id")? else { return Ok(None) };
    Ok(Some(CrmRef {
        id,
        url: row.maybe_text("crm_url")?,
        owner_crm_id: row.maybe_text("crm_owner")?.map(CrmId::from),
    }))
}

fn read_stored(row: &AnyRow) -> Result<StoredDecision, StoreError> {
    let row = Reading::new("decision", row);
    Ok(StoredDecision {
        id: row.text("id")?,
        lead_id: row.id("lead_id")?,
        release: row.id("release")?,
        decided_at: row.at("decided_at")?,
        body: row.text("body")?,
        lead: row.text("lead")?,
        snapshot: row.text("snapshot")?,
    })
}
