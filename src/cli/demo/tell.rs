//! One line per turn of events, from the timeline as it is stored.

use crate::store::TimelineEntry;
use baton_core::domain::id::{LeadId, RepId};
use baton_core::rules::RuleSet;
use chrono::{DateTime, Utc};
use serde_json::Value;

pub(super) fn time(at: DateTime<Utc>) -> String {
    at.format("%a %d %b %Y %H:%M UTC").to_string()
}

/// A line of the story, or nothing for what only machines care about.
pub(super) fn line(entry: &TimelineEntry, name: &str, rules: &RuleSet) -> Option<String> {
    let body = &entry.body;
    if body["ignored"] == Value::Bool(true) {
        return None;
    }
    let words = match entry.kind.as_str() {
        "decided" => decided(body, rules),
        "answered" => format!("{} picks up and hears the whisper", rep(&body["rep"], rules)),
        "accepted" => format!("{} presses 1", rep(&body["rep"], rules)),
        "joined" => "they are on one line".to_owned(),
        "declined" => format!("declines; {}", stage(body, rules)),
        "machine" => format!("voicemail answers; {}", stage(body, rules)),
        "no_answer" => format!("no answer; {}", stage(body, rules)),
        "slots_found" => stage(body, rules),
        "slot_chosen" => format!("the caller takes {}", slot(&body["event"]["slot"], rules)),
        "slots_declined" => format!("none of the times suits; {}", stage(body, rules)),
        "slot_taken" => format!("that time was just taken; {}", stage(body, rules)),
        "booked" => format!("booked: {}", slot(&body["event"]["booking"]["slot"], rules)),
        "caller_left" => format!("the caller hangs up; {}", stage(body, rules)),
        "found" => format!("{} can take it now; {}", rep(&body["event"]["rep"], rules), stage(body, rules)),
        "call_ended" | "contact_made" | "decided_again" => return None,
        "timer" => timer(body, rules)?,
        other => format!("{}; {}", other.replace('_', " "), stage(body, rules)),
    };
    Some(format!("{}  {name:<18} {words}", entry.at.format("%H:%M:%S")))
}

fn decided(body: &Value, rules: &RuleSet) -> String {
    let degraded = body["degraded"].as_array().filter(|facts| !facts.is_empty());
    let degraded = degraded.map(|facts| {
        let facts: Vec<&str> = facts.iter().filter_map(Value::as_str).collect();
        format!(" [decided without: {}]", facts.join("; "))
    });
    let reason = body["reason"].as_str().unwrap_or_default();
    format!("{reason} → {}{}", stage(body, rules), degraded.unwrap_or_default())
}

fn timer(body: &Value, rules: &RuleSet) -> Option<String> {
    match body["event"]["timer"]["timer"].as_str()? {
        "ring_by" => Some(format!("nobody picks up; {}", stage(body, rules))),
        "accept_by" => Some(format!("no key was pressed; {}", stage(body, rules))),
        "patience_by" => Some(format!("the caller has waited long enough; {}", stage(body, rules))),
        "settled_by" => Some("connected".to_owned()),
        "slot_by" => Some(format!("the caller does not choose; {}", stage(body, rules))),
        "remind" => Some("the owner is reminded of what was promised".to_owned()),
        "escalate" => Some("what was promised is nearly due: the manager is told".to_owned()),
        "breach" => Some("what was promised was not done: needs attention".to_owned()),
        _ => None,
    }
}

/// Where the handoff stands now, for people.
fn stage(body: &Value, rules: &RuleSet) -> String {
    let stage = &body["stage"];
    match stage["stage"].as_str().unwrap_or_default() {
        "ringing" => "the next phone rings".to_owned(),
        "searching" => "looking for a free time".to_owned(),
        "offering" => {
            let slots = stage["slots"].as_array().map(Vec::as_slice).unwrap_or_default();
            let first = slots.first().map(|first| slot(first, rules)).unwrap_or_default();
            format!("{} times are offered, the first is {first}", slots.len())
        }
        "booking" => "booking it".to_owned(),
        "callback" => {
            let promise = &stage["promise"];
            let raised = if promise["raised"] == Value::Bool(true) { " (hot: they hung up waiting)" } else { "" };
            let does = if promise["by_mail"] == Value::Bool(true) { "write by" } else { "call at" };
            format!("{} will {does} {}{raised}", rep(&promise["owner"], rules), at(&promise["promised_at"]))
        }
        "done" => "done".to_owned(),
        other => other.replace('_', " "),
    }
}

fn slot(slot: &Value, rules: &RuleSet) -> String {
    format!("{} with {}", at(&slot["from"]), rep(&slot["rep"], rules))
}

fn at(value: &Value) -> String {
    let at = value.as_str().and_then(|text| text.parse::<DateTime<Utc>>().ok());
    at.map(|at| at.format("%a %H:%M UTC").to_string()).unwrap_or_default()
}

fn rep(value: &Value, rules: &RuleSet) -> String {
    let id = value.as_str().and_then(|text| RepId::new(text).ok());
    let known = id.and_then(|id| rules.reps.get(&id).map(|rep| rep.name.clone()));
    known.unwrap_or_else(|| value.as_str().unwrap_or("somebody").to_owned())
}

/// What a lead is called in the story.
pub(super) fn name_of(lead: &LeadId, name: Option<&str>) -> String {
    name.map_or_else(|| lead.as_str().chars().take(12).collect(), str::to_owned)
}
