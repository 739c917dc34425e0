//! Which lead a call, or a caller's number, belongs to.

use crate::store::sql::dialect::Column::{self, Text};
use crate::store::sql::dialect::names;
use crate::store::sql::row::{Reading, document, micros, rows_json, texts_json};
use crate::store::{StoreError, Tx};
use baton_core::domain::id::LeadId;
use baton_core::domain::lead::{FRONT_DOOR, Lead};
use baton_core::domain::phone::PhoneE164;
use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;
use std::collections::{BTreeMap, BTreeSet};

/// A number of a switchboard may have brought any number of leads: this many of the last ones are looked at.
const LEADS_OF_A_NUMBER: i64 = 200;

/// Of a call's key.
pub(in crate::store) const COLUMNS: [Column; 2] = [Text("key"), Text("lead_id")];

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
        let sql = AssertSqlSafe(self.calls_locking());
        let held = sqlx::query(sql).bind(rows(keys)?).fetch_all(self.conn()).await?;
        held.iter().map(holder).collect()
    }

    pub(in crate::store) fn calls_locking(&self) -> String {
        let tail = format!("ON CONFLICT (key) DO UPDATE SET key = excluded.key RETURNING {}", names(&COLUMNS));
        self.engine.insert_text("call::lock", "call_key", &COLUMNS, &tail)
    }

    /// Whose these keys are at this moment; new ones are left out.
    pub async fn calls_read(&mut self, keys: &[String]) -> Result<BTreeMap<String, LeadId>, StoreError> {
        let (names, texts) = (names(&COLUMNS), self.engine.texts());
        let sql = format!("-- call::read\nSELECT {names} FROM call_key WHERE key IN {texts}");
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
            self.engine.rows(&COLUMNS)
        );
        sqlx::query(AssertSqlSafe(sql)).bind(rows(keys)?).execute(self.conn()).await?;
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

    /// Whether something is to come of a lead of the front door with this number that was decided since then, on another leg.
    pub async fn is_expected(
        &mut self,
        phone: &PhoneE164,
        leg: &str,
        since: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let sql = "-- call::is_expected\nSELECT id FROM lead WHERE phone = $1 AND decided_at >= $2 AND source = $3 AND \
                   call_leg <> $4 AND status IN ('handoff', 'callback', 'mail', 'needs_attention') LIMIT 1";
        let query = sqlx::query(sql).bind(phone.as_str()).bind(micros(since)).bind(FRONT_DOOR).bind(leg);
        Ok(query.fetch_optional(self.conn()).await?.is_some())
    }

    /// Leads that were decided since then and may be of the same call as one of these: with its number, and with its leg, or
    /// with neither another leg nor another id of a call. For each lead the last ones.
    pub async fn leads_by_phone(&mut self, leads: &[&Lead], since: DateTime<Utc>) -> Result<Vec<Lead>, StoreError> {
        // A subquery for each row: a join would read the whole table while that is small.
        let sql = format!(
            "-- lead::by_phone\nSELECT (SELECT string_agg(id, ' ') FROM (SELECT id FROM lead \
             WHERE phone = r.phone AND decided_at >= $2 AND (call_leg = r.call_leg OR (call_leg IS NULL OR r.call_leg IS NULL) \
             AND (COALESCE(call_id, '') = '' OR COALESCE(r.call_id, '') = '')) ORDER BY decided_at DESC LIMIT $3) AS last) \
             AS ids FROM {}",
            self.engine.rows(&[Text("phone"), Text("call_id"), Text("call_leg")])
        );
        let rows = leads.iter().map(|lead| {
            let call = lead.call.as_ref();
            let (id, leg) = (call.map(|call| &call.id), call.and_then(|call| call.leg.as_ref()));
            json!({ "phone": lead.reach_phone(), "call_id": id, "call_leg": leg })
        });
        let query = sqlx::query(AssertSqlSafe(sql)).bind(rows_json(rows)?).bind(micros(since));
        let rows = query.bind(LEADS_OF_A_NUMBER).fetch_all(self.conn()).await?;
        let mut ids = BTreeSet::new();
        for row in &rows {
            let found = Reading::new("lead", row).maybe_text("ids")?.unwrap_or_default();
            ids.extend(found.split_whitespace().map(str::to_owned));
        }
        if ids.is_empty() { Ok(Vec::new()) } else { self.leads_by_id(&Vec::from_iter(ids)).await }
    }

    /// Stores what later events added to a lead, whose handoff the caller holds; what was decided on stays beside it.
    ///
    /// # Errors
    /// `NotFound` if there is no such lead.
    pub async fn lead_complete(&mut self, lead: &Lead, completeness_permille: u16) -> Result<(), StoreError> {
        let sql = "-- lead::complete\nUPDATE lead SET completed = $2, completeness_permille = $3, phone = COALESCE(phone, $4), email = COALESCE(email, $7), name = COALESCE(name, $9), \
                   call_platform = COALESCE(call_platform, $5), call_id = COALESCE(call_id, $6), call_leg = COALESCE(call_leg, $8) \
                   WHERE id = $1";
        let query =
            sqlx::query(sql).bind(lead.id.as_str()).bind(document(lead)?).bind(i64::from(completeness_permille));
        let query = query.bind(lead.reach_phone().map(PhoneE164::as_str));
        let call = lead.call.as_ref();
        let query = query.bind(call.map(|call| call.platform.as_str())).bind(call.map(|call| call.id.as_str()));
        let query = query.bind(lead.contact.email.as_ref().map(|email| email.value.as_str()));
        let query = query.bind(call.and_then(|call| call.leg.as_ref()).map(|leg| leg.as_str()));
        let query = query.bind(lead.contact.name.as_ref().map(|name| name.value.as_str()));
        match query.execute(self.conn()).await?.rows_affected() {
            1 => Ok(()),
            _ => Err(StoreError::NotFound { what: "lead", id: lead.id.to_string() }),
        }
    }
}

/// In the order of the map, as everywhere: two workers that were sent the same calls do not wait for each other crosswise.
pub(in crate::store) fn rows(keys: &BTreeMap<String, LeadId>) -> Result<String, StoreError> {
    rows_json(keys.iter().map(|(key, lead)| json!({ "key": key, "lead_id": lead })))
}

pub(in crate::store) fn holder(row: &AnyRow) -> Result<(String, LeadId), StoreError> {
    let row = Reading::new("call_key", row);
    Ok((row.text("key")?, row.id("lead_id")?))
}

fn body(row: &AnyRow) -> Result<Lead, StoreError> {
    Reading::new("lead", row).json("body")
}
