//! How a transaction begins, is tried again, and ends.
//!
//! Guarantees: it runs to its end in a task of its own, so that a caller who stops waiting can neither leave it open nor undo it
//! halfway; it is tried again, whole, when the database asks for that; an `Ok` means committed.

use super::pulse::Pulse;
use super::way::Way;
use crate::store::sql::dialect::Engine;
use crate::store::sql::error::{StoreError, worth_another_try};
use crate::telemetry::figures::{self, Count};
use baton_clock::jitter;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, TryFutureExt};
use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyConnection, AnyPool};
use std::any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tracing::Instrument;

/// How often a transaction is tried when the database says "again": deadlock, serialisation, lock not available.
const TRIES: u32 = 4;
/// How long a transaction that writes may take once it has its connection; statements have limits of their own below it.
const ENDED_WITHIN: Duration = Duration::from_secs(20);
/// The same for one that reads: reports take longer.
const READ_WITHIN: Duration = Duration::from_secs(60);

/// One transaction in so many makes its connection plan anew: a plan made for tables of a few rows is never used on many, and
/// planning costs a hundredth of what it costs where it is done every time.
const PLANS_LAST: u32 = 64;

/// A handle to the database; clones share its connections.
#[derive(Clone)]
pub struct Store {
    pub(super) engine: Engine,
    pub(super) writer: AnyPool,
    pub(super) reader: AnyPool,
    pub(super) way: Arc<Way>,
    pub(super) pulse: Arc<Pulse>,
    /// How many transactions have begun that keep their plans.
    pub(super) often: Arc<AtomicU32>,
}

/// One transaction. Its methods stand in the files of their table family.
///
/// It begins and ends by plain statements: SQLite rolls back by itself when a disk is full or fails, and a client that keeps
/// count of transactions would believe for ever that one is open.
pub struct Tx {
    pub(in crate::store) engine: Engine,
    inner: PoolConnection<Any>,
    open: bool,
    /// What is counted once it has committed.
    counts: Vec<Count>,
}

impl Tx {
    async fn begin(engine: Engine, inner: PoolConnection<Any>, statement: &'static str) -> Result<Self, StoreError> {
        let mut tx = Self { engine, inner, open: true, counts: Vec::new() };
        if let Err(cause) = sqlx::raw_sql(statement).execute(tx.conn()).await {
            let error = StoreError::from(cause);
            tx.open = error.spoils_connection();
            return Err(error);
        }
        Ok(tx)
    }

    async fn commit(mut self) -> Result<(), StoreError> {
        sqlx::raw_sql("COMMIT").execute(self.conn()).await.map_err(StoreError::of_commit)?;
        self.open = false;
        self.counts.drain(..).for_each(figures::count);
        Ok(())
    }

    /// What the body said matters more than how this ends.
    async fn rollback(mut self, access: Access, spoilt: bool) {
        let mut ended = sqlx::raw_sql("ROLLBACK").execute(self.conn()).await;
        if ended.is_ok() && self.engine == Engine::Sqlite && matches!(access, Access::Write) {
            // A body that erases switches it on for itself, and off at its end, which it did not come to.
            ended = sqlx::raw_sql("PRAGMA secure_delete = OFF").execute(self.conn()).await;
        }
        match ended {
            Ok(_) => self.open = spoilt,
            Err(error) => tracing::debug!(%error, "the rollback failed: the connection is closed"),
        }
    }

    pub(in crate::store) fn conn(&mut self) -> &mut AnyConnection {
        &mut self.inner
    }

    /// Counts this once the transaction has committed, and not where it is tried again. Of one statement by itself nothing is
    /// counted.
    pub(in crate::store) fn count(&mut self, what: Count) {
        self.counts.push(what);
    }
}

/// A connection that may still be in a transaction, or has met a fault of the database's, is closed; another one is made.
impl Drop for Tx {
    fn drop(&mut self) {
        if self.open {
            self.inner.close_on_drop();
        }
    }
}

/// The body of a transaction: may be run several times, and its values are final only when `write` has returned. It hands on
/// every error of a method of [`Tx`]: after one, PostgreSQL stores nothing more, whatever the body returns.
pub trait Body<T>: for<'a> Fn(&'a mut Tx) -> BoxFuture<'a, Result<T, StoreError>> + Send + Sync + 'static {}
impl<T, F> Body<T> for F where F: for<'a> Fn(&'a mut Tx) -> BoxFuture<'a, Result<T, StoreError>> + Send + Sync + 'static {}

/// A [`Body`] that is lent `given` at every try: whoever asked for it may be gone by then.
pub fn with<G, T, F>(given: G, body: F) -> impl Body<T>
where
    G: Send + Sync + 'static,
    F: for<'a> Fn(&'a mut Tx, &'a G) -> BoxFuture<'a, Result<T, StoreError>> + Send + Sync + 'static,
{
    let lent = Arc::new((given, body));
    move |tx| {
        let lent = Arc::clone(&lent);
        Box::pin(async move {
            let (given, body) = &*lent;
            body(tx, given).await
        })
    }
}

/// A [`Body`] of whatever type: what runs it is compiled once, not once for each of a hundred bodies.
type AnyBody = dyn for<'a> Fn(&'a mut Tx) -> BoxFuture<'a, Result<Made, StoreError>> + Send + Sync;
type Made = Box<dyn any::Any + Send>;

fn packed<T: Send + 'static>(value: T) -> Made {
    Box::new(value)
}

fn unpacked<T: 'static>(made: Made) -> T {
    *made.downcast::<T>().expect("a body's value is unpacked as the type it was packed as")
}

impl Store {
    /// Runs `body` in a transaction and commits. `name` appears in errors.
    ///
    /// # Errors
    /// What `body` returns; or the database failed, after the tries that make sense. After
    /// [`StoreError::CommitUnknown`] it may have counted all the same.
    pub fn write<T: Send + 'static>(
        &self,
        name: &'static str,
        body: impl Body<T>,
    ) -> impl Future<Output = Result<T, StoreError>> + Send {
        self.in_task(name, Access::Write, body)
    }

    /// The same for what is done for every lead by statements that find rows by their keys: PostgreSQL keeps the plans of these from
    /// one to the next ([`Engine::begin_often`]).
    ///
    /// # Errors
    /// As [`Store::write`].
    pub fn write_often<T: Send + 'static>(
        &self,
        name: &'static str,
        body: impl Body<T>,
    ) -> impl Future<Output = Result<T, StoreError>> + Send {
        self.in_task(name, Access::WriteOften, body)
    }

    /// Runs `body` against one consistent state. Whatever it writes is an error on SQLite and rolled back on PostgreSQL.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub fn read<T: Send + 'static>(
        &self,
        name: &'static str,
        body: impl Body<T>,
    ) -> impl Future<Output = Result<T, StoreError>> + Send {
        self.in_task(name, Access::Read, body)
    }

    /// Runs `body`, of which each statement counts by itself: for one alone, which needs no transaction around it, and is one trip
    /// to the server instead of three.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub fn write_once<T: Send + 'static>(
        &self,
        name: &'static str,
        body: impl Body<T>,
    ) -> impl Future<Output = Result<T, StoreError>> + Send {
        self.in_task(name, Access::WriteOnce, body)
    }

    pub(in crate::store) fn in_task<T: Send + 'static>(
        &self,
        name: &'static str,
        access: Access,
        body: impl Body<T>,
    ) -> impl Future<Output = Result<T, StoreError>> + Send {
        let body: Box<AnyBody> = Box::new(move |tx| body(tx).map_ok(packed).boxed());
        self.any_in_task(name, access, body).map_ok(unpacked::<T>)
    }

    async fn any_in_task(&self, name: &'static str, access: Access, body: Box<AnyBody>) -> Result<Made, StoreError> {
        let store = self.clone();
        let work = async move {
            let mut tries = 1;
            loop {
                match store.attempt(access, &*body).await {
                    // Whoever migrates tries again itself, with longer pauses.
                    Err(error) if access != Access::Migrate && worth_another_try(&error) && tries < TRIES => {
                        tracing::debug!(transaction = name, tries, %error, "the transaction is tried again");
                        figures::transaction_tried_again();
                        let longest = 20.0 * f64::from(tries * tries);
                        tokio::time::sleep(Duration::from_millis((longest * jitter()) as u64)).await;
                        tries += 1;
                    }
                    result => {
                        let result = result.map_err(|error| error.within(name));
                        // Here, since whoever asked may not wait any more.
                        if matches!(access, Access::Write | Access::WriteOften | Access::WriteOnce | Access::Migrate) {
                            store.pulse.felt(result.as_ref().err());
                        }
                        return result;
                    }
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

    /// Plans are made anew now and then: until a table's statistics are taken for the first time, nothing else tells that it is no
    /// longer as small as it was.
    fn begin_often(&self) -> &'static str {
        let turn = self.often.fetch_add(1, Ordering::Relaxed);
        self.engine.begin_often(turn.is_multiple_of(PLANS_LAST))
    }

    async fn attempt(&self, access: Access, body: &AnyBody) -> Result<Made, StoreError> {
        let (pool, begin) = match access {
            Access::Write | Access::Migrate => (&self.writer, self.engine.begin_write()),
            Access::WriteOften => (&self.writer, self.begin_often()),
            Access::WriteOnce => (&self.writer, ""),
            Access::Read => (&self.reader, self.engine.begin_read()),
            Access::Glance => (&self.reader, ""),
        };
        let connection = match pool.acquire().await {
            Err(sqlx::Error::PoolTimedOut) => return Err(self.way.why_unreachable().await),
            acquired => acquired?,
        };
        let work = self.run(connection, begin, access, body);
        // A server that is gone without a word would hold its connection, and whoever waits for it, for a quarter of an hour.
        let span = match access {
            Access::Read | Access::Glance => READ_WITHIN,
            Access::Write | Access::WriteOften | Access::WriteOnce => ENDED_WITHIN,
            Access::Migrate => return work.await,
        };
        tokio::time::timeout(span, work).await.unwrap_or_else(|_| {
            let silent = std::io::Error::new(std::io::ErrorKind::TimedOut, "it stopped answering");
            Err(StoreError::CommitUnknown { during: "a transaction", cause: sqlx::Error::Io(silent) })
        })
    }

    async fn run(
        &self,
        connection: PoolConnection<Any>,
        begin: &'static str,
        access: Access,
        body: &AnyBody,
    ) -> Result<Made, StoreError> {
        let mut tx = match access {
            // Open until it is known how it ended: one that is given up with its statement under way is closed.
            Access::Glance | Access::WriteOnce => {
                Tx { engine: self.engine, inner: connection, open: true, counts: Vec::new() }
            }
            Access::Read | Access::Write | Access::WriteOften | Access::Migrate => {
                Tx::begin(self.engine, connection, begin).await?
            }
        };
        let done = AssertUnwindSafe(body(&mut tx)).catch_unwind().await;
        match (done, access) {
            (Ok(Ok(value)), Access::Write | Access::WriteOften | Access::Migrate) => {
                fail::fail_point!("before_commit");
                tx.commit().await?;
                fail::fail_point!("after_commit");
                Ok(value)
            }
            (Ok(result), Access::WriteOnce) => {
                tx.open = result.as_ref().is_err_and(StoreError::spoils_connection);
                fail::fail_point!("after_commit");
                result.map_err(|error| match error {
                    StoreError::Database { cause, .. } => StoreError::of_commit(cause),
                    other => other,
                })
            }
            (Ok(result), Access::Glance) => {
                tx.open = result.as_ref().is_err_and(StoreError::spoils_connection);
                result
            }
            (Ok(result), _) => {
                tx.rollback(access, result.as_ref().is_err_and(StoreError::spoils_connection)).await;
                result
            }
            (Err(panic), _) => {
                tx.rollback(access, false).await;
                std::panic::resume_unwind(panic)
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Access {
    Read,
    /// Asks one thing once: a statement sees one state by itself, and needs no transaction around it.
    Glance,
    Write,
    /// Writes by plans that are kept.
    WriteOften,
    /// Writes by one statement, which is its own commit.
    WriteOnce,
    /// Writes, and may take its time.
    Migrate,
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::Row;

    #[tokio::test]
    async fn what_a_body_switched_on_does_not_outlast_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite:{}?mode=rwc", folder.path().join("baton.db").display());
        let store = Store::open(&url).await.expect("a database");
        let fails = store.write("fails", |tx| {
            Box::pin(async move {
                sqlx::query("PRAGMA secure_delete = ON").fetch_all(tx.conn()).await?;
                Err::<(), _>(StoreError::NotFound { what: "lead", id: "none".to_owned() })
            })
        });
        fails.await.expect_err("it fails in the middle");
        let is_on = store.write("reads", |tx| {
            Box::pin(async move {
                let row = sqlx::query("PRAGMA secure_delete").fetch_one(tx.conn()).await?;
                Ok(row.try_get::<i64, _>(0)?)
            })
        });
        assert_eq!(is_on.await.expect("a setting"), 0);
    }
}
