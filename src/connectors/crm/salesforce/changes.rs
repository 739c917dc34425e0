//! Which accounts have changed, by `SystemModstamp`, which every change moves, whoever makes it. One request tells of accounts, their
//! opportunities and their cases, deleted ones included; where more have changed than fit on a page, further ones follow.

use super::errors::read;
use super::find::instant;
use super::reads::{Queries, Row};
use super::{QueryResult, Salesforce, soql};
use crate::connectors::VendorError;
use crate::connectors::crm::{AccountChanges, Counts};
use baton_core::domain::crm_id::CrmId;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

/// How the parts of the request are called.
const ACCOUNTS: &str = "accounts";
const OPPORTUNITIES: &str = "opportunities";
const CASES: &str = "cases";
/// A record shows once its transaction has ended, with the instant at which it was written in it; and clocks differ.
const OVERLAP: TimeDelta = TimeDelta::minutes(3);
/// Further pages of each, of 2,000 rows; then the next time goes on from there.
const PAGES: usize = 20;
const A_SECOND: TimeDelta = TimeDelta::seconds(1);

impl Salesforce {
    pub(super) async fn changed(
        &self,
        since: DateTime<Utc>,
        now: DateTime<Utc>,
        counts: Counts,
    ) -> Result<AccountChanges, VendorError> {
        let after = soql::at(since);
        let of = |columns: &str, object: &str| {
            format!(
                "SELECT {columns}, SystemModstamp FROM {object} WHERE SystemModstamp > {after} ORDER BY SystemModstamp, Id"
            )
        };
        let mut queries: Queries =
            vec![(ACCOUNTS, of("Id, IsDeleted", "Account")), (OPPORTUNITIES, of("AccountId", "Opportunity"))];
        if counts.cases {
            queries.push((CASES, of("AccountId", "Case")));
        }
        let pages = self.reads_of("changes", "queryAll", &queries).await?.pages()?;
        let mut changes = AccountChanges { until: now - OVERLAP, ..AccountChanges::default() };
        for (name, page) in pages {
            let (rows, is_whole) = self.with_the_rest(page).await?;
            rows.iter().for_each(|row| note(&mut changes, &name, row));
            let last = rows.last().and_then(|row| instant(row.get("SystemModstamp")?.as_str()?));
            if let Some(last) = last.filter(|_| !is_whole) {
                // Others of that second may be behind it; and it must go on, however many are of one.
                changes.until = changes.until.min((last - A_SECOND).max(since + A_SECOND));
            }
        }
        let AccountChanges { accounts, gone, .. } = &mut changes;
        accounts.retain(|id| !gone.contains(id));
        Ok(changes)
    }

    /// All rows of a query, as far as they fit on so many pages, and whether these are all.
    async fn with_the_rest(&self, first: QueryResult) -> Result<(Vec<Row>, bool), VendorError> {
        let QueryResult { records: mut rows, next_records_url: mut next } = first;
        for _ in 0..PAGES {
            let Some(address) = next.take() else { break };
            let locator = address.rsplit('/').next().unwrap_or_default().to_owned();
            let answer = self.send(self.call("next_page", &["query", &locator])).await?;
            let page = read::<QueryResult>(&answer)?;
            rows.extend(page.records);
            next = page.next_records_url;
        }
        Ok((rows, next.is_none()))
    }
}

fn note(changes: &mut AccountChanges, part: &str, row: &Row) {
    let is_account = part == ACCOUNTS;
    let id = row.get(if is_account { "Id" } else { "AccountId" }).and_then(Value::as_str);
    let Some(id) = id.filter(|id| soql::is_id(id)) else { return };
    let is_gone = is_account && row.get("IsDeleted") == Some(&Value::Bool(true));
    let noted = if is_gone { &mut changes.gone } else { &mut changes.accounts };
    noted.insert(CrmId::from(id));
}
