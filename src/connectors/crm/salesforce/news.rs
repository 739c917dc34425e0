//! What people did with leads in the org, and what came of them, in one request: calls and mails that were logged, tasks of ours
//! that were ticked off, events that were written down after they took place, owners, and the opportunities of converted leads.
//!
//! Asked for by `SystemModstamp`, which every change moves, whoever makes it. An event that stands in a calendar is no conversation:
//! it counts once somebody has written to it after its end. An opportunity is a lead's that it was converted to.

use super::errors::{KEY_FIELD, VENDOR};
use super::find::instant;
use super::reads::{Queries, Row};
use super::{Salesforce, soql};
use crate::connectors::VendorError;
use baton_core::domain::crm_id::CrmId;
use baton_core::domain::outcome::{CrmContact, CrmNews, CrmNewsKind, CrmNewsPage, DealState};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

/// How the parts of the request are called.
const TASKS: &str = "tasks";
const EVENTS: &str = "events";
const LEADS: &str = "leads";
const DEALS: &str = "deals";
/// Rows of each; no more come on one page.
const ROWS: usize = 2000;
/// What a converted lead calls its opportunity.
const DEAL: &str = "ConvertedOpportunity";
const CHANGED: &str = "SystemModstamp";

impl Salesforce {
    pub(super) async fn news_since(
        &self,
        since: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<CrmNewsPage, VendorError> {
        let mut reads = self.reads("news", &questions(since)).await?;
        let lacking = reads.take_lacking();
        if !lacking.is_empty() && !self.told_unread.swap(true, Ordering::Relaxed) {
            let parts = lacking.join(", ");
            tracing::warn!(
                vendor = VENDOR,
                parts,
                "our user may not read all that is read back: the permission set Baton lets it"
            );
        }
        let us = self.tokens.get().await?.acts_as.clone().map(CrmId::from);
        Ok(page(&reads.rows()?, us.as_ref(), (since, until)))
    }
}

fn questions(since: DateTime<Utc>) -> Queries {
    let since = soql::at(since);
    let changed = |columns: &str, object: &str, by: &str, filter: &str| {
        format!("SELECT {columns} FROM {object} WHERE {by} > {since} AND {filter} ORDER BY {by} LIMIT {ROWS}")
    };
    let of_task = format!(
        "Id, WhoId, OwnerId, TaskSubtype, CallDurationInSeconds, CompletedDateTime, LastModifiedById, {KEY_FIELD}, {CHANGED}"
    );
    let of_event =
        format!("Id, WhoId, OwnerId, StartDateTime, EndDateTime, IsAllDayEvent, LastModifiedDate, {CHANGED}");
    let of_deal = ["Id", "CreatedDate", "IsClosed", "IsWon", "Amount", "LastStageChangeDate", CHANGED];
    let of_deal = of_deal.map(|field| format!("{DEAL}.{field}")).join(", ");
    let of_deal = format!("Id, ConvertedContactId, {of_deal}");
    vec![
        (TASKS, changed(&of_task, "Task", CHANGED, "IsClosed = true")),
        (EVENTS, changed(&of_event, "Event", CHANGED, "IsRecurrence = false")),
        (LEADS, changed(&format!("Id, OwnerId, {CHANGED}"), "Lead", CHANGED, "IsConverted = false")),
        (DEALS, changed(&of_deal, "Lead", &format!("{DEAL}.{CHANGED}"), "IsConverted = true")),
    ]
}

/// `us`: the user that we act as, if that is known.
fn page(
    told: &BTreeMap<String, Vec<Row>>,
    us: Option<&CrmId>,
    (since, until): (DateTime<Utc>, DateTime<Utc>),
) -> CrmNewsPage {
    let rows = |name: &str| told.get(name).map(Vec::as_slice).unwrap_or_default();
    let mut news: Vec<CrmNews> = rows(TASKS).iter().filter_map(|row| task(row, us)).collect();
    news.extend(rows(EVENTS).iter().filter_map(event));
    news.extend(rows(LEADS).iter().filter_map(owner));
    news.extend(rows(DEALS).iter().filter_map(deal));
    let ends = [TASKS, EVENTS, LEADS, DEALS].map(|name| end(rows(name)));
    let reached = ends.into_iter().flatten().min();
    // However many were changed in one moment.
    let reached = reached.map(|reached| reached.max(since + TimeDelta::seconds(1)));
    CrmNewsPage { news, read_until: reached.unwrap_or(until), is_all: reached.is_none() }
}

/// Up to when a page that is full has told all; `None`: it is not.
fn end(rows: &[Row]) -> Option<DateTime<Utc>> {
    let last = if rows.len() < ROWS { None } else { rows.last() }?;
    at(last, CHANGED).or_else(|| at(last.get(DEAL)?.as_object()?, CHANGED))
}

fn task(row: &Row, us: Option<&CrmId>) -> Option<CrmNews> {
    let how = match text(row, "TaskSubtype") {
        // One that we have closed tells of what is known here.
        _ if text(row, KEY_FIELD).is_some() => {
            let last = text(row, "LastModifiedById").map(CrmId::from);
            if us.is_none() || last.as_ref() == us {
                return None;
            }
            CrmContact::TickedOff
        }
        // Nobody speaks for no time.
        Some("Call") if row.get("CallDurationInSeconds").and_then(Value::as_i64) != Some(0) => CrmContact::Spoken,
        Some("Email") => CrmContact::Mail,
        _ => return None,
    };
    by_user(row, at(row, "CompletedDateTime")?, how)
}

fn event(row: &Row) -> Option<CrmNews> {
    let (from, until, written) = (at(row, "StartDateTime")?, at(row, "EndDateTime")?, at(row, "LastModifiedDate")?);
    if row.get("IsAllDayEvent") == Some(&Value::Bool(true)) || written < until {
        return None;
    }
    by_user(row, from, CrmContact::Spoken)
}

fn by_user(row: &Row, at: DateTime<Utc>, how: CrmContact) -> Option<CrmNews> {
    let by = CrmId::from(text(row, "OwnerId")?);
    Some(CrmNews {
        records: vec![text(row, "WhoId")?.to_owned()],
        told_by: text(row, "Id")?.to_owned(),
        what: CrmNewsKind::Contact { by, at, how },
    })
}

fn owner(row: &Row) -> Option<CrmNews> {
    let (id, owner) = (text(row, "Id")?.to_owned(), CrmId::from(text(row, "OwnerId")?));
    Some(CrmNews { records: vec![id.clone()], told_by: id, what: CrmNewsKind::Owner { owner } })
}

fn deal(row: &Row) -> Option<CrmNews> {
    let deal = row.get(DEAL)?.as_object()?;
    let is = |field: &str| deal.get(field) == Some(&Value::Bool(true));
    let state = match (is("IsClosed"), is("IsWon")) {
        (true, true) => DealState::Won,
        (true, false) => DealState::Lost,
        (false, _) => DealState::Open,
    };
    let since = at(deal, "LastStageChangeDate").or_else(|| at(deal, CHANGED))?;
    let records = ["Id", "ConvertedContactId"].into_iter().filter_map(|field| text(row, field));
    Some(CrmNews {
        records: records.map(str::to_owned).collect(),
        told_by: text(deal, "Id")?.to_owned(),
        what: CrmNewsKind::Deal {
            created_at: at(deal, "CreatedDate")?,
            state,
            at: since,
            amount: deal.get("Amount").and_then(Value::as_f64),
        },
    })
}

fn text<'r>(row: &'r Row, field: &str) -> Option<&'r str> {
    row.get(field).and_then(Value::as_str)
}

fn at(row: &Row, field: &str) -> Option<DateTime<Utc>> {
    text(row, field).and_then(instant)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Rows that changed a second apart, so many of them.
    fn leads(count: usize, apart: TimeDelta) -> BTreeMap<String, Vec<Row>> {
        let row = |number: usize| {
            let at = DateTime::UNIX_EPOCH + apart * i32::try_from(number).unwrap();
            let row = json!({ "Id": "00Q000000000001AAA", "OwnerId": "005000000000001AAA", CHANGED: soql::at(at) });
            row.as_object().unwrap().clone()
        };
        BTreeMap::from([(LEADS.to_owned(), (0..count).map(row).collect())])
    }

    #[test]
    fn a_full_page_tells_up_to_its_last_row_and_never_stands_still() {
        let (since, second) = (DateTime::UNIX_EPOCH, TimeDelta::seconds(1));
        let until = since + TimeDelta::days(1);
        let read = |count: usize, apart: TimeDelta| {
            let page = page(&leads(count, apart), None, (since, until));
            (page.news.len(), page.read_until, page.is_all)
        };
        assert_eq!(read(ROWS - 1, second), (ROWS - 1, until, true));
        assert_eq!(read(ROWS, second), (ROWS, since + second * 1999, false));
        assert_eq!(read(ROWS, TimeDelta::zero()), (ROWS, since + second, false));
    }
}
