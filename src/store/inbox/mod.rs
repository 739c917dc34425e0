//! What came in, byte for byte.

mod answered;
mod aside;

pub use answered::Handled;
pub use aside::Aside;

use super::sql::row::{Reading, columns, hex, micros, rows_json, texts_json};
use super::{StoreError, Tx};
use baton_core::domain::trace_context::TraceContext;
use chrono::{DateTime, Utc};
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};
use std::collections::{BTreeMap, BTreeSet};

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
    /// What came with it, as it goes on here.
    pub trace_context: Option<TraceContext>,
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
    pub trace_context: Option<TraceContext>,
}

impl From<InboxMessage> for InboxRow {
    fn from(message: InboxMessage) -> Self {
        let InboxMessage { key, kind, body, received_at, reply_to, correlation_id, trace_context } = message;
        Self { key, kind, body, received_at, reply_to, correlation_id, trace_context }
    }
}

/// What a message that came is to the inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    New,
    /// It was put aside, or could not be read, and takes the place of what was there: to be decided like a new one.
    TriedAgain,
    /// Byte for byte what came before.
    Same,
    /// Its key came before with other bytes, which count.
    Differs,
}

columns! {
    struct MessageColumns<'a> {
        Text key: &'a str,
        Text kind: &'a str,
        Bytes body: String,
        Int received_at: i64,
        Text reply_to: Option<&'a str>,
        Text correlation_id: Option<&'a str>,
        Text trace_context: Option<&'a TraceContext>,
        Text state: &'static str,
    }
}

const COLUMNS: &str = "key, kind, body, received_at, reply_to, correlation_id, trace_context";

/// Written so that rows are found by their keys and only then asked: the index over all that is received would be gone through
/// for every key.
const IS_RECEIVED: &str = "inbox.state || '' = 'received'";

impl Tx {
    /// What each of these messages is to the inbox: a key that was put aside is tried again with the bytes that came now, and so
    /// is one that waits and that `unreadable` says will be put aside. What is decided stays as it is. `new`: those that
    /// [`Tx::inbox_insert`] has just put in.
    pub async fn inbox_known(
        &mut self,
        messages: &[InboxMessage],
        new: &BTreeSet<String>,
        unreadable: fn(&[u8]) -> bool,
    ) -> Result<Vec<Arrival>, StoreError> {
        let mut new = new.clone();
        let keys: Vec<&String> = messages.iter().map(|message| &message.key).collect();
        let mut stored = self.inbox_bodies(&keys).await?;
        let mut known = Vec::with_capacity(messages.len());
        for message in messages {
            if new.remove(&message.key) {
                known.push(Arrival::New);
                continue;
            }
            let gone = || StoreError::NotFound { what: "message", id: message.key.clone() };
            let (state, body) = stored.get_mut(&message.key).ok_or_else(gone)?;
            // Bytes that are no longer kept, or are a person's who was erased, cannot differ: the name tells that they were handled.
            let same = *body == message.body || (state == "handled" && body.is_empty());
            let again = match state.as_str() {
                "quarantined" | "dropped" => true,
                "received" => !same && unreadable(body),
                _ => false,
            };
            known.push(match (again, same) {
                (true, _) => {
                    self.inbox_replace(message, state, body).await?;
                    (*state, *body) = ("received".to_owned(), message.body.clone());
                    Arrival::TriedAgain
                }
                (false, true) => Arrival::Same,
                (false, false) => Arrival::Differs,
            });
        }
        Ok(known)
    }

    /// State and bytes by key.
    async fn inbox_bodies(&mut self, keys: &[&String]) -> Result<BTreeMap<String, (String, Vec<u8>)>, StoreError> {
        let sql = format!("-- inbox::bodies\nSELECT key, state, body FROM inbox WHERE key IN {}", self.engine.texts());
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(texts_json(keys)).fetch_all(self.conn()).await?;
        let read = |row: &AnyRow| {
            let row = Reading::new("inbox", row);
            Ok((row.text("key")?, (row.text("state")?, row.bytes("body")?)))
        };
        rows.iter().map(read).collect()
    }

    async fn inbox_replace(&mut self, message: &InboxMessage, state: &str, body: &[u8]) -> Result<(), StoreError> {
        let sql = "-- inbox::replace\nUPDATE inbox SET state = 'received', error = NULL, answer = NULL, kind = $2, body = $3, \
                   received_at = $4, reply_to = $5, correlation_id = $6, trace_context = $9 \
                   WHERE key = $1 AND state = $7 AND body = $8";
        let query = sqlx::query(sql).bind(&message.key).bind(&message.kind).bind(message.body.clone());
        let query = query.bind(micros(message.received_at)).bind(message.reply_to.as_deref());
        let query = query.bind(message.correlation_id.as_deref()).bind(state).bind(body.to_vec());
        let query = query.bind(message.trace_context.as_ref().map(ToString::to_string));
        match query.execute(self.conn()).await?.rows_affected() {
            1 => Ok(()),
            _ => Err(StoreError::Conflict { what: "message", id: message.key.clone() }),
        }
    }

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
            trace_context: message.trace_context.as_ref(),
            state: "received",
        });
        let tail = "ON CONFLICT (key) DO NOTHING RETURNING key";
        let sql = self.engine.insert_all("inbox::insert", "inbox", MessageColumns::ALL, tail);
        let inserted = sqlx::query(sql).bind(rows_json(rows)?).fetch_all(self.conn()).await?;
        inserted.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }

    /// Locks those of these messages that nobody has handled yet, and returns their keys.
    pub async fn inbox_lock(&mut self, keys: &BTreeSet<String>) -> Result<BTreeSet<String>, StoreError> {
        let sql = format!(
            "-- inbox::lock\nSELECT key FROM inbox WHERE {IS_RECEIVED} AND key IN {} ORDER BY key {}",
            self.engine.texts(),
            self.engine.for_update()
        );
        let keys: Vec<&String> = keys.iter().collect();
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(texts_json(&keys)).fetch_all(self.conn()).await?;
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

    /// A message as it came in, in whatever state it is now.
    pub async fn inbox_row(&mut self, key: &str) -> Result<Option<InboxRow>, StoreError> {
        let sql = format!("-- inbox::row\nSELECT {COLUMNS} FROM inbox WHERE key = $1");
        let row = sqlx::query(AssertSqlSafe(sql)).bind(key).fetch_optional(self.conn()).await?;
        row.as_ref().map(read).transpose()
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
        trace_context: row.maybe_id("trace_context")?,
    })
}
