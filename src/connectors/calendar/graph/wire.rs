//! What goes over the wire to and from Microsoft Graph v1.0 (metadata of 2026-08-20), and what it means.

use crate::connectors::VendorError;
use crate::connectors::http::{Answer, Does, by_status, cut, in_doubt, retry_after};
use baton_core::domain::rep::{Busy, BusyKind};
use chrono::{DateTime, NaiveDateTime, SecondsFormat, Utc};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

pub(super) const VENDOR: &str = "microsoft";
/// Said with every request, also of a page after the first, which otherwise tells the times of another zone; and ids that stay
/// when an event is moved into another folder.
pub(super) const PREFER: &str = "outlook.timezone=\"UTC\", IdType=\"ImmutableId\"";
/// Names under which Exchange tells UTC.
const UTC_NAMES: [&str; 5] = ["utc", "etc/utc", "etc/gmt", "tzone://microsoft/utc", "coordinated universal time"];
/// What the permissions are called that an administrator has to grant, and where.
pub(super) const WHERE_TO_GRANT: &str = "in the Entra admin center, App registrations, this app, API permissions: add it as an \
     application permission of Microsoft Graph and press \"Grant admin consent\"";

/// A wall clock time and the zone it is meant in. It has no offset, seven digits after the point, and the zone is a Windows name
/// unless UTC was asked for.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Moment {
    #[serde(default)]
    date_time: String,
    time_zone: Option<String>,
}

impl Moment {
    /// `None` where the zone is not UTC, which was asked for: no hour is guessed.
    pub(super) fn at(&self) -> Option<DateTime<Utc>> {
        let zone = self.time_zone.as_deref()?.to_ascii_lowercase();
        let time = self.date_time.trim_end_matches('Z').parse::<NaiveDateTime>().ok()?;
        UTC_NAMES.contains(&zone.as_str()).then(|| time.and_utc())
    }
}

/// An instant as Graph takes it in a body: no offset, as the zone stands beside it.
pub(super) fn moment(at: DateTime<Utc>) -> Value {
    json!({ "dateTime": at.format("%Y-%m-%dT%H:%M:%S").to_string(), "timeZone": "UTC" })
}

/// The same in a query.
pub(super) fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// What a status takes of its owner's time; a word that is not known takes it.
pub(super) fn kind(status: Option<&str>) -> Option<BusyKind> {
    match status.unwrap_or_default().to_ascii_lowercase().as_str() {
        "free" | "workingelsewhere" => None,
        "tentative" => Some(BusyKind::Tentative),
        "oof" => Some(BusyKind::OutOfOffice),
        _ => Some(BusyKind::Busy),
    }
}

#[derive(Deserialize)]
pub(super) struct Schedules {
    value: Vec<Schedule>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Schedule {
    schedule_id: Option<String>,
    error: Option<ScheduleError>,
    schedule_items: Option<Vec<ScheduleItem>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ScheduleError {
    response_code: Option<String>,
}

#[derive(Deserialize)]
struct ScheduleItem {
    status: Option<String>,
    start: Option<Moment>,
    end: Option<Moment>,
}

impl Schedules {
    /// The busy times of a mailbox, or why they are not known: an error of its own inside the 200, or nothing said of it.
    pub(super) fn of(&self, mailbox: &str) -> Result<Vec<Busy>, String> {
        let is_its = |schedule: &&Schedule| {
            schedule.schedule_id.as_deref().is_some_and(|named| named.eq_ignore_ascii_case(mailbox))
        };
        let Some(schedule) = self.value.iter().find(is_its) else {
            return Err("the mailbox is not in the answer".to_owned());
        };
        if let Some(error) = &schedule.error {
            let code = error.response_code.as_deref().unwrap_or("not named");
            let hint = match code {
                "ErrorMailRecipientNotFound" => ": no mailbox of this organisation has the address",
                _ => "",
            };
            return Err(format!("the mailbox's error is {}{hint}", cut(code, 60)));
        }
        let Some(items) = &schedule.schedule_items else {
            return Err("the answer has no times of the mailbox".to_owned());
        };
        let taken = items.iter().filter_map(|item| Some((kind(item.status.as_deref())?, item)));
        taken.map(|(kind, item)| item.busy(kind)).collect()
    }
}

impl ScheduleItem {
    fn busy(&self, kind: BusyKind) -> Result<Busy, String> {
        let at = |moment: &Option<Moment>| moment.as_ref().and_then(Moment::at);
        match (at(&self.start), at(&self.end)) {
            (Some(from), Some(until)) => Ok(Busy { from, until, kind }),
            _ => Err("a time in the answer is not in UTC, which was asked for".to_owned()),
        }
    }
}

pub(super) fn read<T: DeserializeOwned>(answer: &Answer) -> Result<T, VendorError> {
    answer.read().map_err(|why| in_doubt(VENDOR, answer.does, why))
}

pub(super) fn judge(answer: &Answer) -> Result<(), VendorError> {
    if answer.is_success() { Ok(()) } else { Err(by_code(answer)) }
}

/// That an event like it exists, or has changed since, is an answer and no failure.
pub(super) fn judge_write(answer: &Answer) -> Result<(), VendorError> {
    if matches!(answer.status, 409 | 412) { Ok(()) } else { judge(answer) }
}

/// An event that is not there is an answer, too.
pub(super) fn judge_delete(answer: &Answer) -> Result<(), VendorError> {
    match judge(answer) {
        Err(VendorError::Gone { .. }) => Ok(()),
        other => other,
    }
}

/// And that it has no guests who could be told.
pub(super) fn judge_cancel(answer: &Answer) -> Result<(), VendorError> {
    if answer.status == 400 { Ok(()) } else { judge_delete(answer) }
}

/// A mailbox that is not there is not an event that is not there: both are a 404, and the code tells them apart.
fn by_code(answer: &Answer) -> VendorError {
    let error = &answer.value()["error"];
    let code = error["code"].as_str().unwrap_or_default();
    let message = error["message"].as_str().unwrap_or_default();
    let why = format!("HTTP {}, {}: {}", answer.status, answer.quote(code), answer.quote(message));
    match (answer.status, code) {
        (403, _) => VendorError::needs_person(
            VENDOR,
            format!("{why}; Calendars.ReadWrite may be missing, or may not hold for this mailbox; {WHERE_TO_GRANT}"),
        ),
        (404, "ErrorItemNotFound") => VendorError::Gone { vendor: VENDOR, why },
        (404, _) => VendorError::needs_person(VENDOR, format!("{why}; there is no such mailbox in the cloud")),
        (409, _) => VendorError::retry(VENDOR, why),
        (500..=599, _) if answer.does == Does::Read => {
            VendorError::Retry { vendor: VENDOR, why, after: retry_after(&answer.headers) }
        }
        _ => by_status(VENDOR, answer),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedules(value: Value) -> Schedules {
        serde_json::from_value(json!({ "value": value })).expect("an answer")
    }

    fn item(status: &str, zone: &str) -> Value {
        json!({
            "status": status,
            "start": { "dateTime": "2026-11-23T09:00:00.0000000", "timeZone": zone },
            "end": { "dateTime": "2026-11-23T10:00:00.0000000", "timeZone": zone },
        })
    }

    #[test]
    fn statuses_are_kinds_and_an_unknown_word_is_busy() {
        use BusyKind::{Busy as Meeting, OutOfOffice, Tentative};
        for (status, expected) in [
            ("free", None),
            ("workingElsewhere", None),
            ("WorkingElsewhere", None),
            ("tentative", Some(Tentative)),
            ("oof", Some(OutOfOffice)),
            ("busy", Some(Meeting)),
            ("unknown", Some(Meeting)),
            ("atTheDentist", Some(Meeting)),
        ] {
            let told = schedules(json!([{ "scheduleId": "a@m.example", "scheduleItems": [item(status, "UTC")] }]));
            let kinds: Vec<BusyKind> = told.of("A@m.example").unwrap().iter().map(|busy| busy.kind).collect();
            assert_eq!(kinds, Vec::from_iter(expected), "{status}");
        }
    }

    #[test]
    fn what_is_not_said_is_not_free() {
        let told = schedules(json!([
            { "scheduleId": "none@m.example", "availabilityView": "0" },
            { "scheduleId": "sick@m.example", "scheduleItems": [], "error": { "responseCode": "ErrorServerBusy" } },
            { "scheduleId": "west@m.example", "scheduleItems": [item("busy", "Pacific Standard Time")] },
            { "scheduleId": "free@m.example", "scheduleItems": [item("free", "Pacific Standard Time")] },
        ]));
        for (mailbox, expected) in [
            ("none@m.example", "the answer has no times of the mailbox"),
            ("sick@m.example", "the mailbox's error is ErrorServerBusy"),
            ("west@m.example", "a time in the answer is not in UTC, which was asked for"),
            ("else@m.example", "the mailbox is not in the answer"),
        ] {
            assert_eq!(told.of(mailbox), Err(expected.to_owned()));
        }
        assert_eq!(told.of("free@m.example"), Ok(vec![]));
    }

    #[test]
    fn a_time_is_read_in_utc_alone() {
        let at = |zone: Value| {
            let moment: Moment =
                serde_json::from_value(json!({ "dateTime": "2026-11-23T09:00:00.0000000", "timeZone": zone })).unwrap();
            moment.at().map(instant)
        };
        assert_eq!(at(json!("UTC")), Some("2026-11-23T09:00:00Z".to_owned()));
        assert_eq!(at(json!("tzone://Microsoft/Utc")), Some("2026-11-23T09:00:00Z".to_owned()));
        assert_eq!((at(json!("Customized Time Zone")), at(Value::Null)), (None, None));
    }
}
