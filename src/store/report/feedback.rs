//! What people and the CRM said of leads afterwards.

use crate::store::sql::row::{Reading, document, micros, texts_json};
use crate::store::{StoreError, Tx};
use baton_core::domain::crm_id::CrmId;
use baton_core::domain::id::{LeadId, RepId};
use baton_core::domain::outcome::{Feedback, OutcomeKind};
use chrono::{DateTime, Utc};
use sqlx::AssertSqlSafe;

/// An owner that somebody changed in the CRM after Baton had set one. Owners are CRM ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnerChange {
    pub from: CrmId,
    pub to: CrmId,
    pub seen_at: DateTime<Utc>,
}

impl OwnerChange {
    pub(super) const COLUMNS: &str = "lead_id, from_owner, to_owner, seen_at";

    pub(super) fn read(row: &Reading<'_>) -> Result<Self, StoreError> {
        Ok(Self { from: row.text("from_owner")?.into(), to: row.text("to_owner")?.into(), seen_at: row.at("seen_at")? })
    }
}

/// A human of ours spoke with the person behind a lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HumanContact {
    pub rep: RepId,
    pub at: DateTime<Utc>,
    /// `call`, `crm`, `api`.
    pub via: String,
}

impl HumanContact {
    pub(super) const COLUMNS: &str = "lead_id, rep, at, via";

    pub(super) fn read(row: &Reading<'_>) -> Result<Self, StoreError> {
        Ok(Self { rep: row.id("rep")?, at: row.at("at")?, via: row.text("via")? })
    }
}

impl Tx {
    /// Each saying is kept; the last one of a rep counts.
    pub async fn feedback_insert(&mut self, lead: &LeadId, feedback: &Feedback) -> Result<(), StoreError> {
        let sql = "-- feedback::insert\nINSERT INTO feedback (lead_id, rep, at, body) VALUES ($1, $2, $3, $4) \
                   ON CONFLICT (lead_id, rep, at) DO UPDATE SET body = excluded.body";
        let query = sqlx::query(sql).bind(lead.as_str()).bind(feedback.rep.as_str()).bind(micros(feedback.at));
        query.bind(document(feedback)?).execute(self.conn()).await?;
        Ok(())
    }

    /// How often a rep has said something of a lead.
    pub async fn feedback_count(&mut self, lead: &LeadId, rep: &RepId) -> Result<u64, StoreError> {
        let sql =
            "-- feedback::count\nSELECT '' AS key, COUNT(*) AS said FROM feedback WHERE lead_id = $1 AND rep = $2";
        let row = sqlx::query(sql).bind(lead.as_str()).bind(rep.as_str()).fetch_one(self.conn()).await?;
        Reading::new("feedback", &row).number("said")
    }

    /// The first time that an outcome was heard of counts, and the last amount. Whoever says it here has said it: what the CRM tells
    /// changes it no more.
    pub async fn outcome_insert(
        &mut self,
        lead: &LeadId,
        kind: OutcomeKind,
        at: DateTime<Utc>,
        amount: Option<f64>,
    ) -> Result<(), StoreError> {
        let sql = "-- outcome::insert\nINSERT INTO outcome (lead_id, kind, at, amount) VALUES ($1, $2, $3, CAST($4 AS DOUBLE PRECISION)) \
                   ON CONFLICT (lead_id, kind) DO UPDATE SET amount = COALESCE(excluded.amount, outcome.amount), record = NULL";
        let query = sqlx::query(sql).bind(lead.as_str()).bind(kind.as_str()).bind(micros(at));
        query.bind(amount.map(|amount| amount.to_string())).execute(self.conn()).await?;
        Ok(())
    }

    pub async fn owner_change_insert(&mut self, lead: &LeadId, change: &OwnerChange) -> Result<(), StoreError> {
        let sql = format!(
            "-- owner_change::insert\nINSERT INTO owner_change ({}) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (lead_id, to_owner) DO NOTHING",
            OwnerChange::COLUMNS
        );
        let query =
            sqlx::query(AssertSqlSafe(sql)).bind(lead.as_str()).bind(change.from.as_str()).bind(change.to.as_str());
        query.bind(micros(change.seen_at)).execute(self.conn()).await?;
        Ok(())
    }

    pub async fn owner_changes(&mut self, lead: &LeadId) -> Result<Vec<OwnerChange>, StoreError> {
        let columns = OwnerChange::COLUMNS;
        let sql =
            format!("-- owner_change::of_lead\nSELECT {columns} FROM owner_change WHERE lead_id = $1 ORDER BY seen_at");
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(lead.as_str()).fetch_all(self.conn()).await?;
        rows.iter().map(|row| OwnerChange::read(&Reading::new("owner_change", row))).collect()
    }

    /// A contact that is told twice is one.
    pub async fn contact_insert(&mut self, lead: &LeadId, contact: &HumanContact) -> Result<(), StoreError> {
        let sql = format!(
            "-- contact::insert\nINSERT INTO contact ({}) VALUES ($1, $2, $3, $4) ON CONFLICT (lead_id, rep, at) DO NOTHING",
            HumanContact::COLUMNS
        );
        let query =
            sqlx::query(AssertSqlSafe(sql)).bind(lead.as_str()).bind(contact.rep.as_str()).bind(micros(contact.at));
        query.bind(&contact.via).execute(self.conn()).await?;
        Ok(())
    }

    /// What a rep said of these leads, the newest first.
    pub async fn feedbacks_by(
        &mut self,
        rep: &RepId,
        leads: &[&LeadId],
    ) -> Result<Vec<(LeadId, Feedback)>, StoreError> {
        let sql = format!(
            "-- feedback::by_rep\nSELECT lead_id, body FROM feedback WHERE lead_id IN {} AND rep = $2 ORDER BY at DESC, lead_id",
            self.engine.texts()
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(texts_json(leads)).bind(rep.as_str());
        let rows = query.fetch_all(self.conn()).await?;
        let rows = rows.iter().map(|row| Reading::new("feedback", row));
        rows.map(|row| Ok((row.id("lead_id")?, row.json("body")?))).collect()
    }

    /// Everything that reps said of a lead, oldest first.
    pub async fn feedbacks(&mut self, lead: &LeadId) -> Result<Vec<Feedback>, StoreError> {
        let sql = "-- feedback::of_lead\nSELECT lead_id, body FROM feedback WHERE lead_id = $1 ORDER BY at, rep";
        let rows = sqlx::query(sql).bind(lead.as_str()).fetch_all(self.conn()).await?;
        rows.iter().map(|row| Reading::new("feedback", row).json("body")).collect()
    }
}
