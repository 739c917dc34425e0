//! What a CRM tells of leads later, beside what people tell: how far it was read, whose records they are, and what came of them.
//!
//! Which record told of something is kept as a digest: so it is told once, a record that changes takes back what it said, and what
//! a person said stays as they said it.

use super::{HumanContact, outcome_kind};
use crate::store::sql::row::{Reading, digest_of, micros, texts_json};
use crate::store::{StoreError, Tx};
use baton_core::domain::crm_id::CrmId;
use baton_core::domain::id::{LeadId, RepId};
use baton_core::domain::outcome::OutcomeKind;
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::AssertSqlSafe;
use std::collections::BTreeMap;

/// There is one right to read it.
const READS: &str = "crm_read";

/// A lead that is in the CRM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeadInCrm {
    pub lead: LeadId,
    /// The CRM's id of it.
    pub record: String,
    pub decided_at: DateTime<Utc>,
    pub owner: RepId,
    /// Whom the CRM named when it was last written or read.
    pub crm_owner: Option<CrmId>,
}

/// Who told what became of a lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutcomeBy {
    Person,
    /// The record of the CRM that was asked about.
    Record,
    OtherRecord,
}

impl Tx {
    /// Takes or keeps the right to read the CRM until then. `false`: another worker has it.
    pub async fn crm_read_take(
        &mut self,
        worker: &str,
        lease: TimeDelta,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        self.right_take(READS, worker, now + lease, now).await
    }

    /// Up to when this CRM was read; `None`: it never was.
    pub async fn crm_read_until(&mut self, vendor: &str) -> Result<Option<DateTime<Utc>>, StoreError> {
        let sql = "-- crm_read::until\nSELECT vendor, read_until FROM crm_read WHERE vendor = $1";
        let row = sqlx::query(sql).bind(vendor).fetch_optional(self.conn()).await?;
        row.map(|row| Reading::new("crm_read", &row).at("read_until")).transpose()
    }

    pub async fn crm_read_set(&mut self, vendor: &str, until: DateTime<Utc>) -> Result<(), StoreError> {
        let sql = "-- crm_read::set\nINSERT INTO crm_read (vendor, read_until) VALUES ($1, $2) ON CONFLICT (vendor) \
                   DO UPDATE SET read_until = excluded.read_until WHERE crm_read.read_until < excluded.read_until";
        sqlx::query(sql).bind(vendor).bind(micros(until)).execute(self.conn()).await?;
        Ok(())
    }

    /// Leads that are these records of the CRM, the oldest first.
    pub async fn leads_in_crm(&mut self, records: &[String]) -> Result<Vec<LeadInCrm>, StoreError> {
        let sql = format!(
            "-- lead::in_crm\nSELECT id, crm_id, decided_at, owner, crm_owner FROM lead WHERE crm_id IN {} \
             AND crm_id IS NOT NULL AND erased_at IS NULL ORDER BY decided_at, id",
            self.engine.texts()
        );
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(texts_json(records)).fetch_all(self.conn()).await?;
        let read = |row| {
            let row = Reading::new("lead", row);
            Ok(LeadInCrm {
                lead: row.id("id")?,
                record: row.text("crm_id")?,
                decided_at: row.at("decided_at")?,
                owner: row.id("owner")?,
                crm_owner: row.maybe_text("crm_owner")?.map(CrmId::from),
            })
        };
        rows.iter().map(read).collect()
    }

    /// `false`: the activity was told before, or somebody told of the same.
    pub async fn crm_contact_insert(
        &mut self,
        lead: &LeadId,
        contact: &HumanContact,
        activity: &str,
    ) -> Result<bool, StoreError> {
        let record = digest_of(activity);
        let sql = "-- contact::told_by\nSELECT lead_id FROM contact WHERE lead_id = $1 AND record = $2";
        if sqlx::query(sql).bind(lead.as_str()).bind(&record).fetch_optional(self.conn()).await?.is_some() {
            return Ok(false);
        }
        let sql = "-- contact::from_crm\nINSERT INTO contact (lead_id, rep, at, via, record) VALUES ($1, $2, $3, $4, $5) \
                   ON CONFLICT (lead_id, rep, at) DO NOTHING";
        let query = sqlx::query(sql).bind(lead.as_str()).bind(contact.rep.as_str()).bind(micros(contact.at));
        let query = query.bind(&contact.via).bind(&record);
        Ok(query.execute(self.conn()).await?.rows_affected() == 1)
    }

    /// What became of a lead so far, and who told so.
    pub async fn outcomes_told(
        &mut self,
        lead: &LeadId,
        record: &str,
    ) -> Result<BTreeMap<OutcomeKind, OutcomeBy>, StoreError> {
        let sql = "-- outcome::told\nSELECT lead_id, kind, record FROM outcome WHERE lead_id = $1";
        let rows = sqlx::query(sql).bind(lead.as_str()).fetch_all(self.conn()).await?;
        let asked = digest_of(record);
        let read = |row| {
            let row = Reading::new("outcome", row);
            let by = match row.maybe_text("record")? {
                None => OutcomeBy::Person,
                Some(record) if record == asked => OutcomeBy::Record,
                Some(_) => OutcomeBy::OtherRecord,
            };
            Ok((outcome_kind(&row)?, by))
        };
        rows.iter().map(read).collect()
    }

    /// The amount that a person told stays, and so does that of another record.
    pub async fn crm_outcome_insert(
        &mut self,
        lead: &LeadId,
        kind: OutcomeKind,
        (at, amount): (DateTime<Utc>, Option<f64>),
        record: &str,
    ) -> Result<(), StoreError> {
        let sql = "-- outcome::from_crm\nINSERT INTO outcome (lead_id, kind, at, amount, record) \
                   VALUES ($1, $2, $3, CAST($4 AS DOUBLE PRECISION), $5) ON CONFLICT (lead_id, kind) DO UPDATE \
                   SET amount = COALESCE(excluded.amount, outcome.amount) \
                   WHERE outcome.record = excluded.record OR outcome.amount IS NULL";
        let query = sqlx::query(sql).bind(lead.as_str()).bind(kind.as_str()).bind(micros(at));
        let query = query.bind(amount.map(|amount| amount.to_string())).bind(digest_of(record));
        query.execute(self.conn()).await?;
        Ok(())
    }

    /// What the record said is not so any more; nobody else's word is touched.
    pub async fn crm_outcome_take_back(
        &mut self,
        lead: &LeadId,
        kind: OutcomeKind,
        record: &str,
    ) -> Result<(), StoreError> {
        let sql = "-- outcome::take_back\nDELETE FROM outcome WHERE lead_id = $1 AND kind = $2 AND record = $3";
        let query = sqlx::query(sql).bind(lead.as_str()).bind(kind.as_str()).bind(digest_of(record));
        query.execute(self.conn()).await?;
        Ok(())
    }
}
