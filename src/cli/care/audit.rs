//! `baton audit`: what people and tokens have changed, and whether what is told of it is whole.

use crate::cli::{FAILED, OK, WorkspaceArgs, open_store, say, span};
use crate::reports::harmless;
use crate::store::{AuditLine, AuditQuery, ChainCheck, Store};
use anyhow::Result;
use baton_clock::{Clock, SystemClock};
use chrono::TimeDelta;
use clap::{Subcommand, ValueEnum};
use std::path::PathBuf;

/// Entries that are read at once.
const PAGE: usize = 500;
/// Entries that are printed for a person, unless they say how many.
const SHOWN: usize = 100;

/// List what people and tokens have changed, the newest first, or export it.
///
/// As text the newest 100, unless --limit says otherwise; as json (one object a line) and csv all that are asked for. Each entry
/// hangs on the one before it: `baton audit verify` follows the chain, and says which entry was changed, taken out or slipped in.
#[derive(Debug, clap::Args)]
pub(crate) struct Audit {
    #[command(subcommand)]
    command: Option<Command>,
    /// How far back: 30m, 12h, 7d; from the first entry on if left out.
    #[arg(long, value_name = "SPAN", value_parser = span)]
    since: Option<TimeDelta>,
    /// The id of what was changed, such as lead_2mk8….
    #[arg(long, value_name = "ID")]
    subject: Option<String>,
    /// Who did it, as the list says it, such as "token desk".
    #[arg(long, value_name = "WHO")]
    actor: Option<String>,
    /// So many entries at most.
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// The workspace: a folder with baton.toml.
    #[arg(long, short = 'w', value_name = "DIR", default_value = ".", global = true)]
    workspace: PathBuf,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Follow the chain from its first entry to its last; exit code 1 where an entry does not fit, or the hash is not in it.
    Verify {
        /// A hash that was kept elsewhere, such as one of the worker's log: whether the chain still has it, and where.
        #[arg(long, value_name = "HASH")]
        head: Option<String>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
    Csv,
}

impl Audit {
    pub(crate) async fn run(self) -> Result<u8> {
        let store = open_store(&WorkspaceArgs { workspace: self.workspace.clone() }).await?;
        if let Some(Command::Verify { head }) = &self.command {
            return verify(&store, head.as_deref()).await;
        }
        self.list(&store).await
    }

    async fn list(self, store: &Store) -> Result<u8> {
        let since = self.since.map(|span| SystemClock.now() - span);
        let mut query = AuditQuery { since, actor: self.actor, subject: self.subject, before: None };
        let mut left = self.limit.unwrap_or(if self.format == Format::Text { SHOWN } else { usize::MAX });
        if self.format == Format::Csv {
            say(&row(HEADER.map(str::to_owned)));
        }
        while left > 0 {
            let asked = left.min(PAGE);
            let lines = store.audit_find(&query, asked).await?;
            for line in &lines {
                match self.format {
                    Format::Text => say(&text(line)),
                    Format::Json => say(&serde_json::to_string(line)?),
                    Format::Csv => say(&row(cells(line))),
                }
            }
            if lines.len() < asked {
                break;
            }
            left -= lines.len();
            query.before = lines.last().map(|line| line.seq);
        }
        Ok(OK)
    }
}

fn text(line: &AuditLine) -> String {
    let AuditLine { seq, at, actor, act, subject, why, .. } = line;
    // What somebody typed moves no cursor.
    let why = why.as_ref().map(|why| format!("  {}", why.replace(char::is_control, " "))).unwrap_or_default();
    format!("{seq:>6}  {}  {actor:<20}  {act:<18}  {subject}{why}", at.format("%F %T UTC"))
}

const HEADER: [&str; 10] = ["seq", "at", "actor", "act", "subject", "why", "salt", "why_hash", "prev_hash", "hash"];

fn cells(line: &AuditLine) -> [String; 10] {
    let AuditLine { seq, at, actor, act, subject, why, salt, why_hash, prev_hash, hash } = line.clone();
    let optional = |text: Option<String>| text.unwrap_or_default();
    let at = at.format("%FT%T%.6fZ").to_string();
    [seq.to_string(), at, actor, act, subject, optional(why), optional(salt), optional(why_hash), prev_hash, hash]
}

/// One row of CSV, without the end of its line.
fn row(cells: [String; 10]) -> String {
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record(cells.iter().map(|cell| harmless(cell))).expect("ten cells into memory");
    let bytes = table.into_inner().expect("memory takes what is left in the buffer");
    String::from_utf8(bytes).expect("text and quotes are UTF-8").trim_end_matches('\n').to_owned()
}

async fn verify(store: &Store, head: Option<&str>) -> Result<u8> {
    let ChainCheck { end, broken, known } = store.audit_verify(head).await?;
    if let Some((seq, why)) = broken {
        say(&format!("{} entries are whole, and entry {seq} is not: {why}", end.seq));
        return Ok(FAILED);
    }
    say(&format!("{} entries, each hangs on the one before it; the head is {}", end.seq, end.hash));
    match (head, known) {
        (None, _) => Ok(OK),
        (Some(_), Some(seq)) => {
            say(&format!("the hash that was kept is that of entry {seq}"));
            Ok(OK)
        }
        (Some(_), None) => {
            say(
                "the hash that was kept is that of no entry: what it stood for was taken out, or the chain was written anew",
            );
            Ok(FAILED)
        }
    }
}
