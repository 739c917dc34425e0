//! `baton ledger POOL`: who is owed a turn and who has had more, every entry that made it so, and turns given by hand.

mod sheet;

use crate::cli::{OK, TextOrJson, WorkspaceArgs, actor, open_store, open_store_to_change, rules_of, say};
use crate::store::{AuditEntry, Grant, Store, with};
use anyhow::{Result, anyhow, bail};
use baton_clock::{Clock, SystemClock};
use baton_core::routing::pool_weights;
use baton_core::rules::RuleSet;
use baton_core::rules::model::set::Pool;
use sheet::LedgerSheet;

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
