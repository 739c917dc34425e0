//! A lead that somebody supposes, read as an event of a voice platform is read.

use crate::intake::event::{Incoming, Message, parse};
use baton_core::domain::known::Known;
use baton_core::domain::lead::{Lead, LeadChannel};
use baton_core::domain::phone::PhoneE164;
use baton_platforms::facts;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

/// Toll-free, so that it lies nowhere.
const CALLER: &str = "+18005550123";

/// What is supposed of a lead.
pub struct Supposition<'a> {
    /// In the short names of [`facts::FACTS`].
    pub facts: &'a Map<String, Value>,
    /// By the names that `lead.custom.` stands before in rules.
    pub custom: Map<String, Value>,
    /// Whether the caller is on the line.
    pub is_live: bool,
    /// Who supposes it, such as `desk`.
    pub by: &'a str,
    /// `None`: whoever supposes it.
    pub source: Option<&'a str>,
}

pub struct Said {
    pub lead: Lead,
    /// What nobody could use of the facts, and why.
    pub left_out: Vec<String>,
}

impl Supposition<'_> {
    /// # Errors
    /// Every reason why it makes no lead.
    pub fn read(self, now: DateTime<Utc>) -> Result<Said, Vec<String>> {
        let Self { facts, custom, is_live, by, source } = self;
        let (mut data, left_out) = facts::lead_data(facts);
        let call = json!({ "platform": by, "id": by, "live": is_live, "direction": "inbound" });
        data.insert("call".to_owned(), call);
        if !custom.is_empty()
            && let Some(fields) = data.entry("custom").or_insert_with(|| json!({})).as_object_mut()
        {
            fields.extend(custom);
        }
        let source = source.map_or_else(|| format!("baton-{by}"), str::to_owned);
        let event = json!({ "specversion": "1.0", "id": by, "source": source, "type": "lead.qualified", "data": data });
        let lead = reachable(of_event(event.to_string().as_bytes(), now)?);
        let left_out = left_out.into_iter().map(|(name, why)| format!("{name}: {why}")).collect();
        Ok(Said { lead, left_out })
    }
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
