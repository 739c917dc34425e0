//! Corrections of a lead's turn after the fact: it moves to whoever has the lead now, or counts no more.
//!
//! Each cause corrects a lead once, however often it is told; the CRM is followed as often as it changes the owner. A turn
//! that was undone stays undone.

use super::row::Reading;
use super::{StoreError, TimelineEntry, Tx};
use crate::domain::id::{HandoffId, LeadId, PoolId, RepId};
use crate::routing::ledger::{Cause, Charge, Entry, EntryKind, Ledger};
use crate::rules::RuleSet;
use chrono::{DateTime, Utc};
use serde_json::json;
use std::collections::BTreeMap;

/// What was said of a lead that touches its turn.
#[derive(Debug, Clone)]
pub struct Correction {
    pub cause: Cause,
    /// Whose lead it is now; `None` if nobody's here.
    pub to: Option<RepId>,
    pub reason: String,
    /// Who said it: a rep, `crm`, `outcome`.
    pub author: String,
}

impl Tx {
    /// Corrects the turn that a lead cost, and tells it in the lead's timeline. `None`: it cost none, or nothing is to be done.
    ///
    /// # Errors
    /// `NotFound` for a lead that does not exist.
    pub async fn turn_correct(
        &mut self,
        lead: &LeadId,
        correction: &Correction,
        rules: &RuleSet,
        now: DateTime<Utc>,
    ) -> Result<Option<Entry>, StoreError> {
        // In the order in which moves lock, so that a correction and a move never wait for each other.
        self.handoff_lock(&HandoffId::of(lead)).await?;
        let pools: Vec<PoolId> = self.entries_of_lead(lead).await?.into_keys().collect();
        if pools.is_empty() {
            return Ok(None);
        }
        let mut ledgers = self.ledgers_lock(&pools).await?;
        for (pool, entries) in self.entries_of_lead(lead).await? {
            let Some(ledger) = ledgers.get_mut(&pool) else { continue };
            let Some(entry) = correct(ledger, &entries, correction, rules) else { continue };
            ledger.apply(&entry);
            let ledger = ledger.clone();
            self.ledgers_save(&[(entry.clone(), lead.clone())], &[ledger], &correction.author, now).await?;
            let body = json!({
                "cause": correction.cause,
                "to": correction.to,
                "reason": correction.reason,
                "author": correction.author,
                "pool": pool,
                "entry": entry.seq,
            });
            let told = TimelineEntry { lead_id: lead.clone(), at: now, kind: "turn_corrected".to_owned(), body };
            self.timeline_append(&[told]).await?;
            return Ok(Some(entry));
        }
        Ok(None)
    }

    /// Oldest first, by pool: an owner's lead may have cost a turn nowhere, no lead costs one in two pools.
    async fn entries_of_lead(&mut self, lead: &LeadId) -> Result<BTreeMap<PoolId, Vec<Entry>>, StoreError> {
        let sql = "-- ledger::of_lead\nSELECT pool, body FROM ledger_entry WHERE lead_id = $1 ORDER BY pool, seq";
        let rows = sqlx::query(sql).bind(lead.as_str()).fetch_all(self.conn()).await?;
        let mut entries: BTreeMap<PoolId, Vec<Entry>> = BTreeMap::new();
        for row in &rows {
            let row = Reading::new("ledger_entry", row);
            entries.entry(row.id("pool")?).or_default().push(row.json("body")?);
        }
        Ok(entries)
    }
}

fn correct(ledger: &Ledger, entries: &[Entry], correction: &Correction, rules: &RuleSet) -> Option<Entry> {
    let told = entries.iter().any(|entry| match &entry.kind {
        EntryKind::Moved { cause, .. } => *cause == Some(correction.cause),
        EntryKind::Undone { cause, .. } => *cause == correction.cause,
        EntryKind::Turn { .. } | EntryKind::Granted { .. } => false,
    });
    if told && correction.cause != Cause::Reassigned {
        return None;
    }
    let charge = Charge::of(entries)?;
    let (cause, reason) = (correction.cause, correction.reason.as_str());
    // Somebody from outside does not share turns here: for the pool it is as if the lead had not been.
    let member = |rep: &&RepId| rules.pools.get(&ledger.pool).is_some_and(|pool| pool.members.contains_key(*rep));
    match correction.to.as_ref().filter(member) {
        Some(to) if *to == charge.payer => None,
        Some(to) => Some(ledger.moved(&charge.payer, to, Some(cause), reason)),
        None => Some(ledger.undone(&charge, cause, reason)),
    }
}
