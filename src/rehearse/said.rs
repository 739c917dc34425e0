//! A lead that somebody supposes, read as an event of a voice platform is read.

use crate::intake::event::{Incoming, Message, parse};
use crate::rehearse::fields::{complete_call, pointer_to, put, value_of};
use baton_core::domain::known::Known;
use baton_core::domain::lead::{Lead, LeadChannel};
use baton_core::domain::phone::PhoneE164;
use baton_platforms::facts;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

/// Toll-free, so that it lies nowhere.
const CALLER: &str = "+18005550123";

pub struct Said {
    pub lead: Lead,
    /// What nobody could use of what was said, and why.
    pub left_out: Vec<String>,
}

/// From facts in the short names of [`facts::FACTS`]. `by`: who supposes it, such as `desk`.
///
/// # Errors
/// Every reason why they make no lead.
pub fn of_facts(said: &Map<String, Value>, is_live: bool, by: &str, now: DateTime<Utc>) -> Result<Said, Vec<String>> {
    let (mut data, left_out) = facts::lead_data(said);
    let call = json!({ "platform": by, "id": by, "live": is_live, "direction": "inbound" });
    data.insert("call".to_owned(), call);
    let source = format!("baton-{by}");
    let event = json!({ "specversion": "1.0", "id": by, "source": source, "type": "lead.qualified", "data": data });
    let lead = reachable(of_event(event.to_string().as_bytes(), now)?);
    let left_out = left_out.into_iter().map(|(name, why)| format!("{name}: {why}")).collect();
    Ok(Said { lead, left_out })
}

/// From fields, each with its text, as rules name them without `lead.`; it is said at `now`. `by` as above.
///
/// # Errors
/// Every reason why they make no lead.
pub fn of_fields(said: &[(String, String)], by: &str, now: DateTime<Utc>) -> Result<Lead, Vec<String>> {
    let mut event = json!({
        "specversion": "1.0", "id": by, "source": format!("baton-{by}"), "type": "lead.qualified", "time": now,
        "data": { "call": { "live": true, "direction": "inbound" } },
    });
    let mut faults = Vec::new();
    for (name, text) in said {
        let value = match name.as_str() {
            "products" => Ok(text.split([',', ';']).map(str::trim).filter(|one| !one.is_empty()).collect()),
            name => value_of(name, text),
        };
        match value {
            Ok(value) => put(&mut event, &pointer_to(name), value),
            Err(allowed) => faults.push(format!("{name} is {text:?}; allowed: {allowed}")),
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    complete_call(&mut event, by);
    of_event(event.to_string().as_bytes(), now)
}

/// The lead of a `lead.qualified` event.
///
/// # Errors
/// Every fault of the event, or what it is instead.
pub fn of_event(bytes: &[u8], now: DateTime<Utc>) -> Result<Lead, Vec<String>> {
    match parse(bytes, now) {
        Ok(Incoming { message: Message::Lead(lead), .. }) => Ok(*lead),
        Ok(other) => Err(vec![format!("a {} event; allowed: a lead.qualified event", other.kind.as_str())]),
        Err(faults) => Err(faults.iter().map(ToString::to_string).collect()),
    }
}

/// A question about nobody in particular names no number, with an address or without: whoever is supposed to call has one.
fn reachable(mut lead: Lead) -> Lead {
    let calls = lead.channel == LeadChannel::Call && lead.reach_phone().is_none();
    if calls || !lead.can_be_reached_later() {
        lead.contact.phone = PhoneE164::new(CALLER).ok().map(Known::from_caller);
    }
    lead
}
