//! Callers as we met them: who has the last lead of a phone number or an e-mail address, with a CRM or without one.

use crate::store::sql::dialect::Column::Text;
use crate::store::sql::row::{Reading, rows_json};
use crate::store::{StoreError, Tx};
use baton_core::domain::account::{PersonKind, PersonRecord};
use baton_core::domain::id::LeadId;
use baton_core::domain::lead::Lead;
use baton_core::domain::phone::PhoneE164;
use serde_json::json;
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;
use std::collections::{BTreeMap, BTreeSet};

/// Somebody we met, as a CRM would tell it.
#[derive(Debug, Clone, PartialEq)]
pub struct Met {
    pub person: PersonRecord,
    /// As the caller gave it.
    pub name: Option<String>,
}

/// What a person can be found by: `phone:+14155550142`, `email:ada@acme.example`.
pub fn caller_keys(lead: &Lead) -> Vec<String> {
    let phone = lead.reach_phone().map(|phone| format!("{PHONE}{}", phone.as_str()));
    let email = lead.contact.email.as_ref().map(|email| format!("{EMAIL}{}", email.value));
    phone.into_iter().chain(email).collect()
}

const PHONE: &str = "phone:";
const EMAIL: &str = "email:";

impl Tx {
    /// Who was met last under each of these keys. A lead that still waits for somebody has no owner yet.
    pub async fn callers_find(&mut self, keys: &[String]) -> Result<BTreeMap<String, Met>, StoreError> {
        let last = self.last_leads(keys).await?;
        let leads: BTreeSet<&LeadId> = last.values().collect();
        let mut met = BTreeMap::new();
        if !leads.is_empty() {
            // A subquery for each column: a join would read the whole table while that is small.
            let of_lead = |column| format!("(SELECT {column} FROM lead WHERE id = r.id) AS {column}");
            let columns = ["owner", "decided_at", "phone", "email", "name"].map(of_lead).join(", ");
            let sql = format!(
                "-- caller::find\nSELECT r.id AS id, {columns} FROM {} \
                 WHERE (SELECT COUNT(*) FROM handoff WHERE lead_id = r.id AND waits_since IS NULL) > 0",
                self.engine.rows(&[Text("id")])
            );
            let rows = rows_json(leads.into_iter().map(|lead| json!({ "id": lead })))?;
            for row in &sqlx::query(AssertSqlSafe(sql)).bind(rows).fetch_all(self.conn()).await? {
                let (lead, person) = read(row)?;
                met.insert(lead, person);
            }
        }
        Ok(last.into_iter().filter_map(|(key, lead)| Some((key, met.get(&lead)?.clone()))).collect())
    }

    async fn last_leads(&mut self, keys: &[String]) -> Result<BTreeMap<String, LeadId>, StoreError> {
        // Whoever was left to the agent has spoken with no rep: what the agent found is theirs.
        let last = |by| {
            format!(
                "(SELECT id FROM lead WHERE {by} = r.{by} AND status <> 'left_to_agent' \
                 ORDER BY decided_at DESC, id DESC LIMIT 1)"
            )
        };
        let sql = format!(
            "-- caller::last_leads\nSELECT r.key AS key, COALESCE({}, {}) AS id FROM {}",
            last("phone"),
            last("email"),
            self.engine.rows(&[Text("key"), Text("phone"), Text("email")])
        );
        let row =
            |key: &String| json!({ "key": key, "phone": key.strip_prefix(PHONE), "email": key.strip_prefix(EMAIL) });
        let rows =
            sqlx::query(AssertSqlSafe(sql)).bind(rows_json(keys.iter().map(row))?).fetch_all(self.conn()).await?;
        let mut leads = BTreeMap::new();
        for row in &rows {
            let row = Reading::new("lead", row);
            if row.maybe_text("id")?.is_some() {
                leads.insert(row.text("key")?, row.id("id")?);
            }
        }
        Ok(leads)
    }
}

fn read(row: &AnyRow) -> Result<(LeadId, Met), StoreError> {
    let row = Reading::new("lead", row);
    let lead: LeadId = row.id("id")?;
    let person = PersonRecord {
        kind: PersonKind::Lead,
        crm_id: lead.as_str().into(),
        company_crm_id: None,
        email: row.maybe_text("email")?,
        phones: row.maybe_text("phone")?.and_then(|phone| PhoneE164::new(phone).ok()).into_iter().collect(),
        owner_crm_id: None,
        owner: Some(row.id("owner")?),
        active_at: Some(row.at("decided_at")?),
    };
    Ok((lead, Met { person, name: row.maybe_text("name")? }))
}
