//! Where a SQLite database lies, and who works on it.
//!
//! Guarantees: a file is created only by who may; of two workers on one file the second is refused. The lock is the operating
//! system's and ends with the process, however that ends: a killed worker is in nobody's way, and whoever has the lock need not
//! wait for its leases. It lies on a file beside the database, since closing any handle on the database's own file would take
//! SQLite's locks away.

use super::transaction::{Store, with};
use crate::store::sql::dialect::Engine;
use crate::store::sql::error::StoreError;
use chrono::{DateTime, TimeDelta, Utc};
use std::fs::{File, TryLockError};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};

/// What a dead worker had sent is looked for this long after its heir has begun: vendors' searches lag.
const LOOKED_FOR_AFTER: TimeDelta = TimeDelta::seconds(2);

/// What is to happen where there is no database file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Missing {
    Created,
    Refused,
}

/// The URL with the mode in which the file is opened; one that is written there stays.
pub(super) fn with_mode(url: &str, missing: Missing) -> Result<String, StoreError> {
    if missing == Missing::Refused
        && let Some(file) = sqlite_file(url)
        && !file.exists()
    {
        let why = format!("there is no {}: a worker makes it when it first starts (`baton serve`)", file.display());
        return Err(StoreError::Unfit { why });
    }
    if url.contains("mode=") {
        return Ok(url.to_owned());
    }
    let separator = if url.contains('?') { '&' } else { '?' };
    let mode = if missing == Missing::Created { "rwc" } else { "rw" };
    Ok(format!("{url}{separator}mode={mode}"))
}

/// `None` for PostgreSQL and for a database in memory.
pub fn sqlite_file(url: &str) -> Option<PathBuf> {
    let rest = url.strip_prefix("sqlite:")?;
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    let path = rest.split('?').next().unwrap_or(rest);
    (!path.is_empty() && path != ":memory:").then(|| PathBuf::from(decoded(path)))
}

/// `%41` is `A`: the path as SQLite's client reads it.
fn decoded(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let [first, tail @ ..] = rest {
        let code = (*first == b'%').then(|| tail.get(..2)).flatten();
        let code = code.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// In which a file lies.
pub(super) fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Gives a new file to whoever has the database that it belongs to, with who else may use it; where there is none yet, to whoever has
/// the folder. Root makes such files for a worker that is somebody else. Of all others the file stays their own.
pub(super) fn hand_over(file: &Path, database: &Path) -> std::io::Result<()> {
    let former = std::fs::metadata(database);
    if let Ok(former) = &former {
        std::fs::set_permissions(file, former.permissions())?;
    }
    let owner = former.or_else(|_| std::fs::metadata(folder_of(database)))?;
    match chown(file, Some(owner.uid()), Some(owner.gid())) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok(()),
        given => given,
    }
}

/// Held by the one worker of a SQLite file; nothing on PostgreSQL, which many may share.
pub struct WorkerLock(Option<File>);

impl WorkerLock {
    /// Of a SQLite file, which need not be there yet.
    ///
    /// # Errors
    /// As [`Store::lock_for_worker`].
    pub fn on(database: &Path) -> Result<Self, StoreError> {
        // One file has one lock, by whatever way it is named.
        let database = std::fs::canonicalize(database).unwrap_or_else(|_| database.to_owned());
        let path = database.with_added_extension("worker");
        let unfit = |error: std::io::Error| StoreError::Unfit { why: format!("locking {}: {error}", path.display()) };
        let is_new = !path.exists();
        let opened = File::options().read(true).write(true).create(true).truncate(false).open(&path);
        let mut lock = opened.map_err(unfit)?;
        if is_new {
            hand_over(&path, &database).map_err(unfit)?;
        }
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // Only to name it: whoever holds the lock may not have written yet.
                let _unnamed = lock.read_to_string(&mut holder);
                let why = format!(
                    "another worker (process {}) is at work on {}: one SQLite file has one worker; stop that one first, or \
                     let several share a PostgreSQL (database.url)",
                    holder.trim(),
                    database.display()
                );
                return Err(StoreError::Unfit { why });
            }
            Err(TryLockError::Error(error)) => return Err(unfit(error)),
        }
        lock.set_len(0).and_then(|()| write!(lock, "{}", std::process::id())).map_err(unfit)?;
        Ok(Self(Some(lock)))
    }
}

impl Store {
    /// Makes this process the only worker of a SQLite file.
    ///
    /// # Errors
    /// `Unfit`: another worker has it, or the lock file beside the database cannot be written.
    pub fn lock_for_worker(&self) -> Result<WorkerLock, StoreError> {
        let file = match self.engine {
            Engine::Postgres => return Ok(WorkerLock(None)),
            Engine::Sqlite => sqlite_file(&self.way.url),
        };
        file.map_or(Ok(WorkerLock(None)), |database| WorkerLock::on(&database))
    }

    /// Takes over what other workers hold, where the lock says that there are none; returns how many steps. On PostgreSQL their
    /// leases bring them back.
    ///
    /// # Errors
    /// The database failed.
    pub async fn inherit(&self, lock: &WorkerLock, now: DateTime<Utc>) -> Result<u64, StoreError> {
        if lock.0.is_none() {
            return Ok(0);
        }
        let lapsing = with(now, |tx, now| {
            Box::pin(async move {
                tx.listeners_lapse(*now).await?;
                tx.steps_lapse(*now, *now + LOOKED_FOR_AFTER).await
            })
        });
        self.write("step.lapse", lapsing).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_found_as_the_client_finds_it() {
        for (url, file) in [
            ("sqlite:b.db", Some("b.db")),
            ("sqlite://b.db?mode=rwc", Some("b.db")),
            ("sqlite:///a%20b.db?mode=rwc", Some("/a b.db")),
            ("sqlite:/50%25 off%3F/ü/b.db", Some("/50% off?/ü/b.db")),
            ("sqlite:/100%.db", Some("/100%.db")),
            ("sqlite::memory:", None),
            ("postgres://u@h/d", None),
        ] {
            assert_eq!(sqlite_file(url), file.map(PathBuf::from), "{url}");
        }
    }
}
