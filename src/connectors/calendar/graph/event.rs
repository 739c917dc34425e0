//! One event: what we make of it, and what stands in the calendar.

use super::wire::{Moment, VENDOR, kind, moment};
use crate::connectors::http::cut;
use crate::connectors::markup::{escaped, one_line};
use crate::connectors::{BookRequest, Booked, VendorError};
use baton_core::domain::rep::BusyKind;
use baton_core::domain::rota::Window;
use serde::Deserialize;
use serde_json::{Value, json};

/// Outlook's limits, in characters; of a description there is none worth naming.
const SUBJECT_LIMIT: usize = 255;
const DESCRIPTION_LIMIT: usize = 8_192;
const NAME_LIMIT: usize = 200;

/// What is asked of events.
pub(super) const SELECT: &str = "id,transactionId,start,end,showAs,isAllDay,isCancelled,responseStatus";

#[derive(Deserialize)]
pub(super) struct Page {
    pub value: Vec<Event>,
    #[serde(rename = "@odata.nextLink")]
    pub next_link: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Event {
    #[serde(default)]
    pub id: String,
    /// Moves with every change, an answer to the invitation included.
    #[serde(rename = "@odata.etag")]
    pub etag: Option<String>,
    transaction_id: Option<String>,
    start: Option<Moment>,
    end: Option<Moment>,
    show_as: Option<String>,
    is_all_day: Option<bool>,
    is_cancelled: Option<bool>,
    response_status: Option<ResponseStatus>,
    /// Asked for where it matters.
    body: Option<Body>,
}

#[derive(Deserialize)]
struct Body {
    content: Option<String>,
}

#[derive(Deserialize)]
struct ResponseStatus {
    response: Option<String>,
}

impl Event {
    pub(super) fn times(&self) -> Option<Window> {
        Some((self.start.as_ref()?.at()?, self.end.as_ref()?.at()?))
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.is_cancelled == Some(true)
    }

    /// It was booked with this key.
    pub(super) fn is_of(&self, key: &str) -> bool {
        self.transaction_id.as_deref() == Some(key) && !self.is_cancelled()
    }

    /// It leaves no room for a meeting in the window: busy or away, and neither declined nor merely tentative. An all-day event
    /// that is no absence leaves room: whether it counts is for the rules, by which the time was offered.
    pub(super) fn takes(&self, (from, until): Window) -> bool {
        let response = self.response_status.as_ref().and_then(|status| status.response.as_deref());
        let kind = kind(self.show_as.as_deref()).filter(|_| !self.is_cancelled() && response != Some("declined"));
        let all_day = self.is_all_day == Some(true);
        // Whose times do not read may lie anywhere; an all-day event lies where the calendar found it.
        let overlaps = self.times().is_none_or(|(start, end)| start < until && from < end);
        match kind {
            Some(BusyKind::OutOfOffice) => all_day || overlaps,
            Some(BusyKind::Busy) => !all_day && overlaps,
            Some(BusyKind::Tentative | BusyKind::Focus | BusyKind::AllDay) | None => false,
        }
    }

    /// The days of an all-day event that is shown as busy.
    pub(super) fn all_day_busy(&self) -> Option<Window> {
        let is_one = self.is_all_day == Some(true) && !self.is_cancelled();
        self.times().filter(|_| is_one && kind(self.show_as.as_deref()) == Some(BusyKind::Busy))
    }

    /// # Errors
    /// `NeedsPerson`: it stands at another time than was asked for.
    pub(super) fn into_booked(self, request: &BookRequest) -> Result<Booked, VendorError> {
        if self.times() == Some((request.from, request.until)) {
            Ok(Booked::Event { id: self.id })
        } else {
            Err(moved())
        }
    }
}

fn moved() -> VendorError {
    VendorError::needs_person(VENDOR, "somebody has moved the event to another time: look at the calendar")
}

/// The body of a new event. Its `transactionId` is the request's key: the second one with it is answered with the first event.
pub(super) fn body(request: &BookRequest, online: bool) -> Value {
    let mut body = json!({
        "transactionId": request.key,
        "subject": cut(&one_line(&request.summary.0), SUBJECT_LIMIT),
        "body": { "contentType": "text", "content": cut(&printable(&request.description.0), DESCRIPTION_LIMIT) },
        "start": moment(request.from),
        "end": moment(request.until),
        "showAs": "busy",
    });
    if let Some(address) = &request.attendee_email {
        let mut email = json!({ "address": address });
        if let Some(name) = &request.attendee_name {
            email["name"] = json!(cut(&one_line(name), NAME_LIMIT));
        }
        body["attendees"] = json!([{ "type": "required", "emailAddress": email }]);
    }
    if online {
        body["isOnlineMeeting"] = json!(true);
        body["onlineMeetingProvider"] = json!("teamsForBusiness");
    }
    body
}

/// What a move changes: the times, and the description, which is the request's. The link of an online meeting stands in the text
/// below it, and would be lost with it: there the new description comes before what is there.
pub(super) fn moved_body(request: &BookRequest, stands: &Event, online: bool) -> Value {
    let description = cut(&printable(&request.description.0), DESCRIPTION_LIMIT);
    let text = match stands.body.as_ref().and_then(|body| body.content.as_deref()) {
        Some(html) if online => json!({ "contentType": "html", "content": above(&description, html) }),
        _ => json!({ "contentType": "text", "content": description }),
    };
    json!({ "start": moment(request.from), "end": moment(request.until), "body": text })
}

fn above(text: &str, html: &str) -> String {
    let lines = escaped(text, usize::MAX).replace('\n', "<br>");
    let begins = html.find("<body").and_then(|from| Some(from + html[from..].find('>')? + 1)).unwrap_or_default();
    format!("{}<p>{lines}</p>{}", &html[..begins], &html[begins..])
}

/// Exchange refuses a text with control characters.
fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || *c == '\n').collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use baton_core::domain::text::CallerText;

    fn event(change: &Value) -> Event {
        let at = |hour: &str| json!({ "dateTime": format!("2026-11-23T{hour}:00.0000000"), "timeZone": "UTC" });
        let mut event = json!({ "id": "e", "showAs": "busy", "start": at("10:00"), "end": at("11:00") });
        for (name, value) in change.as_object().expect("members") {
            event[name.as_str()] = value.clone();
        }
        serde_json::from_value(event).expect("an event")
    }

    #[test]
    fn what_stands_in_the_way_of_a_meeting() {
        let at = |text: &str| format!("2026-11-23T{text}:00Z").parse().expect("an instant");
        let window = (at("10:30"), at("11:30"));
        let elsewhere = json!({ "dateTime": "2026-11-23T02:00:00.0000000", "timeZone": "Pacific Standard Time" });
        for (change, expected) in [
            (json!({}), true),
            (json!({ "showAs": "oof" }), true),
            (json!({ "showAs": "atTheDentist" }), true),
            (json!({ "start": elsewhere }), true),
            (json!({ "isAllDay": true, "showAs": "oof" }), true),
            (json!({ "isAllDay": true }), false),
            (json!({ "showAs": "free" }), false),
            (json!({ "showAs": "workingElsewhere" }), false),
            (json!({ "showAs": "tentative" }), false),
            (json!({ "isCancelled": true }), false),
            (json!({ "responseStatus": { "response": "declined" } }), false),
            (json!({ "end": { "dateTime": "2026-11-23T10:30:00.0000000", "timeZone": "UTC" } }), false),
        ] {
            assert_eq!(event(&change).takes(window), expected, "{change}");
        }
    }

    #[test]
    fn a_new_description_stands_above_the_link_of_an_online_meeting() {
        let link = "<html><body style=\"a\">old<div>Join</div></body></html>";
        let expected = "<html><body style=\"a\"><p>a &lt; b<br>c</p>old<div>Join</div></body></html>";
        assert_eq!(above("a < b\nc", link), expected);
        assert_eq!(above("new", "old"), "<p>new</p>old");
    }

    #[test]
    fn the_event_says_what_was_asked_for_without_control_characters() {
        let request = BookRequest {
            key: "k1".into(),
            calendar: "ana@m.example".into(),
            from: "2026-11-23T09:00:00Z".parse().unwrap(),
            until: "2026-11-23T09:30:00Z".parse().unwrap(),
            attendee_email: Some("ada@lead.example".into()),
            attendee_name: Some("Ada\r\nLovelace".into()),
            summary: CallerText("Intro\ncall".into()),
            description: CallerText("<b>AT&T</b>\nline\u{0} two".into()),
        };
        let told = body(&request, false);
        assert_eq!((&told["subject"], &told["transactionId"]), (&json!("Intro call"), &json!("k1")));
        assert_eq!(told["body"], json!({ "contentType": "text", "content": "<b>AT&T</b>\nline two" }));
        assert_eq!(told["start"], json!({ "dateTime": "2026-11-23T09:00:00", "timeZone": "UTC" }));
        assert_eq!(told["attendees"][0]["emailAddress"]["name"], "Ada Lovelace");
        assert_eq!(told.get("isOnlineMeeting"), None);
        let alone = BookRequest { attendee_email: None, ..request };
        let told = body(&alone, true);
        assert_eq!((told.get("attendees"), &told["onlineMeetingProvider"]), (None, &json!("teamsForBusiness")));
    }
}
