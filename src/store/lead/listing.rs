//! Lists of leads: the newest first, page by page, and those that somebody asks for.

use super::{NEEDS_ATTENTION, NEXT_STEP, kind_name, next_step};
use crate::store::sql::row::{Reading, micros};
use crate::store::{StoreError, Tx};
use baton_core::domain::id::{LeadId, RepId};
use baton_core::domain::outcome::{NextStep, NextStepKind};
use chrono::{DateTime, Utc};
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;

/// One line of a list of leads.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct LeadSummary {
    pub lead: LeadId,
    /// Of the person, as first told: for people alone.
    #[serde(skip)]
    pub name: Option<String>,
    pub owner: RepId,
    pub status: String,
    pub next_step: NextStep,
    pub decided_at: DateTime<Utc>,
    pub reason: String,
    /// When the person was erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub erased_at: Option<DateTime<Utc>>,
}

/// Which leads are meant; what is `None` is not asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeadQuery {
    /// The platform's id of the call that brought the lead, or the caller's call.
    pub call: Option<String>,
    pub platform: Option<String>,
    /// E.164.
    pub phone: Option<String>,
    /// In lower case.
    pub email: Option<String>,
    /// The rep who has it now.
    pub owner: Option<RepId>,
    /// As in [`crate::store::handoff_status`].
    pub status: Option<String>,
    /// Of those that need attention, the ones that nobody has closed.
    pub next_step: Option<NextStepKind>,
    pub source: Option<String>,
    /// The event that brought it.
    pub event: Option<String>,
    /// The last one of the page before.
    pub after: Option<(DateTime<Utc>, LeadId)>,
}

/// How much needs a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct AttentionCounts {
    pub leads: u64,
    pub failed_steps: u64,
    pub quarantined: u64,
    /// Webhooks that are disabled.
    pub webhooks: u64,
}

impl Tx {
    pub async fn attention_counts(&mut self) -> Result<AttentionCounts, StoreError> {
        let sql = format!(
            "-- listing::attention_counts\nSELECT 'all' AS key, \
             (SELECT COUNT(*) FROM lead WHERE {NEEDS_ATTENTION}) AS leads, \
             (SELECT COUNT(*) FROM step WHERE state = 'failed') AS failed_steps, \
             (SELECT COUNT(*) FROM inbox WHERE state = 'quarantined') AS quarantined, \
             (SELECT COUNT(*) FROM webhook WHERE disabled_at IS NOT NULL) AS webhooks"
        );
        let row = sqlx::query(AssertSqlSafe(sql)).fetch_one(self.conn()).await?;
        let row = Reading::new("attention", &row);
        Ok(AttentionCounts {
            leads: row.number("leads")?,
            failed_steps: row.number("failed_steps")?,
            quarantined: row.number("quarantined")?,
            webhooks: row.number("webhooks")?,
        })
    }

    /// Takes a lead off the list of those that need a person. `false`: it is not on it.
    pub async fn attention_close(&mut self, lead: &LeadId, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let sql = format!(
            "-- listing::attention_close\nUPDATE lead SET attention_closed_at = $2 WHERE id = $1 AND {NEEDS_ATTENTION}"
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(lead.as_str()).bind(micros(now));
        Ok(query.execute(self.conn()).await?.rows_affected() == 1)
    }

    /// The newest leads; with `next`, only those whose next step is of this kind.
    pub async fn leads_list(
        &mut self,
        next: Option<NextStepKind>,
        limit: usize,
    ) -> Result<Vec<LeadSummary>, StoreError> {
        self.leads_find(&LeadQuery { next_step: next, ..LeadQuery::default() }, limit).await
    }

    /// At most so many of those that are asked for, the newest first.
    pub async fn leads_find(&mut self, query: &LeadQuery, limit: usize) -> Result<Vec<LeadSummary>, StoreError> {
        let asked = [
            ("l.call_id", query.call.as_deref()),
            ("l.call_platform", query.platform.as_deref()),
            ("l.phone", query.phone.as_deref()),
            ("l.email", query.email.as_deref()),
            ("l.owner", query.owner.as_ref().map(RepId::as_str)),
            ("l.status", query.status.as_deref()),
            ("l.next_step", query.next_step.map(kind_name)),
            ("l.source", query.source.as_deref()),
            ("l.event_id", query.event.as_deref()),
        ];
        let mut sql = format!(
            "-- lead::find\nSELECT l.id, l.name, l.owner, l.status, {NEXT_STEP}, l.decided_at, d.reason, l.erased_at \
             FROM lead l JOIN decision d ON d.lead_id = l.id \
             WHERE (l.decided_at < $1 OR (l.decided_at = $1 AND l.id > $2))",
        );
        let mut bound = Vec::new();
        for (column, value) in asked {
            if let Some(value) = value {
                bound.push(value);
                sql.push_str(&format!(" AND {column} = ${}", bound.len() + 3));
            }
        }
        if query.next_step == Some(NextStepKind::NeedsAttention) {
            sql.push_str(&format!(" AND {NEEDS_ATTENTION}"));
        }
        sql.push_str(" ORDER BY l.decided_at DESC, l.id LIMIT $3");
        let (at, id) = query.after.as_ref().map_or((i64::MAX, ""), |(at, id)| (micros(*at), id.as_str()));
        let mut statement = sqlx::query(AssertSqlSafe(sql)).bind(at).bind(id).bind(limit as i64);
        for value in bound {
            statement = statement.bind(value.to_owned());
        }
        statement.fetch_all(self.conn()).await?.iter().map(read_summary).collect()
    }
}

fn read_summary(row: &AnyRow) -> Result<LeadSummary, StoreError> {
    let row = Reading::new("lead", row);
    Ok(LeadSummary {
        lead: row.id("id")?,
        name: row.maybe_text("name")?,
        owner: row.id("owner")?,
        status: row.text("status")?,
        next_step: next_step(&row)?,
        decided_at: row.at("decided_at")?,
        reason: row.text("reason")?,
        erased_at: row.maybe_at("erased_at")?,
    })
}
