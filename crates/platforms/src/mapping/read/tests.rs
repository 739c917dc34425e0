use crate::mapping::paths::{CALL_ENDED, LEAD, SLOT_CHOSEN};
use crate::mapping::{Mapping, Means};
use serde_json::Value;
use std::collections::BTreeSet;

/// Line and code of each fault of a mapping with one message of these lines.
fn faults(lines: &str) -> Vec<String> {
    let text = format!("version: 1\nmessages:\n  - name: m\n{lines}");
    match Mapping::read("platforms/m.yaml", &text) {
        Ok(_) => Vec::new(),
        Err(faults) => faults.iter().map(|fault| format!("{}:{} {}", fault.path, fault.line, fault.code)).collect(),
    }
}

#[test]
fn every_shipped_mapping_reads_and_is_called_as_its_file() {
    for (name, text) in Mapping::shipped_files() {
        let mapping = Mapping::read(&format!("platforms/{name}.yaml"), text);
        let mapping = mapping
            .unwrap_or_else(|faults| panic!("{}", faults.iter().map(|fault| format!("{fault}\n")).collect::<String>()));
        assert_eq!(&mapping.name, name);
        assert!(!mapping.about.is_empty() && !mapping.messages().is_empty(), "{name}");
    }
}

#[test]
fn all_faults_come_at_once_with_the_path_of_the_file() {
    let lines = "    means: lead\n    live: perhaps\n    colour: red\n    lead: { call.id: call, contact.nme: /n }\n    answer: loud\n";
    let expected = [
        "platforms/m.yaml:5 platform-unknown-choice",
        "platforms/m.yaml:6 key-unknown",
        "platforms/m.yaml:7 platform-bad-place",
        "platforms/m.yaml:7 platform-unknown-path",
        "platforms/m.yaml:8 platform-bad-answer",
    ];
    assert_eq!(faults(lines), expected);
}

#[test]
fn an_item_is_looked_into_under_each_only() {
    let lead = "    means: lead\n    live: true\n    lead: { call.id: item:/id }\n";
    assert_eq!(faults(lead), ["platforms/m.yaml:6 platform-bad-place"]);
    assert_eq!(faults(&format!("    each: /items\n{lead}")), Vec::<String>::new());
    let entry = "    means: nothing\n    answer: { each: /items, into: /r, entry: { id: '{item:/id}' } }\n";
    assert_eq!(faults(entry), Vec::<String>::new());
    let lost = "    means: nothing\n    answer: { entry: { say: '{say}' } }\n";
    assert_eq!(faults(lost), ["platforms/m.yaml:5 platform-bad-answer"]);
}

#[test]
fn what_is_read_by_name_is_no_fact() {
    let text = "version: 1\nmessages:\n  - name: m\n    means: lead\n    when: { /kind: tool }\n    id: ['{/tool_id}', '{/a/b}']\n    \
                lead: { call.id: /call_id, contact.name: '{/first} {/last}' }\n    facts: [/, { at: /a, without: c }]\n";
    let mapping = Mapping::read("platforms/m.yaml", text).unwrap();
    let without = |i: usize| mapping.messages()[0].facts[i].without.iter().map(String::as_str).collect::<BTreeSet<_>>();
    assert_eq!(without(0), ["call_id", "first", "kind", "last", "tool_id"].into());
    assert_eq!(without(1), ["b", "c"].into());
}

#[test]
fn places_that_are_written_as_programs_do_are_met_with_ours() {
    let text = "version: 1\naccount: $.org.id\nmessages:\n  - { name: m, means: nothing }\n";
    let faults = Mapping::read("platforms/m.yaml", text).unwrap_err();
    assert_eq!(faults[0].hint.as_deref(), Some("write /org/id"));
}

/// The table of paths is the contract's: what it lacks could not be mapped, what it has beside would be lost.
#[test]
fn the_paths_are_those_of_the_events() {
    let lead: Value =
        serde_json::from_str(include_str!("../../../../../fixtures/schemas/lead.qualified.schema.json")).unwrap();
    let mut own: BTreeSet<String> = LEAD.map(str::to_owned).into();
    own.extend(["call.live", "call.opens", "custom"].map(str::to_owned));
    assert_eq!(own, paths(&lead, data(&lead)));
    let ended: Value =
        serde_json::from_str(include_str!("../../../../../fixtures/schemas/call.ended.schema.json")).unwrap();
    let chosen: Value =
        serde_json::from_str(include_str!("../../../../../fixtures/schemas/slot.chosen.schema.json")).unwrap();
    for (own, schema) in [(&CALL_ENDED[..], ended), (&SLOT_CHOSEN, chosen)] {
        let theirs = paths(&schema, data(&schema));
        assert!(own.iter().all(|path| theirs.contains(*path)), "{own:?} {theirs:?}");
    }
    assert_eq!(Means::Lead.kind(), lead["properties"]["type"]["const"].as_str());
}

fn data(schema: &Value) -> &Value {
    resolved(schema, &schema["properties"]["data"])
}

/// What a reference means, also where null is allowed beside it.
fn resolved<'s>(root: &'s Value, schema: &'s Value) -> &'s Value {
    let one = schema["anyOf"].get(0).unwrap_or(schema);
    match one["$ref"].as_str() {
        Some(name) => root.pointer(name.trim_start_matches('#')).unwrap(),
        None => one,
    }
}

fn paths(root: &Value, data: &Value) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    for (group, schema) in data["properties"].as_object().unwrap() {
        match resolved(root, schema)["properties"].as_object() {
            Some(members) if !members.contains_key("value") => {
                paths.extend(members.keys().map(|name| format!("{group}.{name}")));
            }
            _ => {
                paths.insert(group.clone());
            }
        }
    }
    paths
}
