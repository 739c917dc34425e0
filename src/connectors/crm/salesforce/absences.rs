//! When users are away, as far as Salesforce knows, in one request for all of them: events that are shown as out of office, the
//! absences that people enter themselves (`OutOfOffice`, where Chatter is on), and a message that stands on their profile. Hints:
//! calendars are the truth.

use super::find::instant;
use super::reads::{Queries, Row};
use super::{Salesforce, soql};
use crate::connectors::VendorError;
use baton_core::domain::crm_id::CrmId;
use baton_core::domain::rep::{Busy, BusyKind};
use baton_core::domain::zone::Zone;
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;

/// How the parts of the request are called.
const EVENTS: &str = "events";
const USERS: &str = "users";
const ABSENCES: &str = "absences";
/// Rows of each; no more come on one page.
const ROWS: u32 = 2000;
/// A whole day is stored as its midnight in UTC, and begins and ends by its user's clock: up to 14 h from there, and a day later.
const ZONES: TimeDelta = TimeDelta::hours(38);

impl Salesforce {
    pub(super) async fn away(
        &self,
        users: &[CrmId],
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<BTreeMap<CrmId, Vec<Busy>>, VendorError> {
        let is_user = |id: &&CrmId| id.as_str().starts_with("005") && soql::is_id(id.as_str());
        let ids: Vec<String> = users.iter().filter(is_user).map(|id| soql::literal(id.as_str())).collect();
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        let mut reads = self.reads("absences", &self.questions(&ids.join(", "), from, until)).await?;
        if reads.take_lacking().iter().any(|name| name == ABSENCES) {
            self.lacks_out_of_office.store(true, Ordering::Relaxed);
        }
        Ok(away(&reads.rows()?, from, until))
    }

    fn questions(&self, users: &str, from: DateTime<Utc>, until: DateTime<Utc>) -> Queries {
        let (begins, ends) = (soql::at(until + ZONES), soql::at(from - ZONES));
        let events = format!(
            "SELECT OwnerId, StartDateTime, EndDateTime, IsAllDayEvent FROM Event WHERE OwnerId IN ({users}) AND \
             ShowAs = 'OutOfOffice' AND IsRecurrence = false AND StartDateTime < {begins} AND EndDateTime > {ends} \
             ORDER BY StartDateTime LIMIT {ROWS}"
        );
        let messages =
            format!("SELECT Id, TimeZoneSidKey, OutOfOfficeMessage FROM User WHERE Id IN ({users}) LIMIT {ROWS}");
        let mut queries = vec![(EVENTS, events), (USERS, messages)];
        if !self.lacks_out_of_office.load(Ordering::Relaxed) {
            let columns = "UserId, StartDate, EndDate";
            let filter = format!("UserId IN ({users}) AND IsEnabled = true");
            queries.push((
                ABSENCES,
                format!("SELECT {columns} FROM OutOfOffice WHERE {filter} ORDER BY StartDate LIMIT {ROWS}"),
            ));
        }
        queries
    }
}

/// Who is away when, within the window.
fn away(told: &BTreeMap<String, Vec<Row>>, from: DateTime<Utc>, until: DateTime<Utc>) -> BTreeMap<CrmId, Vec<Busy>> {
    let rows = |name: &str| told.get(name).map(Vec::as_slice).unwrap_or_default();
    let zones: BTreeMap<CrmId, Zone> = rows(USERS)
        .iter()
        .filter_map(|row| Some((user(row, "Id")?, text(row, "TimeZoneSidKey")?.parse::<Zone>().ok()?)))
        .collect();
    let mut away: BTreeMap<CrmId, Vec<Busy>> = BTreeMap::new();
    let mut add = |user: CrmId, (begins, ends): (DateTime<Utc>, DateTime<Utc>)| {
        if begins < until && ends > from {
            away.entry(user).or_default().push(Busy { from: begins, until: ends, kind: BusyKind::OutOfOffice });
        }
    };
    for row in rows(EVENTS) {
        let Some(user) = user(row, "OwnerId") else { continue };
        let whole_days = row.get("IsAllDayEvent") == Some(&Value::Bool(true));
        if let Some(span) = span(row, ("StartDateTime", "EndDateTime"), whole_days, zones.get(&user).copied()) {
            add(user, span);
        }
    }
    let mut dated = BTreeSet::new();
    for row in rows(ABSENCES) {
        let Some(user) = user(row, "UserId") else { continue };
        if let Some(span) = span(row, ("StartDate", "EndDate"), false, zones.get(&user).copied()) {
            dated.insert(user.clone());
            add(user, span);
        }
    }
    // A message says nothing of its end; where its dates are known, they are said.
    let message = |row: &&Row| text(row, "OutOfOfficeMessage").is_some_and(|message| !message.trim().is_empty());
    for row in rows(USERS).iter().filter(message) {
        if let Some(user) = user(row, "Id").filter(|user| !dated.contains(user)) {
            add(user, (from, until));
        }
    }
    away
}

/// Of whole days, the last is one of them.
fn span(
    row: &Row,
    (begins, ends): (&str, &str),
    whole_days: bool,
    zone: Option<Zone>,
) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let (begins, ends) = (text(row, begins)?, text(row, ends)?);
    let (from, until) = (instant(begins)?, instant(ends)?);
    let are_days = whole_days || (begins.parse::<NaiveDate>().is_ok() && ends.parse::<NaiveDate>().is_ok());
    if !are_days {
        return Some((from, until));
    }
    let after = until.date_naive().max(from.date_naive()).succ_opt()?;
    Some((midnight(from.date_naive(), zone), midnight(after, zone)))
}

/// The beginning of a day by a user's clock; by that of UTC where theirs is not known, or knows no such hour.
fn midnight(day: NaiveDate, zone: Option<Zone>) -> DateTime<Utc> {
    let begins = day.and_time(NaiveTime::MIN);
    let local = zone.and_then(|zone| zone.from_local_datetime(&begins).earliest());
    local.map_or_else(|| begins.and_utc(), |local| local.to_utc())
}

fn text<'r>(row: &'r Row, field: &str) -> Option<&'r str> {
    row.get(field).and_then(Value::as_str)
}

fn user(row: &Row, field: &str) -> Option<CrmId> {
    text(row, field).map(CrmId::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn rows(value: Value) -> Vec<Row> {
        serde_json::from_value(value).unwrap()
    }

    fn spans(told: &BTreeMap<String, Vec<Row>>) -> Vec<(String, String, String)> {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let away = away(told, at("2026-11-23T09:00:00Z"), at("2026-11-26T09:00:00Z"));
        let told = away.iter().flat_map(|(user, spans)| spans.iter().map(move |span| (user, span)));
        let short = |at: DateTime<Utc>| at.format("%d %H:%M").to_string();
        told.map(|(user, span)| (user.as_str()[..15].to_owned(), short(span.from), short(span.until))).collect()
    }

    /// In Kolkata, 5:30 ahead of UTC, a day begins on the evening before.
    #[test]
    fn whole_days_are_those_of_the_users_clock() {
        let users = json!([{ "Id": "005000000000001AAA", "TimeZoneSidKey": "Asia/Kolkata" }]);
        let event = |begins: &str, ends: &str, days: bool| {
            json!({ "OwnerId": "005000000000001AAA", "IsAllDayEvent": days,
                    "StartDateTime": format!("2026-11-{begins}:00.000+0000"), "EndDateTime": format!("2026-11-{ends}:00.000+0000") })
        };
        let events = json!([
            event("24T00:00", "24T00:00", true),
            event("25T00:00", "26T00:00", true),
            event("23T10:00", "23T12:00", false),
            event("21T00:00", "22T00:00", true),
        ]);
        let told = BTreeMap::from([(USERS.to_owned(), rows(users)), (EVENTS.to_owned(), rows(events))]);
        let one = "005000000000001".to_owned();
        let span = |from: &str, until: &str| (one.clone(), from.to_owned(), until.to_owned());
        assert_eq!(
            spans(&told),
            [span("23 18:30", "24 18:30"), span("24 18:30", "26 18:30"), span("23 10:00", "23 12:00")],
            "an event that is over is none"
        );
    }

    #[test]
    fn a_message_counts_while_it_stands_unless_its_dates_are_known() {
        let users = json!([
            { "Id": "005000000000001AAA", "OutOfOfficeMessage": "Back soon", "TimeZoneSidKey": "Europe/Berlin" },
            { "Id": "005000000000002AAA", "OutOfOfficeMessage": "Back soon", "TimeZoneSidKey": "Europe/Berlin" },
            { "Id": "005000000000003AAA", "OutOfOfficeMessage": " ", "TimeZoneSidKey": "No/Where" },
        ]);
        let dated = json!([{ "UserId": "005000000000002AAA", "StartDate": "2026-11-24", "EndDate": "2026-11-25" }]);
        let told = BTreeMap::from([(USERS.to_owned(), rows(users)), (ABSENCES.to_owned(), rows(dated))]);
        let span = |user: &str, from: &str, until: &str| (user.to_owned(), from.to_owned(), until.to_owned());
        assert_eq!(
            spans(&told),
            [span("005000000000001", "23 09:00", "26 09:00"), span("005000000000002", "23 23:00", "25 23:00")]
        );
    }
}
