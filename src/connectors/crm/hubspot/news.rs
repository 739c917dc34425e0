//! What people did with contacts in the portal, and what came of them: calls, meetings, deals and owners that have changed, found by
//! search, which knows of nothing for up to half a minute.
//!
//! A call counts that was answered, a meeting whose outcome somebody has set. What the key may not read is left out, and told once.

use super::find::instant;
use super::people::Who;
use super::{HubSpot, OWNER, Object, Results, VENDOR, read};
use crate::connectors::VendorError;
use crate::connectors::http::Does;
use baton_core::domain::outcome::{CrmContact, CrmNews, CrmNewsKind, CrmNewsPage, DealState};
use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Method;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Records on a page, as many as the vendor gives, and pages at most.
const ROWS: usize = 200;
const PAGES: usize = 5;
const CHANGED: &str = "hs_lastmodifieddate";
/// Of a contact; it changes for many reasons, and this is the one.
const OWNED: &str = "hubspot_owner_assigneddate";
const OF_CALL: [&str; 6] =
    ["hs_timestamp", "hs_call_status", "hs_call_disposition", "hs_call_duration", OWNER, CHANGED];
const OF_MEETING: [&str; 5] = ["hs_timestamp", "hs_meeting_start_time", "hs_meeting_outcome", OWNER, CHANGED];
const OF_DEAL: [&str; 6] = ["createdate", "closedate", "amount", "hs_is_closed", "hs_is_closed_won", CHANGED];
const OF_CONTACT: [&str; 2] = [OWNER, OWNED];
/// What HubSpot's own list of dispositions calls *busy*, *no answer*, *wrong number*, and messages that were left.
const NOT_SPOKEN: [&str; 5] = [
    "9d9162e7-6cf3-4944-bf63-4dff82258764",
    "73a0d17f-1163-4015-bdd5-ec830791da20",
    "17b47fee-58de-441e-a44c-c6300d46f273",
    "a4c4c377-d246-4b32-a13b-75a56a4cd0ff",
    "b2cf5968-551e-4856-9783-52b3da59a7d0",
];

/// Records that have changed, the oldest change first.
struct Changed {
    records: Vec<Object>,
    /// All are here that changed before then; `None`: all are.
    until: Option<DateTime<Utc>>,
}

impl HubSpot {
    pub(super) async fn news_since(
        &self,
        since: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<CrmNewsPage, VendorError> {
        // One after the other: connections are for leads.
        let calls = self.changed("calls", CHANGED, &OF_CALL, since).await?;
        let meetings = self.changed("meetings", CHANGED, &OF_MEETING, since).await?;
        let deals = self.changed("deals", CHANGED, &OF_DEAL, since).await?;
        let contacts = self.changed("contacts", OWNED, &OF_CONTACT, since).await?;
        let who = self.who().await?;
        let mut news = Vec::new();
        for (kind, changed) in [("calls", &calls), ("meetings", &meetings), ("deals", &deals)] {
            let of = self.contacts_of(kind, &changed.records).await?;
            let told = changed.records.iter().filter_map(|record| {
                let what = match kind {
                    "calls" => call(record, &who),
                    "meetings" => meeting(record, &who),
                    _ => deal(record),
                };
                Some(CrmNews { records: of.get(&record.id)?.clone(), told_by: record.id.clone(), what: what? })
            });
            news.extend(told);
        }
        news.extend(contacts.records.iter().filter_map(|contact| {
            let owner = who.name(contact.get(OWNER)?);
            let id = contact.id.clone();
            Some(CrmNews { records: vec![id.clone()], told_by: id, what: CrmNewsKind::Owner { owner } })
        }));
        let reached = [calls.until, meetings.until, deals.until, contacts.until].into_iter().flatten().min();
        // However many were changed in one moment.
        let reached = reached.map(|reached| reached.max(since + TimeDelta::seconds(1)));
        Ok(CrmNewsPage { news, read_until: reached.unwrap_or(until), is_all: reached.is_none() })
    }

    /// By the property that says when a record changed.
    async fn changed(
        &self,
        kind: &str,
        by: &'static str,
        properties: &[&str],
        since: DateTime<Utc>,
    ) -> Result<Changed, VendorError> {
        let filter = json!({ "propertyName": by, "operator": "GTE", "value": since.timestamp_millis().to_string() });
        let mut records: Vec<Object> = Vec::new();
        let mut after: Option<String> = None;
        for _ in 0..PAGES {
            let mut body = json!({
                "filterGroups": [{ "filters": [filter] }],
                "properties": properties,
                "sorts": [{ "propertyName": by, "direction": "ASCENDING" }],
                "limit": ROWS,
            });
            if let Some(after) = &after {
                body["after"] = after.as_str().into();
            }
            // One worker reads at a time: it need not share with the others.
            let wait = self.read_back.take("", Duration::MAX, 1).unwrap_or_default();
            tokio::time::sleep(wait).await;
            let call = self.object_call("search", Does::Read, Method::POST, &[kind, "search"]).json(body);
            let page: Results<Object> = match self.send(call).await {
                Ok(answer) => read(&answer)?,
                Err(VendorError::NeedsPerson { .. }) => {
                    self.tell_unread(kind);
                    return Ok(Changed { records: Vec::new(), until: None });
                }
                Err(error) => return Err(error),
            };
            records.extend(page.results);
            after = page.paging.and_then(|paging| paging.next).map(|next| next.after);
            if after.is_none() {
                return Ok(Changed { records, until: None });
            }
        }
        let until = records.last().and_then(|record| record.get(by)).and_then(instant);
        Ok(Changed { records, until })
    }

    fn tell_unread(&self, kind: &str) {
        if !self.told_unread.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                vendor = VENDOR,
                kind,
                "the key may not read all that is read back: add the scopes of docs/setup/hubspot.md"
            );
        }
    }

    /// The contacts of each of these records; of what has none, nothing is told.
    async fn contacts_of(&self, kind: &str, records: &[Object]) -> Result<BTreeMap<String, Vec<String>>, VendorError> {
        let ids: Vec<String> = records.iter().map(|record| record.id.clone()).collect();
        let linked = self.linked((kind, "contacts"), &ids).await?;
        Ok(linked.into_iter().map(|(id, contacts)| (id, contacts.into_iter().collect())).collect())
    }
}

fn call(record: &Object, who: &Who) -> Option<CrmNewsKind> {
    let is_answered = record.get("hs_call_status").is_none_or(|status| status == "COMPLETED");
    let has_spoken = record.get("hs_call_disposition").is_none_or(|disposition| !NOT_SPOKEN.contains(&disposition));
    // Nobody speaks for no time.
    if !is_answered || !has_spoken || record.get("hs_call_duration") == Some("0") {
        return None;
    }
    let (by, at) = (who.name(record.get(OWNER)?), instant(record.get("hs_timestamp")?)?);
    Some(CrmNewsKind::Contact { by, at, how: CrmContact::Spoken })
}

fn meeting(record: &Object, who: &Who) -> Option<CrmNewsKind> {
    let held = match record.get("hs_meeting_outcome")? {
        "COMPLETED" => true,
        "NO_SHOW" => false,
        _ => return None,
    };
    let begins = record.get("hs_meeting_start_time").or_else(|| record.get("hs_timestamp"));
    Some(CrmNewsKind::Meeting { by: who.name(record.get(OWNER)?), at: instant(begins?)?, held })
}

fn deal(record: &Object) -> Option<CrmNewsKind> {
    let is = |property: &str| record.get(property) == Some("true");
    let state = match (is("hs_is_closed"), is("hs_is_closed_won")) {
        (_, true) => DealState::Won,
        (true, false) => DealState::Lost,
        (false, false) => DealState::Open,
    };
    let changed_at = instant(record.get(CHANGED)?)?;
    let closed_at = record.get("closedate").and_then(instant).filter(|_| state != DealState::Open);
    let amount = record.get("amount").and_then(|amount| amount.parse().ok());
    let created_at = instant(record.get("createdate")?)?;
    Some(CrmNewsKind::Deal { created_at, state, at: closed_at.unwrap_or(changed_at), amount })
}
