//! Leads with all that is about them, and what of a lead goes before it.

use super::kind::Kept;
use super::page::{Cut, OPEN, OldPage, said_nothing, unused};
use crate::store::sql::dialect::Column::{Int, Text};
use crate::store::sql::row::{Reading, micros, rows_json, texts_json};
use crate::store::{StoreError, Tx};
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;

/// What is about a lead, in an order in which no row names one that is gone. Journals of turns are not among it.
const ABOUT_A_LEAD: [&str; 10] = [
    "feedback",
    "outcome",
    "owner_change",
    "other_choice",
    "contact",
    "timeline",
    "kept_for_open",
    "leaver_move",
    "decision",
    "handoff",
];
/// Of a stored lead.
const LINKS: [&str; 2] = ["transcript_url", "recording_url"];

impl Tx {
    /// Takes the links to transcripts and recordings out of leads; those of leads that are open are looked at again later. How many
    /// leads had one.
    pub(super) async fn links_let_go(&mut self, kind: Kept, page: &OldPage) -> Result<u64, StoreError> {
        let ids = texts_json(&page.goes);
        let sql = format!(
            "-- keep::linked\nSELECT id, body, completed FROM lead WHERE id IN {} ORDER BY id {}",
            self.engine.texts(),
            self.engine.for_update()
        );
        let mut changed = Vec::new();
        for row in &sqlx::query(AssertSqlSafe(sql)).bind(ids.clone()).fetch_all(self.conn()).await? {
            let row = Reading::new("lead", row);
            let (body, completed) = (row.text("body")?, row.maybe_text("completed")?);
            let (plain, later) = (without_links(&body), completed.as_deref().and_then(without_links));
            if plain.is_some() || later.is_some() {
                let (id, body, completed) = (row.text("id")?, plain.unwrap_or(body), later.or(completed));
                changed.push(json!({ "id": id, "body": body, "completed": completed }));
            }
        }
        let count = changed.len() as u64;
        if count > 0 {
            let sql = format!(
                "-- keep::unlink\nUPDATE lead SET body = r.body, completed = r.completed FROM {} WHERE lead.id = r.id",
                self.engine.rows(&[Text("id"), Text("body"), Text("completed")])
            );
            sqlx::query(AssertSqlSafe(sql)).bind(rows_json(changed)?).execute(self.conn()).await?;
        }
        if kind == Kept::LaterTranscripts {
            let sql = format!("-- keep::not_later\nDELETE FROM kept_for_open WHERE lead_id IN {}", self.engine.texts());
            sqlx::query(AssertSqlSafe(sql)).bind(ids).execute(self.conn()).await?;
        } else if !page.stays.is_empty() {
            let columns = [Text("lead_id"), Int("decided_at")];
            let tail = "ON CONFLICT (lead_id) DO NOTHING";
            let sql = self.engine.insert_all("keep::later", "kept_for_open", &columns, tail);
            let rows = page.stays.iter().map(|(lead, at)| json!({ "lead_id": lead, "decided_at": at }));
            sqlx::query(sql).bind(rows_json(rows)?).execute(self.conn()).await?;
        }
        Ok(count)
    }

    /// Leads, and what somebody wrote of them in the audit. Their handoffs are held so that none moves meanwhile: whichever another
    /// worker is at stays for now.
    pub(super) async fn leads_let_go(&mut self, cut: &Cut, ids: &str) -> Result<u64, StoreError> {
        let held = format!(
            "-- keep::hold\nSELECT h.lead_id FROM handoff h WHERE h.lead_id IN {} AND NOT {OPEN} ORDER BY h.id {}",
            self.engine.texts(),
            self.engine.skip_locked()
        );
        let held = self.lead_ids(held, ids, None).await?;
        let still = format!(
            "-- keep::still\nSELECT l.id AS lead_id FROM lead l WHERE l.id IN {} AND {} AND {}",
            self.engine.texts(),
            unused("l.id", "$2"),
            said_nothing("l.id", "$2")
        );
        let going = self.lead_ids(still, &texts_json(&held), Some(micros(cut.in_use_since()))).await?;
        if going.is_empty() {
            return Ok(0);
        }
        let ids = texts_json(&going);
        self.call_keys_let_go(&ids).await?;
        self.audit_blank(&going).await?;
        for table in ABOUT_A_LEAD {
            let sql = format!("-- keep::about\nDELETE FROM {table} WHERE lead_id IN {}", self.engine.texts());
            sqlx::query(AssertSqlSafe(sql)).bind(ids.clone()).execute(self.conn()).await?;
        }
        let sql = format!("-- keep::leads\nDELETE FROM lead WHERE id IN {}", self.engine.texts());
        Ok(sqlx::query(AssertSqlSafe(sql)).bind(ids).execute(self.conn()).await?.rows_affected())
    }

    async fn lead_ids(&mut self, sql: String, ids: &str, since: Option<i64>) -> Result<Vec<String>, StoreError> {
        let mut query = sqlx::query(AssertSqlSafe(sql)).bind(ids.to_owned());
        if let Some(since) = since {
            query = query.bind(since);
        }
        let rows = query.fetch_all(self.conn()).await?;
        rows.iter().map(|row| Reading::new("lead", row).text("lead_id")).collect()
    }

    /// The rows under which events of their calls and numbers were decided one after the other; those that another lead shares stay.
    async fn call_keys_let_go(&mut self, ids: &str) -> Result<(), StoreError> {
        let of = self.engine.texts();
        let sql = format!(
            "-- keep::call_keys\nDELETE FROM call_key WHERE key IN (\
             SELECT 'call ' || lower(l.call_platform) || ' ' || l.call_id FROM lead l WHERE l.id IN {of} \
             AND l.call_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM lead o WHERE o.call_platform = l.call_platform \
             AND o.call_id = l.call_id AND o.id NOT IN {of}) \
             UNION ALL SELECT 'phone ' || l.phone FROM lead l WHERE l.id IN {of} AND l.phone IS NOT NULL \
             AND NOT EXISTS (SELECT 1 FROM lead o WHERE o.phone = l.phone AND o.id NOT IN {of}))"
        );
        sqlx::query(AssertSqlSafe(sql)).bind(ids.to_owned()).execute(self.conn()).await?;
        Ok(())
    }
}

/// The stored lead without its links. `None`: it has none, or cannot be read and stays as it is.
fn without_links(body: &str) -> Option<String> {
    let mut lead: Value = serde_json::from_str(body).ok()?;
    let mut had = false;
    for link in LINKS {
        had |= lead.get_mut(link).is_some_and(|link| !link.take().is_null());
    }
    had.then(|| lead.to_string())
}
