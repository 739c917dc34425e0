//! What stored decisions were made from, to be decided once more.

use crate::store::{PastLead, Store, StoreError, StoredDecision};
use baton_core::domain::lead::Lead;
use baton_core::rehearsal::Trial;
use baton_core::routing::Snapshot;
use chrono::{DateTime, Utc};

/// Said of a decision that has had its time.
pub const NO_LONGER_KEPT: &str =
    "no longer kept: what it was made from has had its time (keep.decisions in baton.toml)";

/// What a decision was made from.
///
/// # Errors
/// A document that this version cannot read, or that is no longer kept.
pub fn inputs(stored: &StoredDecision) -> Result<(Lead, Snapshot), String> {
    if !stored.is_kept() {
        return Err(NO_LONGER_KEPT.to_owned());
    }
    let lead = serde_json::from_str(&stored.lead).map_err(|error| format!("the stored lead is unreadable: {error}"))?;
    let snapshot =
        serde_json::from_str(&stored.snapshot).map_err(|error| format!("the stored facts are unreadable: {error}"))?;
    Ok((lead, snapshot))
}

/// Leads that were really decided, with what was known then, in order of time.
pub struct StoredLeads {
    store: Store,
    /// Instant and id of the last one.
    after: (DateTime<Utc>, String),
}

impl StoredLeads {
    pub fn since(store: Store, since: DateTime<Utc>) -> Self {
        Self { store, after: (since, String::new()) }
    }

    /// At most `size` more; none at the end.
    ///
    /// # Errors
    /// The database could not be read.
    pub async fn next(&mut self, size: usize) -> Result<Vec<Trial>, StoreError> {
        let page = self.store.past_leads(&self.after, size).await?;
        if let Some(last) = page.last() {
            self.after = (last.decided_at, last.lead.id.to_string());
        }
        Ok(page.into_iter().map(trial).collect())
    }
}

fn trial(past: PastLead) -> Trial {
    let PastLead { lead, snapshot, decided_at } = past;
    Trial {
        lead,
        at: decided_at,
        account: snapshot.account,
        assigned: snapshot.assigned,
        reps: snapshot.reps,
        ledgers: snapshot.ledgers,
    }
}
