//! Who calls, and what became of their lead.

use baton_phones::call::Call;
use serde_json::Value;
use tokio::time::Instant;

/// Somebody who calls.
pub struct Person {
    pub name: &'static str,
    pub title: &'static str,
    pub company: &'static str,
    pub phone: &'static str,
}

pub const DANA: Person =
    Person { name: "Dana Whitfield", title: "Head of Operations", company: "Northwind Foods", phone: "+14155550142" };
pub const INES: Person =
    Person { name: "Ines Duarte", title: "Chief Buyer", company: "Lumen Textiles", phone: "+14155550177" };

impl Person {
    /// What a rep hears of them.
    pub fn whisper(&self) -> String {
        format!("{}, {}, {}. Press 1 to accept.", self.name, self.title, self.company)
    }

    /// The same for a rep who speaks German.
    pub fn german_whisper(&self) -> String {
        format!("{}, {}, {}. Zum Annehmen die 1 drücken.", self.name, self.title, self.company)
    }
}

/// A caller whom the agent has spoken with and found worth a rep.
pub struct Qualified {
    pub caller: Call,
    pub agent: Call,
    pub lead: String,
    /// The call by the id that the agent's platform has for it.
    pub talk: String,
    pub at: Instant,
    pub phone: &'static str,
}

impl Qualified {
    /// Whether it is their number that a rep sees.
    pub fn is_shown_to(&self, rep: &Call) -> bool {
        let shown = rep.header("From").expect("somebody calls");
        shown.contains(self.phone.trim_start_matches('+'))
    }
}

/// A caller who speaks with the agent.
pub struct Inbound {
    pub caller: Call,
    pub agent: Call,
    /// The id that the agent learns.
    pub id: String,
}

/// What `GET /v1/leads/{id}` tells.
pub struct Story(pub Value);

impl Story {
    pub fn status(&self) -> &str {
        self.0["status"].as_str().unwrap_or_default()
    }

    pub fn owner(&self) -> &str {
        self.0["owner"].as_str().unwrap_or_default()
    }

    /// What happened and changed something, in order.
    pub fn kinds(&self) -> Vec<&str> {
        self.entries().filter_map(|entry| entry["kind"].as_str()).collect()
    }

    pub fn has(&self, kind: &str) -> bool {
        self.entries().any(|entry| entry["kind"] == kind)
    }

    /// To whom of the reps it happened, in order.
    pub fn reps(&self, kind: &str) -> Vec<&str> {
        self.entries().filter(|entry| entry["kind"] == kind).filter_map(|entry| entry["body"]["rep"].as_str()).collect()
    }

    /// What is told of the first of this kind.
    pub fn body(&self, kind: &str) -> Value {
        self.entries().find(|entry| entry["kind"] == kind).map(|entry| entry["body"].clone()).unwrap_or_default()
    }

    fn entries(&self) -> impl Iterator<Item = &Value> {
        let all = self.0["timeline"].as_array().map(Vec::as_slice).unwrap_or_default();
        all.iter().filter(|entry| entry["body"]["ignored"] != true)
    }
}
