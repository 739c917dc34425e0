//! Which companies have changed: they, their deals and their tickets, by the instant at which each was last written.
//!
//! Search tells of it, whose index lags by half a minute, and which ends at 10,000 records: of more, the next question goes on
//! from where this one has ended. It tells of no archived record: a company that is there no more is missing when it is read.

use super::find::instant;
use super::{HubSpot, Object, Results, read};
use crate::connectors::VendorError;
use crate::connectors::crm::{AccountChanges, Counts};
use crate::connectors::http::Does;
use baton_core::domain::crm_id::CrmId;
use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Method;
use serde_json::json;
use std::collections::BTreeSet;

const CHANGED_AT: &str = "hs_lastmodifieddate";
/// The index is behind by so much at most; and clocks differ.
const LAG: TimeDelta = TimeDelta::minutes(2);
/// Records on a page, as many as the vendor gives, and pages of each kind: 4,000, which is well before the end of a search.
const ROWS: usize = 200;
const PAGES: usize = 20;
const A_MOMENT: TimeDelta = TimeDelta::milliseconds(1);

impl HubSpot {
    pub(super) async fn account_changes(
        &self,
        since: DateTime<Utc>,
        now: DateTime<Utc>,
        counts: Counts,
    ) -> Result<AccountChanges, VendorError> {
        let mut changes = AccountChanges { until: now - LAG, ..AccountChanges::default() };
        for kind in ["companies", "deals", "tickets"] {
            if kind == "tickets" && !counts.cases {
                continue;
            }
            let (found, is_whole) = self.changed_of(kind, since).await?;
            let last = found.last().and_then(|last| instant(last.get(CHANGED_AT)?));
            if let Some(last) = last.filter(|_| !is_whole) {
                changes.until = changes.until.min(last.max(since + A_MOMENT));
            }
            let ids: Vec<String> = found.into_iter().map(|found| found.id).collect();
            let companies: BTreeSet<String> = match kind {
                "companies" => ids.into_iter().collect(),
                _ => self.linked((kind, "companies"), &ids).await?.into_values().flatten().collect(),
            };
            changes.accounts.extend(companies.into_iter().map(CrmId::from));
        }
        Ok(changes)
    }

    /// Records of a kind that were written then or later, in that order, and whether these are all.
    async fn changed_of(&self, kind: &str, since: DateTime<Utc>) -> Result<(Vec<Object>, bool), VendorError> {
        let later = json!({
            "propertyName": CHANGED_AT, "operator": "GTE", "value": since.timestamp_millis().to_string(),
        });
        let (mut found, mut after) = (Vec::new(), None::<String>);
        for _ in 0..PAGES {
            let mut body = json!({
                "filterGroups": [{ "filters": [later] }],
                "properties": [CHANGED_AT],
                "sorts": [{ "propertyName": CHANGED_AT, "direction": "ASCENDING" }],
                "limit": ROWS,
            });
            if let Some(after) = after.take() {
                body["after"] = after.into();
            }
            self.http.pass(&self.searches, "").await?;
            let call = self.object_call("changes", Does::Read, Method::POST, &[kind, "search"]).json(body);
            let page: Results<Object> = read(&self.send(call).await?)?;
            found.extend(page.results);
            after = page.paging.and_then(|paging| paging.next).map(|next| next.after);
            if after.is_none() {
                break;
            }
        }
        Ok((found, after.is_none()))
    }
}
