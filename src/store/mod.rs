//! All SQL. One store over SQLite (one file, one process) and PostgreSQL (several workers): the same tables, the same
//! statements, the same meaning, held together by one conformance suite.
//!
//! Guarantees: a transaction runs to its end in a task of its own, so that a caller who stops waiting can neither leave it open
//! nor undo it halfway; it is tried again, whole, when the database asks for that; an `Ok` means committed. Time comes from the
//! caller: nothing here reads a clock. State is read and written on the writer only; [`Store::read`] may lag behind nothing,
//! since it is the same database.

mod caller;
mod correction;
mod dialect;
mod error;
mod feedback;
mod handoff;
mod inbox;
mod lead;
mod ledger;
mod migrate;
mod mirror;
mod open;
mod outbound;
mod past;
mod release;
mod rep;
mod report;
mod row;
mod slot;
mod step;
mod timeline;
mod token;
mod trace;
mod transition;
mod waiting;

pub use caller::{Met, caller_keys};
pub use correction::Correction;
pub use error::StoreError;
pub use feedback::{Contact, OwnerChange};
pub use inbox::{InboxMessage, InboxRow};
pub use lead::{DecidedLead, LeadRecord, LeadSummary, StoredDecision, status as handoff_status};
pub use ledger::{Grant, JournalLine};
pub use mirror::Mirrored;
pub use outbound::OutboundEvent;
pub use past::PastLead;
pub use release::{LiveRelease, StoredRelease};
pub use rep::RepState;
pub use report::ReportRow;
pub use step::{Claim, FinishedStep, NewStep, StepEnd, StepProblem, StepRow, StepStats, VendorRef};
pub use timeline::TimelineEntry;
pub use token::Token;
pub use transition::{Moved, Mover, local_day, new_steps};
pub use waiting::{WaitingLead, Waits};

use crate::clock::jitter;
use dialect::Engine;
use error::worth_another_try;
use futures_util::future::BoxFuture;
use sqlx::{Any, Transaction};
use sqlx::{AnyConnection, AnyPool};
use std::time::Duration;
use tracing::Instrument;

/// How often a transaction is tried when the database says "again": deadlock, serialisation, lock not available.
const TRIES: u32 = 4;

/// A handle to the database; clones share its connections.
#[derive(Clone)]
pub struct Store {
    engine: Engine,
    writer: AnyPool,
    reader: AnyPool,
}

/// One transaction. Its methods stand in the files of their table family.
pub struct Tx {
    engine: Engine,
    inner: Transaction<'static, Any>,
}

impl Tx {
    fn conn(&mut self) -> &mut AnyConnection {
        &mut self.inner
    }
}

/// The body of a transaction: may be run several times, and its values are final only when `write` has returned. It hands on
/// every error of a method of [`Tx`]: after one, PostgreSQL stores nothing more, whatever the body returns.
pub trait Body<T>: for<'a> Fn(&'a mut Tx) -> BoxFuture<'a, Result<T, StoreError>> + Send + Sync + 'static {}
impl<T, F> Body<T> for F where F: for<'a> Fn(&'a mut Tx) -> BoxFuture<'a, Result<T, StoreError>> + Send + Sync + 'static {}

impl Store {
    /// Runs `body` in a transaction and commits. `name` appears in errors.
    ///
    /// # Errors
    /// What `body` returns; or the database failed, after the tries that make sense. After
    /// [`StoreError::CommitUnknown`] it may have counted all the same.
    pub async fn write<T: Send + 'static>(&self, name: &'static str, body: impl Body<T>) -> Result<T, StoreError> {
        self.in_task(name, Access::Write, body).await
    }

    /// Runs `body` against one consistent state. Whatever it writes is an error on SQLite and rolled back on PostgreSQL.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub async fn read<T: Send + 'static>(&self, name: &'static str, body: impl Body<T>) -> Result<T, StoreError> {
        self.in_task(name, Access::Read, body).await
    }

    async fn in_task<T: Send + 'static>(
        &self,
        name: &'static str,
        access: Access,
        body: impl Body<T>,
    ) -> Result<T, StoreError> {
        let store = self.clone();
        let work = async move {
            let mut tries = 1;
            loop {
                match store.attempt(access, &body).await {
                    Err(error) if worth_another_try(&error) && tries < TRIES => {
                        tracing::debug!(transaction = name, tries, %error, "the transaction is tried again");
                        let longest = 20.0 * f64::from(tries * tries);
                        tokio::time::sleep(Duration::from_millis((longest * jitter()) as u64)).await;
                        tries += 1;
                    }
                    result => return result.map_err(|error| error.within(name)),
                }
            }
        };
        match tokio::spawn(work.in_current_span()).await {
            Ok(result) => result,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Err(StoreError::Stopped),
            },
        }
    }

    async fn attempt<T>(&self, access: Access, body: &impl Body<T>) -> Result<T, StoreError> {
        let (pool, begin) = match access {
            Access::Write => (&self.writer, self.engine.begin_write()),
            Access::Read => (&self.reader, self.engine.begin_read()),
        };
        let inner = pool.begin_with(begin).await?;
        let mut tx = Tx { engine: self.engine, inner };
        match (body(&mut tx).await, access) {
            (Ok(value), Access::Write) => {
                fail::fail_point!("before_commit");
                tx.inner.commit().await.map_err(StoreError::of_commit)?;
                fail::fail_point!("after_commit");
                Ok(value)
            }
            (result, _) => {
                // A connection on which this fails is not handed out again, and what the body said matters more.
                if let Err(error) = tx.inner.rollback().await {
                    tracing::debug!(%error, "the rollback failed");
                }
                result
            }
        }
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// It does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("-- store::ping\nSELECT 1").execute(&self.reader).await?;
        Ok(())
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    Read,
    Write,
}
