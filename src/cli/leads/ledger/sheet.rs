//! What is shown of a pool's ledger.

use crate::store::{JournalLine, Store, Waits, with};
use anyhow::Result;
use baton_core::domain::id::{LeadId, PoolId, RepId};
use baton_core::domain::zone::Zone;
use baton_core::routing::ledger::{TURN, Tally, tally};
use baton_core::routing::{local, pool_weights, turns};
use baton_core::rules::RuleSet;
use baton_core::rules::model::set::{OrderPolicy, Pool};
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::collections::BTreeSet;

/// Turns are in leads, to the millionth.
#[derive(Debug, Serialize)]
pub(super) struct LedgerSheet {
    pool: PoolId,
    policy: OrderPolicy,
    entries: usize,
    /// The balances that are stored are those that the journal makes.
    proven: bool,
    reps: Vec<RepTurns>,
    /// Leads that wait for somebody who can take them, the oldest first.
    waiting: Vec<Waits>,
    /// Newest first.
    journal: Vec<ShownEntry>,
}

#[derive(Debug, Serialize)]
struct RepTurns {
    rep: RepId,
    /// `None`: no member any more, or never one.
    weight: Option<u32>,
    due: f64,
    got: f64,
    by_hand: f64,
    balance: f64,
    last_turn_at: Option<DateTime<Utc>>,
    #[serde(skip)]
    tally: Tally,
}

#[derive(Debug, Serialize)]
struct ShownEntry {
    seq: i64,
    at: DateTime<Utc>,
    author: String,
    lead: Option<LeadId>,
    text: String,
}

impl LedgerSheet {
    pub(super) async fn of(store: &Store, rules: &RuleSet, pool: &Pool, last: usize) -> Result<Self> {
        let read = with(pool.id.clone(), |tx, id| {
            Box::pin(async move {
                let journal = tx.journal(id).await?;
                let counted = tx.ledgers_recount().await?.remove(id);
                Ok((journal, counted, tx.pool_queue(id).await?))
            })
        });
        let (journal, counted, waiting) = store.read("ledger.sheet", read).await?;
        let tallies = tally(journal.iter().map(|line| &line.entry));
        let weights = pool_weights(rules, pool);
        let named: BTreeSet<&RepId> = weights.keys().chain(tallies.keys()).collect();
        let leads = |micro: i64| micro as f64 / TURN as f64;
        let line = |rep: &RepId| {
            let tally = tallies.get(rep).copied().unwrap_or_default();
            let last = counted.as_ref().and_then(|(stored, _)| stored.last_turn.get(rep));
            let last_turn_at =
                last.and_then(|seq| journal.iter().find(|line| line.entry.seq == *seq)).map(|line| line.at);
            RepTurns {
                rep: rep.clone(),
                weight: weights.get(rep).copied(),
                due: leads(tally.due),
                got: leads(tally.got),
                by_hand: leads(tally.by_hand),
                balance: leads(tally.balance()),
                last_turn_at,
                tally,
            }
        };
        let name = |rep: &RepId| rules.reps.get(rep).map_or_else(|| rep.to_string(), |rep| rep.name.clone());
        let told = |line: &JournalLine| ShownEntry {
            seq: line.entry.seq,
            at: line.at,
            author: line.author.clone(),
            lead: line.lead.clone(),
            text: line.entry.in_words(&name),
        };
        Ok(Self {
            pool: pool.id.clone(),
            policy: pool.policy,
            entries: journal.len(),
            proven: counted.as_ref().is_none_or(|(stored, made)| stored == made),
            reps: named.into_iter().map(line).collect(),
            waiting,
            journal: journal.iter().rev().take(last).map(told).collect(),
        })
    }

    pub(super) fn text(&self, rules: &RuleSet) -> String {
        let members = self.reps.iter().filter(|line| line.weight.is_some()).count();
        let mut text = format!("{}: {members} members, {} entries in the journal.\n\n", self.pool, self.entries);
        let width = self.reps.iter().map(|line| line.rep.as_str().chars().count()).max().unwrap_or(0).max(3);
        text.push_str(&format!("{:width$}  weight      due      got  by hand  balance  last turn\n", "rep"));
        for line in &self.reps {
            let zone = rules.reps.get(&line.rep).map_or(Zone::UTC, |rep| rep.timezone);
            let weight = line.weight.map_or_else(|| "left".to_owned(), |weight| weight.to_string());
            let last = line.last_turn_at.map_or_else(|| "none yet".to_owned(), |at| local(at, zone));
            text.push_str(&format!(
                "{:width$}  {weight:>6} {:>8} {:>8} {:>8} {:>8}  {last}\n",
                line.rep.as_str(),
                turns(line.tally.due),
                turns(line.tally.got),
                turns(line.tally.by_hand),
                turns(line.tally.balance()),
            ));
        }
        text.push_str("\nBalance = due - got + by hand, in leads: who is furthest above zero is next.\n");
        text.push_str(if self.proven {
            "The balances that are stored are those that the journal makes.\n"
        } else {
            "THE BALANCES THAT ARE STORED ARE NOT THOSE THAT THE JOURNAL MAKES: somebody changed the table by hand.\n"
        });
        if !self.waiting.is_empty() {
            text.push_str("\nWaiting for somebody who can take them, oldest first\n");
        }
        for Waits { lead, since, owner, next_at } in &self.waiting {
            let zone = rules.reps.get(owner).map_or(Zone::UTC, |rep| rep.timezone);
            let (since, by) = (local(*since, zone), local(*next_at, zone));
            text.push_str(&format!("  {lead}  since {since}; {owner} answers for it, by {by}\n"));
        }
        if !self.journal.is_empty() {
            text.push_str(&format!("\nLast {} entries, newest first\n", self.journal.len()));
        }
        for told in &self.journal {
            let lead = told.lead.as_ref().map_or_else(String::new, |lead| format!(", {lead}"));
            text.push_str(&format!(
                "  {:>4}  {}  {} ({}{lead})\n",
                told.seq,
                local(told.at, Zone::UTC),
                told.text,
                told.author
            ));
        }
        text
    }
}
