//! A decision that was made, told as it was made: by its own rules, with the facts of that moment.

use super::as_json;
use crate::app::replay::{inputs, one};
use crate::cli::{OK, TextOrJson, WorkspaceArgs, open_store, rules_of, say};
use crate::release::{Library, Lost};
use crate::render::explain::explain_whole;
use anyhow::{Context, Result, anyhow};
use baton_core::routing::versions;
use std::sync::Arc;

pub(super) async fn tell(place: &WorkspaceArgs, id: &str, format: TextOrJson) -> Result<u8> {
    let store = open_store(place).await?;
    let stored = one(&store, id).await?;
    let decision = versions::read(&stored.body).context("reading the stored decision")?;
    let (lead, snapshot) = inputs(&stored).map_err(|why| anyhow!(why))?;
    if let TextOrJson::Json = format {
        say(&as_json(&decision, &lead, &snapshot)?);
        return Ok(OK);
    }
    let again = store.decided_again(&lead.id).await?;
    let rules = match Library::new(store).rules(&decision.release).await {
        Ok(rules) => rules,
        Err(lost @ (Lost::Unknown(_) | Lost::Refused { .. })) => {
            eprintln!("{lost}: names and times are told by the rules of the workspace");
            Arc::new(rules_of(place)?)
        }
        Err(error @ Lost::Store(_)) => return Err(error.into()),
    };
    say(explain_whole(&decision, &lead, &snapshot, &again, &rules).trim_end());
    Ok(OK)
}
