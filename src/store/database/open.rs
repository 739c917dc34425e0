//! Opening a database, and refusing one on which no promise can be kept.

use super::place::{self, Missing};
use super::pulse::Pulse;
use super::transaction::Store;
use super::way::Way;
use crate::store::sql::dialect::Engine;
use crate::store::sql::error::StoreError;
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::any::AnyPoolOptions;
use sqlx::{AnyPool, Connection, Row};
use std::sync::Arc;
use std::time::Duration;

/// Connections for transactions that write on PostgreSQL; SQLite has exactly one writer.
const WRITERS: u32 = 8;
const READERS: u32 = 4;
const ACQUIRE_WITHIN: Duration = Duration::from_secs(30);
/// A connection that was used so short a time ago still lives.
const IN_USE_WITHIN: Duration = Duration::from_secs(1);
/// How long a database may take to answer for the first time.
const OPEN_WITHIN: Duration = Duration::from_secs(10);
/// The first SQLite without the fault that could corrupt a write-ahead log (sqlite.org, "WAL-reset bug").
const OLDEST_SQLITE: [u32; 3] = [3, 51, 3];

/// Further apart than this, our clock and the database server's are not both right.
const CLOCKS_WITHIN: TimeDelta = TimeDelta::seconds(2);

const SQLITE_WRITER: [&str; 4] = [
    "PRAGMA busy_timeout = 10000",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
];
const SQLITE_READER: [&str; 2] = ["PRAGMA busy_timeout = 10000", "PRAGMA query_only = ON"];
/// A statement or a forgotten transaction of ours never holds the others up for long. And statements are planned for the tables
/// as they are at the moment: PostgreSQL would keep the plan it made while they were empty, and go on to read them whole when
/// they no longer are. (Closing it the ways that suit small tables alone, as `enable_seqscan = off` does, does not help: it
/// then reads an index from end to end.) What every lead costs is planned now and then only (`Store::write_often`). What is asked for lies in memory nearly always, and a page of it costs as much here as
/// there: by the server's default, made for disks that turn, ending one step read thousands. A decision with its whole explanation is
/// a hundred kilobytes, which a server that has lz4 packs in a fraction of the time that its own way takes; one that has not, does not.
const POSTGRES: [&str; 7] = [
    "SET statement_timeout = '10s'",
    "SET lock_timeout = '5s'",
    "SET idle_in_transaction_session_timeout = '10s'",
    "SET plan_cache_mode = force_custom_plan",
    "SET random_page_cost = 1.1",
    "SET jit = off",
    "-- store::packing\nSELECT set_config(name, 'lz4', false) FROM pg_settings WHERE name = 'default_toast_compression' \
     AND 'lz4' = ANY (enumvals)",
];
const POSTGRES_READER: &str = "SET default_transaction_read_only = on";

impl Store {
    /// `sqlite:FILE` (created if missing) or `postgres://…`.
    ///
    /// # Errors
    /// The URL is of neither kind, the database does not answer, or is not fit: an old SQLite, a PostgreSQL that
    /// acknowledges commits before they are durable, a standby, or a SQLite that keeps no write-ahead log (in memory).
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        Self::open_as(url, Missing::Created).await
    }

    /// The same for whoever only looks at what workers wrote: nothing is created.
    ///
    /// # Errors
    /// As [`Store::open`]; and there is no such file.
    pub async fn open_existing(url: &str) -> Result<Self, StoreError> {
        Self::open_as(url, Missing::Refused).await
    }

    async fn open_as(url: &str, missing: Missing) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        let store = if url.starts_with("sqlite:") {
            let url = place::with_mode(url, missing)?;
            let writer = pool(&url, 1, &SQLITE_WRITER)?;
            let way = Way { engine: Engine::Sqlite, url: url.clone(), setup: SQLITE_WRITER.to_vec() };
            Self::over(way, writer, pool(&url, READERS, &SQLITE_READER)?)
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let way = Way { engine: Engine::Postgres, url: url.to_owned(), setup: POSTGRES.to_vec() };
            let reader = [&POSTGRES[..], &[POSTGRES_READER]].concat();
            Self::over(way, pool(url, WRITERS, &POSTGRES)?, pool(url, READERS, &reader)?)
        } else {
            let why = "database.url is neither sqlite:FILE nor postgres://USER@HOST/NAME".to_owned();
            return Err(StoreError::Unfit { why });
        };
        // Before the pools try: they say only that the time was up.
        let first = tokio::time::timeout(OPEN_WITHIN, store.way.first_connection()).await;
        match first {
            Ok(connection) => connection.map_err(|cause| StoreError::from(cause).within("opening it"))?.close().await?,
            Err(_) => return Err(store.way.why_unreachable().await.within("opening it")),
        }
        store.prove_fit().await?;
        Ok(store)
    }

    fn over(way: Way, writer: AnyPool, reader: AnyPool) -> Self {
        Self {
            engine: way.engine,
            writer,
            reader,
            way: Arc::new(way),
            pulse: Arc::new(Pulse::default()),
            often: Arc::default(),
        }
    }

    /// Whether there is room for one worker: it holds the file.
    pub fn is_for_one(&self) -> bool {
        self.engine == Engine::Sqlite
    }

    /// The database server's time; `None` for SQLite, which has no clock of its own, and one worker.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn time(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        if self.engine == Engine::Sqlite {
            return Ok(None);
        }
        let sql = "-- store::clock\nSELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)";
        let micros: i64 = sqlx::query(sql).fetch_one(&self.reader).await?.try_get(0)?;
        let why = || StoreError::Unfit { why: format!("its clock shows {micros} microseconds, which is no time") };
        DateTime::from_timestamp_micros(micros).map(Some).ok_or_else(why)
    }

    /// Leases of several workers rest on their clocks.
    ///
    /// # Errors
    /// A clock that is this much ahead of the database server's is too far off, and what to do.
    pub fn clocks_agree(ahead: TimeDelta) -> Result<(), String> {
        if ahead.abs() <= CLOCKS_WITHIN {
            return Ok(());
        }
        let (by, direction) = if ahead > TimeDelta::zero() { (ahead, "ahead of") } else { (-ahead, "behind") };
        Err(format!(
            "this machine's clock is {} ms {direction} the database server's (allowed: {} ms either way): let both follow NTP",
            by.num_milliseconds(),
            CLOCKS_WITHIN.num_milliseconds()
        ))
    }

    async fn prove_fit(&self) -> Result<(), StoreError> {
        match self.engine {
            Engine::Sqlite => {
                let row = sqlx::query("-- store::version\nSELECT sqlite_version()").fetch_one(&self.reader).await?;
                let version: String = row.try_get(0)?;
                let found: Vec<u32> = version.split('.').filter_map(|part| part.parse().ok()).collect();
                if found[..] < OLDEST_SQLITE[..] {
                    let [major, minor, patch] = OLDEST_SQLITE;
                    let why = format!("SQLite {version} can corrupt its log; needed: {major}.{minor}.{patch} or newer");
                    return Err(StoreError::Unfit { why });
                }
                let row = sqlx::query("-- store::journal\nPRAGMA journal_mode").fetch_one(&self.writer).await?;
                let journal: String = row.try_get(0)?;
                if journal != "wal" {
                    let why =
                        format!("SQLite keeps its journal in mode {journal}, not wal: use a file on a local disk");
                    return Err(StoreError::Unfit { why });
                }
            }
            Engine::Postgres => {
                let sql = "-- store::fitness\nSELECT current_setting('synchronous_commit'), current_setting('fsync'), \
                           CASE WHEN pg_is_in_recovery() THEN 'yes' ELSE 'no' END";
                let row = sqlx::query(sql).fetch_one(&self.reader).await?;
                let (synchronous, fsync, standby): (String, String, String) =
                    (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
                let fault = match (synchronous.as_str(), fsync.as_str(), standby.as_str()) {
                    ("off", _, _) => "synchronous_commit is off: a commit could be lost after it was acknowledged",
                    (_, "off", _) => "fsync is off: a crash could lose or corrupt what was committed",
                    (_, _, "yes") => "this is a standby: point database.url at the primary",
                    _ => return Ok(()),
                };
                return Err(StoreError::Unfit { why: fault.to_owned() });
            }
        }
        Ok(())
    }
}

/// Connections are made when they are asked for.
fn pool(url: &str, size: u32, setup: &[&'static str]) -> Result<AnyPool, StoreError> {
    let setup: Arc<[&'static str]> = setup.into();
    let options = AnyPoolOptions::new().max_connections(size).acquire_timeout(ACQUIRE_WITHIN);
    let options = options.after_connect(move |connection, _| {
        let setup = Arc::clone(&setup);
        Box::pin(async move {
            for statement in setup.iter() {
                sqlx::query(*statement).execute(&mut *connection).await?;
            }
            Ok(())
        })
    });
    // Asked whether it still lives, each time, a busy connection would make one trip more for every transaction.
    let options = options.test_before_acquire(false).before_acquire(|connection, meta| {
        Box::pin(async move { Ok(meta.idle_for < IN_USE_WITHIN || connection.ping().await.is_ok()) })
    });
    Ok(options.connect_lazy(url)?)
}
