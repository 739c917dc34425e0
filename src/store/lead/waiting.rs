//! Leads that wait in a pool until somebody can take them.

use super::{CRM, NEEDS_ATTENTION, crm_ref};
use crate::connectors::CrmRef;
use crate::store::sql::row::{Reading, micros, texts_json};
use crate::store::{StoreError, Tx};
use baton_core::domain::account::Candidates;
use baton_core::domain::crm_id::CrmId;
use baton_core::domain::id::{HandoffId, LeadId, PoolId, RepId};
use baton_core::domain::known::Fact;
use baton_core::domain::lead::Lead;
use baton_core::routing::Snapshot;
use chrono::{DateTime, Utc};
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;
use std::collections::BTreeMap;

/// A lead with what was known of it when it was decided; whoever can take it may have changed since.
#[derive(Debug, Clone)]
pub struct WaitingLead {
    pub handoff: HandoffId,
    pub since: DateTime<Utc>,
    pub lead: Lead,
    pub account: Fact<Candidates>,
    pub assigned: Option<Fact<Option<CrmId>>>,
    /// Its record in the CRM, with the owner as Baton wrote it.
    pub crm: Option<CrmRef>,
    /// Who had it and let it lie: it is not given to them again.
    pub let_lie: Vec<RepId>,
}

/// What of a handoff is looked at here.
#[derive(serde::Deserialize)]
struct Lay {
    #[serde(default)]
    let_lie: Vec<RepId>,
}

/// One line of a pool's queue.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Waits {
    pub lead: LeadId,
    pub since: DateTime<Utc>,
    /// Answers for it meanwhile.
    pub owner: RepId,
    /// When the owner is to have done something about it.
    pub next_at: DateTime<Utc>,
}

/// What a rep has to do for callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owed {
    /// Calls or mails promised, or leads that need attention.
    pub calls: u32,
    /// To come.
    pub meetings: u32,
}

/// Of a lead that somebody owes something; `now` is the parameter that says when.
pub(super) fn owed(now: &str) -> String {
    format!("(next_step IN ('callback', 'mail') OR (next_step = 'meeting' AND next_at > {now}) OR {NEEDS_ATTENTION})")
}

/// The last column of a lead that is to be given, and the tables that all of them are in.
const KNOWN: &str = "h.body AS handoff, d.snapshot FROM handoff h JOIN lead l ON l.id = h.lead_id JOIN decision d ON d.lead_id = h.lead_id";

impl Tx {
    /// Waiting leads of all pools, the oldest first, after this one.
    pub async fn leads_waiting(
        &mut self,
        after: Option<(DateTime<Utc>, &HandoffId)>,
        limit: usize,
    ) -> Result<Vec<WaitingLead>, StoreError> {
        let sql = format!(
            "-- waiting::page\nSELECT h.id, h.waits_since, COALESCE(l.completed, l.body) AS lead, {CRM}, {KNOWN} \
             WHERE h.waits_since IS NOT NULL AND (h.waits_since > $1 OR (h.waits_since = $1 AND h.id > $2)) \
             ORDER BY h.waits_since, h.id LIMIT $3"
        );
        let (since, id) = after.map_or((i64::MIN, ""), |(since, id)| (micros(since), id.as_str()));
        let query = sqlx::query(AssertSqlSafe(sql)).bind(since).bind(id).bind(limit as i64);
        let rows = query.fetch_all(self.conn()).await?;
        rows.iter().map(read).collect()
    }

    /// One lead, as [`Tx::leads_waiting`] shows it, whether it waits or not; one whose decision is no longer kept is left alone.
    pub async fn lead_to_give(&mut self, lead: &LeadId) -> Result<Option<WaitingLead>, StoreError> {
        let sql = format!(
            "-- waiting::one\nSELECT h.id, l.decided_at AS waits_since, COALESCE(l.completed, l.body) AS lead, {CRM}, {KNOWN} \
             WHERE h.lead_id = $1 AND octet_length(d.snapshot) > 0"
        );
        let row = sqlx::query(AssertSqlSafe(sql)).bind(lead.as_str()).fetch_optional(self.conn()).await?;
        row.as_ref().map(read).transpose()
    }

    /// Leads with an open promise, a meeting to come, or in need of attention, whose next step is up to one of these reps; the
    /// most urgent first.
    pub async fn leads_owed_by(
        &mut self,
        reps: &[RepId],
        now: DateTime<Utc>,
        limit: usize,
    ) -> Result<Vec<(LeadId, RepId)>, StoreError> {
        let sql = format!(
            "-- waiting::owed\nSELECT id, next_owner FROM lead WHERE next_owner IN {} AND {} \
             ORDER BY next_at, id LIMIT $3",
            self.engine.texts(),
            owed("$2")
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(texts_json(reps)).bind(micros(now)).bind(limit as i64);
        let rows = query.fetch_all(self.conn()).await?;
        let one = |row: &AnyRow| {
            let row = Reading::new("lead", row);
            Ok((row.id("id")?, row.id("next_owner")?))
        };
        rows.iter().map(one).collect()
    }

    /// Everybody whose turn it is to do the next step of a lead that was promised a call, has a meeting to come, or needs
    /// attention.
    pub async fn owing(&mut self, now: DateTime<Utc>) -> Result<BTreeMap<RepId, Owed>, StoreError> {
        let sql = format!(
            "-- waiting::owing\nSELECT next_owner, COUNT(*) AS leads, COUNT(CASE next_step WHEN 'meeting' THEN 1 END) AS meetings \
             FROM lead WHERE {} GROUP BY next_owner ORDER BY next_owner",
            owed("$1")
        );
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(micros(now)).fetch_all(self.conn()).await?;
        let one = |row: &AnyRow| {
            let row = Reading::new("lead", row);
            let (leads, meetings) = (row.number::<u32>("leads")?, row.number("meetings")?);
            Ok((row.id("next_owner")?, Owed { calls: leads - meetings, meetings }))
        };
        rows.iter().map(one).collect()
    }

    /// Who waits in a pool, the oldest first.
    pub async fn pool_queue(&mut self, pool: &PoolId) -> Result<Vec<Waits>, StoreError> {
        let sql = "-- waiting::of_pool\nSELECT h.lead_id, h.waits_since, l.next_owner, l.next_at FROM handoff h \
                   JOIN lead l ON l.id = h.lead_id WHERE h.waits_since IS NOT NULL AND h.waits_in = $1 \
                   ORDER BY h.waits_since, h.id";
        let rows = sqlx::query(sql).bind(pool.as_str()).fetch_all(self.conn()).await?;
        let line = |row: &AnyRow| {
            let row = Reading::new("handoff", row);
            let (lead, since) = (row.id("lead_id")?, row.at("waits_since")?);
            Ok(Waits { lead, since, owner: row.id("next_owner")?, next_at: row.at("next_at")? })
        };
        rows.iter().map(line).collect()
    }
}

fn read(row: &AnyRow) -> Result<WaitingLead, StoreError> {
    let row = Reading::new("handoff", row);
    let Snapshot { account, assigned, .. } = row.json("snapshot")?;
    let Lay { let_lie } = row.json("handoff")?;
    Ok(WaitingLead {
        handoff: row.id("id")?,
        since: row.at("waits_since")?,
        lead: row.json("lead")?,
        account,
        assigned,
        crm: crm_ref(&row)?,
        let_lie,
    })
}
