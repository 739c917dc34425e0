//! Where the leads of a comparison come from: a file, the database, or nowhere (they are made up).

use crate::cli::{WorkspaceArgs, open_store};
use crate::intake::event::{Incoming, Message, parse};
use crate::rehearse::stored::StoredLeads;
use anyhow::Result;
use baton_core::domain::known::Fact;
use baton_core::rehearsal::Trial;
use baton_core::rehearsal::traffic::Traffic;
use baton_core::rules::RuleSet;
use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Parts of an event's data: an object that has one of them is data as it stands.
const PARTS: [&str; 4] = ["call", "contact", "company", "qualification"];

/// Cases in order of time.
pub(super) struct Leads<'r> {
    from: From<'r>,
    told: String,
}

enum From<'r> {
    List(std::vec::IntoIter<Trial>),
    MadeUp(Box<std::iter::Take<Traffic<'r>>>),
    Stored(StoredLeads),
}

impl Leads<'_> {
    /// For the head of the report: `10,000 made-up leads, seed 1, from 2026-03-02`.
    pub(super) fn told(&self) -> &str {
        &self.told
    }

    /// At most `size` more; none at the end.
    pub(super) async fn next(&mut self, size: usize) -> Result<Vec<Trial>> {
        match &mut self.from {
            From::List(cases) => Ok(cases.take(size).collect()),
            From::MadeUp(traffic) => Ok(traffic.take(size).collect()),
            From::Stored(leads) => Ok(leads.next(size).await?),
        }
    }
}

pub(super) fn made_up<'r>(sets: &[&'r RuleSet], seed: u64, from: NaiveDate, per_day: u32, leads: u32) -> Leads<'r> {
    let traffic = Traffic::of(sets, seed, from, per_day).take(leads as usize);
    let told = format!("{leads} made-up leads, {per_day} a working day from {from} on, seed {seed}");
    Leads { from: From::MadeUp(Box::new(traffic)), told }
}

/// # Errors
/// The configuration cannot be read, or the database does not answer.
pub(super) async fn stored(place: &WorkspaceArgs, since: DateTime<Utc>) -> Result<Leads<'static>> {
    let store = open_store(place).await?;
    let told = format!("leads decided since {}, with what was known then", since.format("%Y-%m-%d %H:%M UTC"));
    Ok(Leads { from: From::Stored(StoredLeads::since(store, since)), told })
}

/// # Errors
/// Every line that is no lead, with its number.
pub(super) fn from_lines(name: &str, bytes: &[u8], now: DateTime<Utc>) -> Result<Leads<'static>, Vec<String>> {
    let (mut cases, mut faults) = (Vec::new(), Vec::new());
    for (number, line) in (1u32..).zip(bytes.split(|byte| *byte == b'\n')) {
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        match read_line(line, number, now) {
            Ok(case) => cases.push(case),
            Err(why) => faults.extend(why.into_iter().map(|why| format!("{name}:{number}: {why}"))),
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    cases.sort_by_key(|case: &Trial| case.at);
    let told = format!("{} leads of {name}", cases.len());
    Ok(Leads { from: From::List(cases.into_iter()), told })
}

/// An event, or the bare fields of a lead. Without a time it is decided now.
fn read_line(line: &[u8], number: u32, now: DateTime<Utc>) -> Result<Trial, Vec<String>> {
    let bare = serde_json::from_slice::<Map<String, Value>>(line).ok().filter(|object| !object.contains_key("type"));
    let event = bare.map(|fields| as_event(fields, number, now).to_string().into_bytes());
    match parse(event.as_deref().unwrap_or(line), now) {
        Ok(Incoming { message: Message::Lead(lead), .. }) => {
            let account =
                Fact::Known { value: None.into(), observed_at: lead.occurred_at, source: "the file".to_owned() };
            let at = lead.occurred_at;
            Ok(Trial { lead: *lead, at, account, assigned: None, reps: BTreeMap::new(), ledgers: BTreeMap::new() })
        }
        Ok(other) => Err(vec![format!("a {} event; expected lead.qualified", other.kind.as_str())]),
        Err(faults) => Err(faults.iter().map(ToString::to_string).collect()),
    }
}

/// `{"country": "DE", "lead.employees": 240, "at": "2026-03-02T09:00:00Z"}` as the event that would have said so.
fn as_event(mut fields: Map<String, Value>, number: u32, now: DateTime<Utc>) -> Value {
    let text = |value: Option<Value>| value.and_then(|value| value.as_str().map(str::to_owned));
    let at = text(fields.remove("at").or_else(|| fields.remove("time"))).unwrap_or_else(|| now.to_rfc3339());
    let id = text(fields.remove("id")).unwrap_or_else(|| format!("line-{number}"));
    let source = text(fields.remove("source").or_else(|| fields.remove("lead.source")));
    let data = if PARTS.iter().any(|part| fields.get(*part).is_some_and(Value::is_object)) {
        Value::Object(fields)
    } else {
        spread(fields, &id)
    };
    json!({ "specversion": "1.0", "type": "lead.qualified", "id": id, "source": source.as_deref().unwrap_or("replay"),
            "time": at, "data": data })
}

/// Each field where the event has it. A caller needs a way to be reached, which rules do not look at.
fn spread(fields: Map<String, Value>, id: &str) -> Value {
    let mut call = json!({ "platform": "replay", "id": id, "live": true });
    let (mut company, mut contact) = (json!({}), json!({ "phone": "+12125550100" }));
    let (mut said, mut wish, mut consent, mut custom) = (json!({}), json!({}), json!({}), json!({}));
    for (name, value) in fields {
        let name = name.strip_prefix("lead.").unwrap_or(&name);
        match name {
            "live" => call["live"] = value,
            "company" => company["name"] = value,
            "domain" | "industry" | "employees" | "country" | "state" | "region" | "postal" | "city" => {
                company[name] = value;
            }
            "email" | "phone" | "title" | "language" => contact[name] = value,
            "handoff" => wish["handoff"] = value,
            name => match name.split_once('.') {
                Some(("custom", name)) => custom[name] = value,
                Some(("consent", name)) => consent[name] = value,
                Some(_) | None => said[name] = value,
            },
        }
    }
    json!({ "call": call, "company": company, "contact": contact, "qualification": said, "preference": wish,
            "consent": consent, "custom": custom })
}
