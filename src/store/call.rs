//! Which lead a call, or a caller's number, belongs to.

use super::dialect::Column::Text;
use super::row::{Reading, document, micros, rows_json, texts_json};
use super::{StoreError, Tx};
use crate::domain::id::LeadId;
use crate::domain::lead::Lead;
use crate::domain::phone::PhoneE164;
use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;
use std::collections::BTreeMap;

/// A number of a switchboard may have brought any number of leads: this many of the last ones are looked at.
const LEADS_OF_A_NUMBER: i64 = 200;

impl Tx {
    /// Holds these keys until the transaction ends, and returns whose each is: the lead it was decided as, or, if it is new, the
    /// one that is given here.
    pub async fn calls_lock(
        &mut self,
        keys: &BTreeMap<String, LeadId>,
    ) -> Result<BTreeMap<String, LeadId>, StoreError> {
        if keys.is_empty() {
            return Ok(BTreeMap::new());
        }
        // In the order of the map, as everywhere: two workers that were sent the same calls do not wait for each other crosswise.
        let tail = "ON CONFLICT (key) DO UPDATE SET key = excluded.key RETURNING key, lead_id";
        let sql = self.engine.insert_all("call::lock", "call_key", &[Text("key"), Text("lead_id")], tail);
        let rows = keys.iter().map(|(key, lead)| json!({ "key": key, "lead_id": lead }));
        let held = sqlx::query(sql).bind(rows_json(rows)?).fetch_all(self.conn()).await?;
        held.iter().map(holder).collect()
    }

    /// Whose these keys are at this moment; new ones are left out.
    pub async fn calls_read(&mut self, keys: &[String]) -> Result<BTreeMap<String, LeadId>, StoreError> {
        let sql = format!("-- call::read\nSELECT key, lead_id FROM call_key WHERE key IN {}", self.engine.texts());
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(texts_json(keys)).fetch_all(self.conn()).await?;
        rows.iter().map(holder).collect()
    }

    /// Gives keys that are held to leads.
    pub async fn calls_give(&mut self, keys: &BTreeMap<String, LeadId>) -> Result<(), StoreError> {
        if keys.is_empty() {
            return Ok(());
        }
        let sql = format!(
            "-- call::give\nUPDATE call_key SET lead_id = r.lead_id FROM {} WHERE call_key.key = r.key",
            self.engine.rows(&[Text("key"), Text("lead_id")])
        );
        let rows = keys.iter().map(|(key, lead)| json!({ "key": key, "lead_id": lead }));
        sqlx::query(AssertSqlSafe(sql)).bind(rows_json(rows)?).execute(self.conn()).await?;
        Ok(())
    }

    /// Leads by id; those that are not kept are left out.
    pub async fn leads_by_id(&mut self, leads: &[String]) -> Result<Vec<Lead>, StoreError> {
        let sql = format!(
            "-- lead::by_ids\nSELECT id, COALESCE(completed, body) AS body FROM lead WHERE id IN {}",
            self.engine.texts()
        );
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(texts_json(leads)).fetch_all(self.conn()).await?;
        rows.iter().map(body).collect()
    }

    /// Leads of these numbers that were decided since then, the last ones first.
    pub async fn leads_by_phone(&mut self, phones: &[String], since: DateTime<Utc>) -> Result<Vec<Lead>, StoreError> {
        let sql = format!(
            "-- lead::by_phone\nSELECT id, COALESCE(completed, body) AS body FROM lead WHERE phone IN {} AND decided_at >= $2 \
             ORDER BY decided_at DESC LIMIT $3",
            self.engine.texts()
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(texts_json(phones)).bind(micros(since));
        query.bind(LEADS_OF_A_NUMBER).fetch_all(self.conn()).await?.iter().map(body).collect()
    }

    /// Stores what later events added to a lead, whose handoff the caller holds; what was decided on stays beside it.
    ///
    /// # Errors
    /// `NotFound` if there is no such lead.
    pub async fn lead_complete(&mut self, lead: &Lead, completeness_permille: u16) -> Result<(), StoreError> {
        let sql = "-- lead::complete\nUPDATE lead SET completed = $2, completeness_permille = $3, phone = COALESCE(phone, $4), email = COALESCE(email, $7), \
                   call_platform = COALESCE(call_platform, $5), call_id = COALESCE(call_id, $6) WHERE id = $1";
        let query =
            sqlx::query(sql).bind(lead.id.as_str()).bind(document(lead)?).bind(i64::from(completeness_permille));
        let query = query.bind(lead.reach_phone().map(PhoneE164::as_str));
        let call = lead.call.as_ref();
        let query = query.bind(call.map(|call| call.platform.as_str())).bind(call.map(|call| call.id.as_str()));
        let query = query.bind(lead.contact.email.as_ref().map(|email| email.value.as_str()));
        match query.execute(self.conn()).await?.rows_affected() {
            1 => Ok(()),
            _ => Err(StoreError::NotFound { what: "lead", id: lead.id.to_string() }),
        }
    }
}

fn holder(row: &AnyRow) -> Result<(String, LeadId), StoreError> {
    let row = Reading::new("call_key", row);
    Ok((row.text("key")?, row.id("lead_id")?))
}

fn body(row: &AnyRow) -> Result<Lead, StoreError> {
    Reading::new("lead", row).json("body")
}
