//! Leads and the decisions about them; beside it, whom a call or a caller belongs to, and leads read back by list, by story, by
//! what was decided, by whom they wait for and by whose they were.

pub(super) mod call;
mod caller;
mod decision;
mod file;
mod leaver;
mod listing;
mod of_rep;
mod open;
mod past;
mod timeline;
mod trace;
mod waiting;

pub use baton_core::domain::lead::CARRIER;
pub use caller::{Met, caller_keys};
pub use decision::{StoredDecision, chosen_by};
pub use file::LeadFile;
pub use leaver::HandedOver;
pub use listing::{AttentionCounts, LeadQuery, LeadSummary};
pub use of_rep::PromisedStep;
pub use open::{OpenLead, OpenMatter};
pub use past::PastLead;
pub use timeline::TimelineEntry;
pub use waiting::{Owed, WaitingLead, Waits};

use super::sql::dialect::Column::{Int, Text};
use super::sql::row::{Bulk, Reading, Rows, columns, micros, rows_json, without_nul};
use super::{NewStep, StoreError, Tx};
use crate::connectors::CrmRef;
use baton_core::domain::crm_id::CrmId;
use baton_core::domain::id::{HandoffId, LeadId, RepId};
use baton_core::domain::lead::Lead;
use baton_core::domain::outcome::{NextStep, NextStepKind, Outcome};
use baton_core::domain::phone::PhoneE164;
use baton_core::handoff::{Handoff, Settled};
use baton_core::routing::{Decision, Snapshot};
use chrono::{DateTime, Utc};
use serde_json::json;
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
    /// When the person was erased: the lead says nothing of them any more.
    pub erased_at: Option<DateTime<Utc>>,
}

columns! {
    struct LeadColumns<'a> {
        Text id: &'a LeadId,
        Text source: &'a str,
        Text event_id: &'a str,
        Text call_platform: Option<&'a str>,
        Text call_id: Option<&'a str>,
        Text call_leg: Option<&'a str>,
        Text phone: Option<&'a str>,
        Text email: Option<&'a str>,
        Text name: Option<&'a str>,
        Int received_at: i64,
        Int decided_at: i64,
        Text owner: &'a RepId,
        Text status: &'static str,
        Text next_step: &'static str,
        Text next_owner: &'a RepId,
        Int next_at: i64,
        Int completeness_permille: u16,
    } with body
}

columns! {
    struct CrmColumns<'a> {
        Text id: &'a LeadId,
        Text crm_id: String,
        Text crm_url: Option<&'a str>,
        Text crm_owner: Option<&'a str>,
    }
}

impl Tx {
    /// Leads, decisions and handoffs.
    pub(super) fn decided_to_insert(&self, decided: &[DecidedLead]) -> Result<Vec<Bulk>, StoreError> {
        if decided.is_empty() {
            return Ok(Vec::new());
        }
        let decisions: Vec<_> = decided.iter().map(|one| (&one.decision, &one.snapshot)).collect();
        Ok(vec![
            self.leads_to_insert(decided)?,
            self.decisions_to_insert(&decisions)?,
            self.handoffs_to_insert(decided.iter().map(|one| &one.handoff))?,
        ])
    }

    fn leads_to_insert(&self, decided: &[DecidedLead]) -> Result<Bulk, StoreError> {
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
        let sql = self.engine.insert_text("lead::insert", "lead", LeadColumns::ALL, "");
        rows.bulk(sql)
    }

    /// With what later events of the same call have added; [`StoredDecision`] is what was decided on.
    pub async fn lead(&mut self, id: &LeadId) -> Result<Option<LeadRecord>, StoreError> {
        let sql = format!(
            "-- lead::by_id\nSELECT id, COALESCE(completed, body) AS body, owner, status, {NEXT_STEP}, first_contact_at, {CRM}, \
             erased_at FROM lead WHERE id = $1"
        );
        let row = sqlx::query(AssertSqlSafe(sql)).bind(id.as_str()).fetch_optional(self.conn()).await?;
        row.as_ref().map(read).transpose()
    }

    /// The handoff whose caller is on this call of this platform. The calls of [`CARRIER`] are legs of whatever platform's.
    pub async fn handoff_of_call(&mut self, platform: &str, call: &str) -> Result<Option<HandoffId>, StoreError> {
        if platform == CARRIER
            && let Some(handoff) = self.handoff_of_leg(call).await?
        {
            return Ok(Some(handoff));
        }
        let sql = "-- lead::by_call\nSELECT id FROM lead WHERE call_platform = $1 AND call_id = $2 ORDER BY decided_at DESC LIMIT 1";
        let row = sqlx::query(sql).bind(platform).bind(call).fetch_optional(self.conn()).await?;
        let id = row.map(|row| Reading::new("lead", &row).id::<LeadId>("id")).transpose()?;
        Ok(id.map(|lead| HandoffId::of(&lead)))
    }

    /// The handoff whose caller is on this leg of the carrier.
    async fn handoff_of_leg(&mut self, leg: &str) -> Result<Option<HandoffId>, StoreError> {
        let sql = "-- lead::by_leg\nSELECT id FROM lead WHERE call_leg = $1 ORDER BY decided_at DESC LIMIT 1";
        let row = sqlx::query(sql).bind(leg).fetch_optional(self.conn()).await?;
        let id = row.map(|row| Reading::new("lead", &row).id::<LeadId>("id")).transpose()?;
        Ok(id.map(|lead| HandoffId::of(&lead)))
    }

    /// What the CRM calls each lead, and whom it names as owner.
    ///
    /// # Errors
    /// `NotFound` if there is no such lead.
    pub async fn leads_set_crm(&mut self, leads: &[(&LeadId, &CrmRef)]) -> Result<(), StoreError> {
        if leads.is_empty() {
            return Ok(());
        }
        let rows = leads.iter().map(|(lead, crm)| CrmColumns {
            id: lead,
            crm_id: without_nul(&crm.id),
            crm_url: crm.url.as_deref(),
            crm_owner: crm.owner_crm_id.as_ref().map(CrmId::as_str),
        });
        let sql = format!(
            "-- lead::set_crm\nUPDATE lead SET crm_id = r.crm_id, crm_url = COALESCE(r.crm_url, lead.crm_url), \
             crm_owner = COALESCE(r.crm_owner, lead.crm_owner) FROM {} WHERE lead.id = r.id",
            self.engine.rows(CrmColumns::ALL)
        );
        let bulk = Bulk::new(sql, rows_json(rows)?);
        self.run(bulk.must_change(leads.len(), gone(leads.iter().map(|(lead, _)| *lead)))).await
    }

    /// Keeps the leads' views in step with their handoffs; called with every move.
    pub(super) fn lead_views(&self, handoffs: &[(&Handoff, u32)]) -> Result<Bulk, StoreError> {
        let rows = handoffs.iter().map(|(handoff, _)| {
            let next = handoff.next_step();
            json!({
                "id": handoff.lead_id,
                "owner": handoff.owner,
                "status": status(handoff),
                "next_step": kind_name(next.what),
                "next_owner": next.owner,
                "next_at": micros(next.at),
                "first_contact_at": handoff.first_contact_at.map(micros),
            })
        });
        let columns = [
            Text("id"),
            Text("owner"),
            Text("status"),
            Text("next_step"),
            Text("next_owner"),
            Int("next_at"),
            Int("first_contact_at"),
        ];
        let sql = format!(
            "-- lead::view\nUPDATE lead SET owner = r.owner, status = r.status, \
             next_step = CASE WHEN lead.erased_at IS NULL THEN r.next_step ELSE 'follow_up' END, next_owner = r.next_owner, \
             next_at = r.next_at, first_contact_at = r.first_contact_at FROM {} WHERE lead.id = r.id",
            self.engine.rows(&columns)
        );
        let leads = handoffs.iter().map(|(handoff, _)| &handoff.lead_id);
        Ok(Bulk::new(sql, rows_json(rows)?).must_change(handoffs.len(), gone(leads)))
    }
}

/// What is said of a lead must reach it.
fn gone<'l>(leads: impl Iterator<Item = &'l LeadId>) -> StoreError {
    StoreError::NotFound { what: "lead", id: leads.map(LeadId::as_str).collect::<Vec<_>>().join(" or ") }
}

/// Where a lead stands, in one word.
pub fn status(handoff: &Handoff) -> &'static str {
    match handoff.stage.settled() {
        None => "handoff",
        Some(Settled::Done(Outcome::Connected { .. })) => "connected",
        Some(Settled::Done(Outcome::Booked { .. })) => "booked",
        Some(Settled::Done(Outcome::Called { .. })) => "called",
        Some(Settled::Done(Outcome::LeftToAgent { .. })) => "left_to_agent",
        Some(Settled::Done(Outcome::CalledOff { .. })) => "called_off",
        Some(Settled::Done(Outcome::Shadow { .. })) => "shadow",
        Some(Settled::Callback(promise)) if promise.by_mail => "mail",
        Some(Settled::Callback(_)) => "callback",
        Some(Settled::NeedsAttention { .. }) => "needs_attention",
    }
}

/// As it stands in the column of the same name.
pub fn kind_name(kind: NextStepKind) -> &'static str {
    match kind {
        NextStepKind::Handoff => "handoff",
        NextStepKind::Meeting => "meeting",
        NextStepKind::Callback => "callback",
        NextStepKind::Mail => "mail",
        NextStepKind::FollowUp => "follow_up",
        NextStepKind::NeedsAttention => "needs_attention",
    }
}

/// Of a lead that a person must look at. One that was closed by hand is looked at again if it came to need it later.
pub(super) const NEEDS_ATTENTION: &str =
    "(next_step = 'needs_attention' AND (attention_closed_at IS NULL OR attention_closed_at < next_at))";

/// What [`next_step`] reads.
pub(super) const NEXT_STEP: &str = "next_step, next_owner, next_at";

pub(super) fn next_step(row: &Reading<'_>) -> Result<NextStep, StoreError> {
    let name = row.text("next_step")?;
    let kinds = [
        NextStepKind::Handoff,
        NextStepKind::Meeting,
        NextStepKind::Callback,
        NextStepKind::Mail,
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
        erased_at: row.maybe_at("erased_at")?,
    })
}

/// What [`crm_ref`] reads.
const CRM: &str = "crm_id, crm_url, crm_owner";

/// `None` until the lead has been written there.
fn crm_ref(row: &Reading<'_>) -> Result<Option<CrmRef>, StoreError> {
    let Some(id) = row.maybe_text("crm_id")? else { return Ok(None) };
    Ok(Some(CrmRef {
        id,
        url: row.maybe_text("crm_url")?,
        owner_crm_id: row.maybe_text("crm_owner")?.map(CrmId::from),
        by_hand: false,
    }))
}
