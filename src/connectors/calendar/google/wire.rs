//! What goes over the wire to and from Google Calendar v3 (discovery revision 20261030), and what it means.

use crate::connectors::http::{Answer, by_status, cut, in_doubt, retry_after};
use crate::connectors::markup::{escaped, one_line};
use crate::connectors::{BookRequest, VendorError};
use baton_core::domain::rep::{Busy, BusyKind};
use baton_core::domain::rota::Window;
use baton_core::domain::text::CallerText;
use baton_core::domain::zone::Zone;
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, SecondsFormat, TimeDelta, Utc};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::time::Duration;

pub(super) const VENDOR: &str = "google";
/// Google's limits in practice, in characters.
const SUMMARY_LIMIT: usize = 1_024;
const DESCRIPTION_LIMIT: usize = 8_192;
const NAME_LIMIT: usize = 200;
/// Quotas of a day and of invitations to outsiders come back in hours, not seconds.
const QUOTA_PAUSE: Duration = Duration::from_secs(60 * 60);

#[derive(Deserialize)]
pub(super) struct FreeBusy {
    pub calendars: BTreeMap<String, FreeBusyCalendar>,
}

#[derive(Deserialize)]
pub(super) struct FreeBusyCalendar {
    #[serde(default)]
    busy: Vec<Period>,
    #[serde(default)]
    errors: Vec<CalendarError>,
}

#[derive(Deserialize)]
struct Period {
    start: DateTime<Utc>,
    end: DateTime<Utc>,
}

#[derive(Deserialize)]
struct CalendarError {
    #[serde(default)]
    reason: String,
}

/// Why a calendar's times are not known; `lasting` if a person must mend it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotKnown {
    pub why: String,
    pub lasting: bool,
}

impl FreeBusy {
    /// A calendar with an error is unknown, whatever its `busy` says; so is one that is missing.
    pub(super) fn of(&self, calendar: &str) -> Result<Vec<Busy>, NotKnown> {
        let entry = self.calendars.get(calendar).or_else(|| {
            self.calendars.iter().find(|(name, _)| name.eq_ignore_ascii_case(calendar)).map(|(_, entry)| entry)
        });
        let Some(entry) = entry else {
            return Err(NotKnown { why: "the calendar is not in the answer".to_owned(), lasting: false });
        };
        if let Some(error) = entry.errors.first() {
            let lasting = error.reason == "notFound";
            let hint = if lasting { ": it does not exist, or its free/busy is not shared with the reader" } else { "" };
            return Err(NotKnown { why: format!("the calendar's error is {}{hint}", cut(&error.reason, 60)), lasting });
        }
        let busy = |period: &Period| Busy { from: period.start, until: period.end, kind: BusyKind::Busy };
        Ok(entry.busy.iter().map(busy).collect())
    }
}

#[derive(Deserialize)]
pub(super) struct Events {
    /// The calendar's zone: days of all-day events are its days.
    #[serde(default, rename = "timeZone")]
    time_zone: String,
    #[serde(default)]
    items: Vec<Event>,
    #[serde(default, rename = "nextPageToken")]
    pub next_page: Option<String>,
}

impl Events {
    /// What takes the owner's time, as long as it lasts.
    pub(super) fn entries(&self) -> Vec<Busy> {
        let zone: Zone = self.time_zone.parse().unwrap_or(Zone::UTC);
        let entry = |event: &Event| {
            let (from, until) = (event.start.at(zone)?, event.end.at(zone)?);
            Some(Busy { from, until, kind: event.kind()? }).filter(|entry| entry.from < entry.until)
        };
        self.items.iter().filter_map(entry).collect()
    }
}

#[derive(Deserialize)]
pub(super) struct Event {
    #[serde(default)]
    etag: String,
    #[serde(default)]
    status: String,
    #[serde(default, rename = "eventType")]
    event_type: String,
    /// `transparent`: it takes no time.
    #[serde(default)]
    transparency: String,
    #[serde(default)]
    start: Moment,
    #[serde(default)]
    end: Moment,
    #[serde(default)]
    attendees: Vec<Attendee>,
}

#[derive(Deserialize)]
struct Attendee {
    /// The owner of the calendar.
    #[serde(default, rename = "self")]
    is_owner: bool,
    #[serde(default, rename = "responseStatus")]
    response: String,
}

/// Either a day of the calendar's zone or an instant.
#[derive(Deserialize, Default)]
struct Moment {
    date: Option<NaiveDate>,
    #[serde(rename = "dateTime")]
    date_time: Option<DateTime<Utc>>,
}

impl Moment {
    fn at(&self, zone: Zone) -> Option<DateTime<Utc>> {
        // An hour later where the zone skips its midnight.
        let begins = |day: NaiveDate| {
            let at = |time: NaiveDateTime| time.and_local_timezone(zone).earliest();
            let midnight = day.and_time(NaiveTime::MIN);
            at(midnight).or_else(|| at(midnight + TimeDelta::hours(1)))
        };
        self.date_time.or_else(|| Some(begins(self.date?)?.to_utc()))
    }
}

/// What became of the event that carries our id.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum EventState {
    AsBooked,
    /// A person has given it other times since.
    Moved,
    /// Its id is used up for ever.
    Deleted,
    Absent,
}

impl Event {
    /// `None`: it takes none of its owner's time.
    fn kind(&self) -> Option<BusyKind> {
        let owner = self.attendees.iter().find(|attendee| attendee.is_owner);
        let response = owner.map_or("", |owner| owner.response.as_str());
        let is_free = self.status == "cancelled" || self.transparency == "transparent" || response == "declined";
        match self.event_type.as_str() {
            "workingLocation" | "birthday" => None,
            _ if is_free => None,
            "outOfOffice" => Some(BusyKind::OutOfOffice),
            "focusTime" => Some(BusyKind::Focus),
            _ if self.status == "tentative" || response == "tentative" => Some(BusyKind::Tentative),
            _ if self.start.date.is_some() => Some(BusyKind::AllDay),
            _ => Some(BusyKind::Busy),
        }
    }

    /// Which state of the event this is.
    pub(super) fn etag(&self) -> &str {
        &self.etag
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.status == "cancelled"
    }

    /// What of the request's time the event does not take itself: before it, and after it.
    pub(super) fn beside(&self, request: &BookRequest) -> Vec<Window> {
        let asked = (request.from, request.until);
        let (Some(from), Some(until)) = (self.start.date_time, self.end.date_time) else { return vec![asked] };
        if until <= asked.0 || asked.1 <= from {
            return vec![asked];
        }
        [(asked.0, from), (until, asked.1)].into_iter().filter(|(from, until)| from < until).collect()
    }

    pub(super) fn standing(&self, request: &BookRequest) -> EventState {
        let times = (self.start.date_time, self.end.date_time);
        match self.status.as_str() {
            "cancelled" => EventState::Deleted,
            _ if times == (Some(request.from), Some(request.until)) => EventState::AsBooked,
            _ => EventState::Moved,
        }
    }
}

/// There is nothing to move.
pub(super) fn gone() -> VendorError {
    VendorError::Gone { vendor: VENDOR, why: "the event is not in the calendar any more".to_owned() }
}

pub(super) fn moved() -> VendorError {
    VendorError::needs_person(VENDOR, "somebody has moved the event to another time: look at the calendar")
}

/// The event's id: the key's hash in lower-case base32hex, of which Google's ids are made.
pub(super) fn event_id(key: &str) -> String {
    const DIGITS: &[u8; 32] = b"0123456789abcdefghijklmnopqrstuv";
    let (mut id, mut bits, mut held) = (String::new(), 0_u32, 0);
    for byte in Sha256::digest(key.as_bytes()) {
        bits = bits << 8 | u32::from(byte);
        held += 8;
        while held >= 5 {
            held -= 5;
            id.push(DIGITS[(bits >> held & 31) as usize].into());
        }
    }
    id
}

/// With an offset, without which Google refuses a time.
pub(super) fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The body of an insert: an event with a Meet conference, whose request is named like the event, so that a repetition
/// makes no second one. Google shows descriptions as HTML, so what a lead has said is escaped.
pub(super) fn event_body(id: &str, request: &BookRequest) -> Value {
    let mut body = json!({
        "id": id,
        "summary": cut(&one_line(&request.summary.0), SUMMARY_LIMIT),
        "description": escaped(&request.description.0, DESCRIPTION_LIMIT),
        "start": { "dateTime": instant(request.from) },
        "end": { "dateTime": instant(request.until) },
        "conferenceData": {
            "createRequest": { "requestId": id, "conferenceSolutionKey": { "type": "hangoutsMeet" } }
        },
    });
    if let Some(email) = &request.attendee_email {
        let mut attendee = json!({ "email": email });
        if let Some(name) = &request.attendee_name {
            attendee["displayName"] = json!(cut(&one_line(name), NAME_LIMIT));
        }
        body["attendees"] = json!([attendee]);
    }
    body
}

/// The body of a patch that moves an event: what it does not name stays as it is.
pub(super) fn moved_body(request: &BookRequest) -> Value {
    let mut body = words_body(&request.description);
    body["start"] = json!({ "dateTime": instant(request.from) });
    body["end"] = json!({ "dateTime": instant(request.until) });
    body
}

/// The same of one that says something else.
pub(super) fn words_body(words: &CallerText) -> Value {
    json!({ "description": escaped(&words.0, DESCRIPTION_LIMIT) })
}

pub(super) fn read<T: DeserializeOwned>(answer: &Answer) -> Result<T, VendorError> {
    answer.read().map_err(|why| in_doubt(VENDOR, answer.does, why))
}

pub(super) fn judge(answer: &Answer) -> Result<(), VendorError> {
    if answer.is_success() { Ok(()) } else { Err(by_reason(answer)) }
}

/// An insert that finds its id taken is an answer, not a failure.
pub(super) fn judge_insert(answer: &Answer) -> Result<(), VendorError> {
    match answer.status {
        409 => Ok(()),
        404 => Err(VendorError::needs_person(VENDOR, "there is no such calendar, or its user may not write to it")),
        _ => judge(answer),
    }
}

/// Somebody has changed the event since it was read: it is read again.
pub(super) fn judge_patch(answer: &Answer) -> Result<(), VendorError> {
    if answer.status == 412 {
        return Err(VendorError::retry(VENDOR, "the event was changed at this moment"));
    }
    judge(answer)
}

/// An event that is not there is an answer, too.
pub(super) fn judge_get(answer: &Answer) -> Result<(), VendorError> {
    if matches!(answer.status, 404 | 410) { Ok(()) } else { judge(answer) }
}

/// Google throttles with 403 as well as with 429: the reason decides, and the status where it says nothing more.
fn by_reason(answer: &Answer) -> VendorError {
    let error = &answer.value()["error"];
    let reason = error["errors"][0]["reason"].as_str().unwrap_or_default();
    let message = error["message"].as_str().unwrap_or_default();
    let why = format!("HTTP {}, {}: {}", answer.status, answer.quote(reason), answer.quote(message));
    match reason {
        "rateLimitExceeded" | "userRateLimitExceeded" => {
            VendorError::RateLimited { vendor: VENDOR, why, after: retry_after(&answer.headers) }
        }
        "quotaExceeded" | "dailyLimitExceeded" => {
            VendorError::RateLimited { vendor: VENDOR, why, after: Some(QUOTA_PAUSE) }
        }
        _ => by_status(VENDOR, answer),
    }
}

#[cfg(test)]
mod tests;
