//! A database of its own for each test, gone afterwards.

use super::tx::reads;
use baton::store::Store;
use baton_core::domain::id::PoolId;
use baton_core::routing::ledger::Ledger;
use sqlx::{AnyPool, AssertSqlSafe};
use std::collections::BTreeMap;
use std::future::Future;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

/// An empty, migrated database, and a way around the store to look at it or to spoil it.
#[derive(Clone)]
pub struct Db {
    pub store: Store,
    pub url: String,
    pub raw: AnyPool,
}

impl Db {
    pub async fn open(url: String) -> Self {
        let store = Store::open(&url).await.expect("the test database opens");
        store.migrate().await.expect("the test database is migrated");
        let raw = AnyPool::connect(&url).await.expect("a second way in");
        Self { store, url, raw }
    }

    pub fn is_postgres(&self) -> bool {
        self.url.starts_with("postgres")
    }

    /// Runs a statement around the store and returns the rows it touched.
    pub async fn execute(&self, sql: impl Into<String>) -> u64 {
        let sql = sql.into();
        let done = sqlx::query(AssertSqlSafe(sql.clone())).execute(&self.raw).await;
        done.unwrap_or_else(|error| panic!("{sql}: {error}")).rows_affected()
    }

    /// One number out of the database.
    pub async fn number(&self, sql: impl Into<String>) -> i64 {
        let sql = sql.into();
        let found = sqlx::query_scalar(AssertSqlSafe(sql.clone())).fetch_one(&self.raw).await;
        found.unwrap_or_else(|error| panic!("{sql}: {error}"))
    }
}

/// The ledgers of all pools: their journals prove the balances, and no turn is made or lost.
pub async fn ledgers(store: &Store) -> BTreeMap<PoolId, Ledger> {
    let counted = reads!(store, |tx| tx.ledgers_recount().await).await.expect("a recount");
    let proven = |(pool, (stored, rebuilt)): (PoolId, (Ledger, Ledger))| {
        assert_eq!(stored, rebuilt, "the journal of {pool} proves its balances");
        assert_eq!(stored.balances.values().sum::<i64>(), 0, "{pool}");
        (pool, stored)
    };
    counted.into_iter().map(proven).collect()
}

/// A task for each of these, all at the same time; what became of them, in their order.
pub async fn at_once<I, T, F>(db: &Db, items: impl IntoIterator<Item = I>, task: impl Fn(Db, I) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let tasks: Vec<_> = items.into_iter().map(|item| tokio::spawn(task(db.clone(), item))).collect();
    let mut ends = Vec::new();
    for task in tasks {
        ends.push(task.await.expect("no task fails"));
    }
    ends
}

/// A database that is made in this folder.
pub fn sqlite_in(folder: &Path) -> String {
    format!("sqlite:{}?mode=rwc", folder.join("baton.db").display())
}

pub async fn on_sqlite<F: Future<Output = ()>>(test: impl FnOnce(Db) -> F) {
    let folder = tempfile::tempdir().expect("a folder");
    test(Db::open(sqlite_in(folder.path())).await).await;
}

pub async fn on_postgres<F: Future<Output = ()> + Send + 'static>(test: impl FnOnce(Db) -> F + Send + 'static) {
    let Some(server) = postgres() else { return };
    static NUMBER: AtomicU32 = AtomicU32::new(1);
    let name = format!("baton_test_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
    sqlx::any::install_default_drivers();
    let admin = AnyPool::connect(&server).await.expect("BATON_TEST_POSTGRES names a server that answers");
    run(&admin, format!("CREATE DATABASE {name}")).await;
    let mut url = url::Url::parse(&server).expect("BATON_TEST_POSTGRES is a URL");
    url.set_path(&name);
    let outcome = tokio::spawn(async move { test(Db::open(url.to_string()).await).await }).await;
    run(&admin, format!("DROP DATABASE {name} WITH (FORCE)")).await;
    if let Err(failed) = outcome {
        std::panic::resume_unwind(failed.into_panic());
    }
}

async fn run(pool: &AnyPool, sql: String) {
    sqlx::query(AssertSqlSafe(sql.clone())).execute(pool).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// The server to test on; `None` only where nobody promised one.
fn postgres() -> Option<String> {
    let server = variable("BATON_TEST_POSTGRES");
    assert!(
        server.is_some() || variable("CI").as_deref() != Some("true"),
        "CI=true, but BATON_TEST_POSTGRES names no server: the PostgreSQL half of the suite cannot be left out here"
    );
    server
}

/// Past the test runner's capture, which hides what a passing test prints.
pub fn say_if_postgres_is_left_out(tests: usize) {
    if postgres().is_none() {
        let line =
            format!("\n*** SKIPPED: {tests} store tests on PostgreSQL; set BATON_TEST_POSTGRES to run them ***\n\n");
        std::io::stderr().write_all(line.as_bytes()).expect("stderr takes a line");
    }
}

#[expect(clippy::disallowed_methods, reason = "which server to test on is said from outside, as is CI")]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// One test on one engine for each line: `NAME: on_sqlite(BODY),`.
macro_rules! tests {
    ($($name:ident: $engine:ident($body:expr),)+) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            $crate::store::server::$engine($body).await;
        })+
    };
}

/// The same tests on both engines: `sqlite::NAME` and `postgres::NAME`.
macro_rules! on_both {
    ($($(#[$attribute:meta])* $name:ident,)+) => {
        mod sqlite {
            $($(#[$attribute])* #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                $crate::store::server::on_sqlite(super::$name).await;
            })+
        }
        mod postgres {
            $($(#[$attribute])* #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                $crate::store::server::on_postgres(super::$name).await;
            })+
        }
    };
}

pub(crate) use {on_both, tests};
