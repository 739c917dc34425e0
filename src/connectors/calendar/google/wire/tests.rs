use super::*;
use proptest::prelude::*;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn request() -> BookRequest {
    BookRequest {
        key: "lead-1/slot-2/1".into(),
        calendar: "ana@rep.example".into(),
        from: at("2026-11-23T09:00:00Z"),
        until: at("2026-11-23T09:30:00Z"),
        attendee_email: Some("ada@lead.example".into()),
        attendee_name: Some("Ada\r\nLovelace".into()),
        summary: CallerText("Intro\ncall".into()),
        description: CallerText("<b>AT&T</b>".into()),
    }
}

fn times(busy: &[Busy]) -> Vec<(String, String, BusyKind)> {
    busy.iter().map(|b| (b.from.format("%H:%M").to_string(), b.until.format("%H:%M").to_string(), b.kind)).collect()
}

#[test]
fn ids_are_what_google_takes_and_differ_by_attempt() {
    // `printf abc | openssl dgst -sha256 -binary | basenc --base32hex`, in lower case, whole digits only.
    assert_eq!(event_id("abc"), "n9s1dfsf077ukga183f5rbh24eo06od3iobnl75k23vm3sg02mm");
    assert_ne!(event_id("lead/slot/1"), event_id("lead/slot/2"));
}

proptest! {
    #[test]
    fn any_key_makes_a_lawful_id(key in ".*") {
        let id = event_id(&key);
        prop_assert!((5..=1024).contains(&id.len()));
        prop_assert!(id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'v')));
    }
}

#[test]
fn the_event_says_what_was_asked_for_on_one_line_and_without_markup() {
    let body = event_body("id1", &request());
    assert_eq!(body["summary"], "Intro call");
    assert_eq!(body["description"], "&lt;b&gt;AT&amp;T&lt;/b&gt;");
    assert_eq!(body["start"]["dateTime"], "2026-11-23T09:00:00Z");
    assert_eq!(body["attendees"][0]["displayName"], "Ada Lovelace");
    assert_eq!(body["conferenceData"]["createRequest"]["requestId"], "id1");
    let alone = BookRequest { attendee_email: None, ..request() };
    assert_eq!(event_body("id1", &alone).get("attendees"), None);
}

#[test]
fn an_error_beside_an_empty_list_is_not_free() {
    let answer: FreeBusy = serde_json::from_value(json!({ "calendars": {
        "Ana@rep.example": { "busy": [{ "start": "2026-11-23T10:00:00+01:00", "end": "2026-11-23T10:30:00+01:00" }] },
        "gone@rep.example": { "errors": [{ "domain": "global", "reason": "notFound" }], "busy": [] },
        "sick@rep.example": { "errors": [{ "domain": "global", "reason": "internalError" }] },
        "free@rep.example": { "busy": [] },
    }}))
    .unwrap();
    let busy = answer.of("ana@rep.example").unwrap();
    assert_eq!(times(&busy), [("09:00".into(), "09:30".into(), BusyKind::Busy)]);
    assert!(answer.of("gone@rep.example").unwrap_err().lasting);
    assert!(!answer.of("sick@rep.example").unwrap_err().lasting);
    assert!(answer.of("free@rep.example").unwrap().is_empty());
    assert!(!answer.of("nobody@rep.example").unwrap_err().lasting);
}

#[test]
fn absences_are_named_in_the_calendars_own_zone() {
    let events: Events = serde_json::from_value(json!({ "timeZone": "Europe/Berlin", "items": [
        { "status": "confirmed", "eventType": "outOfOffice",
          "start": { "date": "2026-11-23" }, "end": { "date": "2026-11-24" } },
        { "status": "cancelled", "eventType": "outOfOffice",
          "start": { "dateTime": "2026-11-24T09:00:00Z" }, "end": { "dateTime": "2026-11-24T10:00:00Z" } },
        { "status": "confirmed", "eventType": "outOfOffice", "start": {}, "end": {} },
    ]}))
    .unwrap();
    assert_eq!(times(&events.entries()), [("23:00".into(), "23:00".into(), BusyKind::OutOfOffice)], "a day in Berlin");
}

/// In Chile, clocks go from 0:00 to 1:00.
#[test]
fn a_day_that_has_no_midnight_is_a_day() {
    let events: Events = serde_json::from_value(json!({ "timeZone": "America/Santiago", "items": [
        { "status": "confirmed", "start": { "date": "2026-09-06" }, "end": { "date": "2026-09-07" } },
    ]}))
    .unwrap();
    assert_eq!(times(&events.entries()), [("04:00".into(), "03:00".into(), BusyKind::AllDay)]);
}

/// What stands in a calendar, and of what kind it is; `None`: it takes no time.
#[test]
fn an_event_is_what_its_owner_made_it() {
    use BusyKind::{AllDay, Busy as Meeting, Focus, OutOfOffice, Tentative};
    let answered = |response: &str| {
        let other = json!({ "email": "ada@lead.example", "responseStatus": "declined" });
        json!({ "attendees": [other, { "self": true, "responseStatus": response }] })
    };
    for (said, expected) in [
        (json!({}), Some(Meeting)),
        (json!({ "eventType": "default", "status": "confirmed", "transparency": "opaque" }), Some(Meeting)),
        (json!({ "eventType": "fromGmail" }), Some(Meeting)),
        (json!({ "eventType": "focusTime" }), Some(Focus)),
        (json!({ "eventType": "outOfOffice" }), Some(OutOfOffice)),
        (json!({ "eventType": "workingLocation", "transparency": "transparent" }), None),
        (json!({ "eventType": "workingLocation" }), None),
        (json!({ "eventType": "birthday", "start": { "date": "2026-11-24" } }), None),
        (json!({ "status": "tentative" }), Some(Tentative)),
        (json!({ "status": "cancelled" }), None),
        (json!({ "transparency": "transparent" }), None),
        (json!({ "start": { "date": "2026-11-24" }, "end": { "date": "2026-11-25" } }), Some(AllDay)),
        (json!({ "start": { "date": "2026-11-24" }, "transparency": "transparent" }), None),
        (answered("accepted"), Some(Meeting)),
        (answered("needsAction"), Some(Meeting)),
        (answered("tentative"), Some(Tentative)),
        (answered("declined"), None),
    ] {
        let event: Event = serde_json::from_value(said.clone()).unwrap();
        assert_eq!(event.kind(), expected, "{said}");
    }
}

#[test]
fn an_event_is_ours_only_with_our_times() {
    let event = |status: &str, start: &str| -> Event {
        let end = "2026-11-23T10:30:00+01:00";
        serde_json::from_value(json!({ "status": status, "start": { "dateTime": start }, "end": { "dateTime": end } }))
            .unwrap()
    };
    assert_eq!(event("confirmed", "2026-11-23T10:00:00+01:00").standing(&request()), EventState::AsBooked);
    assert_eq!(event("confirmed", "2026-11-23T10:00:00Z").standing(&request()), EventState::Moved);
    assert_eq!(event("cancelled", "2026-11-23T10:00:00+01:00").standing(&request()), EventState::Deleted);
}
