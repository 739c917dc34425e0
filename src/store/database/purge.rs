//! What is gone from the tables is still in their files for a while: here it goes from there as well, as far as a running database
//! lets it.

use super::transaction::Store;
use crate::store::sql::dialect::Engine;
use crate::store::sql::error::StoreError;
use sqlx::{AnyConnection, Connection, Row};
use std::time::Duration;

/// How often it is tried to empty SQLite's log, and the pause between: whoever writes is done by then, whoever reads a page as well.
const LOG_TRIES: u32 = 5;
const LOG_PAUSE: Duration = Duration::from_millis(100);

/// Tables in which something is written over when a person is erased.
const SWEPT: [&str; 20] = [
    "VACUUM lead",
    "VACUUM decision",
    "VACUUM handoff",
    "VACUUM timeline",
    "VACUUM step",
    "VACUUM inbox",
    "VACUUM feedback",
    "VACUUM ledger_entry",
    "VACUUM mirror_account",
    "VACUUM erasure",
    "VACUUM audit",
    "VACUUM keyed_act",
    "VACUUM orphan_result",
    "VACUUM live_call",
    "VACUUM carrier_leg",
    "VACUUM transfer",
    "VACUUM ping",
    "VACUUM text_sent",
    "VACUUM call_key",
    "VACUUM webhook_delivery",
];

impl Store {
    /// Takes from the files what transactions have taken from the tables. SQLite: the log is written back and emptied; `whole`: and
    /// the file is written anew, for which no worker may be at it. PostgreSQL: dead rows are swept. `false`: somebody was reading
    /// what was there before, and some of it is left: nobody who writes is kept waiting for that, and it may be done again.
    ///
    /// # Errors
    /// The database refused: what is gone from the tables stays gone.
    pub async fn purge(&self, whole: bool) -> Result<bool, StoreError> {
        // Its limits are other than those of everyday statements, and SQLite's one writer is for the work.
        let mut connection = self.way.first_connection().await?;
        let is_done = match self.engine {
            Engine::Sqlite => {
                if whole {
                    sqlx::raw_sql("VACUUM").execute(&mut connection).await?;
                }
                is_log_empty(&mut connection).await?
            }
            Engine::Postgres => {
                for limit in ["SET statement_timeout = 0", "SET lock_timeout = '1min'"] {
                    sqlx::raw_sql(limit).execute(&mut connection).await?;
                }
                for sweep in SWEPT {
                    sqlx::raw_sql(sweep).execute(&mut connection).await?;
                }
                true
            }
        };
        connection.close().await?;
        Ok(is_done)
    }
}

/// Nobody can write while this waits for who reads: it does not.
async fn is_log_empty(connection: &mut AnyConnection) -> Result<bool, StoreError> {
    sqlx::raw_sql("PRAGMA busy_timeout = 0").execute(&mut *connection).await?;
    for _ in 0..LOG_TRIES {
        if is_log_emptied(connection).await? {
            return Ok(true);
        }
        tokio::time::sleep(LOG_PAUSE).await;
    }
    Ok(false)
}

async fn is_log_emptied(connection: &mut AnyConnection) -> Result<bool, StoreError> {
    let row = sqlx::query("-- purge::log\nPRAGMA wal_checkpoint(TRUNCATE)").fetch_one(connection).await?;
    let was_busy: i64 = row.try_get(0)?;
    Ok(was_busy == 0)
}
