//! Whether the database takes writes, known without asking more of it than it can bear.
//!
//! Guarantees: every transaction that writes says how it went; whoever wants to know is told what the last one met, or, where
//! that is long ago or was a failure, what a small write of its own meets. That one is made by one asker at a time, no sooner
//! after the last than `Pulse::known` lets it unless a message is about to be blamed, and never waited for longer than
//! [`TRIED_WITHIN`]: a probe that comes every second costs nothing.

use super::transaction::Store;
use crate::store::sql::dialect::Engine;
use crate::store::sql::error::StoreError;
use crate::store::sql::row::hex;
use baton_clock::random_bytes;
use std::time::Duration;
use tokio::time::timeout;

/// How long a try may take; with the search for a cause, whoever asks hears within 1.5 s.
const TRIED_WITHIN: Duration = Duration::from_millis(800);
/// Bytes that a try writes into a SQLite file: more than what a full disk still takes in the corners of its last blocks.
const TRIED_WITH: usize = 64 * 1024;

impl Store {
    /// Whether a write goes through; answers within 1.5 s.
    ///
    /// # Errors
    /// The cause, in a few words of ours: readiness is asked without a token.
    pub async fn takes_writes(&self) -> Result<(), &'static str> {
        if let Some(known) = self.pulse.known() {
            return known;
        }
        let _alone = self.pulse.trying.lock().await;
        if let Some(known) = self.pulse.known() {
            return known;
        }
        self.try_a_write().await
    }

    /// The same by a write that is made now, whatever the last one met.
    ///
    /// # Errors
    /// As [`Store::takes_writes`].
    pub async fn takes_a_write_now(&self) -> Result<(), &'static str> {
        let _alone = self.pulse.trying.lock().await;
        self.try_a_write().await
    }

    async fn try_a_write(&self) -> Result<(), &'static str> {
        self.pulse.tried();
        let error = match timeout(TRIED_WITHIN, self.write_a_little()).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => error,
            Err(_) => self.way.why_unreachable().await.within("a test write"),
        };
        if self.pulse.ill(&error) {
            tracing::error!(%error, "the database takes no writes");
        }
        Err(error.in_words())
    }

    /// Somebody waited for a write in vain: whoever asks next has it tried.
    pub fn doubt(&self) {
        self.pulse.doubt();
    }

    /// What the last write met, where it was the database's fault; in words of ours.
    pub fn known_trouble(&self) -> Option<&'static str> {
        self.pulse.trouble()
    }

    async fn write_a_little(&self) -> Result<(), StoreError> {
        self.write("a test write", |tx| {
            Box::pin(async move {
                let beat = match tx.engine {
                    // Never twice the same: SQLite writes no page that stays as it is.
                    Engine::Sqlite => {
                        let other = hex(&random_bytes::<16>());
                        other.repeat(TRIED_WITH / other.len())
                    }
                    // The server says itself how its disk is.
                    Engine::Postgres => String::new(),
                };
                let sql = "-- pulse::beat\nINSERT INTO pulse (id, beat) VALUES (1, $1) \
                           ON CONFLICT (id) DO UPDATE SET beat = excluded.beat";
                sqlx::query(sql).bind(beat).execute(tx.conn()).await?;
                Ok(())
            })
        })
        .await
    }
}
