//! A decision that was made, told as it was made: by its own rules, with the facts of that moment.

use super::super::{OK, Place, TextOrJson, open_store, say};
use super::as_json;
use crate::app::replay::{inputs, one};
use crate::app::workspace;
use crate::intake::waiting::{Again, DECIDED_AGAIN};
use crate::release::{Library, Lost};
use crate::render::explain::{explain, explain_again, facts};
use crate::routing::Decision;
use anyhow::{Context, Result, anyhow, bail};
use std::sync::Arc;

pub async fn tell(place: &Place, id: &str, format: TextOrJson) -> Result<u8> {
    let store = open_store(place).await?;
    let stored = one(&store, id).await?;
    let decision: Decision = serde_json::from_str(&stored.body).context("reading the stored decision")?;
    let (lead, snapshot) = inputs(&stored).map_err(|why| anyhow!(why))?;
    if let TextOrJson::Json = format {
        say(&as_json(&decision, &snapshot)?);
        return Ok(OK);
    }
    let lead_id = lead.id.clone();
    let timeline = store.read("explain.timeline", move |tx| {
        let lead = lead_id.clone();
        Box::pin(async move { tx.timeline(&lead).await })
    });
    let timeline = timeline.await?;
    let rules = match Library::new(store).rules(&decision.release).await {
        Ok(rules) => rules,
        Err(lost @ (Lost::Unknown(_) | Lost::Refused { .. })) => {
            eprintln!("{lost}: names and times are told by the rules of the workspace");
            match workspace::load(&place.workspace)? {
                Ok(workspace) => Arc::new(workspace.checked.rules),
                Err(_) => bail!("the workspace has faults: run `baton check` first"),
            }
        }
        Err(error @ Lost::Store(_)) => return Err(error.into()),
    };
    say(explain(&decision, &lead, &rules).trim_end());
    say(facts(&decision, &snapshot, &rules).trim_end());
    for entry in timeline.iter().filter(|entry| entry.kind == DECIDED_AGAIN) {
        let Again { owner, reason, pools } =
            serde_json::from_value(entry.body.clone()).context("reading who got the lead that waited")?;
        say(&format!("\n{}", explain_again(&owner, &reason, entry.at, &pools, &rules).trim_end()));
    }
    Ok(OK)
}
