//! What the last writes met, for whoever wants to know whether the database takes them.

use crate::store::sql::error::StoreError;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// After a write that went through, nothing is tried for so long.
const WELL_FOR: Duration = Duration::from_secs(5);
/// Between two tries while the database is not well.
const BETWEEN_TRIES: Duration = Duration::from_millis(500);

#[derive(Default)]
pub(super) struct Pulse {
    felt: Mutex<Felt>,
    /// Held by the one who tries.
    pub trying: tokio::sync::Mutex<()>,
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
    pub(super) fn felt(&self, error: Option<&StoreError>) {
        match error {
            None => *self.felt_now() = Felt { well_at: Some(Instant::now()), ..Felt::default() },
            Some(error) if error.is_outage() => {
                self.ill(error);
            }
            Some(_) => {}
        }
    }

    /// Whether that is news.
    pub(super) fn ill(&self, error: &StoreError) -> bool {
        let mut felt = self.felt_now();
        felt.well_at = None;
        felt.ill.replace(error.in_words()) != Some(error.in_words())
    }

    /// What is known without a try.
    pub(super) fn known(&self) -> Option<Result<(), &'static str>> {
        let felt = self.felt_now();
        let within = |at: Option<Instant>, span: Duration| at.is_some_and(|at| at.elapsed() < span);
        match felt.ill {
            None if within(felt.well_at, WELL_FOR) => Some(Ok(())),
            Some(ill) if within(felt.tried_at, BETWEEN_TRIES) => Some(Err(ill)),
            _ => None,
        }
    }

    /// A try begins.
    pub(super) fn tried(&self) {
        self.felt_now().tried_at = Some(Instant::now());
    }

    /// What the last write met counts no more.
    pub(super) fn doubt(&self) {
        self.felt_now().well_at = None;
    }

    pub(super) fn trouble(&self) -> Option<&'static str> {
        self.felt_now().ill
    }
}
