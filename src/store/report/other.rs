//! Whom the system beside a trial chose: as the CRM named them some time after the decision.

use crate::store::sql::row::{Reading, micros};
use crate::store::{StoreError, Tx};
use baton_core::domain::crm_id::CrmId;
use baton_core::domain::id::LeadId;
use baton_core::domain::lead::Lead;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;

/// There is one right to ask for it.
const ASKS: &str = "other_choice";

/// The other system's choice for a lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherChoice {
    /// As the CRM calls them; `None`: nobody, or it is not known.
    pub owner: Option<CrmId>,
    /// Which CRM.
    pub source: String,
    /// The CRM cannot say, and never will: the class of its failure.
    pub why_unknown: Option<String>,
    pub seen_at: DateTime<Utc>,
}

impl Tx {
    /// Takes or keeps the right to ask the CRM until then. `false`: another worker has it.
    pub async fn other_choices_take(
        &mut self,
        worker: &str,
        lease: TimeDelta,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        self.right_take(ASKS, worker, now + lease, now).await
    }

    /// Leads that were decided in shadow from `from` to `until`, and of which the CRM has not been asked, the oldest first.
    pub async fn other_choices_unasked(
        &mut self,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
        limit: usize,
    ) -> Result<Vec<(Lead, DateTime<Utc>)>, StoreError> {
        let sql = "-- other_choice::unasked\nSELECT l.decided_at, COALESCE(l.completed, l.body) AS body FROM lead l \
                   WHERE l.status = 'shadow' AND l.decided_at >= $1 AND l.decided_at <= $2 AND l.erased_at IS NULL \
                   AND NOT EXISTS (SELECT 1 FROM other_choice o WHERE o.lead_id = l.id) ORDER BY l.decided_at LIMIT $3";
        let query = sqlx::query(sql).bind(micros(from)).bind(micros(until)).bind(limit as i64);
        let rows = query.fetch_all(self.conn()).await?;
        rows.iter()
            .map(|row| Reading::new("lead", row))
            .map(|row| Ok((row.json("body")?, row.at("decided_at")?)))
            .collect()
    }

    /// The first word counts: what the CRM says later may follow from anything.
    pub async fn other_choice_insert(&mut self, lead: &LeadId, choice: &OtherChoice) -> Result<(), StoreError> {
        let sql = "-- other_choice::insert\nINSERT INTO other_choice (lead_id, owner, source, why, seen_at) \
                   VALUES ($1, $2, $3, $4, $5) ON CONFLICT (lead_id) DO NOTHING";
        let query = sqlx::query(sql).bind(lead.as_str()).bind(choice.owner.as_ref().map(CrmId::as_str));
        let query = query.bind(&choice.source).bind(choice.why_unknown.as_deref()).bind(micros(choice.seen_at));
        query.execute(self.conn()).await?;
        Ok(())
    }

    /// Of leads decided from `from` up to, not including, `until`.
    pub async fn other_choices(
        &mut self,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<BTreeMap<LeadId, OtherChoice>, StoreError> {
        let columns = "lead_id, x.owner, x.source, x.why, x.seen_at";
        let period = (micros(from), micros(until));
        let mut found = BTreeMap::new();
        for row in &self.report_part("other_choice", columns, "seen_at", period).await? {
            let row = Reading::new("other_choice", row);
            let choice = OtherChoice {
                owner: row.maybe_text("owner")?.map(CrmId::from),
                source: row.text("source")?,
                why_unknown: row.maybe_text("why")?,
                seen_at: row.at("seen_at")?,
            };
            found.insert(row.id("lead_id")?, choice);
        }
        Ok(found)
    }
}
