//! Requests as the platforms send them, and what the shipped mappings make of each. Beside `CASE.json` or `CASE.form` in
//! `fixtures/platforms/NAME` stands `CASE.expect.json`: every field with the place it comes from, what is left out, the answer.

use crate::program::root;
use baton_platforms::{Heard, Mapping, Meaning, PlatformEvent, Request, Said, Unheard};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const WORDS: &str = "Connecting you now.";

#[test]
fn every_request_means_what_stands_beside_it() {
    let root = root();
    let (mut differences, mut cases) = (Vec::new(), 0);
    for folder in sorted(&root.join("fixtures/platforms")) {
        let mapping = mapping(&name(&folder));
        let mut shown: Vec<Value> = Vec::new();
        for file in sorted(&folder) {
            let Some(expected) = expectation(&file) else { continue };
            cases += 1;
            shown.extend(
                expected["meanings"].as_array().into_iter().flatten().map(|meaning| meaning["message"].clone()),
            );
            // A message that is always refused is named by what is told of it.
            shown.extend(expected["unheard"].as_array().into_iter().flatten().cloned());
            for differs in differences_of(&told(&mapping, &file, &expected), &expected) {
                differences.push(format!("{}: {differs}", file.strip_prefix(&root).unwrap().display()));
            }
        }
        for message in mapping.messages().iter().filter(|message| !shown.iter().any(|name| name == &message.name)) {
            differences.push(format!("{}: no request shows {:?}", mapping.name, message.name));
        }
    }
    assert!(cases > 0, "there is no request to hear");
    assert!(
        differences.is_empty(),
        "{} differences in {cases} requests:\n{}",
        differences.len(),
        differences.join("\n")
    );
}

#[test]
fn every_mapping_is_shown_at_work_and_every_file_is_used() {
    let root = root();
    let named = |folder: &str| -> Vec<String> { sorted(&root.join(folder)).iter().map(|path| name(path)).collect() };
    assert_eq!(named("fixtures/platforms"), named("platforms"));
    for file in sorted(&root.join("fixtures/platforms")).iter().flat_map(|folder| sorted(folder)) {
        let used = match name(&file).strip_suffix(".expect") {
            Some(case) => {
                ["json", "form"].iter().any(|ending| file.with_file_name(format!("{case}.{ending}")).is_file())
            }
            None => expectation(&file).is_some(),
        };
        assert!(used, "nothing belongs to {}", file.display());
    }
}

/// What is heard, in the form of an expectation.
fn told(mapping: &Mapping, file: &Path, expected: &Value) -> Value {
    let is_form = file.extension().is_some_and(|ending| ending == "form");
    let kind = if is_form { "application/x-www-form-urlencoded" } else { "application/json" };
    let mut headers = vec![("content-type".to_owned(), kind.to_owned())];
    for (name, value) in expected["headers"].as_object().into_iter().flatten() {
        headers.push((name.clone(), value.as_str().unwrap().to_owned()));
    }
    let query = expected["query"].as_str().map(|query| format!("?{query}")).unwrap_or_default();
    let url = format!("https://baton.example/platforms/{}{query}", mapping.name);
    let body = fs::read(file).unwrap();
    let heard = mapping.hear(&Request { method: "POST", url: &url, headers: &headers, body: &body });
    match heard {
        Ok(heard) => {
            let meanings: Vec<Value> = heard.meanings.iter().map(|meaning| of(meaning, &mapping.name)).collect();
            json!({ "meanings": meanings, "answer": answer(&heard) })
        }
        Err(unheard) if unheard.is_passed_over() => json!({ "passed_over": unheard.to_string() }),
        Err(unheard) => json!({ "unheard": remedy_of(&unheard, expected) }),
    }
}

/// The words that are expected in it, as far as they are there, and otherwise all of it.
fn remedy_of(unheard: &Unheard, expected: &Value) -> Value {
    let text = unheard.to_string();
    let words =
        expected["unheard"].as_array().filter(|words| words.iter().all(|word| text.contains(word.as_str().unwrap())));
    words.map_or_else(|| Value::from(text.as_str()), |words| Value::from(words.clone()))
}

fn of(meaning: &Meaning, platform: &str) -> Value {
    match meaning {
        Meaning::Nothing { message } => json!({ "means": "nothing", "message": message }),
        Meaning::Unclear { message } => json!({ "means": "unclear", "message": message }),
        Meaning::Event(event) => {
            let left_out: Vec<&String> = event.left_out.iter().map(|(place, _)| place).collect();
            let means = match event.event["type"].as_str() {
                Some("call.ended") => "call-ended",
                Some("call.event") => "rep-answer",
                _ => "lead",
            };
            let mut told = json!({
                "means": means,
                "message": event.message,
                "id": event.event["id"],
                "time": event.event["time"],
                "data": data(event, platform),
            });
            if means == "lead" {
                told["live"] = event.live.into();
            }
            if !left_out.is_empty() {
                told["left_out"] = json!(left_out);
            }
            told
        }
    }
}

/// Every field with its value and its place, but for those that every event has: the platform, and whether the call is live.
fn data(event: &PlatformEvent, platform: &str) -> Value {
    let mut fields = leaves(&event.event["data"]);
    // Whoever waits before a screen is on no line.
    let by_call = fields.get("channel").is_none_or(|channel| channel == "call");
    if event.event["type"] == "lead.qualified" {
        assert_eq!(fields.remove("call.live").unwrap_or(false.into()), Value::from(event.live && by_call));
    }
    for own in ["call.platform", "platform"] {
        fields.retain(|path, value| path != own || value != platform);
    }
    let place = |path: &str| event.from.iter().find(|(known, _)| known == path).map(|(_, place)| place);
    let told = fields.into_iter().map(|(path, value)| {
        let place = place(&path).map_or("nowhere", String::as_str);
        let both = json!([value, place]);
        (path, both)
    });
    Value::Object(told.collect::<Map<_, _>>())
}

/// `company.name` and the like; what is deeper is a value.
fn leaves(data: &Value) -> BTreeMap<String, Value> {
    let mut leaves = BTreeMap::new();
    for (group, value) in data.as_object().unwrap() {
        match value {
            Value::Object(members) => {
                leaves.extend(members.iter().map(|(name, value)| (format!("{group}.{name}"), value.clone())));
            }
            value => {
                leaves.insert(group.clone(), value.clone());
            }
        }
    }
    leaves
}

/// As JSON where it is some; `null` where nothing is said.
fn answer(heard: &Heard) -> Value {
    let words = |meaning: &Meaning| match meaning {
        Meaning::Event(event) if event.live => {
            Some(Said { say: WORDS.to_owned(), status: "decided", transfer_to: None })
        }
        Meaning::Unclear { .. } => Some(Said { say: WORDS.to_owned(), status: "unclear", transfer_to: None }),
        Meaning::Event(_) | Meaning::Nothing { .. } => None,
    };
    let said: Vec<Option<Said>> = heard.meanings.iter().map(words).collect();
    let body = heard.answer(&said).body;
    let read = serde_json::from_str(&body).unwrap_or_else(|_| Value::from(body.as_str()));
    if body.is_empty() || read == json!({}) { Value::Null } else { read }
}

/// Path by path, so that one look says what is to be mended. What belongs to the request is not compared.
fn differences_of(told: &Value, expected: &Value) -> Vec<String> {
    if expected["passed_over"] == true && told["passed_over"].is_string() {
        return Vec::new();
    }
    let (told, expected) = (flat(told), flat(expected));
    let paths: BTreeSet<&String> = told.keys().chain(expected.keys()).collect();
    let shown =
        |side: &BTreeMap<String, String>, path: &str| side.get(path).map_or("nothing", String::as_str).to_owned();
    let differs = paths.into_iter().filter(|path| told.get(*path) != expected.get(*path));
    differs.map(|path| format!("{path} is {}, not {}", shown(&told, path), shown(&expected, path))).collect()
}

fn flat(value: &Value) -> BTreeMap<String, String> {
    let mut flat = BTreeMap::new();
    for (name, value) in value.as_object().unwrap() {
        if !["headers", "query"].contains(&name.as_str()) {
            flatten(name, value, &mut flat);
        }
    }
    flat
}

fn flatten(path: &str, value: &Value, flat: &mut BTreeMap<String, String>) {
    match value {
        Value::Null => {}
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| flatten(&format!("{path} {name}"), value, flat))
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(i, value)| flatten(&format!("{path} {i}"), value, flat));
        }
        // 40 and 40.0 are one number.
        Value::Number(number) => {
            flat.insert(path.to_owned(), number.as_f64().unwrap().to_string());
        }
        Value::Bool(_) | Value::String(_) => {
            flat.insert(path.to_owned(), value.to_string());
        }
    }
}

/// The expectation beside a request; `None` for what is no request.
fn expectation(file: &Path) -> Option<Value> {
    let file_name = file.file_name()?.to_str()?;
    let case = file_name.strip_suffix(".json").or_else(|| file_name.strip_suffix(".form"))?;
    let text = fs::read_to_string(file.with_file_name(format!("{case}.expect.json"))).ok()?;
    Some(serde_json::from_str(&text).unwrap_or_else(|error| panic!("{case}.expect.json: {error}")))
}

fn mapping(name: &str) -> Mapping {
    let path = format!("platforms/{name}.yaml");
    let text = fs::read_to_string(root().join(&path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    Mapping::read(&path, &text).unwrap_or_else(|faults| {
        let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
        panic!("{}", faults.join("\n"))
    })
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// Without its ending.
fn name(path: &Path) -> String {
    path.file_stem().unwrap().to_str().unwrap().to_owned()
}
