//! Copies of a database: how one is made beside a worker that writes, what lies in it, and how it takes the place of another.
//!
//! Guarantees: a copy is one state, the last that was committed when it began. It has its name only once it is whole, proven and
//! on the disk, and takes nobody else's; what it takes the place of is kept. If the process dies here, a file with the ending
//! `.part` is left, and nothing else has changed.

use super::migrate::COPIES;
use super::place::{folder_of, hand_over};
use super::transaction::{Store, Tx};
use crate::store::sql::dialect::Engine;
use crate::store::sql::error::StoreError;
use crate::store::sql::row::{Reading, micros};
use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{AnyConnection, Connection, Row};
use std::fs::File;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Whatever else SQLite keeps of a file lies beside it.
const OF_ONE_FILE: [&str; 3] = ["", "-wal", "-shm"];

/// What lies in a database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Holdings {
    /// The last migration.
    pub form: String,
    pub leads: i64,
    /// What is still to be done, now or later.
    pub open_steps: i64,
    /// Messages that nothing has been made of yet.
    pub waiting: i64,
    /// Rules that decisions were made with.
    pub releases: i64,
    /// When the last event came in; `None`: none ever did.
    pub newest_event_at: Option<DateTime<Utc>>,
}

/// By the indexes that there are: each has a part of the rows.
const HOLDINGS: &str = "-- copy::holdings\nSELECT (SELECT COUNT(*) FROM lead) AS leads, \
     (SELECT COUNT(*) FROM step WHERE state = 'due') + (SELECT COUNT(*) FROM step WHERE state = 'leased') AS open_steps, \
     (SELECT COUNT(*) FROM inbox WHERE state = 'received') AS waiting, (SELECT COUNT(*) FROM release) AS releases, \
     (SELECT MAX(at) FROM (SELECT MAX(received_at) AS at FROM inbox WHERE state = 'received' \
     UNION ALL SELECT MAX(received_at) FROM inbox WHERE state = 'quarantined' \
     UNION ALL SELECT MAX(received_at) FROM inbox WHERE state = 'dropped' \
     UNION ALL SELECT MAX(received_at) FROM inbox WHERE state = 'handled' AND octet_length(body) > 0 \
     UNION ALL SELECT MAX(received_at) FROM inbox WHERE state = 'handled' AND octet_length(body) = 0) AS newest) AS newest_event_at";

impl Store {
    /// Copies a SQLite database into a new file, while others write, and says what lies in the copy.
    ///
    /// # Errors
    /// There is such a file already, or one that an earlier copy left unfinished; it cannot be written; or what was copied is
    /// not whole.
    pub async fn copy_to(&self, file: &Path, now: DateTime<Utc>) -> Result<Holdings, StoreError> {
        let part = file.with_added_extension("part");
        if file.exists() {
            return Err(unfit(format!("{} is there already, and a copy never takes its place", file.display())));
        }
        // Personal data: for its owner alone.
        File::options().write(true).create_new(true).mode(0o600).open(&part).map_err(|error| named(&part, &error))?;
        let copied = match self.copy_into(&part, now).await {
            Ok(()) => examine(&part).await,
            Err(error) => Err(error.within("copying the database")),
        };
        let named_so = match copied {
            Ok(holdings) => named_at_last(&part, file).map(|()| holdings),
            Err(error) => Err(error),
        };
        if named_so.is_err() {
            let _gone = std::fs::remove_file(&part);
        }
        named_so
    }

    /// `VACUUM INTO`, and not SQLite's backup interface: that begins anew whenever somebody else has written, and would not end
    /// beside a busy worker. This reads one state, and makes one file without a log.
    async fn copy_into(&self, part: &Path, now: DateTime<Utc>) -> Result<(), StoreError> {
        let mut from = AnyConnection::connect(&self.way.url).await?;
        let sql = "-- copy::make\nVACUUM INTO $1";
        sqlx::query(sql).bind(part.to_string_lossy().into_owned()).execute(&mut from).await?;
        from.close().await?;
        let mut copy = AnyConnection::connect(&url_of(part, "rw")).await?;
        // What was copied may be of an older form, without the table.
        sqlx::raw_sql(COPIES).execute(&mut copy).await?;
        let sql = "-- copy::mark\nINSERT INTO database_copy (made_at) VALUES ($1)";
        sqlx::query(sql).bind(micros(now)).execute(&mut copy).await?;
        Ok(copy.close().await?)
    }

    /// What lies in it, of this form or an older one.
    ///
    /// # Errors
    /// The database failed, or took longer than five minutes for it.
    pub async fn holdings(&self) -> Result<Holdings, StoreError> {
        let mut connection = self.way.first_connection().await?;
        if self.engine == Engine::Postgres {
            sqlx::raw_sql("SET statement_timeout = '5min'").execute(&mut connection).await?;
        }
        let holdings = read(&mut connection, self.engine).await;
        let holdings = holdings.map_err(|error| error.within("counting what lies in it"))?;
        connection.close().await?;
        Ok(holdings)
    }

    /// Whether nothing was ever stored here.
    ///
    /// # Errors
    /// The database failed.
    pub async fn is_empty(&self) -> Result<bool, StoreError> {
        let sql = match self.engine {
            Engine::Sqlite => "-- copy::tables\nSELECT COUNT(*) FROM sqlite_schema",
            Engine::Postgres => {
                "-- copy::relations\nSELECT COUNT(*) FROM information_schema.tables \
                 WHERE table_schema NOT IN ('pg_catalog', 'information_schema')"
            }
        };
        let tables: i64 = sqlx::query(sql).fetch_one(&self.reader).await?.try_get(0)?;
        Ok(tables == 0)
    }
}

impl Tx {
    /// What is here was put in the place of something newer: the next worker that begins takes note of it.
    pub async fn copy_note(&mut self, now: DateTime<Utc>) -> Result<(), StoreError> {
        let sql = "-- copy::note\nINSERT INTO database_copy (made_at) VALUES ($1)";
        sqlx::query(sql).bind(micros(now)).execute(self.conn()).await?;
        Ok(())
    }

    /// A worker begins. When the first one did so on what was put in place last; `None`: nothing ever was.
    pub async fn copy_begins(&mut self, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, StoreError> {
        let sql = "-- copy::begins\nUPDATE database_copy SET restored_at = $1 WHERE restored_at IS NULL";
        sqlx::query(sql).bind(micros(now)).execute(self.conn()).await?;
        let sql = "-- copy::restored\nSELECT 'all' AS key, MAX(restored_at) AS restored_at FROM database_copy";
        let row = sqlx::query(sql).fetch_one(self.conn()).await?;
        Reading::new("database_copy", &row).maybe_at("restored_at")
    }
}

/// What lies in a SQLite file on which nobody is at work, once every page of it was found to be whole.
///
/// # Errors
/// It is no database of ours, or damaged.
pub async fn examine(file: &Path) -> Result<Holdings, StoreError> {
    examined(file).await.map_err(|error| error.within("reading a copy"))
}

async fn examined(file: &Path) -> Result<Holdings, StoreError> {
    sqlx::any::install_default_drivers();
    let mut copy = AnyConnection::connect(&url_of(file, "ro")).await?;
    let rows = sqlx::query("-- copy::integrity\nPRAGMA integrity_check(5)").fetch_all(&mut copy).await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        found.push(row.try_get::<String, _>(0)?);
    }
    if found != ["ok"] {
        return Err(unfit(format!("{} is damaged: {}", file.display(), found.join("; "))));
    }
    let holdings = read(&mut copy, Engine::Sqlite).await?;
    copy.close().await?;
    Ok(holdings)
}

/// Puts a copy of `file` in the place of a database on which nobody is at work, for whoever had that. Returns as what the one that was
/// there is kept.
///
/// # Errors
/// The disk; what was there is then there still, or stands beside it under its new name.
pub async fn take_place(file: &Path, database: &Path, now: DateTime<Utc>) -> Result<Option<PathBuf>, StoreError> {
    let part = database.with_added_extension("part");
    let copied = std::fs::copy(file, &part).and_then(|_| hand_over(&part, database));
    copied.map_err(|error| named(&part, &error))?;
    let aside = database.with_added_extension(now.format("before-%Y%m%dT%H%M%S%3fZ").to_string());
    let was_there = database.exists();
    // One that is whole without its log gets a second name, and at no moment is there no database. One that is damaged goes first.
    let has_two_names = was_there && is_one_file(database).await && std::fs::hard_link(database, &aside).is_ok();
    for ending in OF_ONE_FILE.into_iter().filter(|_| !has_two_names) {
        let (from, to) = (beside(database, ending), beside(&aside, ending));
        if from.exists() {
            std::fs::rename(&from, &to).map_err(|error| named(&from, &error))?;
        }
    }
    named_at_last(&part, database)?;
    Ok(was_there.then_some(aside))
}

/// Folds its log in, which whoever closes it last takes away.
async fn is_one_file(database: &Path) -> bool {
    sqlx::any::install_default_drivers();
    let Ok(mut connection) = AnyConnection::connect(&url_of(database, "rw")).await else { return false };
    let folded = sqlx::raw_sql("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut connection).await;
    let closed = connection.close().await;
    folded.is_ok() && closed.is_ok() && OF_ONE_FILE[1..].iter().all(|ending| !beside(database, ending).exists())
}

/// On the disk first, then by its name.
fn named_at_last(part: &Path, file: &Path) -> Result<(), StoreError> {
    let done = File::open(part).and_then(|written| written.sync_all());
    let done = done.and_then(|()| std::fs::rename(part, file));
    done.and_then(|()| File::open(folder_of(file))?.sync_all()).map_err(|error| named(file, &error))
}

fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.to_owned().into_os_string();
    name.push(ending);
    PathBuf::from(name)
}

/// The client reads both signs as its own.
fn url_of(file: &Path, mode: &str) -> String {
    format!("sqlite:{}?mode={mode}", file.to_string_lossy().replace('%', "%25").replace('?', "%3F"))
}

async fn read(connection: &mut AnyConnection, engine: Engine) -> Result<Holdings, StoreError> {
    let sql = match engine {
        Engine::Sqlite => "-- copy::additions\nSELECT COUNT(*) FROM sqlite_schema WHERE name = 'schema_addition'",
        Engine::Postgres => {
            "-- copy::additions_there\nSELECT COUNT(*) FROM pg_class WHERE oid = to_regclass('schema_addition')"
        }
    };
    let additions: i64 = sqlx::query(sql).fetch_one(&mut *connection).await?.try_get(0)?;
    let sql = match additions {
        0 => "-- copy::older_form\nSELECT MAX(name) FROM schema_migration",
        _ => {
            "-- copy::form\nSELECT MAX(name) FROM (SELECT name FROM schema_migration UNION ALL \
             SELECT name FROM schema_addition) AS known"
        }
    };
    let form: String = sqlx::query(sql).fetch_one(&mut *connection).await?.try_get(0)?;
    let row = sqlx::query(HOLDINGS).fetch_one(&mut *connection).await?;
    let row = Reading::new("database_copy", &row);
    Ok(Holdings {
        form,
        leads: row.int("leads")?,
        open_steps: row.int("open_steps")?,
        waiting: row.int("waiting")?,
        releases: row.int("releases")?,
        newest_event_at: row.maybe_at("newest_event_at")?,
    })
}

fn named(file: &Path, error: &std::io::Error) -> StoreError {
    unfit(format!("{}: {error}", file.display()))
}

fn unfit(why: String) -> StoreError {
    StoreError::Unfit { why }
}
