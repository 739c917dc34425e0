//! Events as text: ours made anew, and those that are there changed in what is meant and left alone in the rest.

use crate::connectors::BookRequest;
use crate::connectors::calendar::ical::{Property, unfolded};
use crate::connectors::http::cut;
use crate::connectors::markup::one_line;
use chrono::{DateTime, Utc};

/// In characters; calendars show less.
const SUMMARY_LIMIT: usize = 1_024;
const DESCRIPTION_LIMIT: usize = 8_192;
const NAME_LIMIT: usize = 200;
/// Of a line, in bytes, without its end (RFC 5545 §3.1).
const LINE: usize = 75;

/// Who invites, where the server sends what is written as an invitation.
pub(super) struct Invites<'a> {
    pub organizer: &'a str,
    pub guest: &'a str,
}

/// An event with this UID. Without `invites` the guest is named in its description, so that the rep knows who comes.
pub(super) fn event(uid: &str, request: &BookRequest, invites: Option<&Invites<'_>>, now: DateTime<Utc>) -> String {
    let mut description = String::new();
    if let (None, Some(email)) = (invites, &request.attendee_email) {
        let name = request.attendee_name.as_deref().unwrap_or_default();
        description = format!("{} <{email}>\n\n", cut(&one_line(name), NAME_LIMIT));
    }
    description.push_str(&request.description.0);
    let mut lines = vec![
        "BEGIN:VCALENDAR".to_owned(),
        "VERSION:2.0".to_owned(),
        "PRODID:-//Baton//Baton//EN".to_owned(),
        "BEGIN:VEVENT".to_owned(),
        format!("UID:{uid}"),
        format!("DTSTAMP:{}", instant(now)),
        format!("DTSTART:{}", instant(request.from)),
        format!("DTEND:{}", instant(request.until)),
        format!("SUMMARY:{}", escaped(&cut(&one_line(&request.summary.0), SUMMARY_LIMIT))),
        format!("DESCRIPTION:{}", escaped(&cut(&description, DESCRIPTION_LIMIT))),
        "STATUS:CONFIRMED".to_owned(),
        "TRANSP:OPAQUE".to_owned(),
        "SEQUENCE:0".to_owned(),
    ];
    if let Some(Invites { organizer, guest }) = invites {
        let name = parameter(request.attendee_name.as_deref().unwrap_or(guest));
        lines.push(format!("ORGANIZER:mailto:{organizer}"));
        lines.push(format!("ATTENDEE;CN=\"{name}\";PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:{guest}"));
    }
    lines.extend(["END:VEVENT".to_owned(), "END:VCALENDAR".to_owned()]);
    folded(lines.iter().map(String::as_str))
}

/// The same event at another time.
pub(super) fn moved(
    text: &str,
    (from, until): (DateTime<Utc>, DateTime<Utc>),
    sequence: i64,
    now: DateTime<Utc>,
) -> String {
    let mut said = changed_at(sequence, now);
    said.extend([format!("DTSTART:{}", instant(from)), format!("DTEND:{}", instant(until))]);
    rewritten(text, &["DTSTART", "DTEND", "DURATION"], &said)
}

/// The same event, cancelled with these words to its guests.
pub(super) fn cancelled(text: &str, words: &str, sequence: i64, now: DateTime<Utc>) -> String {
    let mut said = changed_at(sequence, now);
    said.push("STATUS:CANCELLED".to_owned());
    said.push(format!("COMMENT:{}", escaped(&cut(words, DESCRIPTION_LIMIT))));
    rewritten(text, &["STATUS"], &said)
}

fn changed_at(sequence: i64, now: DateTime<Utc>) -> Vec<String> {
    vec![format!("DTSTAMP:{}", instant(now)), format!("SEQUENCE:{}", sequence.saturating_add(1))]
}

/// With these lines in the event instead of those of these names, of when it was changed, and of the version.
fn rewritten(text: &str, names: &[&str], said: &[String]) -> String {
    let text = unfolded(text.as_bytes());
    let mut lines: Vec<&str> = Vec::new();
    // What is open: an alarm within the event has a DURATION of its own.
    let mut open: Vec<String> = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        let Some(property) = Property::of(line) else { continue };
        let value = property.value.trim().to_ascii_uppercase();
        let in_event = open.last().is_some_and(|open| open == "VEVENT");
        match property.name.as_str() {
            "BEGIN" => open.push(value),
            "END" => {
                if in_event {
                    lines.extend(said.iter().map(String::as_str));
                }
                open.pop();
            }
            "DTSTAMP" | "SEQUENCE" | "LAST-MODIFIED" if in_event => continue,
            name if in_event && names.contains(&name) => continue,
            _ => {}
        }
        lines.push(line);
    }
    folded(lines.into_iter())
}

/// In UTC, so that no reader can take them for another's clock.
fn instant(at: DateTime<Utc>) -> String {
    at.format("%Y%m%dT%H%M%SZ").to_string()
}

/// A value of text: line breaks are written, what else controls is left out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.replace("\r\n", "\n").chars() {
        match c {
            '\\' | ';' | ',' => out.extend(['\\', c]),
            '\n' | '\r' => out.push_str("\\n"),
            '\t' => out.push(' '),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// A quoted parameter can hold neither quotes nor controls.
fn parameter(text: &str) -> String {
    cut(&one_line(text), NAME_LIMIT).replace('"', "'")
}

/// An address that can stand in a line, or none.
pub(super) fn address(text: &str) -> Option<&str> {
    let text = text.trim();
    let fits = |c: char| !c.is_control() && !c.is_whitespace() && !"\"<>,;:\\".contains(c);
    (text.contains('@') && text.chars().all(fits)).then_some(text)
}

fn folded<'l>(lines: impl Iterator<Item = &'l str>) -> String {
    let mut out = String::new();
    for line in lines {
        let mut length = 0;
        for c in line.chars() {
            if length + c.len_utf8() > LINE {
                out.push_str("\r\n ");
                length = 1;
            }
            out.push(c);
            length += c.len_utf8();
        }
        out.push_str("\r\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use baton_core::domain::text::CallerText;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("an instant")
    }

    fn hostile() -> BookRequest {
        BookRequest {
            key: "k".to_owned(),
            calendar: "work".to_owned(),
            from: at("2026-12-01T09:00:00Z"),
            until: at("2026-12-01T09:30:00Z"),
            attendee_email: Some("ada@example.org".to_owned()),
            attendee_name: Some("Ada \"x\":mailto:evil@example.org\r\nATTENDEE:mailto:evil@example.org".to_owned()),
            summary: CallerText("Call\r\nEND:VEVENT\r\nBEGIN:VEVENT; a, b".to_owned()),
            description: CallerText(format!("one\ntwo\\n{}\u{0}", "ä".repeat(100))),
        }
    }

    #[test]
    fn what_a_caller_says_makes_no_line_of_its_own_and_no_line_is_too_long() {
        let invites = Invites { organizer: "rep@acme.example", guest: "ada@example.org" };
        let text = event("u-1", &hostile(), Some(&invites), at("2026-11-30T12:00:00Z"));
        assert!(text.split("\r\n").all(|line| line.len() <= LINE), "{text}");
        assert!(!text.replace("\r\n", "").contains(['\r', '\n']), "{text:?}");
        let text = unfolded(text.as_bytes());
        let count = |start: &str| text.lines().filter(|line| line.starts_with(start)).count();
        assert_eq!(
            (count("BEGIN:VEVENT"), count("END:VEVENT"), count("ATTENDEE"), count("UID")),
            (1, 1, 1, 1),
            "{text}"
        );
        assert!(text.contains("SUMMARY:Call END:VEVENT BEGIN:VEVENT\\; a\\, b\n"), "{text}");
        assert!(text.contains("DESCRIPTION:one\\ntwo\\\\n"), "{text}");
        assert!(
            text.contains("ATTENDEE;CN=\"Ada 'x':mailto:evil@example.org ATTENDEE:mailto:evil@example.org\""),
            "{text}"
        );
        let alone = unfolded(event("u-1", &hostile(), None, at("2026-11-30T12:00:00Z")).as_bytes());
        assert!(!alone.contains("\nATTENDEE") && alone.contains("<ada@example.org>"), "{alone}");
    }

    #[test]
    fn an_event_is_changed_in_what_is_meant_alone() {
        let kept = "BEGIN:VCALENDAR\r\nBEGIN:VTIMEZONE\r\nTZID:X\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nEND:STANDARD\r\n\
                    END:VTIMEZONE\r\nBEGIN:VEVENT\r\nUID:u-1\r\nDTSTART;TZID=X:20261201T090000\r\nDURATION:PT30M\r\nSEQUENCE:4\r\n\
                    LOCATION:Room 5\r\nBEGIN:VALARM\r\nDURATION:PT5M\r\nEND:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
        let window = (at("2026-12-02T10:00:00Z"), at("2026-12-02T10:30:00Z"));
        let text = moved(kept, window, 4, at("2026-11-30T12:00:00Z"));
        for line in
            ["DTSTART:19700101T000000", "LOCATION:Room 5", "DURATION:PT5M", "SEQUENCE:5", "DTSTART:20261202T100000Z"]
        {
            assert_eq!(text.matches(line).count(), 1, "{line} in {text}");
        }
        assert!(!text.contains("PT30M") && !text.contains("20261201"), "{text}");
        let text = cancelled(kept, "Sorry, ill", 5, at("2026-11-30T12:00:00Z"));
        assert!(text.contains("STATUS:CANCELLED\r\nCOMMENT:Sorry\\, ill\r\nEND:VEVENT"), "{text}");
    }

    #[test]
    fn an_address_that_is_none_is_left_out() {
        assert_eq!(address(" ada@example.org "), Some("ada@example.org"));
        for text in ["", "ada", "a@b\r\nX:y", "a@b;RSVP=TRUE", "Ada <ada@example.org>"] {
            assert_eq!(address(text), None, "{text:?}");
        }
    }
}
