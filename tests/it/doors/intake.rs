//! The event contract, held by files: good events are understood, bad ones refused with words that help, and the
//! committed schemas say the same as the reader.

mod anything;
mod consent;
mod facts;
mod schema;

use crate::program::{entries, root};
use baton::intake::event::{EventFault, EventKind, Incoming, LARGEST, Message, key_of, lead_id, parse, structured};
use baton::intake::schema::schema_of;
use baton_core::domain::lead::Lead;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

fn fixtures(under: &str) -> PathBuf {
    root().join("fixtures").join(under)
}

/// Files of a folder by name, with one of these extensions.
fn files(under: &str, extensions: &[&str]) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for path in entries(&fixtures(under)) {
        let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
        if extensions.contains(&extension) {
            let name = path.file_name().expect("a file").to_string_lossy().into_owned();
            found.insert(name, std::fs::read(&path).expect("readable"));
        }
    }
    found
}

fn received_at() -> DateTime<Utc> {
    "2026-03-03T15:00:05Z".parse().expect("a time")
}

fn understood(name: &str, bytes: &[u8]) -> Incoming {
    parse(bytes, received_at()).unwrap_or_else(|faults| panic!("{name}: {}", said(&faults)))
}

fn said(faults: &[EventFault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

fn lead_of(name: &str) -> (Lead, Vec<EventFault>) {
    let bytes = std::fs::read(fixtures("events").join(name)).expect("the fixture exists");
    let incoming = understood(name, &bytes);
    match incoming.message {
        Message::Lead(lead) => (*lead, incoming.notes),
        other => panic!("{name}: not a lead: {other:?}"),
    }
}

fn validator(kind: EventKind) -> jsonschema::Validator {
    jsonschema::draft202012::new(&schema_of(kind)).expect("a valid schema")
}

fn kind_of(event: &Value) -> EventKind {
    let text = event.get("type").and_then(Value::as_str).unwrap_or_default();
    EventKind::ALL.into_iter().find(|kind| kind.as_str() == text).unwrap_or(EventKind::LeadQualified)
}

#[test]
fn good_events_are_understood_and_fit_the_schema() {
    let mut leads = files("events", &["json"]);
    assert!(leads.len() >= 18, "only {} leads", leads.len());
    leads.extend(files("events/other", &["json"]));
    let mut kinds = BTreeSet::new();
    for (name, bytes) in &leads {
        let incoming = understood(name, bytes);
        let event: Value = serde_json::from_slice(bytes).expect("JSON");
        let refused: Vec<_> = validator(incoming.kind).iter_errors(&event).map(|e| e.to_string()).collect();
        assert!(refused.is_empty(), "{name}: the schema refuses it: {refused:?}");
        let (source, id) = (event["source"].as_str(), event["id"].as_str());
        assert_eq!(key_of(bytes), format!("{} {}", source.unwrap_or("?"), id.unwrap_or("?")));
        if name != "19-what-the-model-could-not-hear.json" {
            assert!(incoming.notes.is_empty(), "{name}: {}", said(&incoming.notes));
        }
        kinds.insert(incoming.kind);
    }
    assert_eq!(kinds.len(), EventKind::ALL.len(), "an event of every kind");
}

#[derive(serde::Deserialize)]
struct Expectation {
    pointer: String,
    says: Vec<String>,
    schema_sees: bool,
}

#[test]
fn bad_events_are_refused_with_words_that_help() {
    let bad = files("bad/events", &["json", "bin"]);
    assert!(bad.len() >= 22, "only {} bad events", bad.len());
    for (name, bytes) in &bad {
        let faults = parse(bytes, received_at()).expect_err(name);
        assert_eq!(faults.len(), 1, "{name}: {}", said(&faults));
        as_expected("bad/events", name, bytes, &faults[0]);
    }
}

/// What is wrong with an optional part of a lead drops nobody: the lead is taken, and the integrator is told.
#[test]
fn a_lead_is_taken_whatever_an_optional_part_of_it_says() {
    let noted = files("noted/events", &["json"]);
    assert!(noted.len() >= 18, "only {} events with notes", noted.len());
    for (name, bytes) in &noted {
        let incoming = understood(name, bytes);
        assert_eq!(incoming.notes.len(), 1, "{name}: {}", said(&incoming.notes));
        as_expected("noted/events", name, bytes, &incoming.notes[0]);
        let Message::Lead(lead) = incoming.message else { panic!("{name} is a lead") };
        assert_eq!(lead.unread, incoming.notes, "{name}: the notes stay with the lead");
        assert!(
            lead.company.name.is_some()
                && (lead.is_live()
                    || ["no-call-id.json", "live-is-text.json", "form-with-a-live-call.json"].contains(&name.as_str())),
            "{name}: what is right is kept"
        );
    }
}

/// Holds a finding and the schema against the file that lies beside the event.
fn as_expected(under: &str, name: &str, bytes: &[u8], finding: &EventFault) {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let path = fixtures(under).join(format!("{stem}.expect.toml"));
    let text = std::fs::read_to_string(path).expect("every such event has its expectation");
    let expected: Expectation = toml::from_str(&text).expect("an expectation");
    assert_eq!(finding.pointer, expected.pointer, "{name}: {finding}");
    let message = finding.to_string();
    for words in &expected.says {
        assert!(message.contains(words), "{name}: {message:?} does not say {words:?}");
    }
    if let Ok(event) = serde_json::from_slice::<Value>(bytes) {
        let sees = !validator(kind_of(&event)).is_valid(&event);
        assert_eq!(sees, expected.schema_sees, "{name}: what the schema sees");
    }
    let keys = [key_of(bytes), key_of(bytes)];
    assert!(!keys[0].is_empty() && keys[0] == keys[1], "{name}: a key all the same");
}

#[test]
fn all_faults_of_an_event_come_at_once() {
    let event = json!({
        "specversion": "2.0",
        "source": "sandbox:demo",
        "type": "lead.qualified",
        "time": 1,
        "data": {
            "call": { "platform": "", "id": "c", "live": "yes" },
            "contact": { "emial": "x@example.org" },
            "custom": { "nested": {} },
        },
    });
    let faults = parse(event.to_string().as_bytes(), received_at()).expect_err("faulty");
    let pointers: BTreeSet<_> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
    let expected =
        ["/id", "/specversion", "/time", "/data/call/platform", "/data/contact/emial", "/data/custom/nested"];
    assert_eq!(pointers, BTreeSet::from(expected), "{}", said(&faults));
}

#[test]
fn the_same_event_is_the_same_lead() {
    let (once, _) = lead_of("10-same-event-twice.json");
    let (twice, _) = lead_of("10-same-event-twice.json");
    assert_eq!(once, twice);
    assert_eq!(once.id, lead_id("sandbox:demo", "evt-10"));
    assert_ne!(once.id, lead_id("sandbox:demo", "evt-11"));
}

#[test]
fn binary_mode_says_the_same_as_structured_mode() {
    for (name, bytes) in files("events", &["json"]) {
        let event: Value = serde_json::from_slice(&bytes).expect("JSON");
        let text = |field: &str| event[field].as_str().expect("text").to_owned();
        let headers = [
            ("cloudEvents:specversion", text("specversion")),
            ("cloudEvents:id", text("id")),
            ("cloudEvents:source", text("source")),
            ("cloudEvents:type", text("type")),
            ("cloudEvents:time", text("time")),
            ("content-type", "application/json".to_owned()),
        ];
        let headers = headers.map(|(name, value)| (name.to_owned(), value)).into();
        let bytes_of_binary = structured(event["data"].to_string().into_bytes(), &headers);
        assert_eq!(understood(&name, &bytes_of_binary), understood(&name, &bytes), "{name}");
        assert_eq!(key_of(&bytes_of_binary), key_of(&bytes), "{name}");
    }
    let headers = BTreeMap::from([("ce-id".to_owned(), "1".to_owned())]);
    let faults = parse(&structured(b"{}".to_vec(), &headers), received_at()).expect_err("attributes are missing");
    let pointers: Vec<_> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
    assert_eq!(pointers, ["/specversion", "/source", "/type"]);
}

#[test]
fn duplicate_keys_are_tolerated_and_the_last_one_counts() {
    let event = br#"{"specversion":"1.0","id":"1","source":"a","type":"lead.qualified","id":"2",
        "data":{"contact":{"phone":"nobody","phone":"+13035550164"}}}"#;
    let incoming = understood("duplicate keys", event);
    assert!(matches!(incoming.message, Message::Lead(lead) if lead.event_id == "2"), "the last one counts");
    assert_eq!(key_of(event), "a 2", "in the key too");
}

/// Each compared with every name of ours, 227 kB of such names took half a second, and a caller on the line waited behind them.
#[test]
fn of_very_many_names_that_are_nearly_ours_the_first_are_met_with_ours() {
    let bytes = std::fs::read(fixtures("events").join("01-warm-transfer.json")).expect("the fixture exists");
    let mut event: Value = serde_json::from_slice(&bytes).expect("JSON");
    let company = event["data"]["company"].as_object_mut().expect("a company");
    company.remove("industry");
    company.extend((0..100).map(|number| (format!("industr{number}"), json!("Logistics"))));
    let incoming = understood("names that are nearly ours", event.to_string().as_bytes());
    let meant = Some("did you mean \"industry\"?");
    let met = incoming.notes.iter().filter(|note| note.hint.as_deref() == meant).count();
    assert_eq!(met, 32, "{}", said(&incoming.notes));
    assert!(matches!(incoming.message, Message::Lead(lead) if lead.company.name.is_some()), "the lead is taken");
}

#[test]
fn too_large_an_event_is_refused_before_it_is_read() {
    let bytes = vec![b' '; LARGEST + 1];
    let faults = parse(&bytes, received_at()).expect_err("too large");
    assert!(faults[0].to_string().contains("at most 262144 bytes"), "{}", faults[0]);
    assert!(key_of(&bytes).starts_with("sha256:"));
}
