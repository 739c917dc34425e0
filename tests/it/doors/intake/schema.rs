//! The schemas of events: committed as the code says them, and with the fields of the reader.

use super::{received_at, said};
use crate::program::have_not_drifted;
use baton::intake::event::{EventFault, EventKind, parse};
use baton::intake::schema::schema_of;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The committed schemas are what the code says.
#[test]
fn committed_schemas_have_not_drifted() {
    let schema = |kind: EventKind| (format!("{}.schema.json", kind.as_str()), schema_of(kind));
    have_not_drifted("fixtures/schemas", "copy them to fixtures/schemas", EventKind::ALL.map(schema));
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
