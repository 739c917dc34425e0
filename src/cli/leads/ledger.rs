//! `baton ledger POOL`: who is owed a turn and who has had more, every entry that made it so, and turns given by hand.

use crate::cli::{OK, TextOrJson, WorkspaceArgs, actor, open_store, open_store_to_change, rules_of, say};
use crate::store::{AuditEntry, Grant, JournalLine, Store, Waits, with};
use anyhow::{Result, anyhow, bail};
use baton_clock::{Clock, SystemClock};
use baton_core::domain::id::{LeadId, PoolId, RepId};
use baton_core::domain::zone::Zone;
use baton_core::routing::ledger::{Tally, tally};
use baton_core::routing::{local, pool_weights, turns};
use baton_core::rules::RuleSet;
use baton_core::rules::model::set::Pool;
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::collections::BTreeSet;

#[derive(Debug, clap::Args)]
pub(crate) struct Ledger {
    /// A pool of rules/routing.yaml.
    #[arg(value_name = "POOL")]
    pool: String,
    /// Gives turns to a rep, who is then owed more leads; the other members bear it by weight.
    #[arg(long, value_name = "REP", conflicts_with = "skip", requires_all = ["reason", "author"])]
    credit: Option<String>,
    /// Takes turns from a rep, who is then passed over as often; the other members gain by weight.
    #[arg(long, value_name = "REP", requires_all = ["reason", "author"])]
    skip: Option<String>,
    /// How many.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=10))]
    turns: u8,
    /// Why, for the journal.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Who says so, for the journal.
    #[arg(long, value_name = "NAME")]
    author: Option<String>,
    /// Entries of the journal to print, newest first.
    #[arg(long, value_name = "N", default_value_t = 20)]
    last: usize,
    #[arg(long, value_enum, default_value = "text")]
    format: TextOrJson,
    #[command(flatten)]
    place: WorkspaceArgs,
}

impl Ledger {
    pub(crate) async fn run(self) -> Result<u8> {
        let rules = &rules_of(&self.place)?;
        let pool = rules.pools.values().find(|pool| pool.id.as_str() == self.pool);
        let pool = pool.ok_or_else(|| {
            let known: Vec<&str> = rules.pools.keys().map(|id| id.as_str()).collect();
            anyhow!("there is no pool {:?}; the pools are {}", self.pool, known.join(", "))
        })?;
        let grant = self.grant(rules, pool)?;
        let store = match grant {
            Some(grant) => {
                let store = open_store_to_change(&self.place).await?;
                give(&store, grant).await?;
                store
            }
            None => open_store(&self.place).await?,
        };
        let sheet = LedgerSheet::of(&store, rules, pool, self.last).await?;
        match self.format {
            TextOrJson::Text => say(sheet.text(rules).trim_end()),
            TextOrJson::Json => say(&serde_json::to_string_pretty(&sheet)?),
        }
        Ok(OK)
    }

    /// What is to be given by hand, if anything.
    fn grant(&self, rules: &RuleSet, pool: &Pool) -> Result<Option<Grant>> {
        let (name, turns) = match (&self.credit, &self.skip) {
            (Some(rep), _) => (rep, i64::from(self.turns)),
            (None, Some(rep)) => (rep, -i64::from(self.turns)),
            (None, None) => return Ok(None),
        };
        let Some(rep) = pool.members.keys().find(|member| member.as_str() == name) else {
            let members: Vec<&str> = pool.members.keys().map(|id| id.as_str()).collect();
            bail!("{name:?} is no member of {}; its members are {}", pool.id, members.join(", "));
        };
        let (Some(reason), Some(author)) = (&self.reason, &self.author) else {
            bail!("a turn given by hand needs --reason and --author: both stand in the journal");
        };
        for (option, text) in [("--reason", reason), ("--author", author)] {
            if text.trim().is_empty() {
                bail!("{option} is empty: it stands in the journal");
            }
        }
        let mut others = pool_weights(rules, pool);
        others.retain(|other, _| other != rep && rules.reps.get(other).is_some_and(|rep| rep.active));
        let (pool, rep, reason, author) =
            (pool.id.clone(), rep.clone(), reason.trim().to_owned(), author.trim().to_owned());
        Ok(Some(Grant { pool, rep, turns, others, reason, author }))
    }
}

async fn give(store: &Store, grant: Grant) -> Result<()> {
    let (pool, now) = (grant.pool.clone(), SystemClock.now());
    let act = if grant.turns < 0 { "turn.skip" } else { "turn.credit" };
    let why = format!("{} in {pool}, {}: {}", grant.turns.abs(), grant.author, grant.reason);
    let entry = AuditEntry::of(&actor(), act, &grant.rep, Some(&why));
    let give = with((grant, entry), move |tx, (grant, entry)| {
        Box::pin(async move {
            let given = tx.turns_grant(grant, now).await?;
            if given.is_some() {
                tx.audit(entry, now).await?;
            }
            Ok(given)
        })
    });
    if store.write("ledger.grant", give).await?.is_none() {
        bail!("{pool} has no other active member: a turn needs somebody who bears it");
    }
    Ok(())
}

/// Turns are in leads, to the millionth.
#[derive(Debug, Serialize)]
struct LedgerSheet {
    pool: PoolId,
    policy: baton_core::rules::model::set::OrderPolicy,
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
    async fn of(store: &Store, rules: &RuleSet, pool: &Pool, last: usize) -> Result<Self> {
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
        let leads = |micro: i64| micro as f64 / baton_core::routing::ledger::TURN as f64;
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

    fn text(&self, rules: &RuleSet) -> String {
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
