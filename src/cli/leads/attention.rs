//! `baton attention`: what needs a person, and what a person does about it, through a running worker. Messages that were put aside
//! are shown and replayed by `baton quarantine`, a lead is given away by `baton reassign`.

use super::door::WorkerDoor;
use crate::cli::{FAILED, OK, TextOrJson, say};
use crate::connectors::http::{ApiCall, Does};
use anyhow::Result;
use clap::Subcommand;
use reqwest::Method;
use serde_json::{Value, json};

#[derive(Debug, clap::Args)]
pub(crate) struct Attention {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List leads, failed steps, messages and webhooks that need a person, each with its key.
    List {
        #[arg(long, value_enum, default_value = "text")]
        format: TextOrJson,
        #[command(flatten)]
        door: WorkerDoor,
    },
    /// Have a step that failed tried again, or all that failed of a lead.
    Retry {
        /// As `baton attention list` prints it: of a step, or of a lead.
        #[arg(value_name = "KEY")]
        key: String,
        #[command(flatten)]
        door: WorkerDoor,
    },
    /// Take a lead, a failed step or a message off the list.
    Close {
        /// As `baton attention list` prints it.
        #[arg(value_name = "KEY")]
        key: String,
        /// Why nobody need look any more: for the lead's story and the audit.
        #[arg(long, value_name = "TEXT")]
        why: String,
        #[command(flatten)]
        door: WorkerDoor,
    },
}

impl Attention {
    pub(crate) async fn run(self) -> Result<u8> {
        match self.command {
            Command::List { format, door } => list(&door, format).await,
            Command::Retry { key, door } => {
                let call = ApiCall::new("retry", Does::Write, Method::POST, &["v1", "attention", &key, "retry"]);
                let told = door.ask(call).await?;
                Ok(said(told, |told| format!("{key}: steps that are tried again: {}", listed(told, "steps").len())))
            }
            Command::Close { key, why, door } => {
                let call = ApiCall::new("close", Does::Write, Method::POST, &["v1", "attention", &key, "close"]);
                let told = door.ask(call.json(json!({ "why": why }))).await?;
                Ok(said(told, |_| format!("{key}: closed")))
            }
        }
    }
}

async fn list(door: &WorkerDoor, format: TextOrJson) -> Result<u8> {
    let told = door.ask(ApiCall::get("attention", &["v1", "attention"])).await?;
    Ok(said(told, |told| match format {
        TextOrJson::Json => format!("{told:#}"),
        TextOrJson::Text => in_words(told),
    }))
}

fn said(told: Result<Value, String>, words: impl FnOnce(&Value) -> String) -> u8 {
    match told {
        Ok(told) => {
            say(&words(&told));
            OK
        }
        Err(why) => {
            eprintln!("error: {why}");
            FAILED
        }
    }
}

/// Key, since when, and what is the matter, of each.
fn in_words(told: &Value) -> String {
    let kinds = [
        ("leads", "lead", "/lead", "/next_step/at", "/reason"),
        ("failed_steps", "failed step", "/effect_key", "/at", "/error"),
        ("quarantined", "message", "/key", "/received_at", "/why"),
        ("webhooks", "webhook", "/name", "/disabled_at", "/why"),
    ];
    let mut lines = Vec::new();
    for (list, what, key, at, why) in kinds {
        for item in listed(told, list) {
            let text = |pointer: &str| item.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
            lines.push(format!("{}\n  {what}, since {}\n  {}", text(key), text(at), text(why)));
        }
    }
    if lines.is_empty() { "nothing needs a person".to_owned() } else { lines.join("\n") }
}

fn listed<'t>(told: &'t Value, name: &str) -> &'t [Value] {
    told[name].as_array().map_or(&[][..], Vec::as_slice)
}
