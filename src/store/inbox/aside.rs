//! Messages that were put aside: they wait for a person, who lets them be tried again or drops them.

use super::InboxRow;
use crate::store::sql::row::{Reading, without_nul};
use crate::store::{StoreError, Tx};
use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;

/// A message that was put aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Aside {
    pub key: String,
    pub kind: String,
    pub received_at: DateTime<Utc>,
    pub why: String,
}

/// Of a message that was put aside.
const ASIDE: &str = "key, kind, received_at, error";

/// Messages of these states wait for a person; what comes under their keys is tried again.
const IS_ASIDE: &str = "state IN ('quarantined', 'dropped')";

impl Tx {
    /// Puts a message aside with the reason; its bytes stay. `false`: somebody has handled or replaced it meanwhile.
    pub async fn inbox_quarantine(&mut self, key: &str, body: &[u8], error: &str) -> Result<bool, StoreError> {
        let sql = "-- inbox::quarantine\nUPDATE inbox SET state = 'quarantined', error = $2 \
                   WHERE key = $1 AND state = 'received' AND body = $3";
        let query = sqlx::query(sql).bind(key).bind(without_nul(error)).bind(body.to_vec());
        Ok(query.execute(self.conn()).await?.rows_affected() == 1)
    }

    /// Lets a message that was put aside be tried again, as after a repair of the rules or of Baton. It came when it came.
    ///
    /// # Errors
    /// `NotFound` if no message with this key was put aside.
    pub async fn inbox_replay(&mut self, key: &str) -> Result<InboxRow, StoreError> {
        let sql = format!(
            "-- inbox::replay\nUPDATE inbox SET state = 'received', error = NULL, answer = NULL WHERE key = $1 AND {IS_ASIDE}"
        );
        let changed = sqlx::query(AssertSqlSafe(sql)).bind(key).execute(self.conn()).await?;
        let aside = || StoreError::NotFound { what: "quarantined message", id: key.to_owned() };
        if changed.rows_affected() != 1 {
            return Err(aside());
        }
        self.inbox_row(key).await?.ok_or_else(aside)
    }

    /// Takes a message off the list of those that were put aside; bytes and reason stay.
    ///
    /// # Errors
    /// `NotFound` if no message with this key is on it.
    pub async fn inbox_drop(&mut self, key: &str) -> Result<(), StoreError> {
        let sql = "-- inbox::drop\nUPDATE inbox SET state = 'dropped' WHERE key = $1 AND state = 'quarantined'";
        match sqlx::query(sql).bind(key).execute(self.conn()).await?.rows_affected() {
            1 => Ok(()),
            _ => Err(StoreError::NotFound { what: "quarantined message", id: key.to_owned() }),
        }
    }

    /// The messages that were put aside, oldest first.
    pub async fn inbox_quarantined(&mut self, limit: usize) -> Result<Vec<Aside>, StoreError> {
        let sql = format!(
            "-- inbox::quarantined\nSELECT {ASIDE} FROM inbox WHERE state = 'quarantined' ORDER BY received_at, key LIMIT $1"
        );
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(limit as i64).fetch_all(self.conn()).await?;
        rows.iter().map(read_aside).collect()
    }

    /// One that was put aside, dropped ones included.
    pub async fn inbox_aside(&mut self, key: &str) -> Result<Option<Aside>, StoreError> {
        let sql = format!("-- inbox::aside\nSELECT {ASIDE} FROM inbox WHERE key = $1 AND {IS_ASIDE}");
        let row = sqlx::query(AssertSqlSafe(sql)).bind(key).fetch_optional(self.conn()).await?;
        row.as_ref().map(read_aside).transpose()
    }

    /// How many messages are put aside.
    pub async fn inbox_count_quarantined(&mut self) -> Result<u64, StoreError> {
        let sql = "-- inbox::count_quarantined\nSELECT 'all' AS key, COUNT(*) AS aside FROM inbox WHERE state = 'quarantined'";
        let row = sqlx::query(sql).fetch_one(self.conn()).await?;
        Reading::new("inbox", &row).number("aside")
    }
}

fn read_aside(row: &AnyRow) -> Result<Aside, StoreError> {
    let row = Reading::new("inbox", row);
    Ok(Aside {
        key: row.text("key")?,
        kind: row.text("kind")?,
        received_at: row.at("received_at")?,
        why: row.maybe_text("error")?.unwrap_or_default(),
    })
}
