//! `baton prune`: what has had its time by `[keep]` of baton.toml goes now, and not little by little.
//!
//! Running workers do the same by themselves, every hour and at leisure; of them and this one, one is at it at a time.

use crate::app::watch::keep::{Keeper, Pace, Pruned};
use crate::cli::{FAILED, OK, TextOrJson, WorkspaceArgs, actor, say, unreachable};
use crate::config::{self, Keep};
use crate::store::{AuditEntry, Kept, Store, StoreError, with};
use anyhow::{Context, Result, anyhow};
use baton_clock::{Clock, SystemClock};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use tokio::sync::watch;

#[derive(Debug, clap::Args)]
pub(crate) struct Prune {
    /// Say what would go, kind by kind, and change nothing.
    #[arg(long)]
    dry_run: bool,
    #[arg(long, value_enum, default_value = "text")]
    format: TextOrJson,
    #[command(flatten)]
    place: WorkspaceArgs,
}

impl Prune {
    pub(crate) async fn run(self) -> Result<u8> {
        let config = config::load(&self.place.workspace.join("baton.toml"))?;
        let store = Store::open_existing(&config.database.resolve()?).await;
        let store = store.map_err(|error| unreachable("opening the database", &error))?;
        store.migrate().await.context("bringing the database to this version's form")?;
        let clock = Arc::new(SystemClock);
        // A clock that is a year ahead would have everything go.
        if let Some(theirs) = store.time().await? {
            Store::clocks_agree(clock.now() - theirs).map_err(|why| anyhow!("nothing was let go: {why}"))?;
        }
        let worker = format!("prune-{}", std::process::id());
        let keeper = Keeper { store, clock, keep: config.keep, worker, pace: Pace::Full };
        if self.dry_run { count(&keeper, self.format).await } else { prune(&keeper, self.format).await }
    }
}

async fn count(keeper: &Keeper, format: TextOrJson) -> Result<u8> {
    let mut counted = Map::new();
    let tell = |kind: Kept, count: u64, before: DateTime<Utc>| {
        if format == TextOrJson::Text {
            say(&format!("{:<18} {count:>10} older than {}", kind.as_str(), before.format("%F %H:%M UTC")));
        }
        counted.insert(kind.as_str().to_owned(), json!({ "would_go": count, "before": before }));
    };
    keeper.count(tell).await.context("counting what would go")?;
    match format {
        TextOrJson::Text => {
            say(&spans(&keeper.keep));
            say("nothing was changed; what is about a lead that is still open stays with it");
        }
        TextOrJson::Json => say(&serde_json::to_string_pretty(&Value::Object(counted))?),
    }
    Ok(OK)
}

async fn prune(keeper: &Keeper, format: TextOrJson) -> Result<u8> {
    let (_never, stop) = watch::channel(false);
    let (mut gone, mut left) = (Map::new(), None);
    let tell = |kind: Kept, pruned: Pruned| {
        let (Pruned::Done(count) | Pruned::Left(count)) = pruned;
        if format == TextOrJson::Text {
            say(&format!("{:<18} {count:>10} gone", kind.as_str()));
        }
        gone.insert(kind.as_str().to_owned(), json!(count));
        if matches!(pruned, Pruned::Left(_)) {
            left = Some(kind);
        }
    };
    let pruned = keeper.prune(&stop, tell).await;
    let noted = note(&keeper.store, &gone).await;
    pruned.context("letting go of what has had its time: run it again, it goes on")?;
    noted.context("writing into the audit what went")?;
    if format == TextOrJson::Json {
        say(&serde_json::to_string_pretty(&Value::Object(gone))?);
    }
    match left {
        None => Ok(OK),
        Some(kind) => {
            eprintln!(
                "a worker is at it, from {} on: it goes on by itself; run this again in some minutes",
                kind.as_str()
            );
            Ok(FAILED)
        }
    }
}

/// Pages went one by one: it is told when the last one has.
async fn note(store: &Store, gone: &Map<String, Value>) -> Result<(), StoreError> {
    let entry = AuditEntry::of(&actor(), "keep.prune", "keep", Some(&words(gone)));
    let note = with((SystemClock.now(), entry), |tx, (now, entry)| Box::pin(tx.audit(entry, *now)));
    store.write("keep.note", note).await
}

/// `inbox 12, steps 40`.
fn words(gone: &Map<String, Value>) -> String {
    let some = gone.iter().filter(|(_, count)| **count != json!(0));
    let words: Vec<String> = some.map(|(kind, count)| format!("{kind} {count}")).collect();
    if words.is_empty() { "nothing had had its time".to_owned() } else { words.join(", ") }
}

/// `inbox 30d, quarantine 90d, …`.
fn spans(keep: &Keep) -> String {
    let Keep {
        inbox,
        quarantine,
        transcripts,
        briefings,
        steps,
        timeline,
        decisions,
        releases,
        deliveries,
        mirror,
        leads,
    } = keep;
    format!(
        "kept: inbox {inbox}, quarantine {quarantine}, transcripts {transcripts}, briefings {briefings}, steps {steps}, \
         timeline {timeline}, decisions {decisions}, releases {releases}, deliveries {deliveries}, mirror {mirror}, leads {leads}"
    )
}
