//! Leads without end: the shipped events with other ids, callers and calls.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

/// One caller on the line, one who asked to be called back, one who asked for a meeting: a third is live.
const TEMPLATES: [&str; 3] = [
    include_str!("../../fixtures/events/01-warm-transfer.json"),
    include_str!("../../fixtures/events/14-not-live-callback.json"),
    include_str!("../../fixtures/events/15-not-live-meeting.json"),
];

/// Callers who come again: after as many leads, every account is in the mirror.
pub const CALLERS: u64 = 200;
/// Of the rough part.
pub const SECOND_EVERY: u64 = 5;
pub const KINDS: u64 = TEMPLATES.len() as u64;
pub const MIX: &str = "1/3 live, 1/3 callback wishes, 1/3 meeting wishes";

pub struct Events(Vec<Value>);

impl Events {
    pub fn new() -> Self {
        Self(TEMPLATES.iter().map(|text| serde_json::from_str(text).expect("a shipped event")).collect())
    }

    /// The `number`-th event of a part of the run; every pair makes another lead.
    pub fn one(&self, part: &str, number: u64) -> Vec<u8> {
        let mut event = self.0[(number % KINDS) as usize].clone();
        event["id"] = json!(format!("{part}-{number:06}"));
        event["data"]["call"]["id"] = json!(format!("call-{part}-{number:06}"));
        event["data"]["call"]["leg"] = json!(format!("leg-{part}-{number:06}"));
        let caller = number % CALLERS;
        let email = &mut event["data"]["contact"]["email"];
        *email = json!(format!("c{caller:03}.{}", email.as_str().unwrap_or("caller@example.com")));
        let phone = &mut event["data"]["contact"]["phone"];
        let kind = phone.as_str().unwrap_or("+1 212 555 0142");
        *phone = json!(format!("{}{caller:03}", kind.get(..kind.len() - 3).unwrap_or(kind)));
        event.to_string().into_bytes()
    }

    /// So many calls by a platform whose clock is off, by some seconds either way; every fifth is told of by a second event,
    /// which knows more.
    pub fn rough(&self, part: &str, count: u64, now: DateTime<Utc>) -> Vec<Vec<u8>> {
        let mut bodies = Vec::new();
        for number in 0..count {
            let mut event: Value = serde_json::from_slice(&self.one(part, number)).expect("our own event");
            let off = TimeDelta::milliseconds([0, -5_000, 60_000][(number % 3) as usize]);
            event["time"] = json!(now + off);
            bodies.push(event.to_string().into_bytes());
            if number.is_multiple_of(SECOND_EVERY) {
                event["id"] = json!(format!("{part}-{number:06}-more"));
                event["data"]["contact"]["title"] = json!("Head of Sales");
                bodies.push(event.to_string().into_bytes());
            }
        }
        bodies
    }

    pub fn many(&self, part: &str, count: u64) -> Vec<Vec<u8>> {
        (0..count).map(|number| self.one(part, number)).collect()
    }
}
