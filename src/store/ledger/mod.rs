//! Ledgers: the balances under their lock, the journal behind them.

mod correction;

pub use correction::Correction;

use super::sql::dialect::Column::{self, Int, Text};
use super::sql::dialect::names;
use super::sql::row::{Bulk, Reading, document, micros, rows_json, texts_json};
use super::{StoreError, Tx};
use baton_core::domain::id::{LeadId, PoolId, RepId};
use baton_core::handoff::state::TurnMove;
use baton_core::routing::ledger::{Entry, Ledger};
use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;
use std::collections::{BTreeMap, BTreeSet};

/// One line of a journal with what is told beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalLine {
    pub entry: Entry,
    pub at: DateTime<Utc>,
    /// `None` for what a person did by hand.
    pub lead: Option<LeadId>,
    pub author: String,
}

/// Turns given by hand, or taken if negative.
#[derive(Debug, Clone)]
pub struct Grant {
    pub pool: PoolId,
    pub rep: RepId,
    pub turns: i64,
    /// Who bears it, by weight.
    pub others: BTreeMap<RepId, u32>,
    pub reason: String,
    pub author: String,
}

/// Lines of a journal that are looked through for one rep's.
const LOOKED_THROUGH: i64 = 200;

pub(super) const COLUMNS: [Column; 4] = [Text("pool"), Int("seq"), Text("balances"), Text("last_turn")];

impl Tx {
    /// The ledgers of these pools, locked in pool order until the transaction ends; a new pool starts level.
    pub async fn ledgers_lock(&mut self, pools: &[PoolId]) -> Result<BTreeMap<PoolId, Ledger>, StoreError> {
        let select = format!(
            "-- ledger::lock\nSELECT {} FROM ledger WHERE pool IN {} ORDER BY pool {}",
            names(&COLUMNS),
            self.engine.texts(),
            self.engine.for_update()
        );
        let rows = sqlx::query(AssertSqlSafe(select.clone())).bind(texts_json(pools)).fetch_all(self.conn()).await?;
        let rows = if rows.len() == pools.len() {
            rows
        } else {
            self.ledgers_begin(pools).await?;
            sqlx::query(AssertSqlSafe(select)).bind(texts_json(pools)).fetch_all(self.conn()).await?
        };
        rows.iter().map(read).collect()
    }

    async fn ledgers_begin(&mut self, pools: &[PoolId]) -> Result<(), StoreError> {
        // In one order everywhere, as they are locked: two who make them at once do not wait for each other crosswise.
        let pools: BTreeSet<&PoolId> = pools.iter().collect();
        let rows = pools.into_iter().map(|pool| json!({ "pool": pool, "seq": 0, "balances": "{}", "last_turn": "{}" }));
        let sql = self.engine.insert_all("ledger::begin", "ledger", &COLUMNS, "ON CONFLICT (pool) DO NOTHING");
        sqlx::query(sql).bind(rows_json(rows)?).execute(self.conn()).await?;
        Ok(())
    }

    /// Journal entries and the balances that they lead to; the ledgers are locked.
    pub async fn ledgers_save(
        &mut self,
        entries: &[(Entry, LeadId)],
        ledgers: &[Ledger],
        author: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let all = self.turns_to_save(entries, ledgers, author, now)?;
        self.run_all("ledger::turns", all).await
    }

    pub(super) fn turns_to_save(
        &self,
        entries: &[(Entry, LeadId)],
        ledgers: &[Ledger],
        author: &str,
        now: DateTime<Utc>,
    ) -> Result<Vec<Bulk>, StoreError> {
        let entries: Vec<_> = entries.iter().map(|(entry, lead)| (entry, lead.as_str())).collect();
        self.entries_to_append(&entries, ledgers, author, now)
    }

    /// An entry without a lead: its name is empty.
    fn entries_to_append(
        &self,
        entries: &[(&Entry, &str)],
        ledgers: &[Ledger],
        author: &str,
        now: DateTime<Utc>,
    ) -> Result<Vec<Bulk>, StoreError> {
        if entries.is_empty() {
            return Ok(Vec::new());
        }
        let mut rows = Vec::with_capacity(entries.len());
        for (entry, lead) in entries {
            rows.push(json!({
                "pool": entry.pool,
                "seq": entry.seq,
                "at": micros(now),
                "lead_id": lead,
                "author": author,
                "body": document(entry)?,
            }));
        }
        let columns = [Text("pool"), Int("seq"), Int("at"), Text("lead_id"), Text("author"), Text("body")];
        let sql = self.engine.insert_text("ledger::append", "ledger_entry", &columns, "");
        let appended = Bulk::new(sql, rows_json(rows)?);
        let mut rows = Vec::with_capacity(ledgers.len());
        for ledger in ledgers {
            rows.push(json!({
                "pool": ledger.pool,
                "seq": ledger.seq,
                "balances": document(&ledger.balances)?,
                "last_turn": document(&ledger.last_turn)?,
            }));
        }
        let sql = format!(
            "-- ledger::save\nUPDATE ledger SET seq = r.seq, balances = r.balances, last_turn = r.last_turn FROM {} \
             WHERE ledger.pool = r.pool",
            self.engine.rows(&COLUMNS)
        );
        let pools: Vec<&str> = ledgers.iter().map(|ledger| ledger.pool.as_str()).collect();
        let gone = StoreError::NotFound { what: "ledger", id: pools.join(" or ") };
        Ok(vec![appended, Bulk::new(sql, rows_json(rows)?).must_change(ledgers.len(), gone)])
    }

    /// Gives turns from one rep to another, each with its lead and the reason in the journal.
    pub(super) async fn turns_moved(
        &mut self,
        turns: &[(&TurnMove, &LeadId)],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        if turns.is_empty() {
            return Ok(());
        }
        let pools: BTreeSet<&PoolId> = turns.iter().map(|(turn, _)| &turn.pool).collect();
        let mut ledgers = self.ledgers_lock(&pools.into_iter().cloned().collect::<Vec<_>>()).await?;
        let mut entries = Vec::with_capacity(turns.len());
        for (turn, lead) in turns {
            let gone = || StoreError::NotFound { what: "ledger", id: turn.pool.to_string() };
            let ledger = ledgers.get_mut(&turn.pool).ok_or_else(gone)?;
            let entry = ledger.moved(&turn.from, &turn.to, turn.cause, &turn.reason);
            ledger.apply(&entry);
            entries.push((entry, (*lead).clone()));
        }
        self.ledgers_save(&entries, &ledgers.into_values().collect::<Vec<_>>(), "handoff", now).await
    }

    /// Turns that a person gives to a rep, or takes if negative. `None`: nobody else is there to bear it.
    pub async fn turns_grant(&mut self, grant: &Grant, now: DateTime<Utc>) -> Result<Option<Entry>, StoreError> {
        let mut ledgers = self.ledgers_lock(std::slice::from_ref(&grant.pool)).await?;
        let Some(ledger) = ledgers.get_mut(&grant.pool) else {
            return Err(StoreError::NotFound { what: "ledger", id: grant.pool.to_string() });
        };
        let entry = ledger.granted(&grant.rep, grant.turns, &grant.others, &grant.reason);
        let Some(entry) = entry else { return Ok(None) };
        ledger.apply(&entry);
        let ledger = ledger.clone();
        let all = self.entries_to_append(&[(&entry, "")], &[ledger], &grant.author, now)?;
        self.run_all("ledger::granted", all).await?;
        Ok(Some(entry))
    }

    /// The whole journal of a pool, oldest first.
    pub async fn journal(&mut self, pool: &PoolId) -> Result<Vec<JournalLine>, StoreError> {
        let sql =
            "-- ledger::lines\nSELECT pool, at, lead_id, author, body FROM ledger_entry WHERE pool = $1 ORDER BY seq";
        let rows = sqlx::query(sql).bind(pool.as_str()).fetch_all(self.conn()).await?;
        rows.iter().map(read_line).collect()
    }

    /// What moved a rep's balance last, the newest first: at most so many of the newest lines of the journal.
    pub async fn journal_about(
        &mut self,
        pool: &PoolId,
        rep: &RepId,
        limit: usize,
    ) -> Result<Vec<JournalLine>, StoreError> {
        let sql = "-- ledger::newest\nSELECT pool, at, lead_id, author, body FROM ledger_entry WHERE pool = $1 \
                   ORDER BY seq DESC LIMIT $2";
        let rows = sqlx::query(sql).bind(pool.as_str()).bind(LOOKED_THROUGH).fetch_all(self.conn()).await?;
        let mut lines: Vec<JournalLine> = rows.iter().map(read_line).collect::<Result<_, _>>()?;
        lines.retain(|line| line.entry.changes.get(rep).is_some_and(|change| *change != 0));
        lines.truncate(limit);
        Ok(lines)
    }

    /// Every ledger as stored; locks nothing.
    pub async fn ledgers_read(&mut self) -> Result<BTreeMap<PoolId, Ledger>, StoreError> {
        let sql = format!("-- ledger::all\nSELECT {} FROM ledger ORDER BY pool", names(&COLUMNS));
        let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(self.conn()).await?;
        rows.iter().map(read).collect()
    }

    /// Every ledger as stored, and as its journal makes it: the two must be equal. Locks nothing, so that it may take its time
    /// in [`super::Store::read`], where both are seen as of one moment.
    ///
    /// # Errors
    /// `Inconsistent` if a journal has a gap or another pool's entry.
    pub async fn ledgers_recount(&mut self) -> Result<BTreeMap<PoolId, (Ledger, Ledger)>, StoreError> {
        let stored = self.ledgers_read().await?;
        let mut counted = BTreeMap::new();
        for (pool, ledger) in stored {
            let rebuilt = self.ledger_rebuild(&pool).await?;
            counted.insert(pool, (ledger, rebuilt));
        }
        Ok(counted)
    }

    async fn ledger_rebuild(&mut self, pool: &PoolId) -> Result<Ledger, StoreError> {
        let sql = "-- ledger::journal\nSELECT pool, body FROM ledger_entry WHERE pool = $1 ORDER BY seq";
        let rows = sqlx::query(sql).bind(pool.as_str()).fetch_all(self.conn()).await?;
        let mut rebuilt = Ledger::empty(pool.clone());
        for row in &rows {
            let row = Reading::new("ledger_entry", row);
            let entry: Entry = row.json("body")?;
            if (&entry.pool, entry.seq) != (pool, rebuilt.seq + 1) {
                let why = format!("entry {} of {:?} follows entry {}", entry.seq, entry.pool.as_str(), rebuilt.seq);
                return Err(row.fault("body", why));
            }
            rebuilt.apply(&entry);
        }
        Ok(rebuilt)
    }
}

fn read_line(row: &AnyRow) -> Result<JournalLine, StoreError> {
    let row = Reading::new("ledger_entry", row);
    let lead = row.text("lead_id")?;
    let lead = if lead.is_empty() { None } else { Some(row.id("lead_id")?) };
    Ok(JournalLine { entry: row.json("body")?, at: row.at("at")?, lead, author: row.text("author")? })
}

pub(super) fn read(row: &AnyRow) -> Result<(PoolId, Ledger), StoreError> {
    let row = Reading::new("ledger", row);
    let pool: PoolId = row.id("pool")?;
    let ledger = Ledger {
        pool: pool.clone(),
        seq: row.int("seq")?,
        balances: row.json("balances")?,
        last_turn: row.json("last_turn")?,
    };
    Ok((pool, ledger))
}
