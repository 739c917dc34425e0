//! Callers of a town, and what their voice platform tells of them.

use baton::intake::event::{key_of, lead_id};
use baton::store::InboxMessage;
use baton_core::domain::id::LeadId;
use baton_sandbox::voice::{RepManner, Script};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use std::time::Duration;

/// One call of a story: the event that tells of it and how the line behaves.
pub struct Caller {
    pub event: Value,
    /// `None`: the call is over.
    pub script: Option<Script>,
}

impl Caller {
    /// A caller on the line; `number` makes everything about them their own.
    pub fn live(number: usize) -> Self {
        Self { event: event(number, true), script: Some(Script::default()) }
    }

    /// A call that has ended.
    pub fn gone(number: usize) -> Self {
        Self { event: event(number, false), script: None }
    }

    pub fn reps(mut self, reps: &[RepManner]) -> Self {
        self.script.get_or_insert_default().reps = reps.to_vec();
        self
    }

    pub fn hangs_up_after(mut self, span: Duration) -> Self {
        self.script.get_or_insert_default().hangs_up_after = Some(span);
        self
    }

    pub fn chooses(mut self, slot: Option<usize>) -> Self {
        self.script.get_or_insert_default().chooses = slot;
        self
    }

    pub fn talks_for(mut self, span: Duration) -> Self {
        self.script.get_or_insert_default().talks_for = span;
        self
    }

    pub fn call(&self) -> &str {
        self.event["data"]["call"]["id"].as_str().expect("every call has an id")
    }

    pub fn lead(&self) -> LeadId {
        lead_id("town", self.event["id"].as_str().expect("every event has an id"))
    }

    pub fn email(&self) -> &str {
        self.event["data"]["contact"]["email"].as_str().expect("every caller has an address")
    }
}

fn event(number: usize, live: bool) -> Value {
    let country = ["US", "GB", "FR"][number % 3];
    json!({
        "specversion": "1.0",
        "id": format!("evt-{number}"),
        "source": "town",
        "type": "lead.qualified",
        "data": {
            "call": {
                "platform": "sandbox", "id": format!("call-{number}"), "live": live, "direction": "inbound",
                "from": phone(number),
            },
            "contact": { "name": format!("Caller No {number}"), "email": format!("caller-{number}@company-{number}.example") },
            "company": { "name": format!("Company {number}"), "domain": format!("company-{number}.example"), "country": country },
            "qualification": { "score": 60 + number % 40, "summary": "Wants to see it at work.", "intent": "buy" },
            "consent": { "email": true, "callback": true },
        },
    })
}

/// Of the caller's country, and says no more of where they are.
fn phone(number: usize) -> String {
    match number % 3 {
        0 => format!("+1800{:07}", 5_550_000 + number),
        1 => format!("+447700{:06}", 900_000 + number),
        _ => format!("+336{number:08}"),
    }
}

/// The event of a caller on the line, as it comes to the inbox.
pub fn message(number: usize, received_at: DateTime<Utc>) -> InboxMessage {
    inbox(&Caller::live(number).event, received_at)
}

/// An event as it comes to the inbox.
pub fn inbox(event: &Value, received_at: DateTime<Utc>) -> InboxMessage {
    let body = event.to_string().into_bytes();
    InboxMessage {
        key: key_of(&body),
        kind: event["type"].as_str().expect("a type").to_owned(),
        body,
        received_at,
        reply_to: None,
        correlation_id: None,
        trace_context: None,
    }
}
