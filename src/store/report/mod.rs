//! What the reports are made of: one row per lead that was decided in a period, in a fixed number of statements.

mod feedback;
mod from_crm;
mod other;
mod state;
mod tally;

pub use feedback::{HumanContact, OwnerChange};
pub use from_crm::{LeadInCrm, OutcomeBy};
pub use other::OtherChoice;
pub use tally::{Tallies, Tally, TallyKind};

use super::lead::{NEXT_STEP, next_step};
use super::sql::row::{Reading, micros};
use super::{StoreError, Tx};
use baton_core::domain::id::{LeadId, PoolId, RepId, TerritoryId, TierId};
use baton_core::domain::lead::{Disclosure, LeadChannel};
use baton_core::domain::leg::LegState;
use baton_core::domain::outcome::{Feedback, NextStep, OutcomeKind};
use baton_core::rules::model::set::Rung;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;
use std::collections::BTreeMap;

/// A lead with its decision, how it went on, and what was said of it. Nothing personal.
#[derive(Debug, Clone, PartialEq)]
pub struct ReportRow {
    pub lead: LeadId,
    pub source: String,
    pub channel: LeadChannel,
    /// What the caller was told of the call.
    pub disclosure: Disclosure,
    pub received_at: DateTime<Utc>,
    pub decided_at: DateTime<Utc>,
    pub decided_owner: RepId,
    pub current_owner: RepId,
    pub pool: PoolId,
    pub territory: Option<TerritoryId>,
    pub tier: TierId,
    /// How it was routed: `owner`, `delegate`, `route NAME`, `territory × tier`, `catch-all`.
    pub route: String,
    pub reason: String,
    /// What was to be tried, in order.
    pub rungs: Vec<Rung>,
    /// How each rep's phone that was rung ended, or stands.
    pub legs: Vec<LegState>,
    /// A rep pressed the key, whether or not caller and rep came together after it.
    pub accepted: bool,
    /// Where it stands: `handoff`, `connected`, `booked`, `callback`, `mail`, `called`, `left_to_agent`,
    /// `called_off`, `shadow`, `needs_attention`.
    pub status: String,
    pub next_step: NextStep,
    /// First human contact, on the handoff or as reported afterwards.
    pub first_contact_at: Option<DateTime<Utc>>,
    /// Facts were missing when it was decided.
    pub degraded: bool,
    pub completeness_permille: u16,
    /// The last saying of each rep.
    pub feedback: BTreeMap<RepId, Feedback>,
    pub outcomes: BTreeMap<OutcomeKind, DateTime<Utc>>,
    /// Oldest first.
    pub owner_changes: Vec<OwnerChange>,
    /// Oldest first.
    pub contacts: Vec<HumanContact>,
}

/// Of a rep's phone, what reports tell.
#[derive(Deserialize)]
struct RungLeg {
    state: LegState,
}

/// The leads of the period; the other statements join them.
const IN_PERIOD: &str = "JOIN lead l ON l.id = x.lead_id WHERE l.decided_at >= $1 AND l.decided_at < $2";

impl Tx {
    /// Leads decided from `from` up to, not including, `until`, in that order. Run in [`super::Store::read`]: all statements see
    /// one state.
    pub async fn report_rows(
        &mut self,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Vec<ReportRow>, StoreError> {
        let period = (micros(from), micros(until));
        let mut rows = self.report_leads(period).await?;
        let places = rows.iter().enumerate().map(|(place, row)| (row.lead.clone(), place)).collect();
        let mut sheet = RowsByLead { rows: &mut rows, places };
        for row in &self.report_part("feedback", "lead_id, x.body", "at", period).await? {
            let row = Reading::new("feedback", row);
            let said: Feedback = row.json("body")?;
            if let Some(lead) = sheet.of(&row)? {
                lead.feedback.insert(said.rep.clone(), said);
            }
        }
        for row in &self.report_part("outcome", "lead_id, kind, at", "at", period).await? {
            let row = Reading::new("outcome", row);
            let (kind, at) = (outcome_kind(&row)?, row.at("at")?);
            if let Some(lead) = sheet.of(&row)? {
                lead.outcomes.insert(kind, at);
            }
        }
        for row in &self.report_part("owner_change", OwnerChange::COLUMNS, "seen_at", period).await? {
            let row = Reading::new("owner_change", row);
            let change = OwnerChange::read(&row)?;
            if let Some(lead) = sheet.of(&row)? {
                lead.owner_changes.push(change);
            }
        }
        for row in &self.report_part("contact", HumanContact::COLUMNS, "at", period).await? {
            let row = Reading::new("contact", row);
            let contact = HumanContact::read(&row)?;
            if let Some(lead) = sheet.of(&row)? {
                lead.first_contact_at = lead.first_contact_at.into_iter().chain([contact.at]).min();
                lead.contacts.push(contact);
            }
        }
        Ok(rows)
    }

    async fn report_leads(&mut self, (from, until): (i64, i64)) -> Result<Vec<ReportRow>, StoreError> {
        let sql = format!(
            "-- report::leads\nSELECT l.id, l.source, {} AS channel, {} AS disclosure, l.received_at, l.decided_at, \
             d.owner AS decided_owner, l.owner AS current_owner, d.pool, d.territory, d.tier, d.route, d.reason, \
             {} AS rungs, {} AS legs, l.status, {NEXT_STEP}, l.first_contact_at, d.degraded, l.completeness_permille, \
             CAST(CASE WHEN EXISTS (SELECT 1 FROM timeline t WHERE t.lead_id = l.id AND t.kind = 'accepted' \
             AND t.body LIKE '%\"stage\":\"joining\"%') THEN 1 ELSE 0 END AS BIGINT) AS accepted \
             FROM lead l JOIN decision d ON d.lead_id = l.id JOIN handoff h ON h.lead_id = l.id \
             WHERE l.decided_at >= $1 AND l.decided_at < $2 ORDER BY l.decided_at, l.id",
            self.engine.lead_channel(),
            self.engine.lead_disclosure(),
            self.engine.planned_rungs(),
            self.engine.rung_legs()
        );
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(from).bind(until).fetch_all(self.conn()).await?;
        rows.iter().map(read).collect()
    }

    /// What one table holds about the leads of the period, oldest first.
    async fn report_part(
        &mut self,
        table: &str,
        columns: &str,
        at: &str,
        (from, until): (i64, i64),
    ) -> Result<Vec<AnyRow>, StoreError> {
        let sql = format!("-- report::{table}\nSELECT {columns} FROM {table} x {IN_PERIOD} ORDER BY {at}");
        Ok(sqlx::query(AssertSqlSafe(sql)).bind(from).bind(until).fetch_all(self.conn()).await?)
    }
}

/// The rows being filled, by lead.
struct RowsByLead<'a> {
    rows: &'a mut [ReportRow],
    places: BTreeMap<LeadId, usize>,
}

impl RowsByLead<'_> {
    /// The line that a part belongs to; `None` only if the caller's transaction does not see one state.
    fn of(&mut self, part: &Reading<'_>) -> Result<Option<&mut ReportRow>, StoreError> {
        let lead: LeadId = part.id("lead_id")?;
        Ok(self.places.get(&lead).and_then(|place| self.rows.get_mut(*place)))
    }
}

fn outcome_kind(row: &Reading<'_>) -> Result<OutcomeKind, StoreError> {
    let name = row.text("kind")?;
    let kind = OutcomeKind::ALL.into_iter().find(|kind| kind.as_str() == name);
    kind.ok_or_else(|| row.fault("kind", format!("{name:?} is no outcome")))
}

fn channel(row: &Reading<'_>) -> Result<LeadChannel, StoreError> {
    let name = row.text("channel")?;
    let channel = LeadChannel::ALL.into_iter().find(|channel| channel.as_str() == name);
    channel.ok_or_else(|| row.fault("body", format!("{name:?} is no channel")))
}

fn read(row: &AnyRow) -> Result<ReportRow, StoreError> {
    let row = Reading::new("lead", row);
    let territory = row.maybe_text("territory")?.map(|_| row.id("territory")).transpose()?;
    Ok(ReportRow {
        lead: row.id("id")?,
        source: row.text("source")?,
        channel: channel(&row)?,
        disclosure: row.maybe_text("disclosure")?.map(|_| row.json("disclosure")).transpose()?.unwrap_or_default(),
        received_at: row.at("received_at")?,
        decided_at: row.at("decided_at")?,
        decided_owner: row.id("decided_owner")?,
        current_owner: row.id("current_owner")?,
        pool: row.id("pool")?,
        territory,
        tier: row.id("tier")?,
        route: row.text("route")?,
        reason: row.text("reason")?,
        rungs: row.json("rungs")?,
        legs: row.json::<Vec<RungLeg>>("legs")?.into_iter().map(|leg| leg.state).collect(),
        accepted: row.int("accepted")? != 0,
        status: row.text("status")?,
        next_step: next_step(&row)?,
        first_contact_at: row.maybe_at("first_contact_at")?,
        degraded: row.int("degraded")? != 0,
        completeness_permille: row.number("completeness_permille")?,
        feedback: BTreeMap::new(),
        outcomes: BTreeMap::new(),
        owner_changes: Vec::new(),
        contacts: Vec::new(),
    })
}
