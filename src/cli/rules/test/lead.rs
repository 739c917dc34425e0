//! The lead of a test: its fields become an event, which goes through the same reader as one from a voice platform, so that
//! "California" is CA here because it is CA there.

use crate::intake::event::{EventFault, Incoming, Message, parse};
use crate::rehearse::fields::{complete_call, pointer_to, put, value_of};
use baton_core::domain::lead::Lead;
use baton_core::rules::expect::{LeadField, LeadValue, PlacedText, RuleTest};
use baton_core::rules::{Fault, Level};
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};
use std::path::Path;

/// The lead as the event reader makes it; its `occurred_at` is the moment of the decision.
pub(super) fn lead_of(case: &RuleTest, dir: &Path) -> Result<Lead, Vec<Fault>> {
    let mut event = match &case.given.event {
        Some(path) => read_event(case, path, dir)?,
        None => json!({
            "specversion": "1.0",
            "id": format!("{}:{}", case.path, case.line),
            "source": "baton-test",
            "type": "lead.qualified",
            "data": { "call": { "live": true, "direction": "inbound" } },
        }),
    };
    if let Some(at) = case.given.at {
        event["time"] = json!(at.to_rfc3339_opts(SecondsFormat::Secs, true));
    }
    let mut faults = Vec::new();
    for field in &case.given.lead {
        match json_of(field) {
            Ok(value) => put(&mut event, &pointer_to(&field.name), value),
            Err(allowed) => faults.push(fault(case, field.line, field.column, found(field), allowed)),
        }
    }
    complete_call(&mut event, "test");
    match parse(event.to_string().as_bytes(), case.given.at.unwrap_or(DateTime::<Utc>::UNIX_EPOCH)) {
        Ok(Incoming { message: Message::Lead(lead), notes, .. }) => {
            faults.extend(notes.iter().filter_map(|note| of_field(case, note)));
            if faults.is_empty() { Ok(*lead) } else { Err(faults) }
        }
        Ok(other) => {
            let found = format!("a {} event", other.kind.as_str());
            Err(vec![of_event(case, found, "a lead.qualified event")])
        }
        Err(told) => {
            let told = told.iter().map(|told| {
                let elsewhere = || of_event(case, format!("{}: {}", told.pointer, told.found), &told.allowed);
                of_field(case, told).unwrap_or_else(elsewhere)
            });
            Err(faults.into_iter().chain(told).collect())
        }
    }
}

fn read_event(case: &RuleTest, path: &PlacedText, dir: &Path) -> Result<Value, Vec<Fault>> {
    let wrong = |found: String, allowed: &str| vec![fault(case, path.line, path.column, found, allowed)];
    let text = std::fs::read_to_string(dir.join(&path.text))
        .map_err(|error| wrong(format!("{:?}: {error}", path.text), "an event file, relative to the workspace"))?;
    serde_json::from_str(&text)
        .map_err(|error| wrong(format!("{:?}: {error}", path.text), "a file with one JSON event"))
}

/// The value in the JSON type that the event has for the field; `Err` tells what is allowed.
fn json_of(field: &LeadField) -> Result<Value, &'static str> {
    match &field.value {
        LeadValue::Unknown => Ok(Value::Null),
        LeadValue::List(items) => Ok(json!(items)),
        LeadValue::Text(text) => value_of(&field.name, text),
    }
}

/// What the event reader says of a field that the test brought; `None` for what the event brought itself.
fn of_field(case: &RuleTest, told: &EventFault) -> Option<Fault> {
    let field = case.given.lead.iter().find(|field| told.pointer.starts_with(&pointer_to(&field.name)))?;
    let mut fault = fault(case, field.line, field.column, found(field), &told.allowed);
    fault.hint = told.hint.clone().filter(|hint| !hint.starts_with("kept out"));
    Some(fault)
}

fn of_event(case: &RuleTest, found: String, allowed: &str) -> Fault {
    match &case.given.event {
        Some(event) => fault(case, event.line, event.column, format!("{}: {found}", event.text), allowed),
        None => fault(case, case.line, 1, found, allowed),
    }
}

fn found(field: &LeadField) -> String {
    match &field.value {
        LeadValue::Unknown => format!("nothing as {}", field.name),
        LeadValue::Text(text) => format!("{text:?} as {}", field.name),
        LeadValue::List(items) => format!("{items:?} as {}", field.name),
    }
}

fn fault(case: &RuleTest, line: u32, column: u32, found: String, allowed: &str) -> Fault {
    Fault {
        level: Level::Error,
        code: "test-lead-unreadable",
        path: case.path.clone(),
        line,
        column,
        found,
        allowed: allowed.to_owned(),
        hint: None,
        witness: None,
    }
}
