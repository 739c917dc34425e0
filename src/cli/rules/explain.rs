//! `baton explain`: who would get this lead, from the event alone and the workspace's rules.
//!
//! Nothing is asked of vendors and nothing is stored: calendars count as free, nobody is reserved, every balance is level, and the
//! CRM knows what `--account` says, or nothing. With `--decision` a decision that was made is told instead, by the rules and
//! facts it was made with; so does `GET /v1/leads/{id}/explain`.

mod stored;

pub(in crate::cli) use stored::Made;

use crate::cli::{FAULTY, OK, TextOrJson, WorkspaceArgs, open_store, say, sound_workspace};
use crate::intake::event::{Incoming, Message, parse};
use crate::rehearse::supposed::Supposed;
use anyhow::{Context, Result, bail};
use baton_clock::{Clock, SystemClock};
use baton_core::domain::account::Records;
use chrono::{DateTime, Utc};
use serde_json::Value;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub(crate) struct Explain {
    /// A `lead.qualified` event, such as fixtures/events/01-warm-transfer.json.
    #[arg(value_name = "LEAD.json", required_unless_present = "decision")]
    lead: Option<PathBuf>,
    /// A decision that was made, by its id (dec_…) or its lead's (lead_…), from the database.
    #[arg(long, value_name = "ID", conflicts_with_all = ["lead", "at"])]
    decision: Option<String>,
    /// When it is decided, such as 2026-03-03T15:00:00Z; now if left out.
    #[arg(long, value_name = "TIME")]
    at: Option<DateTime<Utc>>,
    /// What the CRM would hold: one account, or `companies` and `people`, to be matched like the real ones.
    #[arg(long, value_name = "ACCOUNT.json")]
    account: Option<PathBuf>,
    #[arg(long, value_enum, default_value = "text")]
    format: TextOrJson,
    #[command(flatten)]
    place: WorkspaceArgs,
}

impl Explain {
    pub(crate) async fn run(self) -> Result<u8> {
        if let Some(id) = &self.decision {
            let store = open_store(&self.place).await?;
            let made = Made::of(&store, id).await?;
            match self.format {
                TextOrJson::Text => say(made.in_words(store, &self.place).await?.trim_end()),
                TextOrJson::Json => say(&serde_json::to_string_pretty(&made.json()?)?),
            }
            return Ok(OK);
        }
        let path = self.lead.context("an event to explain, or --decision")?;
        let bytes = std::fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
        let Some(workspace) = sound_workspace(&self.place.workspace)? else { return Ok(FAULTY) };
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
        let held = self.account.as_ref();
        let held = held.map(|path| records(path).with_context(|| format!("reading {}", path.display()))).transpose()?;
        let supposed = Supposed::of(workspace.checked.rules, lead, held, now);
        if let Some(late) = &supposed.late {
            let (since, at_most) = (late.since.format("%F %TZ"), late.at_most_ms / 1000);
            eprintln!(
                "the event is dated {since}: a worker that gets it now takes the caller for gone (live_at_most is {at_most} s in \
                 rules/handoff.yaml); told as if it had just been sent"
            );
        }
        match self.format {
            TextOrJson::Text => say(supposed.in_words().trim_end()),
            TextOrJson::Json => say(&serde_json::to_string_pretty(&supposed.json()?)?),
        }
        Ok(OK)
    }
}

/// One account stands for a list of one.
fn records(path: &Path) -> Result<Records> {
    let text = std::fs::read_to_string(path)?;
    let value: Value = serde_json::from_str(&text)?;
    if value.get("companies").is_some() {
        return Ok(serde_json::from_value(value)?);
    }
    let company = serde_json::from_value(value).context(
        "expected an account with at least crm_id and name, such as {\"crm_id\": \"001\", \"name\": \"Acme\", \
         \"domains\": [\"acme.com\"], \"owner_crm_id\": \"005\"}, or an object with the lists companies and people",
    )?;
    Ok(Records { companies: vec![company], ..Records::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Records> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("account.json");
        std::fs::write(&path, text)?;
        records(&path)
    }

    #[test]
    fn an_account_alone_or_records_of_every_kind_are_read() {
        let one = read(r#"{"crm_id": "001", "name": "Acme", "domains": ["acme.com"], "owner_crm_id": "005"}"#).unwrap();
        assert_eq!((one.companies.len(), one.companies[0].owner_crm_id.clone()), (1, Some("005".into())));
        let person = r#"{"kind": "lead", "crm_id": "00Q", "email": "a@acme.com", "active_at": "2026-01-01T00:00:00Z"}"#;
        let both = read(&format!(r#"{{"companies": [], "people": [{person}]}}"#)).unwrap();
        assert_eq!((both.companies.len(), both.people.len()), (0, 1));
    }

    #[test]
    fn what_is_none_is_refused_with_what_it_should_be() {
        let error = format!("{:#}", read(r#"{"name": "Acme"}"#).unwrap_err());
        assert!(error.contains("at least crm_id and name") && error.contains("missing field `crm_id`"), "{error}");
    }
}
