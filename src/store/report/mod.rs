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
use baton_core::domain::id::{LeadId, PoolId, ReleaseId, RepId, TerritoryId, TierId};
use baton_core::domain::lead::{Disclosure, LeadChannel};
use baton_core::domain::leg::LegState;
use baton_core::domain::outcome::{Feedback, NextStep, OutcomeKind};
use chrono::{DateTime, TimeDelta, Utc};
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
    /// The rules that it was decided by.
    pub release: ReleaseId,
    /// Reps' phones that were rung, in order.
    pub legs: Vec<RungPhone>,
    pub put_through: Option<PutThrough>,
    /// A rep pressed the key, whether or not caller and rep came together after it.
    pub accepted: bool,
    /// Where it stands: `handoff`, `connected`, `booked`, `callback`, `mail`, `called`, `left_to_agent`,
    /// `called_off`, `shadow`, `needs_attention`.
    pub status: String,
    pub next_step: NextStep,
    /// First human contact, on the handoff or as reported afterwards.
    pub first_contact_at: Option<DateTime<Utc>>,
    /// Whether the same number came again within [`AGAIN_WITHIN`]; `None`: no number is known.
    pub came_again: Option<bool>,
    /// Facts were missing when it was decided.
    pub degraded: bool,
    pub completeness_permille: u16,
    /// The last saying of each rep.
    pub feedback: BTreeMap<RepId, Feedback>,
    pub outcomes: BTreeMap<OutcomeKind, DateTime<Utc>>,
    /// What it was won with, in the currency of the CRM; `None`: nobody said.
    pub won_amount: Option<f64>,
    /// Oldest first.
    pub owner_changes: Vec<OwnerChange>,
    /// Oldest first.
    pub contacts: Vec<HumanContact>,
}

/// A rep's phone that was rung, and how that ended, or stands.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RungPhone {
    pub rep: RepId,
    pub state: LegState,
}

/// A caller who came together with a rep on the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PutThrough {
    pub at: DateTime<Utc>,
    /// Since the first phone rang.
    pub waited: TimeDelta,
}

/// A lead from the same number so soon after another one came again.
const AGAIN_WITHIN: TimeDelta = TimeDelta::days(7);

/// How many leads are read at once: no report has more of them in memory.
pub const REPORT_PAGE: usize = 10_000;

/// Where the next page of a period begins: behind the lead that was decided then.
type Behind = (DateTime<Utc>, LeadId);

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
        let (mut rows, mut behind) = (Vec::new(), None);
        loop {
            let page = self.report_page((from, until), behind.as_ref(), REPORT_PAGE).await?;
            let Some(last) = page.last() else { return Ok(rows) };
            behind = Some((last.decided_at, last.lead.clone()));
            rows.extend(page);
        }
    }

    /// The next of those leads, so many at most; none: that was all.
    pub async fn report_page(
        &mut self,
        (from, until): (DateTime<Utc>, DateTime<Utc>),
        behind: Option<&Behind>,
        limit: usize,
    ) -> Result<Vec<ReportRow>, StoreError> {
        let (from, after) = behind.map_or((from, ""), |(at, lead)| (*at, lead.as_str()));
        let mut rows = self.report_leads((micros(from), micros(until)), after, limit).await?;
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Ok(rows) };
        // Leads of other pages that were decided at the same moments are passed over.
        let period = (micros(first.decided_at), micros(last.decided_at) + 1);
        let places = rows.iter().enumerate().map(|(place, row)| (row.lead.clone(), place)).collect();
        let mut sheet = RowsByLead { rows: &mut rows, places };
        for row in &self.report_part("feedback", "lead_id, x.body", "at", period).await? {
            let row = Reading::new("feedback", row);
            if let Some(lead) = sheet.of(&row)? {
                let said: Feedback = row.json("body")?;
                lead.feedback.insert(said.rep.clone(), said);
            }
        }
        for row in &self.report_part("outcome", OUTCOME, "at", period).await? {
            let row = Reading::new("outcome", row);
            let (kind, at) = (outcome_kind(&row)?, row.at("at")?);
            if let Some(lead) = sheet.of(&row)? {
                lead.outcomes.insert(kind, at);
                if kind == OutcomeKind::Won {
                    lead.won_amount = amount(&row)?;
                }
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

    async fn report_leads(
        &mut self,
        (from, until): (i64, i64),
        after: &str,
        limit: usize,
    ) -> Result<Vec<ReportRow>, StoreError> {
        let sql = format!(
            "-- report::leads\nSELECT l.id, l.source, {} AS channel, {} AS disclosure, l.received_at, l.decided_at, \
             d.owner AS decided_owner, l.owner AS current_owner, d.pool, d.territory, d.tier, d.route, d.reason, \
             d.release, CASE WHEN h.rung = 0 THEN '[]' ELSE {} END AS legs, h.joined_at, h.waited_ms, l.status, {NEXT_STEP}, l.first_contact_at, d.degraded, \
             l.completeness_permille, CAST(CASE WHEN l.phone IS NULL THEN NULL WHEN EXISTS (SELECT 1 FROM lead n \
             WHERE n.phone = l.phone AND n.decided_at > l.decided_at AND n.decided_at <= l.decided_at + {}) \
             THEN 1 ELSE 0 END AS BIGINT) AS came_again, \
             CAST(CASE WHEN h.rung > 0 AND EXISTS (SELECT 1 FROM timeline t WHERE t.lead_id = l.id AND t.kind = 'accepted' \
             AND t.body LIKE '%\"stage\":\"joining\"%') THEN 1 ELSE 0 END AS BIGINT) AS accepted \
             FROM lead l JOIN decision d ON d.lead_id = l.id JOIN handoff h ON h.lead_id = l.id \
             WHERE l.decided_at >= $1 AND l.decided_at < $2 AND (l.decided_at > $1 OR l.id > $3) \
             ORDER BY l.decided_at, l.id LIMIT $4",
            self.engine.lead_channel(),
            self.engine.lead_disclosure(),
            self.engine.rung_legs(),
            AGAIN_WITHIN.num_seconds() * 1_000_000
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(from).bind(until).bind(after).bind(limit as i64);
        query.fetch_all(self.conn()).await?.iter().map(read).collect()
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

/// Amounts are numbers with a fraction, which come as texts: both engines write those alike.
const OUTCOME: &str = "lead_id, kind, at, CAST(x.amount AS TEXT) AS amount";

fn amount(row: &Reading<'_>) -> Result<Option<f64>, StoreError> {
    let read = |text: String| text.parse().map_err(|error| row.fault("amount", error));
    row.maybe_text("amount")?.map(read).transpose()
}

/// `None`: they never came together on the call.
fn put_through(row: &Reading<'_>) -> Result<Option<PutThrough>, StoreError> {
    let (at, waited) = (row.maybe_at("joined_at")?, row.maybe_int("waited_ms")?);
    Ok(at.zip(waited).map(|(at, waited)| PutThrough { at, waited: TimeDelta::milliseconds(waited) }))
}

/// The rows being filled, by lead.
struct RowsByLead<'a> {
    rows: &'a mut [ReportRow],
    places: BTreeMap<LeadId, usize>,
}

impl RowsByLead<'_> {
    /// The line that a part belongs to; `None`: of another page.
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
        release: row.id("release")?,
        legs: row.json("legs")?,
        put_through: put_through(&row)?,
        accepted: row.int("accepted")? != 0,
        status: row.text("status")?,
        next_step: next_step(&row)?,
        first_contact_at: row.maybe_at("first_contact_at")?,
        came_again: row.maybe_int("came_again")?.map(|again| again != 0),
        degraded: row.int("degraded")? != 0,
        completeness_permille: row.number("completeness_permille")?,
        feedback: BTreeMap::new(),
        outcomes: BTreeMap::new(),
        won_amount: None,
        owner_changes: Vec::new(),
        contacts: Vec::new(),
    })
}
