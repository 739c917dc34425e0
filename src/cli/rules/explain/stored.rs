//! A decision that was made, told as it was made: by its own rules, with the facts of that moment.

use crate::app::replay::one;
use crate::cli::{WorkspaceArgs, rules_of};
use crate::rehearse::stored::inputs;
use crate::rehearse::supposed::as_json;
use crate::release::{Library, Lost};
use crate::render::explain::{explain_whole, of_erased};
use crate::store::{Store, with};
use anyhow::{Context, Result, anyhow};
use baton_core::domain::id::HandoffId;
use baton_core::domain::lead::Lead;
use baton_core::routing::{Decision, Snapshot, versions};
use chrono::{DateTime, Utc};
use serde_json::Value;
use std::sync::Arc;

pub(in crate::cli) struct Made {
    pub decision: Decision,
    lead: Lead,
    snapshot: Snapshot,
    erased_at: Option<DateTime<Utc>>,
}

impl Made {
    /// By the id of the decision or of its lead.
    pub(in crate::cli) async fn of(store: &Store, id: &str) -> Result<Self> {
        let stored = one(store, id).await?;
        let (lead, snapshot) = inputs(&stored).map_err(|why| anyhow!(why))?;
        let decision = versions::read(&stored.body).context("reading the stored decision")?;
        Ok(Self { decision, lead, snapshot, erased_at: stored.erased_at })
    }

    /// With who got the lead later, if it waited.
    pub(in crate::cli) async fn in_words(&self, store: Store, place: &WorkspaceArgs) -> Result<String> {
        let Self { decision, lead, snapshot, erased_at } = self;
        let again = store.decided_again(&lead.id).await?;
        let rung = with(HandoffId::of(&lead.id), |tx, id| Box::pin(tx.handoff_if_any(id)));
        let handoff = store.read("handoff.if_any", rung).await?;
        let rules = match Library::new(store).rules(&decision.release).await {
            Ok(rules) => rules,
            Err(lost @ (Lost::Unknown(_) | Lost::Refused { .. })) => {
                eprintln!("{lost}: names and times are told by the rules of the workspace");
                Arc::new(rules_of(place)?)
            }
            Err(error @ Lost::Store(_)) => return Err(error.into()),
        };
        let told = explain_whole(decision, lead, snapshot, &again, handoff.as_ref(), &rules);
        Ok(match erased_at {
            Some(at) => of_erased(*at, &told),
            None => told,
        })
    }

    pub(super) fn json(&self) -> Result<Value> {
        Ok(as_json(&self.decision, &self.lead, &self.snapshot)?)
    }
}
