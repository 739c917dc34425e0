//! Whether the database takes writes, known without asking more of it than it can bear.
//!
//! Guarantees: every transaction that writes says how it went; whoever wants to know is told what the last one met, or, where
//! that is long ago or was a failure, what a small write of its own meets. That one is made by one asker at a time, at most
//! every [`BETWEEN_TRIES`], and never waited for longer than [`TRIED_WITHIN`]: a probe that comes every second costs nothing.

use crate::store::sql::dialect::Engine;
use crate::store::sql::row::hex;
use crate::store::{Store, StoreError};
use baton_clock::random_bytes;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// After a write that went through, nothing is tried for so long.
const WELL_FOR: Duration = Duration::from_secs(5);
/// Between two tries while the database is not well.
const BETWEEN_TRIES: Duration = Duration::from_millis(500);
/// How long a try may take; with the search for a cause, whoever asks hears within 1.5 s.
const TRIED_WITHIN: Duration = Duration::from_millis(800);
/// Bytes that a try writes into a SQLite file: more than what a full disk still takes in the corners of its last blocks.
const TRIED_WITH: usize = 64 * 1024;

#[derive(Default)]
pub(in crate::store) struct Pulse {
    felt: Mutex<Felt>,
    trying: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Felt {
    well_at: Option<Instant>,
    tried_at: Option<Instant>,
    /// What the last write met, in words of ours, unless it went through.
    ill: Option<&'static str>,
}

impl Pulse {
    fn felt_now(&self) -> MutexGuard<'_, Felt> {
        self.felt.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A transaction that writes has ended. Faults of its own say nothing about the database.
    pub fn felt(&self, error: Option<&StoreError>) {
        match error {
            None => *self.felt_now() = Felt { well_at: Some(Instant::now()), ..Felt::default() },
            Some(error) if error.is_outage() => {
                self.ill(error);
            }
            Some(_) => {}
        }
    }

    /// Whether that is news.
    fn ill(&self, error: &StoreError) -> bool {
        let mut felt = self.felt_now();
        felt.well_at = None;
        felt.ill.replace(error.in_words()) != Some(error.in_words())
    }

    /// What is known without a try.
    fn known(&self) -> Option<Result<(), &'static str>> {
        let felt = self.felt_now();
        let within = |at: Option<Instant>, span: Duration| at.is_some_and(|at| at.elapsed() < span);
        match felt.ill {
            None if within(felt.well_at, WELL_FOR) => Some(Ok(())),
            Some(ill) if within(felt.tried_at, BETWEEN_TRIES) => Some(Err(ill)),
            _ => None,
        }
    }
}

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
        self.pulse.felt_now().tried_at = Some(Instant::now());
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
        self.pulse.felt_now().well_at = None;
    }

    /// What the last write met, where it was the database's fault; in words of ours.
    pub fn known_trouble(&self) -> Option<&'static str> {
        self.pulse.felt_now().ill
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
