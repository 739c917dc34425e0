//! A lead that nobody has, from what an assistant says of it: read as an event of a voice platform is read.

use super::asked::flag;
use super::tools::LIVE;
use crate::cli::rules::Supposed;
use crate::cli::{WorkspaceArgs, rules_of};
use crate::intake::event::{Incoming, Message, parse};
use crate::mcp::Told;
use anyhow::{Result, bail};
use baton_clock::{Clock, SystemClock};
use baton_core::domain::known::Known;
use baton_core::domain::lead::{Lead, LeadChannel};
use baton_core::domain::phone::PhoneE164;
use baton_platforms::facts;
use serde_json::{Map, Value, json};

/// Toll-free, so that it lies nowhere.
const CALLER: &str = "+18005550123";

const NOT_STORED: &str = "This is what the rules would decide now. Nothing is stored, nobody is told and no turn is spent; \
    calendars count as free, turns as even, and the CRM as empty.";

/// # Errors
/// A sentence: what was said of the lead is of no use, or the workspace has faults.
pub(super) fn who_would_get(place: &WorkspaceArgs, mut arguments: Map<String, Value>) -> Result<Told> {
    let live = arguments.remove(LIVE).filter(|value| !value.is_null());
    let live = live.map_or(Ok(true), |value| flag(&value, LIVE))?;
    let (mut data, left_out) = facts::lead_data(&arguments);
    data.insert("call".to_owned(), json!({ "platform": "desk", "id": "desk", "live": live, "direction": "inbound" }));
    let event = json!({
        "specversion": "1.0", "id": "desk", "source": "baton-desk", "type": "lead.qualified", "data": data,
    });
    let now = SystemClock.now();
    let lead = match parse(event.to_string().as_bytes(), now) {
        Ok(Incoming { message: Message::Lead(lead), .. }) => reachable(*lead),
        Ok(other) => bail!("what was said makes a {} event and no lead", other.kind.as_str()),
        Err(faults) => {
            let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
            bail!("what was said makes no lead: {}", faults.join("; "));
        }
    };
    let unread = lead.unread.iter().map(ToString::to_string);
    let left_out: Vec<String> = left_out.into_iter().map(|(name, why)| format!("{name}: {why}")).collect();
    let not_understood: Vec<String> = unread.chain(left_out.iter().cloned()).collect();
    let supposed = Supposed::of(rules_of(place)?, lead, None, now);
    let plan = &supposed.decision.plan;
    let structured = json!({
        "stored": false,
        "owner": plan.owner,
        "reason": plan.reason.in_words(),
        "pool": plan.pool,
        "territory": plan.territory,
        "tier": plan.tier,
        "targets": plan.targets.iter().map(|target| &target.rep).collect::<Vec<_>>(),
        "rungs": plan.rungs,
        "not_understood": not_understood,
    });
    let mut text = format!("{NOT_STORED}\n\n{}", supposed.in_words());
    // What the reader of events could not use stands in the words.
    if !left_out.is_empty() {
        text.push_str(&format!("\nLeft out: {}.\n", left_out.join("; ")));
    }
    Ok(Told { text, structured, failed: false })
}

/// A question about nobody in particular names no number, with an address or without: whoever is supposed to call has one.
fn reachable(mut lead: Lead) -> Lead {
    let calls = lead.channel == LeadChannel::Call && lead.reach_phone().is_none();
    if calls || !lead.can_be_reached_later() {
        lead.contact.phone = PhoneE164::new(CALLER).ok().map(Known::from_caller);
    }
    lead
}
