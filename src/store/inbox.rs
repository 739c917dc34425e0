//! What came in, byte for byte.

use super::dialect::Column::{Bytes, Int, Text};
use super::row::{Reading, micros, rows_json, texts_json, without_nul};
use super::{StoreError, Tx};
use crate::domain::id::LeadId;
use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};
use std::collections::BTreeSet;

/// A message about to be committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxMessage {
    /// Source and id of the event: the same event has the same key.
    pub key: String,
    pub kind: String,
    pub body: Vec<u8>,
    pub received_at: DateTime<Utc>,
    pub reply_to: Option<String>,
    pub correlation_id: Option<String>,
}

/// A message as it lies in the inbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxRow {
    pub key: String,
    pub kind: String,
    pub body: Vec<u8>,
    pub received_at: DateTime<Utc>,
    pub reply_to: Option<String>,
    pub correlation_id: Option<String>,
}

impl From<InboxMessage> for InboxRow {
    fn from(message: InboxMessage) -> Self {
        let InboxMessage { key, kind, body, received_at, reply_to, correlation_id } = message;
        Self { key, kind, body, received_at, reply_to, correlation_id }
    }
}

#[derive(Serialize)]
struct MessageColumns<'a> {
    key: &'a str,
    kind: &'a str,
    body: String,
    received_at: i64,
    reply_to: Option<&'a str>,
    correlation_id: Option<&'a str>,
    state: &'static str,
}

#[derive(Serialize)]
struct AnswerColumns<'a> {
    key: &'a str,
    answer: &'a str,
    lead_id: Option<&'a LeadId>,
}

const COLUMNS: &str = "key, kind, body, received_at, reply_to, correlation_id";

/// Written so that rows are found by their keys and only then asked: the index over all that is received would be gone through
/// for every key.
const IS_RECEIVED: &str = "inbox.state || '' = 'received'";

impl Tx {
    /// Returns the keys that were not there before.
    pub async fn inbox_insert(&mut self, messages: &[InboxMessage]) -> Result<BTreeSet<String>, StoreError> {
        // In one order everywhere: two workers that were sent the same events do not wait for each other crosswise.
        let mut messages: Vec<&InboxMessage> = messages.iter().collect();
        messages.sort_by_key(|message| &message.key);
        let rows = messages.into_iter().map(|message| MessageColumns {
            key: &message.key,
            kind: &message.kind,
            body: hex(&message.body),
            received_at: micros(message.received_at),
            reply_to: message.reply_to.as_deref(),
            correlation_id: message.correlation_id.as_deref(),
            state: "received",
        });
        let columns = [
            Text("key"),
            Text("kind"),
            Bytes("body"),
            Int("received_at"),
            Text("reply_to"),
            Text("correlation_id"),
            Text("state"),
        ];
        let tail = "ON CONFLICT (key) DO NOTHING RETURNING key";
        let sql = self.engine.insert_all("inbox::insert", "inbox", &columns, tail);
        let inserted = sqlx::query(sql).bind(rows_json(rows)?).fetch_all(self.conn()).await?;
        inserted.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }

    /// Locks those of these messages that nobody has handled yet, and returns their keys.
    pub async fn inbox_lock(&mut self, keys: &[String]) -> Result<BTreeSet<String>, StoreError> {
        let sql = format!(
            "-- inbox::lock\nSELECT key FROM inbox WHERE {IS_RECEIVED} AND key IN {} ORDER BY key {}",
            self.engine.texts(),
            self.engine.for_update()
        );
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(texts_json(keys)).fetch_all(self.conn()).await?;
        rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }

    /// The oldest messages that came before an instant and are not handled: their worker has died or was too busy.
    /// Nothing is locked: two workers may read the same ones, and [`Tx::inbox_lock`] says whose they are.
    pub async fn inbox_take_stale(&mut self, before: DateTime<Utc>, limit: usize) -> Result<Vec<InboxRow>, StoreError> {
        let sql = format!(
            "-- inbox::take_stale\nSELECT {COLUMNS} FROM inbox WHERE state = 'received' AND received_at < $1 \
             ORDER BY received_at LIMIT $2"
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(micros(before)).bind(limit as i64);
        let rows = query.fetch_all(self.conn()).await?;
        rows.iter().map(read).collect()
    }

    /// Marks messages as handled, each with its answer and, for a lead, its id.
    pub async fn inbox_finish(&mut self, done: &[(String, String, Option<LeadId>)]) -> Result<(), StoreError> {
        let rows = done.iter().map(|(key, answer, lead_id)| AnswerColumns { key, answer, lead_id: lead_id.as_ref() });
        let sql = format!(
            "-- inbox::finish\nUPDATE inbox SET state = 'handled', answer = r.answer, lead_id = r.lead_id FROM {} \
             WHERE inbox.key = r.key AND {IS_RECEIVED}",
            self.engine.rows(&[Text("key"), Text("answer"), Text("lead_id")])
        );
        let changed = sqlx::query(AssertSqlSafe(sql)).bind(rows_json(rows)?).execute(self.conn()).await?;
        if changed.rows_affected() != done.len() as u64 {
            let id = format!("{} of {} messages", changed.rows_affected(), done.len());
            return Err(StoreError::Conflict { what: "inbox", id });
        }
        Ok(())
    }

    /// Puts a message aside with the reason; its bytes stay. `false`: somebody has handled it meanwhile.
    pub async fn inbox_quarantine(&mut self, key: &str, error: &str) -> Result<bool, StoreError> {
        let sql = "-- inbox::quarantine\nUPDATE inbox SET state = 'quarantined', error = $2 \
                   WHERE key = $1 AND state = 'received'";
        let query = sqlx::query(sql).bind(key).bind(without_nul(error));
        Ok(query.execute(self.conn()).await?.rows_affected() == 1)
    }

    /// A message as it came in, in whatever state it is now.
    pub async fn inbox_row(&mut self, key: &str) -> Result<Option<InboxRow>, StoreError> {
        let sql = format!("-- inbox::row\nSELECT {COLUMNS} FROM inbox WHERE key = $1");
        let row = sqlx::query(AssertSqlSafe(sql)).bind(key).fetch_optional(self.conn()).await?;
        row.as_ref().map(read).transpose()
    }

    /// Lets a quarantined message be tried again, as after a repair of the rules or of Baton.
    ///
    /// # Errors
    /// `NotFound` if no quarantined message has this key.
    pub async fn inbox_replay(&mut self, key: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
        let sql = "-- inbox::replay\nUPDATE inbox SET state = 'received', error = NULL, answer = NULL, received_at = $2 \
                   WHERE key = $1 AND state = 'quarantined'";
        let changed = sqlx::query(sql).bind(key).bind(micros(now)).execute(self.conn()).await?;
        match changed.rows_affected() {
            1 => Ok(()),
            _ => Err(StoreError::NotFound { what: "quarantined message", id: key.to_owned() }),
        }
    }

    /// Key, kind, instant and reason of the messages that were put aside, oldest first.
    pub async fn inbox_quarantined(
        &mut self,
        limit: usize,
    ) -> Result<Vec<(String, String, DateTime<Utc>, String)>, StoreError> {
        let sql = "-- inbox::quarantined\nSELECT key, kind, received_at, error FROM inbox WHERE state = 'quarantined' \
                   ORDER BY received_at LIMIT $1";
        let rows = sqlx::query(sql).bind(limit as i64).fetch_all(self.conn()).await?;
        let read = |row: &AnyRow| {
            let row = Reading::new("inbox", row);
            let why = row.maybe_text("error")?.unwrap_or_default();
            Ok((row.text("key")?, row.text("kind")?, row.at("received_at")?, why))
        };
        rows.iter().map(read).collect()
    }

    /// What was answered to a message, once it was handled.
    pub async fn inbox_answer(&mut self, key: &str) -> Result<Option<String>, StoreError> {
        let sql = "-- inbox::answer\nSELECT key, answer FROM inbox WHERE key = $1";
        let row = sqlx::query(sql).bind(key).fetch_optional(self.conn()).await?;
        row.map_or(Ok(None), |row| Reading::new("inbox", &row).maybe_text("answer"))
    }
}

fn read(row: &AnyRow) -> Result<InboxRow, StoreError> {
    let row = Reading::new("inbox", row);
    Ok(InboxRow {
        key: row.text("key")?,
        kind: row.text("kind")?,
        body: row.bytes("body")?,
        received_at: row.at("received_at")?,
        reply_to: row.maybe_text("reply_to")?,
        correlation_id: row.maybe_text("correlation_id")?,
    })
}

pub(super) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(DIGITS[usize::from(byte >> 4)] as char);
        text.push(DIGITS[usize::from(byte & 15)] as char);
    }
    text
}
