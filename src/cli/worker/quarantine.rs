//! `baton quarantine`: messages that were put aside, and what becomes of them. A running worker takes up what is replayed within
//! seconds; nothing is ever deleted here.

use crate::cli::{FAILED, OK, TextOrJson, WorkspaceArgs, actor, open_store, open_store_to_change, say};
use crate::store::{Aside, AuditEntry, InboxRow, Store, StoreError, with};
use anyhow::{Result, bail};
use baton_clock::{Clock, SystemClock};
use chrono::{DateTime, Utc};
use clap::Subcommand;
use serde_json::json;

#[derive(Debug, clap::Args)]
pub(crate) struct Quarantine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the messages that were put aside, oldest first, with the reason.
    List {
        #[arg(long, value_enum, default_value = "text")]
        format: TextOrJson,
        #[command(flatten)]
        place: WorkspaceArgs,
    },
    /// Print one message: why it was put aside, and its bytes as they came.
    Show {
        /// As `baton quarantine list` prints it: source and id of the event.
        #[arg(value_name = "KEY")]
        key: String,
        #[arg(long, value_enum, default_value = "text")]
        format: TextOrJson,
        #[command(flatten)]
        place: WorkspaceArgs,
    },
    /// Let messages be tried again, after the rules or Baton were mended. A mended event is sent again under its id instead.
    Replay {
        #[arg(value_name = "KEY", required_unless_present = "all")]
        keys: Vec<String>,
        /// All that are put aside.
        #[arg(long, conflicts_with = "keys")]
        all: bool,
        #[command(flatten)]
        place: WorkspaceArgs,
    },
    /// Take messages off the list for good; their bytes stay, and the same event sent again is tried again.
    Drop {
        #[arg(value_name = "KEY", required = true)]
        keys: Vec<String>,
        #[command(flatten)]
        place: WorkspaceArgs,
    },
}

/// Printed at most; the rest is counted.
const LISTED: usize = 1000;

impl Quarantine {
    pub(crate) async fn run(self) -> Result<u8> {
        match self.command {
            Command::List { format, place } => list(&open_store(&place).await?, format).await,
            Command::Show { key, format, place } => show(&open_store(&place).await?, key, format).await,
            Command::Replay { keys, all, place } => {
                let store = open_store_to_change(&place).await?;
                let keys = if all {
                    store.inbox_quarantined(LISTED).await?.into_iter().map(|aside| aside.key).collect()
                } else {
                    keys
                };
                each(&store, keys, Done::Replayed).await
            }
            Command::Drop { keys, place } => each(&open_store_to_change(&place).await?, keys, Done::Dropped).await,
        }
    }
}

async fn list(store: &Store, format: TextOrJson) -> Result<u8> {
    let found = store.inbox_quarantined(LISTED).await?;
    match format {
        TextOrJson::Json => say(&serde_json::to_string_pretty(&found)?),
        TextOrJson::Text if found.is_empty() => say("no message is put aside"),
        TextOrJson::Text => {
            for Aside { key, kind, received_at, why } in &found {
                say(&format!("{key}\n  {kind}, came {}\n  {why}", told(*received_at)));
            }
        }
    }
    if found.len() == LISTED {
        eprintln!("only the oldest {LISTED} are listed");
    }
    Ok(OK)
}

async fn show(store: &Store, key: String, format: TextOrJson) -> Result<u8> {
    let found = with(key.clone(), |tx, key| {
        Box::pin(async move { Ok((tx.inbox_aside(key).await?, tx.inbox_row(key).await?)) })
    });
    let found = store.read("inbox.aside", found).await?;
    let (Some(aside), Some(InboxRow { body, .. })) = found else { bail!("{}", not_aside(&key)) };
    let text = String::from_utf8_lossy(&body);
    match format {
        TextOrJson::Json => say(&serde_json::to_string_pretty(&json!({ "message": aside, "body": text }))?),
        TextOrJson::Text => {
            let Aside { key, kind, received_at, why } = aside;
            say(&format!("{key}\n{kind}, came {}\n{why}\n\n{text}", told(received_at)));
        }
    }
    Ok(OK)
}

#[derive(Debug, Clone, Copy)]
enum Done {
    Replayed,
    Dropped,
}

impl Done {
    /// As the audit calls it.
    fn act(self) -> &'static str {
        match self {
            Self::Replayed => "quarantine.replay",
            Self::Dropped => "quarantine.drop",
        }
    }
}

async fn each(store: &Store, keys: Vec<String>, done: Done) -> Result<u8> {
    let mut code = OK;
    if keys.is_empty() {
        say("no message is put aside");
    }
    for key in keys {
        let (now, act) = (SystemClock.now(), done.act());
        let entry = AuditEntry::of(&actor(), act, &key, None);
        let change = with((key.clone(), entry), move |tx, (key, entry)| {
            Box::pin(async move {
                match done {
                    Done::Replayed => drop(tx.inbox_replay(key).await?),
                    Done::Dropped => tx.inbox_drop(key).await?,
                }
                tx.audit(entry, now).await
            })
        });
        match (store.write("quarantine", change).await, done) {
            (Ok(()), Done::Replayed) => say(&format!("{key}: a running worker tries it again within seconds")),
            (Ok(()), Done::Dropped) => say(&format!("{key}: dropped")),
            (Err(StoreError::NotFound { .. }), _) => {
                eprintln!("{}", not_aside(&key));
                code = FAILED;
            }
            (Err(error), _) => return Err(error.into()),
        }
    }
    Ok(code)
}

fn not_aside(key: &str) -> String {
    format!("no message {key:?} is put aside; `baton quarantine list` prints the keys of those that are")
}

fn told(at: DateTime<Utc>) -> String {
    let ago = SystemClock.now() - at;
    let ago = match (ago.num_days(), ago.num_hours(), ago.num_minutes()) {
        (days @ 2.., ..) => format!("{days} days ago"),
        (_, hours @ 2.., _) => format!("{hours} hours ago"),
        (.., minutes) => format!("{minutes} min ago"),
    };
    format!("{} ({ago})", at.format("%F %T UTC"))
}
