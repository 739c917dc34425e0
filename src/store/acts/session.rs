//! Who is signed in to the console: the digest of what their browser holds, by what they are known again, and when they last came.

use crate::store::sql::row::{Reading, micros};
use crate::store::{StoreError, Tx};
use chrono::{DateTime, TimeDelta, Utc};

/// After so long without a request whoever it is signs in again, and after so long in any case.
const IDLE_AT_MOST: TimeDelta = TimeDelta::hours(2);
const LASTS: TimeDelta = TimeDelta::hours(12);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsoleSession {
    /// SHA-256 of the secret in the browser, in hexadecimal digits.
    pub id: String,
    /// How they signed in.
    pub way: String,
    /// By what that way knows them again; `None`: by nothing.
    pub credential: Option<String>,
    pub began_at: DateTime<Utc>,
    pub seen_at: DateTime<Utc>,
}

impl ConsoleSession {
    pub fn is_good(&self, now: DateTime<Utc>) -> bool {
        now - self.seen_at < IDLE_AT_MOST && now - self.began_at < LASTS
    }
}

impl Tx {
    pub async fn session_insert(&mut self, session: &ConsoleSession) -> Result<(), StoreError> {
        let sql = "-- session::insert\nINSERT INTO console_session (id, way, credential, began_at, seen_at) \
                   VALUES ($1, $2, $3, $4, $5)";
        let query = sqlx::query(sql).bind(&session.id).bind(&session.way).bind(&session.credential);
        query.bind(micros(session.began_at)).bind(micros(session.seen_at)).execute(self.conn()).await?;
        Ok(())
    }

    /// Whether or not its time is up.
    pub async fn console_session(&mut self, id: &str) -> Result<Option<ConsoleSession>, StoreError> {
        let sql = "-- session::by_id\nSELECT id, way, credential, began_at, seen_at FROM console_session WHERE id = $1";
        let row = sqlx::query(sql).bind(id).fetch_optional(self.conn()).await?;
        let Some(row) = row else { return Ok(None) };
        let row = Reading::new("console_session", &row);
        Ok(Some(ConsoleSession {
            id: row.text("id")?,
            way: row.text("way")?,
            credential: row.maybe_text("credential")?,
            began_at: row.at("began_at")?,
            seen_at: row.at("seen_at")?,
        }))
    }

    pub async fn session_seen(&mut self, id: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
        let sql = "-- session::seen\nUPDATE console_session SET seen_at = $2 WHERE id = $1";
        sqlx::query(sql).bind(id).bind(micros(now)).execute(self.conn()).await?;
        Ok(())
    }

    pub async fn session_end(&mut self, id: &str) -> Result<(), StoreError> {
        let sql = "-- session::end\nDELETE FROM console_session WHERE id = $1";
        sqlx::query(sql).bind(id).execute(self.conn()).await?;
        Ok(())
    }

    /// Those that nobody can go on with.
    pub async fn sessions_forget(&mut self, now: DateTime<Utc>) -> Result<(), StoreError> {
        let sql = "-- session::forget\nDELETE FROM console_session WHERE seen_at < $1";
        sqlx::query(sql).bind(micros(now - IDLE_AT_MOST)).execute(self.conn()).await?;
        Ok(())
    }
}
