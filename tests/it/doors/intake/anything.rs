//! Whatever an event says: an optional part of a lead refuses nobody, and the reader never panics.

use super::{files, received_at, said};
use baton::intake::event::{Incoming, Message, parse};
use proptest::prelude::*;
use serde_json::{Value, json};

/// A caller on the line with a number, an address, and something in every field.
pub fn whole_lead() -> Value {
    json!({
        "specversion": "1.0", "id": "1", "source": "sandbox:demo", "type": "lead.qualified",
        "time": "2026-03-03T15:00:04Z", "datacontenttype": "application/json",
        "data": {
            "call": {
                "platform": "sandbox", "id": "call-1", "live": true, "direction": "inbound", "from": "+14155550142",
                "to": "+12125550100", "language": "en-US", "leg": "leg-1", "started_at": "2026-03-03T14:55:41Z",
            },
            "contact": {
                "name": "Noor Aziz", "email": "noor@plover-mills.example", "phone": "+14155550143", "title": "CFO", "language": "es",
            },
            "company": {
                "name": "Plover Mills", "domain": "plover-mills.example", "industry": "Retail", "employees": 40, "country": "US",
                "region": "West", "state": "US-CA", "postal": "94105", "city": "Oakland",
            },
            "qualification": {
                "score": 82, "summary": "Wants a trial.", "intent": "buy", "timeline": "this quarter", "use_case": "planning",
                "budget": "60,000", "products": ["Planner"], "pain": "double bookings", "objections": ["history"],
                "urgency": "high", "sentiment": "positive", "tone": "calm", "satisfaction": 4, "next_action": "demo",
            },
            "transcript": { "url": "https://calls.example/t" }, "recording": { "url": "https://calls.example/r" },
            "consent": { "recording": true, "callback": true, "email": true, "sms": false },
            "preference": { "handoff": "transfer", "times": ["2026-03-04T14:00:00Z"], "timezone": "America/Los_Angeles" },
            "custom": { "seats": 40 },
        },
    })
}

/// Where the lead holds what an event says there, and what depends on it; by the beginning of the pointer.
fn facts_of(pointer: &str) -> Vec<&'static str> {
    let table: [(&str, &[&str]); 6] = [
        // What does not say when it was said was said when the event was made.
        ("/time", &["/occurred_at", "/consent"]),
        ("/data/call/platform", &["/call"]),
        ("/data/call/id", &["/call"]),
        ("/data/company/country", &["/company/country", "/company/state", "/company/postal"]),
        ("/data/transcript", &["/transcript_url"]),
        ("/data/recording", &["/recording_url"]),
    ];
    let found = table.iter().find(|(beginning, _)| pointer.starts_with(beginning));
    found.map(|(_, facts)| facts.to_vec()).unwrap_or_default()
}

fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,16}".prop_map(Value::from),
        Just(json!("unknown")),
        Just(json!({ "value": { "value": 1 }, "source": 7, "confidence": "much" })),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            proptest::collection::btree_map("[a-z_]{1,9}", inner, 0..3).prop_map(|map| json!(map)),
        ]
    })
}

proptest! {
    /// An optional wish, however it is written, never refuses a lead, and takes no other fact with it.
    #[test]
    fn no_optional_part_of_a_lead_refuses_it(changes in proptest::collection::vec((0usize..1000, anything()), 1..4)) {
        let whole = whole_lead();
        let mut pointers = Vec::new();
        collect("", &whole, &mut pointers);
        // Without these an event is no lead, or nobody can be reached.
        let needed = ["", "/id", "/source", "/type", "/data", "/data/call", "/data/contact", "/data/contact/phone"];
        pointers.retain(|pointer| !needed.contains(&pointer.as_str()));
        let mut event = whole.clone();
        let mut changed = Vec::new();
        for (which, value) in changes {
            let pointer = &pointers[which % pointers.len()];
            if let Some(place) = event.pointer_mut(pointer) {
                *place = value;
                changed.push(pointer.clone());
            }
        }
        let read = |event: &Value| parse(event.to_string().as_bytes(), received_at());
        let incoming = read(&event);
        prop_assert!(incoming.is_ok(), "{changed:?} in {event}: {}", said(&incoming.unwrap_err()));
        let lead = |incoming: Incoming| match incoming.message {
            Message::Lead(lead) => serde_json::to_value(lead).expect("JSON"),
            other => panic!("not a lead: {other:?}"),
        };
        let (mut before, mut after) = (lead(read(&whole).expect("whole")), lead(incoming.expect("taken")));
        let mut touched: Vec<String> = changed.iter().flat_map(|pointer| facts_of(pointer)).map(str::to_owned).collect();
        touched.extend(changed.iter().filter_map(|pointer| pointer.strip_prefix("/data")).map(str::to_owned));
        touched.push("/unread".to_owned());
        for pointer in &touched {
            for lead in [&mut before, &mut after] {
                if let Some((parent, name)) = pointer.rsplit_once('/')
                    && let Some(Value::Object(map)) = lead.pointer_mut(parent)
                {
                    map.remove(name);
                }
            }
        }
        prop_assert_eq!(before, after, "after {:?}", changed);
    }

    /// Whatever replaces a part of a good event, the answer is a message or a list of faults, never a panic.
    #[test]
    fn no_event_makes_the_reader_panic(part in 0usize..200, with in prop_oneof![
        Just(json!(null)), Just(json!([])), Just(json!({})), Just(json!(-1.5)), Just(json!({"value": {}})), "\\PC{0,12}".prop_map(Value::from),
    ]) {
        for (_, bytes) in files("events/other", &["json"]).into_iter().chain(files("events", &["json"]).into_iter().take(2)) {
            let mut event: Value = serde_json::from_slice(&bytes).expect("JSON");
            let mut pointers = Vec::new();
            collect("", &event, &mut pointers);
            let pointer = &pointers[part % pointers.len()];
            *event.pointer_mut(pointer).expect("collected") = with.clone();
            if let Err(faults) = parse(event.to_string().as_bytes(), received_at()) {
                prop_assert!(!faults.is_empty());
            }
        }
    }
}

fn collect(pointer: &str, value: &Value, into: &mut Vec<String>) {
    into.push(pointer.to_owned());
    if let Value::Object(map) = value {
        for (name, inner) in map {
            collect(&format!("{pointer}/{name}"), inner, into);
        }
    }
}
