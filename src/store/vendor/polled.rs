//! Refreshing the mirror: which accounts are in which of the CRM's answers, and what became of them since.
//!
//! A row `account:ID` of the mirror says in which answers the account is, by their keys, and when it was last read; one that is in
//! no answer any more goes. It ages and is erased as the answers are.

use super::mirror::{COLUMNS, Mirrored};
use crate::store::sql::dialect::replacing;
use crate::store::sql::row::{Reading, document, micros, rows_json, texts_json};
use crate::store::{StoreError, Tx};
use baton_core::domain::account::{Candidates, CompanyRecord};
use baton_core::domain::crm_id::CrmId;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use sqlx::AssertSqlSafe;
use std::collections::BTreeMap;

/// How far the CRM has been asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MirrorPoll {
    /// What had changed there by then is known; `None`: nothing was asked yet.
    pub told_until: Option<DateTime<Utc>>,
    /// Of answers that were kept by then it is known which accounts are in them.
    pub noted_until: DateTime<Utc>,
}

/// The one right to ask.
const POLLER: &str = "mirror";
const OF_ACCOUNT: &str = "account:";
/// Answers of one account that are kept fresh: the newest.
const ANSWERS: usize = 50;
/// Answers that are looked at at once.
const PAGE: i64 = 500;

/// The row of an account.
pub fn mirror_row(id: &CrmId) -> String {
    format!("{OF_ACCOUNT}{id}")
}

impl Tx {
    /// Takes or keeps the right to ask for changes until then. `false`: another worker has it.
    pub async fn mirror_poll_take(
        &mut self,
        worker: &str,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        self.right_take(POLLER, worker, until, now).await
    }

    pub async fn mirror_poll(&mut self, source: &str) -> Result<MirrorPoll, StoreError> {
        let sql = "-- polled::read\nSELECT source, told_until, noted_until FROM mirror_poll WHERE source = $1";
        let Some(row) = sqlx::query(sql).bind(source.to_owned()).fetch_optional(self.conn()).await? else {
            return Ok(MirrorPoll::default());
        };
        let row = Reading::new("mirror_poll", &row);
        Ok(MirrorPoll { told_until: row.maybe_at("told_until")?, noted_until: row.at("noted_until")? })
    }

    pub async fn mirror_polled(&mut self, source: &str, poll: &MirrorPoll) -> Result<(), StoreError> {
        let sql = "-- polled::keep\nINSERT INTO mirror_poll (source, told_until, noted_until) VALUES ($1, $2, $3) \
                   ON CONFLICT (source) DO UPDATE SET told_until = excluded.told_until, noted_until = excluded.noted_until";
        let query = sqlx::query(sql).bind(source.to_owned()).bind(poll.told_until.map(micros));
        query.bind(micros(poll.noted_until)).execute(self.conn()).await?;
        Ok(())
    }

    /// Notes which accounts are in the next answers that were kept since then: from when it goes on, and whether there may be more
    /// of them already.
    pub async fn mirror_note(
        &mut self,
        source: &str,
        since: DateTime<Utc>,
    ) -> Result<(DateTime<Utc>, bool), StoreError> {
        let sql = "-- polled::answers\nSELECT key, body, observed_at FROM mirror_account WHERE observed_at >= $1 AND source = $2 \
                   AND key NOT LIKE 'account:%' ORDER BY observed_at, key LIMIT $3";
        let query = sqlx::query(sql).bind(micros(since)).bind(source.to_owned()).bind(PAGE);
        let rows = query.fetch_all(self.conn()).await?;
        let (mut until, mut found) = (since, BTreeMap::<String, (Vec<String>, DateTime<Utc>)>::new());
        for row in &rows {
            let row = Reading::new("mirror_account", row);
            until = row.at("observed_at")?;
            let Candidates::Found(records) = row.json("body")? else { continue };
            for company in &records.companies {
                let (keys, seen_at) = found.entry(mirror_row(&company.crm_id)).or_insert((Vec::new(), until));
                keys.push(row.text("key")?);
                *seen_at = until;
            }
        }
        let known = self.mirror_holding(&found.keys().cloned().collect::<Vec<_>>()).await?;
        for (account, (keys, _)) in &mut found {
            let mut all = known.get(account).cloned().unwrap_or_default();
            all.retain(|key| !keys.contains(key));
            all.append(keys);
            *keys = all.split_off(all.len().saturating_sub(ANSWERS));
        }
        self.mirror_hold(source, &found).await?;
        let is_page = rows.len() as i64 == PAGE;
        // Those of one instant are more than a page: it would be the same one for ever.
        let stands = is_page && until == since;
        Ok((if stands { until + TimeDelta::microseconds(1) } else { until }, is_page))
    }

    /// In which answers these accounts are, by their rows; those that are in none are left out.
    pub async fn mirror_holding(&mut self, rows: &[String]) -> Result<BTreeMap<String, Vec<String>>, StoreError> {
        let sql =
            format!("-- polled::holding\nSELECT key, body FROM mirror_account WHERE key IN {}", self.engine.texts());
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(texts_json(rows)).fetch_all(self.conn()).await?;
        let read = |row| {
            let row = Reading::new("mirror_account", row);
            Ok((row.text("key")?, row.json("body")?))
        };
        rows.iter().map(read).collect()
    }

    /// The accounts that were read longest ago, so many at most, and when that was.
    pub async fn mirror_oldest(
        &mut self,
        source: &str,
        limit: usize,
    ) -> Result<Vec<(CrmId, DateTime<Utc>)>, StoreError> {
        let sql = "-- polled::oldest\nSELECT key, observed_at FROM mirror_account WHERE key LIKE 'account:%' AND source = $1 \
                   ORDER BY observed_at LIMIT $2";
        let rows = sqlx::query(sql).bind(source.to_owned()).bind(limit as i64).fetch_all(self.conn()).await?;
        let read = |row| {
            let row = Reading::new("mirror_account", row);
            let key = row.text("key")?;
            Ok((CrmId::from(key.strip_prefix(OF_ACCOUNT).unwrap_or_default()), row.at("observed_at")?))
        };
        rows.iter().map(read).collect()
    }

    /// Puts what the CRM said of an account into the answers that it is in, but for those that are newer; `None`: it has it no more.
    pub async fn mirror_refresh(
        &mut self,
        source: &str,
        (id, told): (&CrmId, Option<&CompanyRecord>),
        seen_at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let account = mirror_row(id);
        let held = self.mirror_holding(std::slice::from_ref(&account)).await?.remove(&account).unwrap_or_default();
        let mut still = Vec::new();
        for (key, mut answer) in self.mirror_get(&held).await? {
            let was_at = answer.observed_at;
            let Some(is_in) = answer.take_in(id, told, seen_at) else { continue };
            let sql = "-- polled::refresh\nUPDATE mirror_account SET body = $3 WHERE key = $1 AND observed_at = $2";
            let query = sqlx::query(sql).bind(key.clone()).bind(micros(was_at)).bind(document(&answer.account)?);
            query.execute(self.conn()).await?;
            still.extend(is_in.then_some(key));
        }
        if still.is_empty() {
            let sql = "-- polled::forget\nDELETE FROM mirror_account WHERE key = $1";
            sqlx::query(sql).bind(account).execute(self.conn()).await?;
            return Ok(());
        }
        // In the order in which they came, which is what goes first.
        let keys = held.into_iter().filter(|key| still.contains(key)).collect();
        self.mirror_hold(source, &BTreeMap::from([(account, (keys, seen_at))])).await
    }

    async fn mirror_hold(
        &mut self,
        source: &str,
        held: &BTreeMap<String, (Vec<String>, DateTime<Utc>)>,
    ) -> Result<(), StoreError> {
        if held.is_empty() {
            return Ok(());
        }
        let mut rows = Vec::with_capacity(held.len());
        for (account, (keys, seen_at)) in held {
            let row =
                json!({ "key": account, "body": document(keys)?, "source": source, "observed_at": micros(*seen_at) });
            rows.push(row);
        }
        let sql = self.engine.insert_all("polled::hold", "mirror_account", &COLUMNS, &replacing("key", &COLUMNS));
        sqlx::query(sql).bind(rows_json(rows)?).execute(self.conn()).await?;
        Ok(())
    }
}

impl Mirrored {
    /// Whether the account is still in it; `None`: it was not.
    fn take_in(&mut self, id: &CrmId, told: Option<&CompanyRecord>, seen_at: DateTime<Utc>) -> Option<bool> {
        let Candidates::Found(records) = &mut self.account else { return None };
        let place = records.companies.iter().position(|company| company.crm_id == *id)?;
        if self.observed_at > seen_at {
            return Some(true);
        }
        match told {
            None => {
                records.companies.remove(place);
            }
            Some(told) => {
                // As far as they are near the caller's: only the answer knows them.
                let phones = std::mem::take(&mut records.companies[place].phones);
                records.companies[place] = CompanyRecord { phones, seen_at: Some(seen_at), ..told.clone() };
            }
        }
        Some(told.is_some())
    }
}
