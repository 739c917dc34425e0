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

    /// The `number`-th event of a part of the run, qualified at this instant; every pair makes another lead.
    pub fn one(&self, part: &str, number: u64, at: DateTime<Utc>) -> Vec<u8> {
        let mut event = self.0[(number % KINDS) as usize].clone();
        event["id"] = json!(format!("{part}-{number:06}"));
        // Whoever was qualified minutes ago counts as gone, and a long run would have fewer and fewer live callers.
        event["time"] = json!(at);
        event["data"]["call"]["id"] = json!(format!("{}{number:06}", call_prefix(part)));
        event["data"]["call"]["leg"] = json!(format!("leg-{part}-{number:06}"));
        let caller = number % CALLERS;
        let email = &mut event["data"]["contact"]["email"];
        *email = json!(format!("c{caller:03}.{}", email.as_str().unwrap_or("caller@example.com")));
        let phone = &mut event["data"]["contact"]["phone"];
        let kind = phone.as_str().unwrap_or("+1 212 555 0142");
        *phone = json!(format!("{}{caller:03}", kind.get(..kind.len() - 3).unwrap_or(kind)));
        event.to_string().into_bytes()
    }

    /// The same, always with the caller on the line.
    pub fn live(&self, part: &str, number: u64, at: DateTime<Utc>) -> Vec<u8> {
        self.one(part, number * KINDS, at)
    }

    /// So many calls by a platform whose clock is off, by some seconds either way; every fifth is told of by a second event,
    /// which knows more.
    pub fn rough(&self, part: &str, count: u64, now: DateTime<Utc>) -> Vec<Vec<u8>> {
        let mut bodies = Vec::new();
        for number in 0..count {
            let mut event: Value = serde_json::from_slice(&self.one(part, number, now)).expect("our own event");
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

    pub fn many(&self, part: &str, count: u64, at: DateTime<Utc>) -> Vec<Vec<u8>> {
        (0..count).map(|number| self.one(part, number, at)).collect()
    }
}

fn call_prefix(part: &str) -> String {
    format!("call-{part}-")
}

/// Which one of [`Events::live`] a call was; `None` if it was none of that part.
pub fn live_number(part: &str, call: &str) -> Option<usize> {
    let number: u64 = call.strip_prefix(&call_prefix(part))?.parse().ok()?;
    Some((number / KINDS) as usize)
}

/// The platform's word that the caller has hung up.
pub fn caller_left(call: &str) -> Vec<u8> {
    let data = json!({ "platform": "sandbox", "call": call, "event": "caller_left" });
    let id = format!("{call}-left");
    let event = json!({ "specversion": "1.0", "id": id, "source": "sandbox:demo", "type": "call.event", "data": data });
    event.to_string().into_bytes()
}
