//! `baton explain`: who would get this lead, from the event alone and the workspace's rules.
//!
//! Nothing is asked of vendors and nothing is stored: calendars count as free, nobody is reserved, every balance is level.
//! With `--decision` a decision that was made is told instead, by the rules and facts it was made with; so does
//! `GET /v1/leads/{id}/explain`.

mod stored;

use super::{FAULTY, OK, Place, TextOrJson, say};
use crate::app::workspace;
use crate::clock::{Clock, SystemClock};
use crate::intake::event::{Incoming, Message, parse};
use crate::rehearsal::world::at_rest;
use crate::render::explain::{explain, facts};
use crate::routing::{Decision, Snapshot, decide};
use anyhow::{Context, Result, bail};
use chrono::{DateTime, Utc};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Explain {
    /// A `lead.qualified` event, such as fixtures/events/01-warm-transfer.json.
    #[arg(value_name = "LEAD.json", required_unless_present = "decision")]
    lead: Option<PathBuf>,
    /// A decision that was made, by its id (dec_…) or its lead's (lead_…), from the database.
    #[arg(long, value_name = "ID", conflicts_with_all = ["lead", "at"])]
    decision: Option<String>,
    /// When it is decided, such as 2026-03-03T15:00:00Z; now if left out.
    #[arg(long, value_name = "TIME")]
    at: Option<DateTime<Utc>>,
    #[arg(long, value_enum, default_value = "text")]
    format: TextOrJson,
    #[command(flatten)]
    place: Place,
}

impl Explain {
    pub async fn run(self) -> Result<u8> {
        if let Some(id) = &self.decision {
            return stored::tell(&self.place, id, self.format).await;
        }
        let path = self.lead.context("an event to explain, or --decision")?;
        let bytes = std::fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
        let workspace = match workspace::load(&self.place.workspace)? {
            Ok(workspace) => workspace,
            Err(faults) => {
                eprintln!(
                    "the workspace has {} faults: run `baton check` first",
                    faults.rules.len() + faults.templates.len()
                );
                return Ok(FAULTY);
            }
        };
        let now = self.at.unwrap_or_else(|| SystemClock.now());
        let lead = match parse(&bytes, now) {
            Ok(Incoming { message: Message::Lead(lead), .. }) => *lead,
            Ok(other) => bail!("{} is a {} event; expected lead.qualified", path.display(), other.kind.as_str()),
            Err(faults) => {
                for fault in faults {
                    eprintln!("{}: {fault}", path.display());
                }
                return Ok(FAULTY);
            }
        };
        let rules = &workspace.checked.rules;
        let snapshot = at_rest(rules, now);
        let decision = decide(&lead, &snapshot, rules);
        match self.format {
            TextOrJson::Text => {
                say(explain(&decision, &lead, rules).trim_end());
                say(facts(&decision, &snapshot, rules).trim_end());
            }
            TextOrJson::Json => say(&as_json(&decision, &snapshot)?),
        }
        Ok(OK)
    }
}

/// The decision, and beside its own keys `snapshot`: every fact with its source and the instant it was observed.
fn as_json(decision: &Decision, snapshot: &Snapshot) -> Result<String> {
    let mut told = serde_json::to_value(decision)?;
    told["snapshot"] = serde_json::to_value(snapshot)?;
    Ok(serde_json::to_string_pretty(&told)?)
}
