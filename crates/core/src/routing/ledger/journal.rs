//! What the entries of a journal come to: of one lead, of one rep's last turn, of all of them.

use super::{Cause, Entry, EntryKind, Shares, TURN};
use crate::domain::id::{LeadId, RepId};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The turn of one lead as it stands: who pays it, among whom it was shared, and all that it changed so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    pub payer: RepId,
    /// The entry that charged the payer.
    pub seq: i64,
    pub weights: BTreeMap<RepId, u32>,
    pub changes: BTreeMap<RepId, i64>,
}

impl Charge {
    /// From the entries of one lead in one pool, oldest first. `None` if no turn was given, or it was undone.
    pub fn of(entries: &[Entry]) -> Option<Self> {
        let mut charge: Option<Self> = None;
        for entry in entries {
            match &entry.kind {
                EntryKind::Turn { payer, weights } => {
                    let (payer, weights, changes) = (payer.clone(), weights.clone(), entry.changes.clone());
                    charge = Some(Self { payer, seq: entry.seq, weights, changes });
                }
                EntryKind::Moved { to, .. } => {
                    if let Some(charge) = &mut charge {
                        charge.payer.clone_from(to);
                        charge.seq = entry.seq;
                        for (rep, change) in &entry.changes {
                            *charge.changes.entry(rep.clone()).or_insert(0) += change;
                        }
                    }
                }
                EntryKind::Undone { .. } => charge = None,
                EntryKind::Granted { .. } => {}
            }
        }
        charge
    }
}

/// Looks through a journal, the newest entry first, for the last turn of a rep that still counts.
#[derive(Debug)]
pub struct LastTurn<'a> {
    rep: &'a RepId,
    /// Leads of which the entry that counts has been seen.
    seen: BTreeSet<LeadId>,
}

impl<'a> LastTurn<'a> {
    /// As if this lead had never been.
    pub fn without(rep: &'a RepId, lead: &LeadId) -> Self {
        Self { rep, seen: BTreeSet::from([lead.clone()]) }
    }

    /// The entry's number, if it is the one. Who declined or did not answer had a turn all the same.
    pub fn look(&mut self, lead: &LeadId, entry: &Entry) -> Option<i64> {
        let charged = match &entry.kind {
            EntryKind::Turn { payer, .. } => Some(payer),
            EntryKind::Moved { to, cause: None | Some(Cause::Declined), .. } if to != self.rep => return None,
            EntryKind::Moved { to, .. } => Some(to),
            EntryKind::Undone { .. } => None,
            EntryKind::Granted { .. } => return None,
        };
        let newest = self.seen.insert(lead.clone());
        (newest && charged == Some(self.rep)).then_some(entry.seq)
    }
}

/// What a member had to get, got, and was given or taken by hand, in millionths of a lead. `due - got + by_hand` is the balance.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    pub due: i64,
    pub got: i64,
    pub by_hand: i64,
}

impl Tally {
    pub fn balance(&self) -> i64 {
        self.due - self.got + self.by_hand
    }
}

/// Adds up a whole journal. Turns that were undone are neither due nor got.
pub fn tally<'e>(journal: impl IntoIterator<Item = &'e Entry>) -> BTreeMap<RepId, Tally> {
    let mut tallies: BTreeMap<RepId, Tally> = BTreeMap::new();
    for entry in journal {
        match &entry.kind {
            EntryKind::Turn { payer, weights } => share(&mut tallies, payer, weights, 1),
            EntryKind::Undone { payer, weights, .. } => share(&mut tallies, payer, weights, -1),
            EntryKind::Moved { from, to, .. } => {
                tallies.entry(from.clone()).or_default().got -= TURN;
                tallies.entry(to.clone()).or_default().got += TURN;
            }
            EntryKind::Granted { .. } => {
                for (rep, change) in &entry.changes {
                    tallies.entry(rep.clone()).or_default().by_hand += change;
                }
            }
        }
    }
    tallies
}

fn share(tallies: &mut BTreeMap<RepId, Tally>, payer: &RepId, weights: &BTreeMap<RepId, u32>, sign: i64) {
    let shares = Shares::of(weights);
    let mut whole = 0;
    for (rep, weight) in weights {
        let credit = shares.credit(*weight);
        tallies.entry(rep.clone()).or_default().due += sign * credit;
        whole += credit;
    }
    tallies.entry(payer.clone()).or_default().got += sign * whole;
}
