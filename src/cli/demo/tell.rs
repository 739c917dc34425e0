//! One line per turn of events, from the timeline as it is stored.

use crate::store::TimelineEntry;
use baton_core::domain::id::{LeadId, LegId, RepId};
use baton_core::domain::leg::LegState;
use baton_core::handoff::Handoff;
use baton_core::handoff::state::Leg;
use baton_core::rules::RuleSet;
use baton_sandbox::Accepted;
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
        "call_now" => format!("{} calls back: their phone rings", rep(&body["event"]["rep"], rules)),
        kind if of_lead(kind, body).is_some() => of_lead(kind, body).unwrap_or_default().to_owned(),
        "answered" => format!("{} picks up and hears the whisper", rep(&body["rep"], rules)),
        "accepted" => format!("{} presses 1", rep(&body["rep"], rules)),
        "pressed" => {
            let key = body["event"]["key"].as_str().unwrap_or_default();
            format!("{} is asked what came of it and presses {key}; {}", rep(&body["rep"], rules), stage(body, rules))
        }
        "joined" => "they are on one line".to_owned(),
        "declined" => format!("declines; {}", stage(body, rules)),
        "machine" => format!("voicemail answers; {}", stage(body, rules)),
        "no_answer" => format!("no answer; {}", stage(body, rules)),
        "slots_found" => stage(body, rules),
        "slot_chosen" => format!("the caller takes {}", slot(&body["event"]["slot"], rules)),
        "slots_declined" => format!("none of the times suits; {}", stage(body, rules)),
        "slot_taken" => format!("that time was just taken; {}", stage(body, rules)),
        "booked" => format!("booked: {}", slot(&body["event"]["booking"]["slot"], rules)),
        "callback_wanted" => format!("the caller would rather be called back; {}", stage(body, rules)),
        "caller_left" => format!("the caller hangs up; {}", stage(body, rules)),
        "found" => format!("{} can take it now; {}", rep(&body["event"]["rep"], rules), stage(body, rules)),
        "call_ended" | "contact_made" | "decided_again" => return None,
        "timer" => timer(body, rules)?,
        other => format!("{}; {}", other.replace('_', " "), stage(body, rules)),
    };
    Some(told_at(entry.at, name, &words))
}

fn told_at(at: DateTime<Utc>, name: &str, words: &str) -> String {
    format!("{}  {name:<18} {words}", clock(at))
}

/// The time of the day.
pub(super) fn clock(at: DateTime<Utc>) -> String {
    at.format("%H:%M:%S").to_string()
}

/// When, and the line: what the voice platform was told to do with this call, where it is its agent who has the caller.
pub(super) fn commanded(effect: &Accepted, call: &str, name: &str) -> Option<(DateTime<Utc>, String)> {
    let detail = &effect.detail;
    if effect.vendor != "voice" || call.is_empty() || detail["call"] != call {
        return None;
    }
    let words = match effect.kind {
        "comfort" if detail["comfort"] == "agent" => "the agent is told to speak on with the caller".to_owned(),
        "transfer" => {
            let (to, until) = (detail["to"].as_str()?, detail["until"].as_str()?.parse::<DateTime<Utc>>().ok()?);
            format!("the agent is told to transfer, to {to}: good for this call, until {}", clock(until))
        }
        _ => return None,
    };
    Some((effect.at, told_at(effect.at, name, &words)))
}

/// What was told of the phone of a lead who is called back.
fn of_lead(kind: &str, body: &Value) -> Option<&'static str> {
    let leg = LegId::new(body["event"]["leg"].as_str()?).ok()?;
    leg.dialled_for()?;
    Some(match kind {
        "answered" => "the lead picks up",
        "joined" => "rep and lead are on one line",
        "busy" => "the lead's line is busy",
        "machine" => "a machine answers at the lead's",
        "lead_left" => "the lead hangs up",
        _ => "the lead cannot be reached",
    })
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
        "add_by" => Some(format!("nobody has picked up yet; {}", stage(body, rules))),
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
        "ringing" => match stage["others"].as_array().map_or(0, Vec::len) {
            0 => "the next phone rings".to_owned(),
            others => format!("{} phones ring", others + 1),
        },
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

/// What happened on each phone that rang for one caller.
pub(super) fn phones(handoff: &Handoff, rules: &RuleSet) -> String {
    let phone = |leg: &Leg| {
        let name = rules.reps.get(&leg.rep).map_or(leg.rep.as_str(), |rep| rep.name.as_str());
        let what = match leg.state {
            LegState::Accepted | LegState::Joined => "takes the call",
            LegState::Elsewhere => "stops ringing, answered elsewhere",
            LegState::Declined => "declines",
            LegState::Ringing | LegState::Answered => "rings",
            _ => "rang in vain",
        };
        format!("{name}: {what}")
    };
    handoff.legs.iter().map(phone).collect::<Vec<_>>().join(" | ")
}

/// What a lead is called in the story.
pub(super) fn name_of(lead: &LeadId, name: Option<&str>) -> String {
    name.map_or_else(|| lead.as_str().chars().take(12).collect(), str::to_owned)
}
