//! The event contract, held by files: good events are understood, bad ones refused with words that help, and the
//! committed schemas say the same as the reader.

mod anything;

use anything::whole_lead;
use baton::intake::event::{EventFault, EventKind, Incoming, LARGEST, Message, key_of, lead_id, parse, structured};
use baton::intake::schema::schema_of;
use baton_core::domain::known::Source;
use baton_core::domain::lead::{FieldValue, Lead, PreferredHandoff};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn fixtures(under: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(under)
}

/// Files of a folder by name, with one of these extensions.
fn files(under: &str, extensions: &[&str]) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(fixtures(under)).expect("the folder exists") {
        let path = entry.expect("readable").path();
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

/// The committed schemas are what the code says.
#[test]
fn committed_schemas_have_not_drifted() {
    let fresh = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let mut drifted = Vec::new();
    for kind in EventKind::ALL {
        let name = format!("{}.schema.json", kind.as_str());
        let expected = format!("{}\n", serde_json::to_string_pretty(&schema_of(kind)).expect("a schema"));
        let committed = std::fs::read_to_string(fixtures("schemas").join(&name)).unwrap_or_default();
        if committed != expected {
            std::fs::write(fresh.join(&name), expected).expect("a place for the fresh schema");
            drifted.push(name);
        }
    }
    assert!(
        drifted.is_empty(),
        "look at the change, then copy {drifted:?} from {} to fixtures/schemas",
        fresh.display()
    );
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
                && (lead.is_live() || ["no-call-id.json", "live-is-text.json"].contains(&name.as_str())),
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
fn a_lead_is_normalised() {
    let (lead, _) = lead_of("01-warm-transfer.json");
    let company = &lead.company;
    assert_eq!(lead.contact.phone.as_ref().map(|p| p.value.as_str()), Some("+12125550142"));
    assert_eq!(lead.contact.language.as_ref().map(|l| (l.value.as_str(), l.source)), Some(("en", Source::Platform)));
    assert_eq!(company.country.as_ref().map(|c| c.value.as_str()), Some("US"));
    assert_eq!(company.state.as_ref().map(|s| s.value.as_str()), Some("NY"));
    assert_eq!(company.employees.as_ref().map(|e| (e.value.at_least, e.value.at_most)), Some((240, Some(240))));
    let score = lead.qualification.score.as_ref().expect("a score");
    assert_eq!((score.value, score.source, score.confidence_permille), (82, Source::Inferred, Some(900)));
    assert_eq!(lead.custom["seats"], FieldValue::Number(40.0));
    assert!(lead.is_live());

    let (german, _) = lead_of("02-first-declines.json");
    assert_eq!(german.contact.phone.as_ref().map(|p| p.value.as_str()), Some("+493023125042"), "a national number");
    assert_eq!(german.company.domain.as_ref().map(|d| d.value.as_str()), Some("spree-werkzeugbau.example"));
    assert_eq!(german.company.state.as_ref().map(|s| s.value.as_str()), Some("BE"));
}

#[test]
fn ids_of_a_call_are_without_what_cannot_be_stored() {
    let mut event = whole_lead();
    event["data"]["call"] =
        json!({ "platform": "va\u{0}pi", "id": "call\u{0}-7", "leg": "\u{0}leg\u{7}", "live": true });
    let incoming = understood("ids", event.to_string().as_bytes());
    let Message::Lead(lead) = incoming.message else { panic!("a lead") };
    let call = lead.call.expect("a call");
    assert_eq!((call.platform.as_str(), call.id.as_str(), call.leg.as_deref()), ("vapi", "call-7", Some("leg")));
}

#[test]
fn preferences_are_instants() {
    let (lead, _) = lead_of("15-not-live-meeting.json");
    assert!(!lead.is_live());
    assert_eq!(lead.preference.handoff, Some(PreferredHandoff::Meeting));
    assert_eq!(lead.preference.times.len(), 3);
    let (paris, _) = lead_of("06-calendar-unknown.json");
    let first: DateTime<Utc> = "2026-03-05T09:00:00Z".parse().expect("a time");
    assert_eq!(paris.preference.times[0], first, "ten on the wall in Paris is nine UTC");
}

#[test]
fn a_phone_is_enough() {
    let (lead, notes) = lead_of("17-bare-minimum.json");
    assert!(notes.is_empty());
    assert_eq!(lead.reach_phone().map(|p| p.as_str()), Some("+13035550164"));
    assert!(lead.call.is_none() && lead.company.country.is_none() && lead.qualification.score.is_none());
}

#[test]
fn what_cannot_be_read_is_unknown_and_noted() {
    let (lead, notes) = lead_of("19-what-the-model-could-not-hear.json");
    let pointers: BTreeSet<_> = notes.iter().map(|note| note.pointer.as_str()).collect();
    let expected = ["/data/call/from", "/data/contact/email", "/data/company/employees", "/data/company/state"];
    assert_eq!(pointers, BTreeSet::from(expected), "{}", said(&notes));
    assert!(lead.contact.name.is_none() && lead.contact.title.is_none(), "placeholders are nobody");
    assert!(lead.qualification.objections.is_empty());
    assert_eq!(lead.contact.phone.as_ref().and_then(|p| p.confidence_permille), Some(700));
    let text = said(&notes);
    assert!(!text.contains("gmail") && !text.contains("anonymous"), "personal values are not quoted: {text}");
}

#[test]
fn outbound_leads_are_reached_at_the_called_number() {
    let (lead, _) = lead_of("20-outbound-reactivation.json");
    assert_eq!(lead.reach_phone().map(|p| p.as_str()), Some("+12065550182"));
    assert_eq!(lead.contact.language.as_ref().map(|l| l.value.as_str()), Some("ja"));
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

#[test]
fn too_large_an_event_is_refused_before_it_is_read() {
    let bytes = vec![b' '; LARGEST + 1];
    let faults = parse(&bytes, received_at()).expect_err("too large");
    assert!(faults[0].to_string().contains("at most 262144 bytes"), "{}", faults[0]);
    assert!(key_of(&bytes).starts_with("sha256:"));
}

/// Follows `$ref` and the branches of `anyOf` to the object that a schema describes.
fn object_schema<'s>(schema: &'s Value, root: &'s Value) -> Option<&'s serde_json::Map<String, Value>> {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        return object_schema(
            root.pointer(reference.trim_start_matches('#')).expect("the reference leads somewhere"),
            root,
        );
    }
    if let Some(branches) = schema.get("anyOf").and_then(Value::as_array) {
        return branches.iter().find_map(|branch| object_schema(branch, root));
    }
    schema.get("properties").and_then(Value::as_object)
}

/// The fields that each object of the schema knows, by pointer.
fn fields_by_schema(pointer: &str, schema: &Value, root: &Value, into: &mut BTreeMap<String, BTreeSet<String>>) {
    let Some(properties) = object_schema(schema, root) else { return };
    into.insert(pointer.to_owned(), properties.keys().cloned().collect());
    for (name, property) in properties {
        fields_by_schema(&format!("{pointer}/{name}"), property, root, into);
    }
}

/// The names that the reader knows at `pointer`: it lists them when it finds one misspelt.
fn fields_by_reader(kind: EventKind, pointer: &str, fields: &BTreeSet<String>) -> BTreeSet<String> {
    let mut event = json!({ "specversion": "1.0", "id": "1", "source": "s", "type": kind.as_str(), "data": {} });
    if kind == EventKind::LeadQualified && pointer.starts_with("/data/contact") {
        event["data"]["call"] = json!({ "platform": "p", "id": "1", "from": "+13035550164" });
    } else if kind == EventKind::LeadQualified {
        event["data"]["contact"] = json!({ "phone": "+13035550164" });
    }
    let mut object = &mut event;
    for part in pointer.split('/').skip(1) {
        object = &mut object[part];
    }
    for name in fields {
        if object.get(name.as_str()).is_none() {
            object[format!("{name}q")] = json!(1);
        }
    }
    let faults = match parse(event.to_string().as_bytes(), received_at()) {
        Ok(incoming) => incoming.notes,
        Err(faults) => faults,
    };
    let misspelt = |fault: &&EventFault| {
        fault.found == "a field of an unknown name"
            && fault.pointer.rsplit_once('/').is_some_and(|(at, _)| at == pointer)
    };
    let fault = faults.iter().find(misspelt);
    let fault =
        fault.unwrap_or_else(|| panic!("{} {pointer}: nothing misspelt was seen: {}", kind.as_str(), said(&faults)));
    let names = fault.allowed.strip_prefix("one of ").expect("a list of names");
    names.split(", ").map(str::to_owned).collect()
}

#[test]
fn the_schema_and_the_reader_know_the_same_fields() {
    for kind in EventKind::ALL {
        let schema = schema_of(kind);
        let mut objects = BTreeMap::new();
        fields_by_schema("", &schema, &schema, &mut objects);
        assert!(objects.len() >= 2, "{}: only {objects:?}", kind.as_str());
        for (pointer, fields) in objects {
            let mut read = fields_by_reader(kind, &pointer, &fields);
            if pointer.is_empty() {
                // Attributes of CloudEvents that need no schema of ours.
                for attribute in ["subject", "dataschema", "data_base64"] {
                    assert!(read.remove(attribute), "{attribute}");
                }
            }
            assert_eq!(read, fields, "{} {pointer}", kind.as_str());
        }
    }
}
