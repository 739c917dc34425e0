//! What the workers tell each other of the vendors' accounts: which are left alone until when, and who fetches a token. Accounts
//! are told by their digests; a token never comes here.

use crate::store::sql::dialect::Column::{self, Int, Text};
use crate::store::sql::row::{Reading, micros, rows_json};
use crate::store::{StoreError, Tx};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use std::collections::BTreeMap;

/// Longer than a token takes; a worker that dies over it holds up nobody for longer.
const TOKEN_LEASE: TimeDelta = TimeDelta::seconds(15);

/// How it stands over all workers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budgets {
    /// Workers that are alive.
    pub workers: u32,
    /// Until when accounts are left alone, by their digests.
    pub rests: BTreeMap<String, DateTime<Utc>>,
}

/// Whether a worker may fetch a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenLease {
    Ours,
    Anothers,
    /// It was refused, and is not asked for before then.
    RestsUntil(DateTime<Utc>),
}

const COLUMNS: [Column; 2] = [Text("account"), Int("resting_until")];

impl Tx {
    /// Whoever has it already keeps it.
    pub async fn token_lease(
        &mut self,
        account: &str,
        worker: &str,
        now: DateTime<Utc>,
    ) -> Result<TokenLease, StoreError> {
        let sql = "-- budget::lease\nINSERT INTO vendor_budget (account, lease_owner, lease_until) VALUES ($1, $2, $3) \
                   ON CONFLICT (account) DO UPDATE SET lease_owner = excluded.lease_owner, lease_until = excluded.lease_until \
                   WHERE vendor_budget.resting_until <= $4 \
                   AND (vendor_budget.lease_until <= $4 OR vendor_budget.lease_owner = excluded.lease_owner)";
        let query = sqlx::query(sql).bind(account).bind(worker).bind(micros(now + TOKEN_LEASE)).bind(micros(now));
        if query.execute(self.conn()).await?.rows_affected() == 1 {
            return Ok(TokenLease::Ours);
        }
        let sql = "-- budget::leased\nSELECT account, resting_until FROM vendor_budget WHERE account = $1";
        let Some(row) = sqlx::query(sql).bind(account).fetch_optional(self.conn()).await? else {
            return Ok(TokenLease::Anothers);
        };
        let rests_until = Reading::new("vendor_budget", &row).at("resting_until")?;
        Ok(if rests_until > now { TokenLease::RestsUntil(rests_until) } else { TokenLease::Anothers })
    }

    /// It has been fetched, or could not be; `rests_until`: it was refused.
    pub async fn token_lease_ends(
        &mut self,
        account: &str,
        worker: &str,
        rests_until: Option<DateTime<Utc>>,
    ) -> Result<(), StoreError> {
        let sql = "-- budget::lease_ends\nUPDATE vendor_budget SET lease_until = 0, resting_until = \
                   CASE WHEN resting_until < $3 THEN $3 ELSE resting_until END WHERE account = $1 AND lease_owner = $2";
        let query = sqlx::query(sql).bind(account).bind(worker).bind(rests_until.map_or(0, micros));
        query.execute(self.conn()).await?;
        Ok(())
    }

    /// These are left alone until then, unless another worker has said longer.
    pub async fn budgets_rest(&mut self, rests: &BTreeMap<String, DateTime<Utc>>) -> Result<(), StoreError> {
        let row = |(account, until): (&String, &DateTime<Utc>)| json!({ "account": account, "resting_until": micros(*until) });
        let longer = "ON CONFLICT (account) DO UPDATE SET resting_until = excluded.resting_until \
                      WHERE vendor_budget.resting_until < excluded.resting_until";
        let sql = self.engine.insert_all("budget::rest", "vendor_budget", &COLUMNS, longer);
        sqlx::query(sql).bind(rows_json(rests.iter().map(row))?).execute(self.conn()).await?;
        Ok(())
    }

    pub async fn budgets(&mut self, now: DateTime<Utc>) -> Result<Budgets, StoreError> {
        let workers = self.workers_alive(now).await?;
        let sql = "-- budget::all\nSELECT account, resting_until FROM vendor_budget WHERE resting_until > $1";
        let mut rests = BTreeMap::new();
        for row in &sqlx::query(sql).bind(micros(now)).fetch_all(self.conn()).await? {
            let row = Reading::new("vendor_budget", row);
            rests.insert(row.text("account")?, row.at("resting_until")?);
        }
        Ok(Budgets { workers, rests })
    }

    /// What says nothing any more.
    pub async fn budgets_forget(&mut self, now: DateTime<Utc>) -> Result<(), StoreError> {
        let sql = "-- budget::forget\nDELETE FROM vendor_budget WHERE resting_until <= $1 AND lease_until <= $1";
        sqlx::query(sql).bind(micros(now)).execute(self.conn()).await?;
        Ok(())
    }
}
