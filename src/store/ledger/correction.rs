//! Corrections of a lead's turn after the fact: it moves to whoever has the lead now, or counts no more.
//!
//! Each cause undoes a lead's turn once, however often it is told; a turn follows its lead to whoever has it as often as the
//! lead changes hands. A turn that was undone stays undone.

use crate::store::sql::row::Reading;
use crate::store::{Moved, Mover, StoreError, TimelineEntry, Tx};
use baton_core::domain::id::{HandoffId, LeadId, PoolId, RepId};
use baton_core::domain::rep::Busy;
use baton_core::handoff::Event;
use baton_core::handoff::state::NewOwner;
use baton_core::routing::ledger::{Cause, Charge, Entry, EntryKind, LastTurn, Ledger};
use baton_core::rules::RuleSet;
use chrono::{DateTime, Utc};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// Entries that are looked through for an earlier turn: who had none among so many stands as long as one can.
const LOOK_BACK: i64 = 5_000;
const PAGE: i64 = 200;

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
        let Some(entry) = self.turn_correction(lead, correction, rules, &mut ledgers).await? else { return Ok(None) };
        let ledger = ledgers.remove(&entry.pool).expect("the entry is on one of these ledgers");
        self.ledgers_save(&[(entry.clone(), lead.clone())], &[ledger], &correction.author, now).await?;
        let body = json!({
            "cause": correction.cause,
            "to": correction.to,
            "reason": correction.reason,
            "author": correction.author,
            "pool": entry.pool,
            "entry": entry.seq,
        });
        let told = TimelineEntry { lead_id: lead.clone(), at: now, kind: "turn_corrected".to_owned(), body };
        self.timeline_append(&[&told]).await?;
        Ok(Some(entry))
    }

    /// The entry that corrects the turn of a lead, booked on these ledgers and not stored. `None`: as in [`Tx::turn_correct`], or
    /// the turn is on none of these.
    pub async fn turn_correction(
        &mut self,
        lead: &LeadId,
        correction: &Correction,
        rules: &RuleSet,
        ledgers: &mut BTreeMap<PoolId, Ledger>,
    ) -> Result<Option<Entry>, StoreError> {
        for (pool, entries) in self.entries_of_lead(lead).await? {
            let Some(ledger) = ledgers.get_mut(&pool) else { continue };
            let Some((mut entry, charge)) = correct(ledger, &entries, correction, rules) else { continue };
            // Whoever stands longest without a turn is not set back by one that was taken back.
            if ledger.last_turn.get(&charge.payer) == Some(&charge.seq) {
                let before = self.last_turn_without(&pool, lead, &charge).await?;
                entry.last_turn.insert(charge.payer, before);
            }
            ledger.apply(&entry);
            return Ok(Some(entry));
        }
        Ok(None)
    }

    /// Holds what moves of these handoffs and corrections of these leads' turns are about: handoffs first, then ledgers, before any
    /// move of the same transaction holds a rep.
    pub async fn turns_hold(&mut self, handoffs: &[&HandoffId], leads: &[LeadId]) -> Result<(), StoreError> {
        self.handoffs_lock(handoffs).await?;
        let mut pools = BTreeSet::new();
        for lead in leads {
            pools.extend(self.entries_of_lead(lead).await?.into_keys());
        }
        self.ledgers_lock(&pools.into_iter().collect::<Vec<_>>()).await?;
        Ok(())
    }

    /// The entry of the payer's last turn but this lead's; 0: none, or none within [`LOOK_BACK`].
    async fn last_turn_without(&mut self, pool: &PoolId, lead: &LeadId, charge: &Charge) -> Result<i64, StoreError> {
        let sql = "-- ledger::newest_before\nSELECT pool, seq, lead_id, body FROM ledger_entry \
                   WHERE pool = $1 AND seq < $2 AND seq >= $3 AND lead_id <> '' ORDER BY seq DESC LIMIT $4";
        let mut looking = LastTurn::without(&charge.payer, lead);
        let (mut below, last) = (i64::MAX, (charge.seq - LOOK_BACK).max(1));
        loop {
            let query = sqlx::query(sql).bind(pool.as_str()).bind(below).bind(last).bind(PAGE);
            let rows = query.fetch_all(self.conn()).await?;
            for row in &rows {
                let row = Reading::new("ledger_entry", row);
                if let Some(seq) = looking.look(&row.id("lead_id")?, &row.json("body")?) {
                    return Ok(seq);
                }
                below = row.int("seq")?;
            }
            if (rows.len() as i64) < PAGE {
                return Ok(0);
            }
        }
    }

    /// Gives a lead to another rep, in whose calendar this stands: the turn follows, and the handoff judges what goes with it.
    /// Nothing moves twice.
    ///
    /// # Errors
    /// `NotFound` for a lead that does not exist.
    pub async fn lead_reassign(
        &mut self,
        lead: &LeadId,
        to: &RepId,
        busy: Option<&Vec<Busy>>,
        correction: &Correction,
        rules: &RuleSet,
        mover: &Mover,
    ) -> Result<Moved, StoreError> {
        self.turn_correct(lead, correction, rules, mover.now).await?;
        let turn_in = self.turn_of(lead, to).await?;
        let to = NewOwner { turn_in, busy: busy.cloned(), ..NewOwner::new(to.clone(), correction.reason.as_str()) };
        let event = Event::Reassigned(to);
        self.transition(&HandoffId::of(lead), &event, rules, mover).await
    }

    /// The pool in which the lead costs this rep a turn.
    pub async fn turn_of(&mut self, lead: &LeadId, rep: &RepId) -> Result<Option<PoolId>, StoreError> {
        let entries = self.entries_of_lead(lead).await?;
        let pays = |entries: &[Entry]| Charge::of(entries).is_some_and(|charge| charge.payer == *rep);
        Ok(entries.into_iter().find(|(_, entries)| pays(entries)).map(|(pool, _)| pool))
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

/// The entry, and the charge that it corrects.
fn correct(ledger: &Ledger, entries: &[Entry], correction: &Correction, rules: &RuleSet) -> Option<(Entry, Charge)> {
    let told = entries.iter().any(|entry| match &entry.kind {
        EntryKind::Moved { cause, .. } => *cause == Some(correction.cause),
        EntryKind::Undone { cause, .. } => *cause == correction.cause,
        EntryKind::Turn { .. } | EntryKind::Granted { .. } => false,
    });
    if told && correction.cause != Cause::Reassigned && correction.to.is_none() {
        return None;
    }
    let charge = Charge::of(entries)?;
    let (cause, reason) = (correction.cause, correction.reason.as_str());
    // Somebody from outside does not share turns here: for the pool it is as if the lead had not been.
    let member = |rep: &&RepId| rules.pools.get(&ledger.pool).is_some_and(|pool| pool.members.contains_key(*rep));
    let entry = match correction.to.as_ref().filter(member) {
        Some(to) if *to == charge.payer => return None,
        Some(to) => ledger.moved(&charge.payer, to, Some(cause), reason),
        None => ledger.undone(&charge, cause, reason),
    };
    Some((entry, charge))
}
