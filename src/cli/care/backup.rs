//! `baton backup`: a copy of the database, made while workers write into it, proven before it has its name.

use super::server::Server;
use super::told;
use crate::cli::{FAILED, OK, WorkspaceArgs, say, unreachable};
use crate::config;
use crate::store::{Store, sqlite_file};
use anyhow::{Context, Result, ensure};
use baton_clock::{Clock, SystemClock};
use std::path::{Path, PathBuf};

/// Copy the database into a file, while workers write into it.
///
/// SQLite: one state, proven whole, with its name only once it is on the disk. PostgreSQL: prints the words for pg_dump, or runs it.
/// Exit code 0 says that a backup was made.
#[derive(Debug, clap::Args)]
pub(crate) struct Backup {
    /// Where the copy goes; a file that is there is never written over.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Run pg_dump, which must be on the PATH, and not only print its words.
    #[arg(long)]
    run: bool,
    #[command(flatten)]
    place: WorkspaceArgs,
}

impl Backup {
    pub(crate) async fn run(self) -> Result<u8> {
        let config = config::load(&self.place.workspace.join("baton.toml"))?;
        let url = config.database.resolve()?;
        ensure!(!self.file.exists(), "{} is there already: give the backup another name", self.file.display());
        let store = Store::open_existing(&url).await;
        let store = store.map_err(|error| unreachable("opening the database", &error))?;
        if sqlite_file(&url).is_some() {
            let copied = store.copy_to(&self.file, SystemClock.now()).await?;
            say(&format!("{}: {}", self.file.display(), told(&copied)));
            keep_with_it();
            return Ok(OK);
        }
        let server = Server::of(&url)?;
        if self.run {
            return self.dump(&store, &server).await;
        }
        say(&server.dump_words(&self.file));
        let whole = self.file.with_added_extension("base");
        say(&format!(
            "# or, of the whole server, from which with archive_mode any moment can be had:\n{}",
            server.base_backup_words(&whole)
        ));
        if server.has_password() {
            eprintln!("the password is not printed: it is asked for, or read from ~/.pgpass or PGPASSWORD");
        }
        eprintln!("nothing was backed up: run one of these, or add --run");
        keep_with_it();
        Ok(FAILED)
    }

    async fn dump(&self, store: &Store, server: &Server) -> Result<u8> {
        // The dump begins later: it has all of this, and perhaps more.
        let holdings = store.holdings().await?;
        let part = self.file.with_added_extension("part");
        let dumped = match server.dump(&part).await {
            Ok(()) => named(&part, &self.file),
            Err(error) => Err(error),
        };
        if dumped.is_err() {
            let _gone = std::fs::remove_file(&part);
        }
        dumped?;
        say(&format!("{}: at least {}", self.file.display(), told(&holdings)));
        keep_with_it();
        Ok(OK)
    }
}

/// On the disk first, then by its name.
fn named(part: &Path, file: &Path) -> Result<()> {
    let written = std::fs::File::open(part).and_then(|written| written.sync_all());
    written.and_then(|()| std::fs::rename(part, file)).with_context(|| format!("writing {}", file.display()))
}

fn keep_with_it() {
    eprintln!(
        "keep with it: the workspace folder (baton.toml, rules/, templates/, platforms/), and what its env: and file: references \
         stand for; neither is in the database"
    );
}
