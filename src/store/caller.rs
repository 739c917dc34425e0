//! Callers as we met them: who has the last lead of a phone number or an e-mail address, with a CRM or without one.

use super::dialect::Column::{Int, Text};
use super::row::{Reading, micros, rows_json, texts_json};
use super::{StoreError, Tx};
use crate::domain::account::{PersonKind, PersonRecord};
use crate::domain::id::{LeadId, RepId};
use crate::domain::lead::Lead;
use serde_json::json;
use sqlx::AssertSqlSafe;
use std::collections::BTreeMap;

/// Somebody we met, as a CRM would tell it.
#[derive(Debug, Clone, PartialEq)]
pub struct Met {
    pub person: PersonRecord,
    /// As the caller gave it.
    pub name: Option<String>,
}

/// What a person can be found by: one row each.
pub fn caller_keys(lead: &Lead) -> Vec<String> {
    let phone = lead.reach_phone().map(|phone| format!("phone:{}", phone.as_str()));
    let email = lead.contact.email.as_ref().map(|email| format!("email:{}", email.value));
    phone.into_iter().chain(email).collect()
}

impl Tx {
    /// The last lead of each key. In the order of the keys, so that two workers never wait for each other.
    pub(super) async fn callers_put<'l>(
        &mut self,
        leads: impl Iterator<Item = (&'l Lead, chrono::DateTime<chrono::Utc>)>,
    ) -> Result<(), StoreError> {
        let mut last = BTreeMap::new();
        for (lead, decided_at) in leads {
            last.extend(caller_keys(lead).into_iter().map(|key| (key, (&lead.id, decided_at))));
        }
        if last.is_empty() {
            return Ok(());
        }
        let row = |(key, (lead, at)): (String, (&LeadId, _))| json!({ "key": key, "lead_id": lead, "decided_at": micros(at) });
        let rows: Vec<_> = last.into_iter().map(row).collect();
        let columns = [Text("key"), Text("lead_id"), Int("decided_at")];
        let tail = "ON CONFLICT (key) DO UPDATE SET lead_id = excluded.lead_id, decided_at = excluded.decided_at";
        let sql = self.engine.insert_all("caller::put", "caller", &columns, tail);
        sqlx::query(sql).bind(rows_json(rows)?).execute(self.conn()).await?;
        Ok(())
    }

    /// Who was met under these keys. A lead that still waits for somebody has no owner yet.
    pub async fn callers_find(&mut self, keys: &[String]) -> Result<BTreeMap<String, Met>, StoreError> {
        let sql = format!(
            "-- caller::find\nSELECT c.key, c.lead_id, c.decided_at, l.owner, l.body FROM caller c \
             JOIN lead l ON l.id = c.lead_id JOIN handoff h ON h.lead_id = c.lead_id \
             WHERE h.waits_since IS NULL AND c.key IN {}",
            self.engine.texts()
        );
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(texts_json(keys)).fetch_all(self.conn()).await?;
        let read = |row| {
            let row = Reading::new("caller", row);
            let (lead, owner): (Lead, RepId) = (row.json("body")?, row.id("owner")?);
            let person = PersonRecord {
                kind: PersonKind::Lead,
                crm_id: lead.id.as_str().into(),
                company_crm_id: None,
                email: lead.contact.email.as_ref().map(|email| email.value.clone()),
                phones: lead.reach_phone().cloned().into_iter().collect(),
                owner_crm_id: None,
                owner: Some(owner),
                active_at: Some(row.at("decided_at")?),
            };
            let name = lead.contact.name.map(|name| name.value);
            Ok((row.text("key")?, Met { person, name }))
        };
        rows.iter().map(read).collect()
    }
}
