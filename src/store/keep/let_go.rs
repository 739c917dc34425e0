//! Letting go of a page: its rows, those of other tables that go with them, and a note of how far it has come.
//!
//! What goes is judged once more where it is taken, since the page was read before. Journals and balances of turns are never touched:
//! they name leads by id alone; the audit stays, without why something was done to what is gone.

use super::kind::{Kept, Place};
use super::page::{Cut, OldPage, Passed, closed, unused};
use crate::store::sql::row::{Reading, micros, texts_json};
use crate::store::{StoreError, Tx};
use chrono::{DateTime, Utc};
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;

impl Tx {
    /// Lets go of what goes of a page, and returns how many rows, or leads, that were.
    pub async fn kept_let_go(&mut self, cut: &Cut, page: &OldPage) -> Result<u64, StoreError> {
        let ids = texts_json(&page.goes);
        let gone = match cut.kind {
            Kept::Inbox => self.bytes_let_go(&ids).await?,
            Kept::Briefings => self.answers_let_go(&ids).await?,
            Kept::Decisions => self.decisions_let_go(cut, &ids).await?,
            Kept::Transcripts | Kept::LaterTranscripts => self.links_let_go(cut.kind, page).await?,
            Kept::Leads => self.leads_let_go(cut, &ids).await?,
            Kept::Releases => self.releases_let_go(cut, &ids).await?,
            Kept::Quarantine
            | Kept::Dropped
            | Kept::Deliveries
            | Kept::Mirror
            | Kept::Steps
            | Kept::LateResults
            | Kept::Timeline
            | Kept::Events => self.rows_let_go(cut, &ids).await?,
        };
        let behind = page.last.as_ref().filter(|_| cut.kind == Kept::Transcripts);
        self.note_how_far(cut, behind, gone > 0).await?;
        Ok(gone)
    }

    /// Whole rows: those that are still of their kind, and as old. What somebody wrote in the audit of a message or a step goes with it.
    async fn rows_let_go(&mut self, cut: &Cut, ids: &str) -> Result<u64, StoreError> {
        let Place { table, at, id, which, lead, .. } = cut.kind.place();
        let still = lead.map_or_else(|| "1 = 1".to_owned(), |lead| closed(&format!("{table}.{lead}")));
        let sql = format!(
            "-- keep::rows\nDELETE FROM {table} WHERE {id} IN {} AND {which} AND {at} < $2 AND {still} RETURNING {id} AS gone",
            self.engine.texts()
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(ids.to_owned()).bind(micros(cut.before));
        let gone = ids_of(table, &query.fetch_all(self.conn()).await?)?;
        if matches!(table, "inbox" | "step") {
            self.audit_blank(&gone).await?;
        }
        Ok(gone.len() as u64)
    }

    /// The names stay: an event that comes again is told by them. An empty answer is one that is no longer kept.
    async fn bytes_let_go(&mut self, ids: &str) -> Result<u64, StoreError> {
        let sql = format!(
            "-- keep::bytes\nUPDATE inbox SET body = $2, answer = '', reply_to = NULL, correlation_id = NULL, \
             trace_context = NULL WHERE key IN {} AND state || '' = 'handled' RETURNING key AS gone",
            self.engine.texts()
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(ids.to_owned()).bind(Vec::<u8>::new());
        let gone = ids_of("inbox", &query.fetch_all(self.conn()).await?)?;
        self.audit_blank(&gone).await?;
        Ok(gone.len() as u64)
    }

    async fn answers_let_go(&mut self, ids: &str) -> Result<u64, StoreError> {
        let sql = format!(
            "-- keep::answers\nUPDATE step SET result = NULL, last_error = NULL, trace_context = NULL WHERE effect_key IN {} \
             AND ended_at IS NOT NULL AND {}",
            self.engine.texts(),
            closed("step.lead_id")
        );
        Ok(sqlx::query(AssertSqlSafe(sql)).bind(ids.to_owned()).execute(self.conn()).await?.rows_affected())
    }

    /// What reports count by stays in the columns of the row.
    async fn decisions_let_go(&mut self, cut: &Cut, ids: &str) -> Result<u64, StoreError> {
        let sql = format!(
            "-- keep::decisions\nUPDATE decision SET body = '', snapshot = '' WHERE lead_id IN {} \
             AND octet_length(snapshot) > 0 AND {} AND {}",
            self.engine.texts(),
            closed("decision.lead_id"),
            unused("decision.lead_id", "$2")
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(ids.to_owned()).bind(micros(cut.in_use_since()));
        Ok(query.execute(self.conn()).await?.rows_affected())
    }

    /// Releases and the files that no other one has. A release that is just being stored waits, and is stored whole afterwards.
    async fn releases_let_go(&mut self, cut: &Cut, ids: &str) -> Result<u64, StoreError> {
        self.release_files_hold().await?;
        let gone = self.rows_let_go(cut, ids).await?;
        self.release_files_forget().await?;
        Ok(gone)
    }

    /// Of what is older, some is gone, if anything is; and of a walk that goes on where it was, how far it has come.
    async fn note_how_far(&mut self, cut: &Cut, behind: Option<&Passed>, is_any_gone: bool) -> Result<(), StoreError> {
        if !is_any_gone && behind.is_none() {
            return Ok(());
        }
        // Forwards only: another worker may have come further meanwhile.
        let later = "excluded.after_at > kept_kind.after_at \
                     OR (excluded.after_at = kept_kind.after_at AND excluded.after_id > kept_kind.after_id)";
        let sql = format!(
            "-- keep::note\nINSERT INTO kept_kind (kind, since, after_at, after_id) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (kind) DO UPDATE SET \
             since = CASE WHEN kept_kind.since > excluded.since THEN kept_kind.since ELSE excluded.since END, \
             after_at = CASE WHEN {later} THEN excluded.after_at ELSE kept_kind.after_at END, \
             after_id = CASE WHEN {later} THEN excluded.after_id ELSE kept_kind.after_id END"
        );
        let since = if is_any_gone { micros(cut.before) } else { i64::MIN };
        let (after_at, after_id) = behind.cloned().unwrap_or((i64::MIN, String::new()));
        let query = sqlx::query(AssertSqlSafe(sql)).bind(cut.kind.as_str()).bind(since).bind(after_at).bind(after_id);
        query.execute(self.conn()).await?;
        Ok(())
    }

    /// Since when each kind that was let go is kept whole again, by its name.
    pub async fn kept_since(&mut self) -> Result<Vec<(Kept, DateTime<Utc>)>, StoreError> {
        let sql = "-- keep::since\nSELECT kind, since FROM kept_kind WHERE since > 0 ORDER BY kind";
        let mut all = Vec::new();
        for row in &sqlx::query(sql).fetch_all(self.conn()).await? {
            let row = Reading::new("kept_kind", row);
            let name = row.text("kind")?;
            let kind = Kept::ALL.into_iter().find(|kind| kind.as_str() == name);
            // Of a newer version, while it is going back.
            let Some(kind) = kind else { continue };
            all.push((kind, row.at("since")?));
        }
        Ok(all)
    }
}

/// What a statement says that it has let go, by id.
fn ids_of(table: &'static str, rows: &[AnyRow]) -> Result<Vec<String>, StoreError> {
    rows.iter().map(|row| Reading::new(table, row).text("gone")).collect()
}
