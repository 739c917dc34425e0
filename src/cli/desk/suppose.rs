//! A lead that nobody has, from what an assistant says of it: read as an event of a voice platform is read.

use super::asked::flag;
use super::tools::LIVE;
use crate::cli::{WorkspaceArgs, rules_of};
use crate::mcp::Told;
use crate::rehearse::said::{Said, of_facts};
use crate::rehearse::supposed::Supposed;
use anyhow::{Result, bail};
use baton_clock::{Clock, SystemClock};
use serde_json::{Map, Value, json};

const NOT_STORED: &str = "This is what the rules would decide now. Nothing is stored, nobody is told and no turn is spent; \
    calendars count as free, turns as even, and the CRM as empty.";

/// # Errors
/// A sentence: what was said of the lead is of no use, or the workspace has faults.
pub(super) fn who_would_get(place: &WorkspaceArgs, mut arguments: Map<String, Value>) -> Result<Told> {
    let live = arguments.remove(LIVE).filter(|value| !value.is_null());
    let live = live.map_or(Ok(true), |value| flag(&value, LIVE))?;
    let now = SystemClock.now();
    let Said { lead, left_out } = match of_facts(&arguments, live, "desk", now) {
        Ok(said) => said,
        Err(faults) => bail!("what was said makes no lead: {}", faults.join("; ")),
    };
    let unread = lead.unread.iter().map(ToString::to_string);
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
