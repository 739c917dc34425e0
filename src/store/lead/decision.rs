//! Decisions with what was known when they were made, read back as values or as they are written in the database.

use crate::store::sql::row::{Bulk, Reading, Rows, columns, micros};
use crate::store::{StoreError, Tx};
use baton_core::domain::id::{DecisionId, LeadId, PoolId, ReleaseId, RepId, TerritoryId, TierId};
use baton_core::routing::decision::{OwnershipResult, TargetRole};
use baton_core::routing::{Decision, Snapshot, versions};
use baton_core::rules::model::truth::Truth;
use chrono::{DateTime, Utc};
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;

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
    /// When something of what it was made from was erased: it cannot be made again.
    pub erased_at: Option<DateTime<Utc>>,
}

impl StoredDecision {
    /// What it was made from is still there; once it has had its time, both it and the decision are empty.
    pub fn is_kept(&self) -> bool {
        !self.snapshot.is_empty()
    }
}

columns! {
    struct DecisionColumns<'a> {
        Text lead_id: &'a LeadId,
        Text id: &'a DecisionId,
        Text release: &'a ReleaseId,
        Int decided_at: i64,
        Text owner: &'a RepId,
        Text pool: &'a PoolId,
        Text territory: &'a Option<TerritoryId>,
        Text tier: &'a TierId,
        Text route: String,
        Int degraded: i64,
        Text reason: &'a str,
    } with body, snapshot
}

const STORED: &str = "d.id, d.lead_id, d.release, d.decided_at, d.body, d.snapshot, d.erased_at, l.body AS lead \
                      FROM decision d JOIN lead l ON l.id = d.lead_id";

impl Tx {
    pub(super) fn decisions_to_insert(&self, decisions: &[(&Decision, &Snapshot)]) -> Result<Bulk, StoreError> {
        let mut rows = Rows::sized(decisions.len(), 12_000);
        for &(decision, snapshot) in decisions {
            let reason = decision.plan.reason.in_words();
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
                reason: &reason,
            };
            let row = rows.row(&columns)?;
            row.document_by("body", |to| decision.write(to))?.document_by("snapshot", |to| snapshot.write(to))?;
        }
        let sql = self.engine.insert_text("decision::insert", "decision", DecisionColumns::ALL, "");
        rows.bulk(sql)
    }

    /// `None` also where it is no longer kept.
    pub async fn decision(&mut self, lead: &LeadId) -> Result<Option<Decision>, StoreError> {
        let sql = "-- decision::by_lead\nSELECT lead_id, body FROM decision WHERE lead_id = $1 \
                   AND octet_length(snapshot) > 0";
        let row = sqlx::query(sql).bind(lead.as_str()).fetch_optional(self.conn()).await?;
        row.map(|row| Reading::new("decision", &row).json_of_any_version("body", versions::read)).transpose()
    }

    /// What was known when it was decided, if that is still kept.
    pub async fn snapshot(&mut self, lead: &LeadId) -> Result<Option<Snapshot>, StoreError> {
        let sql = "-- decision::snapshot\nSELECT lead_id, snapshot FROM decision WHERE lead_id = $1 \
                   AND octet_length(snapshot) > 0";
        let row = sqlx::query(sql).bind(lead.as_str()).fetch_optional(self.conn()).await?;
        row.map(|row| Reading::new("decision", &row).json("snapshot")).transpose()
    }

    /// One decision, by its own id or by its lead's.
    pub async fn decision_stored(&mut self, id: &str) -> Result<Option<StoredDecision>, StoreError> {
        let sql = format!("-- decision::stored\nSELECT {STORED} WHERE d.id = $1 OR d.lead_id = $1");
        let row = sqlx::query(AssertSqlSafe(sql)).bind(id).fetch_optional(self.conn()).await?;
        row.as_ref().map(read_stored).transpose()
    }

    /// The last decisions that were made by a release, the newest first, as far as they are kept.
    pub async fn decisions_of(&mut self, release: &ReleaseId, limit: usize) -> Result<Vec<Decision>, StoreError> {
        let sql = "-- decision::of_release\nSELECT lead_id, body FROM decision WHERE release = $1 \
                   AND octet_length(snapshot) > 0 ORDER BY decided_at DESC, id DESC LIMIT $2";
        let rows = sqlx::query(sql).bind(release.as_str()).bind(limit as i64).fetch_all(self.conn()).await?;
        let read = |row| Reading::new("decision", row).json_of_any_version("body", versions::read);
        rows.iter().map(read).collect()
    }

    /// Decisions in the order in which they were made: those later than `after` (instant and id), made before `until`.
    pub async fn decisions_stored(
        &mut self,
        after: &(DateTime<Utc>, String),
        until: DateTime<Utc>,
        limit: usize,
    ) -> Result<Vec<StoredDecision>, StoreError> {
        let sql = format!(
            "-- decision::stored_after\nSELECT {STORED} WHERE d.decided_at >= $1 AND d.decided_at < $3 \
             AND (d.decided_at > $1 OR d.id > $2) ORDER BY d.decided_at, d.id LIMIT $4"
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(micros(after.0)).bind(after.1.as_str());
        let rows = query.bind(micros(until)).bind(limit as i64).fetch_all(self.conn()).await?;
        rows.iter().map(read_stored).collect()
    }
}

/// What chose whose a lead is, in one of a few words: `owner`, `delegate`, `route`, `territory` or `catch-all`.
pub fn chosen_by(decision: &Decision) -> &'static str {
    let route = route(decision);
    let known = ["owner", "delegate", "route", "territory"].into_iter().find(|word| route.starts_with(word));
    known.unwrap_or("catch-all")
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
    let taken = trace.routes.iter().find(|route| route.verdict == Truth::Yes);
    match (owned, taken, &decision.plan.territory) {
        (true, _, _) => "owner".to_owned(),
        (false, Some(route), _) => format!("route {}", route.name),
        (false, None, Some(_)) => "territory × tier".to_owned(),
        (false, None, None) => "catch-all".to_owned(),
    }
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
        erased_at: row.maybe_at("erased_at")?,
    })
}
