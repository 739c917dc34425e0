//! `baton explain`: who would get this lead, from the event alone and the workspace's rules.
//!
//! Nothing is asked of vendors and nothing is stored: calendars count as free, nobody is reserved, every balance is level.
//! `GET /v1/leads/{id}/explain` tells the same of a decision that was made.

use super::{FAULTY, OK, Place, TextOrJson, say};
use crate::app::workspace;
use crate::clock::{Clock, SystemClock};
use crate::intake::event::{Incoming, Message, parse};
use crate::rehearsal::world::at_rest;
use crate::render::explain::explain;
use crate::routing::decide;
use anyhow::{Context, Result, bail};
use chrono::{DateTime, Utc};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Explain {
    /// A `lead.qualified` event, such as fixtures/events/01-warm-transfer.json.
    #[arg(value_name = "LEAD.json")]
    lead: PathBuf,
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
        let bytes = std::fs::read(&self.lead).with_context(|| format!("reading {}", self.lead.display()))?;
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
            Ok(other) => bail!("{} is a {} event; expected lead.qualified", self.lead.display(), other.kind.as_str()),
            Err(faults) => {
                for fault in faults {
                    eprintln!("{}: {fault}", self.lead.display());
                }
                return Ok(FAULTY);
            }
        };
        let rules = &workspace.checked.rules;
        let decision = decide(&lead, &at_rest(rules, now), rules);
        match self.format {
            TextOrJson::Text => say(explain(&decision, &lead, rules).trim_end()),
            TextOrJson::Json => say(&serde_json::to_string_pretty(&decision)?),
        }
        Ok(OK)
    }
}
