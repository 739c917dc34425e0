//! The person taken out of what is somebody else's: a lead that mentions them, what the CRM had said when it was decided. Such a
//! decision cannot be made again, and says so.

use super::documents::ERASED;
use super::search::{Place, Written};
use super::sought::Sought;
use crate::store::sql::row::{Reading, document, micros};
use crate::store::{StoreError, Tx};
use baton_core::domain::account::Candidates;
use baton_core::domain::id::{HandoffId, LeadId};
use baton_core::domain::known::Fact;
use baton_core::domain::lead::Lead;
use baton_core::routing::Snapshot;
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::AssertSqlSafe;

/// What is somebody else's and may name the person.
pub(super) enum Somebodys {
    Lead(LeadId),
    /// What the CRM had said when this lead was decided.
    Snapshot(LeadId),
    Written(&'static Written, Place),
}

impl Tx {
    /// `false`: the person is not in it any more, or in no text that can be taken out.
    pub(super) async fn person_take_out(
        &mut self,
        of: &Somebodys,
        sought: &Sought,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        match of {
            Somebodys::Lead(lead) => self.lead_erase_named(lead, sought, now).await,
            Somebodys::Snapshot(lead) => self.snapshot_erase(lead, sought, now).await,
            Somebodys::Written(of, place) => {
                self.erase_overwriting(true).await?;
                let is_taken_out = self.written_erase(of, place, sought).await?;
                self.erase_overwriting(false).await?;
                Ok(is_taken_out)
            }
        }
    }

    /// Takes the person out of a lead that is somebody else's, text by text. `false`: what is sought is no text that can be taken out.
    async fn lead_erase_named(
        &mut self,
        lead: &LeadId,
        sought: &Sought,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        self.handoff_lock(&HandoffId::of(lead)).await?;
        let sql = "-- erase::named\nSELECT id, body, completed FROM lead WHERE id = $1";
        let row = sqlx::query(sql).bind(lead.as_str()).fetch_one(self.conn()).await?;
        let (body, completed) = {
            let row = Reading::new("lead", &row);
            (row.text("body")?, row.maybe_text("completed")?)
        };
        let (clean, clean_completed) =
            (without(&body, sought), completed.as_deref().and_then(|it| without(it, sought)));
        if clean.is_none() && clean_completed.is_none() {
            return Ok(false);
        }
        self.erase_overwriting(true).await?;
        let sql = "-- erase::unnamed\nUPDATE lead SET body = $2, completed = $3 WHERE id = $1";
        let query = sqlx::query(sql).bind(lead.as_str()).bind(clean.unwrap_or(body));
        query.bind(clean_completed.or(completed)).execute(self.conn()).await?;
        let sql = "-- erase::unnamed_decision\nUPDATE decision SET erased_at = $2 WHERE lead_id = $1";
        sqlx::query(sql).bind(lead.as_str()).bind(micros(now)).execute(self.conn()).await?;
        self.erase_overwriting(false).await?;
        Ok(true)
    }

    /// Takes the person out of what the CRM had said when somebody else's lead was decided.
    async fn snapshot_erase(&mut self, lead: &LeadId, sought: &Sought, now: DateTime<Utc>) -> Result<bool, StoreError> {
        // Held: it may be emptied meanwhile, or somebody else taken out of it.
        let sql = format!(
            "-- erase::snapshot\nSELECT lead_id, snapshot FROM decision WHERE lead_id = $1 AND octet_length(snapshot) > 0 {}",
            self.engine.for_update()
        );
        let row = sqlx::query(AssertSqlSafe(sql)).bind(lead.as_str()).fetch_optional(self.conn()).await?;
        let Some(row) = row else { return Ok(false) };
        let stored = Reading::new("decision", &row).text("snapshot")?;
        let Ok(mut snapshot) = serde_json::from_str::<Snapshot>(&stored) else { return Ok(false) };
        let Fact::Known { value: Candidates::Found(records), .. } = &mut snapshot.account else { return Ok(false) };
        let before = records.clone();
        records.people.retain(|record| !sought.is_record(record));
        records.companies.iter_mut().for_each(|company| company.phones.retain(|phone| !sought.has(phone)));
        if *records == before {
            return Ok(false);
        }
        self.erase_overwriting(true).await?;
        let sql = "-- erase::snapshot_of\nUPDATE decision SET snapshot = $2, erased_at = $3 WHERE lead_id = $1";
        let query = sqlx::query(sql).bind(lead.as_str()).bind(document(&snapshot)?);
        query.bind(micros(now)).execute(self.conn()).await?;
        self.erase_overwriting(false).await?;
        Ok(true)
    }
}

/// The document without the person, if they are in it and it is read as a lead afterwards.
fn without(stored: &str, sought: &Sought) -> Option<String> {
    let mut value: Value = serde_json::from_str(stored).ok()?;
    let is_named = sought.take_out_of(&mut value, ERASED);
    let lead: Lead = serde_json::from_value(value).ok().filter(|_| is_named)?;
    serde_json::to_string(&lead).ok()
}
