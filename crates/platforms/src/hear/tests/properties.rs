//! Whatever mapping reads, and whatever comes in.

use crate::{Heard, Mapping, Meaning, PlatformEvent, Request, Unheard};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use serde_json::{Map, Value, json};
use std::sync::LazyLock;

static SHIPPED: LazyLock<Vec<Mapping>> = LazyLock::new(Mapping::shipped);

const NAMES: [&str; 8] = ["a", "b", "calls", "name", "email", "company", "value", "0"];

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        prop::sample::select(vec![
            "",
            "{{a}}",
            "anonymous",
            "sip:a@b",
            "{\"a\": {\"b\": \"[1]\"}}",
            "{\"a\": ",
            "1795236166123",
            "40"
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 48, 5, |inner| {
        let member = (prop::sample::select(NAMES.to_vec()).prop_map(str::to_owned), inner.clone());
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(Value::from),
            prop::collection::vec(member, 0..6).prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn place() -> impl Strategy<Value = String> {
    let step = prop_oneof![
        4 => prop::sample::select(NAMES.to_vec()).prop_map(str::to_owned),
        1 => Just("[name=a]".to_owned()),
        1 => Just("[value]".to_owned()),
    ];
    let pointer = prop::collection::vec(step, 0..4).prop_map(|steps| format!("/{}", steps.join("/")));
    prop_oneof![
        4 => pointer.clone(),
        1 => pointer.prop_map(|pointer| format!("item:{pointer}")),
        1 => Just("header:x-a".to_owned()),
        1 => Just("query:a".to_owned()),
    ]
}

fn way() -> impl Strategy<Value = String> {
    let conversion =
        prop::sample::select(vec!["number", "share", "minutes", "milliseconds", "yes_no", "list", "text", "present"]);
    prop_oneof![
        place().prop_map(|place| format!("'{place}'")),
        (place(), conversion).prop_map(|(place, name)| format!("{{ at: '{place}', as: {name} }}")),
        (place(), place()).prop_map(|(one, other)| format!(
            "['{one}', {{ at: '{other}', words: {{ a: b }} }}, '{{{one}}} {{{other}}}']"
        )),
        (place(), place()).prop_map(|(at, when)| format!("{{ at: '{at}', when: {{ '{when}': present }} }}")),
    ]
}

fn mapping() -> impl Strategy<Value = String> {
    let message = (way(), way(), way(), place(), place(), any::<bool>(), any::<bool>());
    prop::collection::vec(message, 1..4).prop_map(|messages| {
        let mut text = "version: 1\nmessages:\n".to_owned();
        for (i, (call, from, time, facts, when, each, live)) in messages.iter().enumerate() {
            let each = if *each { "    each: /calls\n" } else { "" };
            let message = format!(
                "  - name: m{i}\n    means: lead\n    live: {live}\n{each}    when: {{ '{when}': [present, a, '40'] }}\n    time: {time}\n    \
                 lead: {{ call.id: {call}, call.from: {from}, custom.x: {from}, contact.name: {time} }}\n    \
                 facts: ['{facts}', {{ at: '{facts}', name: name, member: value }}]\n    \
                 answer: {{ json: {{ say: '{{say}}', x: ['{{{when}}}'] }} }}\n"
            );
            // Without a list there is no item.
            text += &if each.is_empty() { message.replace("item:", "") } else { message };
        }
        text
    })
}

fn hear(mapping: &Mapping, body: &Value) -> Result<Heard, Unheard> {
    let body = body.to_string();
    let headers = [("x-a".to_owned(), "a".to_owned())];
    mapping.hear(&Request {
        method: "POST",
        url: "https://x.example/y?a=%61&a",
        headers: &headers,
        body: body.as_bytes(),
    })
}

/// A member that nobody knows, in every object that says something.
fn with_stranger(value: &Value) -> Value {
    match value {
        Value::Object(members) if !members.is_empty() => {
            let mut members: Map<String, Value> =
                members.iter().map(|(name, value)| (name.clone(), with_stranger(value))).collect();
            members.insert("zzz".to_owned(), json!("new"));
            Value::Object(members)
        }
        Value::Array(items) => items.iter().map(with_stranger).collect(),
        other => other.clone(),
    }
}

/// What is said without the stranger, which is a custom fact where all members are facts.
fn events(heard: Result<Heard, Unheard>) -> Result<Vec<Option<Value>>, Unheard> {
    let event = |meaning| match meaning {
        Meaning::Event(PlatformEvent { mut event, .. }) => {
            if let Some(Value::Object(custom)) = event["data"].get_mut("custom") {
                custom.retain(|name, _| !name.ends_with("zzz"));
                if custom.is_empty() {
                    event["data"].as_object_mut().unwrap().remove("custom");
                }
            }
            Some(event)
        }
        Meaning::Nothing { .. } | Meaning::Unclear { .. } => None,
    };
    heard.map(|heard| heard.meanings.into_iter().map(event).collect())
}

proptest! {
    #[test]
    fn any_mapping_that_reads_hears_any_json(text in mapping(), body in json()) {
        let Ok(mapping) = Mapping::read("p/any.yaml", &text) else { return Ok(()) };
        if let Ok(heard) = hear(&mapping, &body) {
            prop_assert!(!heard.meanings.is_empty());
            heard.answer(&[]);
            for meaning in &heard.meanings {
                if let Meaning::Event(event) = meaning {
                    prop_assert!(event.event["data"]["call"]["id"].is_string(), "{}", event.event);
                    prop_assert!(event.event["id"].is_string());
                    // What was heard once is heard the same again.
                    prop_assert_eq!(&hear(&mapping, &body).unwrap().meanings, &heard.meanings);
                }
            }
        }
    }

    #[test]
    fn a_member_that_nobody_knows_changes_nothing(text in mapping(), body in json()) {
        let Ok(mapping) = Mapping::read("p/any.yaml", &text) else { return Ok(()) };
        prop_assert_eq!(events(hear(&mapping, &with_stranger(&body))), events(hear(&mapping, &body)));
    }

    #[test]
    fn any_text_is_a_mapping_or_has_faults(text in "\\PC{0,200}") {
        if let Err(faults) = Mapping::read("p/any.yaml", &text) {
            prop_assert!(!faults.is_empty());
        }
    }

    #[test]
    fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for mapping in SHIPPED.iter() {
            let _ = mapping.hear(&Request { method: "POST", url: "", headers: &[], body: &bytes });
        }
    }
}

/// Most of what is made up is read, or the properties above would say little.
#[test]
fn made_up_mappings_read() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let texts = (0..64).map(|_| mapping().new_tree(&mut runner).unwrap().current());
    let read = texts.filter(|text| Mapping::read("p/any.yaml", text).is_ok()).count();
    assert!(read > 8, "{read} of 64");
}
