//! The schemas of the rule files: committed as the code says them, true for what ships, and with the keys of the loader.

use super::init::{TRADES, init};
use crate::program::{entries, have_not_drifted, root, rule_files};
use baton_core::rules::{Fault, SourceFile, compile, schema};
use saphyr_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The schema of `rules/NAME.yaml`.
fn schema_of(name: &str) -> Value {
    let all = BTreeMap::from(schema::all());
    serde_json::to_value(&all[format!("{name}.schema.json").as_str()]).expect("a schema is JSON")
}

fn refusals(name: &str, text: &str) -> Vec<String> {
    let validator = jsonschema::validator_for(&schema_of(name)).expect("a valid schema");
    let text = json(text);
    validator.iter_errors(&text).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

fn shipped(name: &str) -> String {
    std::fs::read_to_string(root().join(format!("rules/{name}.yaml"))).expect("a shipped file")
}

#[test]
fn committed_rule_schemas_have_not_drifted() {
    let schemas = schema::all().map(|(name, schema)| (name.to_owned(), schema));
    have_not_drifted("fixtures/schemas/rules", "`baton schema rules --write fixtures/schemas/rules`", schemas);
}

/// What ships names its schema in its first line, by a path that leads to the committed one, and fits it.
#[test]
fn shipped_rule_files_name_their_schema_and_fit_it() {
    for name in ["routing", "hours", "handoff"] {
        let text = shipped(name);
        let first = text.lines().next().unwrap_or_default();
        let path = first.strip_prefix("# yaml-language-server: $schema=").expect("the line that editors look for");
        assert!(root().join("rules").join(path).is_file(), "{name}.yaml points to {path}, where nothing is");
        assert!(path.ends_with(&format!("/{name}.schema.json")), "{path}");
        assert_eq!(refusals(name, &text), Vec::<String>::new(), "{name}.yaml");
    }
    let rich = shipped("routing").replace(
        "lead.source: { prefix: [partner] }",
        "any: [{ segment: [a, b] }, { not: { when: lead.live } }]\n    lead.postal: { not: { prefix: 021 }, known: yes }\n    \
         lead.consent.email: yes\n    \
         lead.score: [7, \">= 90\"]",
    );
    assert_eq!(refusals("routing", &rich), Vec::<String>::new());
}

/// The same for what people expect of the rules, in what ships and in every workspace that `baton init` writes.
#[test]
fn test_files_name_their_schema_and_fit_it() {
    let committed = root().join("fixtures/schemas/expect.schema.json");
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(committed).expect("the schema")).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a valid schema");
    let begun = tempfile::tempdir().expect("a folder");
    for trade in TRADES {
        assert!(init(&begun.path().join(trade), trade).status.success(), "{trade}");
    }
    let folders = TRADES.map(|trade| begun.path().join(trade));
    let mut files = 0;
    for folder in std::iter::once(root()).chain(folders) {
        for path in entries(&folder.join("rules/tests")) {
            let text = std::fs::read_to_string(&path).expect("a test file");
            let refused: Vec<String> = validator
                .iter_errors(&json(&text))
                .map(|error| format!("{}: {error}", error.instance_path()))
                .collect();
            assert_eq!(refused, Vec::<String>::new(), "{}", path.display());
            if folder == root() {
                assert!(
                    text.starts_with("# yaml-language-server: $schema=../../fixtures/schemas/expect.schema.json\n")
                );
            }
            files += 1;
        }
    }
    assert!(files > TRADES.len(), "{files} files");
    let slips = ["tests: [{ nam: x }]", "tests: [{ name: x, expect: { wring: [a] } }]", "test: []"];
    for slip in slips {
        assert!(!validator.is_valid(&json(slip)), "{slip}");
    }
}

/// Each mistake is seen by the schema, while it is typed, and by the loader.
#[test]
fn mistakes_of_shape_are_seen_by_schema_and_loader() {
    for (name, from, to) in [
        ("routing", "version: 1", "version: latest"),
        ("routing", "    ladder: enterprise", "    laddr: enterprise"),
        ("routing", "policy: strict", "policy: strikt"),
        ("routing", "lead.source: { prefix", "lead.sorce: { prefix"),
        ("routing", "{ prefix: [partner] }", "{ prefx: [partner] }"),
        ("routing", "wait_at_most: 2d", "wait_at_most: soon"),
        ("routing", "per_day: 8", "per_day: 0"),
        ("routing", "type: date", "type: day"),
        ("routing", "assignment: baton", "assignment: { crm: { wait: soon } }"),
        ("routing", "assignment: baton", "assignment: { salesforce: { wait: 5s } }"),
        ("routing", "catch_all: { pool: sdr-desk }", "catch_all: sdr-desk"),
        ("routing", "owned_leads_count: yes", "owned_leads_count: maybe"),
        ("hours", "mon-thu:", "mon-thr:"),
        ("hours", "\"09:00-12:30\"", "9-12"),
        ("hours", "2026-01-01", "1 January"),
        ("handoff", "patience: 45s", "patience: 45"),
        ("handoff", "[warm_transfer, booking", "[warm-transfer, booking"),
        ("handoff", "offer: 3", "offer: three"),
        ("handoff", "ring_at_most: 3", "ring_at_least: 3"),
        ("handoff", "ring: one_by_one", "ring: { at_once: none }"),
        ("handoff", "hold: music", "hold: muzak"),
        ("handoff", "announce_wait: no", "announce_wait: 20s"),
        ("handoff", "hold: music", "offer_callback: yes"),
        ("handoff", "introduce: none", "introduce: rep"),
        ("handoff", "language: en", "language: [en, de]"),
        ("handoff", "hold: music", "away_after_misses: { rings: 0, for: 30m }"),
    ] {
        let text = shipped(name);
        assert!(text.contains(from), "{name}.yaml does not contain {from}");
        let faulty = text.replacen(from, to, 1);
        assert!(!refusals(name, &faulty).is_empty(), "the schema lets {to} through");
        assert!(!faults(name, &faulty).is_empty(), "the loader lets {to} through");
    }
}

/// A key that the loader knows and the schema does not, or the other way round, is a fault of the schema.
#[test]
fn schema_and_loader_know_the_same_keys() {
    let routing = "version: 1\nzzz: 1\nfields: { lead.city: { zzz: 1 } }\nmatch: { zzz: 1 }\n\
        ownership: [{ zzz: 1 }]\ntiers: [{ zzz: 1 }]\npools:\n- { name: a,\n zzz: 1,\n serves: { zzz: 1 },\n \
        members: { team: a, zzz: 1 },\n caps: { zzz: 1 } }\nroutes:\n- { name: a,\n to: { zzz: 1 },\n zzz: 1,\n \
        lead.city: { zzz: 1 } }\ncatch_all: { zzz: 1 }\nsegments: { a: { zzz: 1 } }\n\
        assignment:\n  zzz: 1\n  crm:\n    zzz: 1\n";
    let handoff =
        "zzz: 1\nbooking: { zzz: 1 }\ncallback: { zzz: 1 }\nring: { zzz: 1 }\naway_after_misses: { zzz: 1 }\n";
    let front_door = "zzz: 1\nnumbers:\n  \"+15551230000\": { zzz: 1 }\n";
    for (name, text, line, pointer) in [
        ("routing", routing, 2, ""),
        ("routing", routing, 3, "/properties/fields/properties/lead.city"),
        ("routing", routing, 4, "/properties/match"),
        ("routing", routing, 5, "/properties/ownership/items"),
        ("routing", routing, 6, "/properties/tiers/items"),
        ("routing", routing, 9, "/properties/pools/items"),
        ("routing", routing, 10, "/properties/pools/items/properties/serves"),
        ("routing", routing, 11, "/properties/pools/items/properties/members/anyOf/0"),
        ("routing", routing, 12, "/properties/pools/items/properties/caps"),
        ("routing", routing, 15, "/properties/routes/items/properties/to"),
        ("routing", routing, 16, "/properties/routes/items"),
        ("routing", routing, 17, "/definitions/value/anyOf/2"),
        ("routing", routing, 18, "/properties/catch_all"),
        ("routing", routing, 19, "/definitions/condition"),
        ("routing", routing, 21, "/properties/assignment/anyOf/1"),
        ("routing", routing, 23, "/properties/assignment/anyOf/1/properties/crm"),
        ("hours", "zzz: 1\n", 1, ""),
        ("handoff", handoff, 1, ""),
        ("handoff", handoff, 2, "/properties/booking"),
        ("handoff", handoff, 3, "/properties/callback"),
        ("handoff", handoff, 4, "/properties/ring/anyOf/1"),
        ("handoff", handoff, 5, "/properties/away_after_misses"),
        ("front_door", front_door, 1, ""),
        ("front_door", front_door, 3, "/properties/numbers/patternProperties/"),
    ] {
        let faults = faults(name, text);
        let is_key = |fault: &&Fault| fault.code == "key-unknown" && fault.line == line;
        let fault = faults.iter().find(is_key).unwrap_or_else(|| panic!("{name} line {line}: no key-unknown"));
        // `a, b, c`, or the first of them and `… (20 in all)`.
        let (listed, count) = fault.allowed.split_once(" … (").unwrap_or((&fault.allowed, ""));
        let listed: Vec<&str> = listed.split(", ").collect();
        let count = count.strip_suffix(" in all)").map_or(listed.len(), |count| count.parse().expect("a number"));
        let schema = schema_of(name);
        let shape = schema.pointer(pointer).unwrap_or_else(|| panic!("{name}: nothing at {pointer}"));
        let keys = shape["properties"].as_object().unwrap_or_else(|| panic!("{name}{pointer} has no keys"));
        for key in listed {
            assert!(keys.contains_key(key), "{name}{pointer}: the loader knows {key}, the schema does not");
        }
        assert_eq!(keys.len(), count, "{name}{pointer}: the schema knows {:?}", keys.keys());
    }
}

fn faults(name: &str, text: &str) -> Vec<Fault> {
    let mut files = rule_files(&root().join("rules"));
    let path = format!("rules/{name}.yaml");
    files.retain(|file| file.path != path);
    files.push(SourceFile { path, text: text.to_owned() });
    compile(&files).err().unwrap_or_default()
}

// ---- YAML as an editor reads it ------------------------------------------------------------------------------------

/// By the core schema of YAML 1.2: plain `1`, `1.5` and `true` are no texts; `yes` and `2026-01-01` are.
pub fn json(text: &str) -> Value {
    let mut open: Vec<(Value, Option<String>)> = Vec::new();
    let mut root = Value::Null;
    for event in Parser::new_from_str(text) {
        let value = match event.expect("YAML").0 {
            Event::SequenceStart(..) => {
                open.push((Value::Array(Vec::new()), None));
                continue;
            }
            Event::MappingStart(..) => {
                open.push((Value::Object(Map::new()), None));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => open.pop().expect("what ends has begun").0,
            Event::Scalar(text, ScalarStyle::Plain, ..) => plain(&text),
            Event::Scalar(text, ..) => Value::String(text.into_owned()),
            _ => continue,
        };
        match open.last_mut() {
            None => root = value,
            Some((Value::Array(items), _)) => items.push(value),
            Some((Value::Object(entries), key)) => match key.take() {
                Some(key) => {
                    entries.insert(key, value);
                }
                None => *key = Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned)),
            },
            Some(_) => unreachable!("only lists and maps are open"),
        }
    }
    root
}

fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" => Value::Null,
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => {
            let digits = text.trim_start_matches('-');
            let numeric = !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit() || c == '.');
            let whole = text.parse::<i64>().ok().map(Value::from);
            let number = whole.or_else(|| text.parse::<f64>().ok().map(Value::from)).filter(|_| numeric);
            number.unwrap_or_else(|| Value::String(text.to_owned()))
        }
    }
}
