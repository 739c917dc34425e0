//! The balance ledger of a pool: each lead credits every eligible member its share, the one who gets it pays one turn.
//!
//! This is the carpool rule of Fagin and Williams (1983). For a fixed set of `n` members nobody is ever ahead of their
//! share by a whole turn, nor behind it by more than H(n) − 1 turns, whatever the weights. Who is not eligible gets
//! neither credit nor debt, so there is no flood after a holiday, and a newcomer starts level.
//!
//! Whoever picks a member by another key than the balance (the only one free, the first one back) must hand in the set
//! among which the ledger really had the choice; otherwise credit piles up that nobody can spend.

mod journal;
mod shares;

pub use journal::{Charge, LastTurn, Tally, tally};
pub use shares::Shares;

use crate::domain::id::{PoolId, RepId};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// One turn, in the unit of balances.
pub const TURN: i64 = 1_000_000;

/// The most that a member may save up who is full and keeps the turn.
pub const KEPT_AT_MOST: i64 = 2 * TURN;

/// Balances of one pool in millionths of a lead. They sum to exactly zero, always.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    pub pool: PoolId,
    /// Number of entries so far; the next entry is `seq + 1`.
    pub seq: i64,
    /// A member who is not listed stands at zero, which is level.
    pub balances: BTreeMap<RepId, i64>,
    /// The entry that last charged the member; ties go to the smallest.
    pub last_turn: BTreeMap<RepId, i64>,
}

/// One line of the journal. The journal is the truth; balances are its cache.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub pool: PoolId,
    pub seq: i64,
    pub kind: EntryKind,
    /// Change of each balance; sums to zero.
    pub changes: BTreeMap<RepId, i64>,
    /// Whose last turn was taken back: the entry of the one before it, 0 for who had none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub last_turn: BTreeMap<RepId, i64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EntryKind {
    /// A lead was given to `payer` among the eligible whose weights are listed.
    Turn { payer: RepId, weights: BTreeMap<RepId, u32> },
    /// The turn moved: `from` is refunded, `to` is charged.
    Moved {
        from: RepId,
        to: RepId,
        reason: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cause: Option<Cause>,
    },
    /// The turn counts no more: everything that the lead changed is taken back. `payer` had paid it, among these.
    Undone { payer: RepId, weights: BTreeMap<RepId, u32>, cause: Cause, reason: String },
    /// By hand: the rep is owed this many turns more, or fewer if negative; the others, by weight, bear it.
    Granted { rep: RepId, turns: i64, weights: BTreeMap<RepId, u32>, reason: String },
}

/// Why a turn was corrected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The rep whose turn it was declined the call, and another took it.
    Declined,
    /// It was the wrong person's lead.
    Misrouted,
    /// The caller did not come to the meeting.
    NoShow,
    /// Somebody changed the owner in the CRM.
    Reassigned,
}

impl Cause {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Declined => "declined",
            Self::Misrouted => "misrouted",
            Self::NoShow => "no_show",
            Self::Reassigned => "reassigned",
        }
    }
}

impl Ledger {
    /// Of a pool that has given no lead yet: everybody is level.
    pub fn empty(pool: PoolId) -> Self {
        Self { pool, seq: 0, balances: BTreeMap::new(), last_turn: BTreeMap::new() }
    }

    /// In millionths of a lead; positive is owed a lead, negative has had more than the share.
    pub fn balance(&self, rep: &RepId) -> i64 {
        self.balances.get(rep).copied().unwrap_or(0)
    }

    /// How far from the share turns alone bring anybody, in millionths of a lead: among `n` whose set changes all the time half of
    /// `n − 1` turns at most (Ajtai and others, 1998), and who keeps the turn while full may save up [`KEPT_AT_MOST`].
    pub fn bound(&self) -> i64 {
        let members = i64::try_from(self.balances.len()).unwrap_or(i64::MAX);
        KEPT_AT_MOST.max(members.saturating_sub(1).saturating_mul(TURN / 2))
    }

    /// Whether nobody is further from the share than that. Turns that were given or taken by hand may lead outside, until they are
    /// worked off.
    pub fn is_within_bound(&self) -> bool {
        self.balances.values().all(|balance| balance.abs() <= self.bound())
    }

    /// The eligible, next first: largest balance after this lead's credit, then least recently charged (never comes
    /// first), then by id.
    pub fn order(&self, eligible: &BTreeMap<RepId, u32>) -> Vec<RepId> {
        let shares = Shares::of(eligible);
        let mut order: Vec<_> = eligible
            .iter()
            .map(|(rep, weight)| {
                let credited = self.balance(rep) + shares.credit(*weight);
                (Reverse(credited), self.last_turn.get(rep).copied(), rep)
            })
            .collect();
        order.sort_unstable();
        order.into_iter().map(|(_, _, rep)| rep.clone()).collect()
    }

    /// Who is next; `None` if nobody is eligible.
    pub fn choose(&self, eligible: &BTreeMap<RepId, u32>) -> Option<RepId> {
        self.order(eligible).into_iter().next()
    }

    /// The eligible, and those of the full whose turn is kept: who, credited a share of this lead, would have saved up more
    /// than [`KEPT_AT_MOST`] forgoes it.
    pub fn with_kept(&self, eligible: &BTreeMap<RepId, u32>, full: &BTreeMap<RepId, u32>) -> BTreeMap<RepId, u32> {
        let mut stake: BTreeMap<RepId, u32> = full.clone();
        stake.extend(eligible.clone());
        loop {
            let shares = Shares::of(&stake);
            let saved = |rep: &RepId, weight: u32| self.balance(rep) + shares.credit(weight);
            let before = stake.len();
            // Fewer to share with, more for each: what fits now may not fit then.
            stake.retain(|rep, weight| eligible.contains_key(rep) || saved(rep, *weight) <= KEPT_AT_MOST);
            if stake.len() == before {
                return stake;
            }
        }
    }

    /// The entry for one lead that goes to `payer`. What rounding leaves over goes to the payer, so that the changes sum
    /// to exactly zero. A payer who is not among the eligible pays without being credited.
    pub fn turn(&self, eligible: &BTreeMap<RepId, u32>, payer: &RepId) -> Entry {
        let shares = Shares::of(eligible);
        let mut changes: BTreeMap<RepId, i64> =
            eligible.iter().map(|(rep, weight)| (rep.clone(), shares.credit(*weight))).collect();
        let credited: i64 = changes.values().sum();
        *changes.entry(payer.clone()).or_insert(0) -= credited;
        let kind = EntryKind::Turn { payer: payer.clone(), weights: eligible.clone() };
        self.entry(kind, changes)
    }

    /// The entry for a turn that was charged to `from` and is now `to`'s: somebody else took the call, or the lead.
    pub fn moved(&self, from: &RepId, to: &RepId, cause: Option<Cause>, reason: impl Into<String>) -> Entry {
        let mut changes = BTreeMap::from([(from.clone(), TURN)]);
        *changes.entry(to.clone()).or_insert(0) -= TURN;
        self.entry(EntryKind::Moved { from: from.clone(), to: to.clone(), reason: reason.into(), cause }, changes)
    }

    /// The entry after which it is as if the lead had not been: the carpool rule backwards. The payer is refunded what the
    /// others had been credited.
    pub fn undone(&self, charge: &Charge, cause: Cause, reason: impl Into<String>) -> Entry {
        let changes = charge.changes.iter().map(|(rep, change)| (rep.clone(), -change)).collect();
        let (payer, weights) = (charge.payer.clone(), charge.weights.clone());
        self.entry(EntryKind::Undone { payer, weights, cause, reason: reason.into() }, changes)
    }

    /// The entry for turns that a person gives to a rep or, if negative, takes. `others` bear it by weight; the rep is not
    /// among them. `None` if there are no others.
    pub fn granted(
        &self,
        rep: &RepId,
        turns: i64,
        others: &BTreeMap<RepId, u32>,
        reason: impl Into<String>,
    ) -> Option<Entry> {
        let weights: BTreeMap<RepId, u32> =
            others.iter().filter(|(other, _)| *other != rep).map(|(other, weight)| (other.clone(), *weight)).collect();
        if weights.is_empty() {
            return None;
        }
        let shares = Shares::of(&weights);
        let mut changes: BTreeMap<RepId, i64> =
            weights.iter().map(|(other, weight)| (other.clone(), -turns * shares.credit(*weight))).collect();
        let borne: i64 = changes.values().sum();
        changes.insert(rep.clone(), -borne);
        Some(self.entry(EntryKind::Granted { rep: rep.clone(), turns, weights, reason: reason.into() }, changes))
    }

    /// Books the next entry.
    ///
    /// # Panics
    /// The entry is another pool's, or was made before entries that are booked already: the commit that brought it did
    /// not check the ledger, and going on would make balances that nobody can recompute.
    pub fn apply(&mut self, entry: &Entry) {
        assert_eq!(entry.pool, self.pool, "an entry is booked on its own pool's ledger");
        assert_eq!(entry.seq, self.seq + 1, "entries of pool {} are booked in order", self.pool);
        for (rep, change) in &entry.changes {
            *self.balances.entry(rep.clone()).or_insert(0) += change;
        }
        let charged = match &entry.kind {
            EntryKind::Turn { payer, .. } => Some(payer),
            EntryKind::Moved { to, .. } => Some(to),
            EntryKind::Undone { .. } | EntryKind::Granted { .. } => None,
        };
        if let Some(charged) = charged {
            self.last_turn.insert(charged.clone(), entry.seq);
        }
        for (rep, seq) in &entry.last_turn {
            match seq {
                0 => self.last_turn.remove(rep),
                seq => self.last_turn.insert(rep.clone(), *seq),
            };
        }
        self.seq = entry.seq;
    }

    fn entry(&self, kind: EntryKind, changes: BTreeMap<RepId, i64>) -> Entry {
        debug_assert_eq!(changes.values().sum::<i64>(), 0, "changes sum to zero");
        Entry { pool: self.pool.clone(), seq: self.seq + 1, kind, changes, last_turn: BTreeMap::new() }
    }
}

#[cfg(test)]
mod tests;
