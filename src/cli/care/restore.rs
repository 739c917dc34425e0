//! `baton restore`: a backup in the place of the database. What was there is kept beside it, and nobody is at work meanwhile.
//!
//! What may have been done between the backup and now is not done again: whoever begins on it is told so by a row in it.

use super::server::Server;
use super::told;
use crate::cli::{FAILED, OK, WorkspaceArgs, actor, say, unreachable};
use crate::config;
use crate::store::{AuditEntry, Store, WorkerLock, examine, sqlite_file, take_place, with};
use anyhow::{Result, anyhow, bail, ensure};
use baton_clock::{Clock, SystemClock};
use std::path::{Path, PathBuf};

/// Put a backup in the place of the database; what was there is kept beside it.
///
/// SQLite: refused while a worker is at work. PostgreSQL: prints the words for pg_restore, or runs it, into an empty database only.
/// A database that was put back by other means (pg_restore, a snapshot, a point in time, a standby that was behind) is told so by
/// --done before its workers begin: they look before they repeat what may have been done since.
#[derive(Debug, clap::Args)]
pub(crate) struct Restore {
    /// What `baton backup` has made.
    #[arg(value_name = "FILE", required_unless_present = "done")]
    file: Option<PathBuf>,
    /// Run pg_restore, which must be on the PATH, and not only print its words.
    #[arg(long)]
    run: bool,
    /// It was put back already, by other means: only take note of that.
    #[arg(long, conflicts_with_all = ["file", "run"])]
    done: bool,
    #[command(flatten)]
    place: WorkspaceArgs,
}

impl Restore {
    pub(crate) async fn run(self) -> Result<u8> {
        let config = config::load(&self.place.workspace.join("baton.toml"))?;
        let url = config.database.resolve()?;
        let Some(file) = &self.file else {
            let alone = sqlite_file(&url).map(|database| WorkerLock::on(&database)).transpose();
            let _alone = alone.map_err(|why| anyhow!("{why}"))?;
            take_note(&opened(&url).await?).await?;
            return Ok(OK);
        };
        ensure!(file.exists(), "there is no {}", file.display());
        match sqlite_file(&url) {
            Some(database) => in_place(file, &database, &url).await,
            None => self.on_server(file, &url).await,
        }
    }

    async fn on_server(&self, file: &Path, url: &str) -> Result<u8> {
        let server = Server::of(url)?;
        if !self.run {
            say(&server.restore_words(file));
            eprintln!(
                "into an empty database, with no worker at work; then `baton restore --done`. Or add --run, which does both"
            );
            if server.has_password() {
                eprintln!("the password is not printed: it is asked for, or read from ~/.pgpass or PGPASSWORD");
            }
            return Ok(FAILED);
        }
        let store = opened(url).await?;
        if !store.is_empty().await? {
            bail!("the database is not empty: make another one (createdb), and name it in database.url");
        }
        server.restore(file).await?;
        take_note(&store).await?;
        Ok(OK)
    }
}

async fn in_place(file: &Path, database: &Path, url: &str) -> Result<u8> {
    let _alone = WorkerLock::on(database).map_err(|why| anyhow!("{why}"))?;
    examine(file).await?;
    if let Some(aside) = take_place(file, database, SystemClock.now()).await? {
        say(&format!("what was there is kept as {}", aside.display()));
    }
    take_note(&opened(url).await?).await?;
    Ok(OK)
}

async fn opened(url: &str) -> Result<Store> {
    Store::open_existing(url).await.map_err(|error| unreachable("opening the database", &error))
}

/// Brings it to this version's form, and lets whoever begins on it know.
async fn take_note(store: &Store) -> Result<()> {
    store.migrate().await?;
    let (actor, act, subject) = (actor(), "database.restore".to_owned(), "database".to_owned());
    let note = with((SystemClock.now(), AuditEntry { actor, act, subject, why: None }), |tx, (now, entry)| {
        Box::pin(async move {
            tx.copy_note(*now).await?;
            tx.audit(entry, *now).await
        })
    });
    store.write("copy.note", note).await?;
    let holdings = store.holdings().await?;
    say(&format!("in the database: {}", told(&holdings)));
    eprintln!(
        "Start the workers. What came in after the newest event is not there: have it sent again under the same ids, each counts \
         once. Tokens that were revoked since are good again (`baton token list`), and people who were erased since are there \
         again. Mail of that time that may have been sent is not sent again: it is on the list of what needs attention."
    );
    Ok(())
}
