//! What stays of a document when the person in it is erased: its shape, with ids, times, reps, pools and verdicts. Readers find what
//! they always found, and where somebody's words, numbers or names stood, nothing, or [`ERASED`].

use baton_core::domain::known::Fact;
use baton_core::domain::lead::{Call, Company, Contact, Lead, Preference, Qualification, ReachBack};
use baton_core::domain::outcome::Feedback;
use baton_core::domain::whereabouts::Whereabouts;
use baton_core::handoff::{Handoff, Stage};
use baton_core::routing::decision::{
    AccountTrace, CandidateVerdict, DecidedAgain, OwnershipResult, OwnershipTrace, PoolTrace,
};
use baton_core::routing::ledger::{Entry, EntryKind};
use baton_core::routing::reason::{MissedWish, NotKnown, PlanReason, Rejection, TakenBecause};
use baton_core::routing::{Decision, Snapshot, versions};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Stands where a text was.
pub(super) const ERASED: &str = "erased";

/// What a message is answered whose person was erased.
pub const ERASED_MESSAGE: &str = "the person it tells of was erased, and nothing of it was kept";

/// Members whose texts are names of ours, ids or instants: of events, stages, effects, and of what a lead's story tells beside them.
const KEPT: [&str; 41] = [
    "at",
    "attempt",
    "author",
    "card",
    "cause",
    "channel",
    "comfort",
    "effect",
    "effects",
    "erasure",
    "event",
    "from",
    "given_to",
    "id",
    "instead_of",
    "instruction",
    "kind",
    "leg",
    "others",
    "outcome",
    "owner",
    "payer",
    "pool",
    "promised_at",
    "rep",
    "right_rep",
    "role",
    "rungs",
    "search",
    "since",
    "stage",
    "state",
    "steps_from",
    "timer",
    "to",
    "topic",
    "turn_in",
    "until",
    "vendor_ref",
    "waits_in",
    "what",
];

fn erased() -> String {
    ERASED.to_owned()
}

/// When it came, by which call, and what was consented to: that is proof, and says nothing of whom.
pub(super) fn lead(lead: &Lead) -> Lead {
    let call = lead.call.clone().map(|call| Call { from: None, to: None, live: false, ..call });
    Lead {
        id: lead.id.clone(),
        source: lead.source.clone(),
        event_id: lead.event_id.clone(),
        occurred_at: lead.occurred_at,
        received_at: lead.received_at,
        channel: lead.channel,
        call,
        contact: Contact::default(),
        company: Company::default(),
        qualification: Qualification::default(),
        transcript_url: None,
        recording_url: None,
        consent: lead.consent.clone(),
        disclosure: lead.disclosure.clone(),
        preference: Preference::default(),
        custom: BTreeMap::new(),
        unread: Vec::new(),
    }
}

/// Reps and balances stay, what the CRM said of the person goes.
pub(super) fn snapshot(stored: &str) -> String {
    let Ok(snapshot) = serde_json::from_str::<Snapshot>(stored) else { return any(stored) };
    let snapshot = Snapshot { account: Fact::Unknown { why: erased() }, ..snapshot };
    serde_json::to_string(&snapshot).unwrap_or_else(|_| any(stored))
}

/// With its reason in one sentence, where it can be read.
pub(super) fn decision(stored: &str) -> (String, Option<String>) {
    let Ok(mut decision) = versions::read(stored) else { return (any(stored), None) };
    without_person(&mut decision);
    let reason = decision.plan.reason.in_words();
    serde_json::to_string(&decision).map_or_else(|_| (any(stored), None), |text| (text, Some(reason)))
}

fn without_person(decision: &mut Decision) {
    let Decision { plan, degraded, trace, .. } = decision;
    trace.account = AccountTrace::Unknown { why: erased() };
    trace.ownership.iter_mut().for_each(ownership);
    trace.pools.iter_mut().for_each(pool);
    plan_reason(&mut plan.reason);
    for missing in degraded {
        match missing {
            NotKnown::Account { why } | NotKnown::OwnerChosenByCrm { why } | NotKnown::Calendar { why, .. } => {
                *why = erased();
            }
            NotKnown::Told { words } => *words = erased(),
        }
    }
}

fn ownership(step: &mut OwnershipTrace) {
    match &mut step.result {
        OwnershipResult::Delegated { because, .. }
        | OwnershipResult::KeepsForLater { because, .. }
        | OwnershipResult::GivenUp { because, .. } => rejection(because),
        OwnershipResult::NotKnown { why } => *why = erased(),
        OwnershipResult::Keeps
        | OwnershipResult::NoOwner
        | OwnershipResult::NotARep { .. }
        | OwnershipResult::Inactive
        | OwnershipResult::Weak
        | OwnershipResult::TooLongAgo { .. } => {}
    }
}

fn pool(pool: &mut PoolTrace) {
    for candidate in &mut pool.candidates {
        match &mut candidate.verdict {
            CandidateVerdict::Rejected { because } => rejection(because),
            CandidateVerdict::Eligible { because, .. } => {
                for failed in &mut because.fails {
                    match &mut failed.wish {
                        MissedWish::Language(wanted) | MissedWish::Product(wanted) => *wanted = erased(),
                        MissedWish::Skill(_) => {}
                    }
                }
            }
        }
    }
}

fn plan_reason(reason: &mut PlanReason) {
    if let PlanReason::Delegated { because, .. } | PlanReason::HeldForLater { because, .. } = reason {
        rejection(because);
    }
}

/// What the lead had asked for is in the person's words.
fn rejection(because: &mut Rejection) {
    if let Rejection::MissingLanguage { wanted } | Rejection::MissingProduct { product: wanted } = because {
        *wanted = erased();
    }
}

/// Where the person may be, how they are reached, what was told of their phones, and what the sender kept in the trace.
pub(super) fn handoff(handoff: &mut Handoff) {
    if let Stage::NeedsAttention { why, .. } = &mut handoff.stage {
        *why = erased();
    }
    for leg in &mut handoff.legs {
        if !leg.is_ended_by_our_clock() {
            leg.evidence = None;
        }
    }
    handoff.trace_context = None;
    handoff.live = false;
    handoff.caller = Whereabouts::default();
    handoff.caller_zone = None;
    handoff.reach_back = ReachBack::Nothing;
    handoff.wanted_times.clear();
}

/// A line of the lead's story.
pub(super) fn told(kind: &str, stored: &str) -> String {
    let again = (kind == DecidedAgain::KIND).then(|| versions::read_again(stored).ok()).flatten();
    let Some(mut again) = again else { return any(stored) };
    again.pools.iter_mut().for_each(pool);
    plan_reason(&mut again.reason);
    if let Some(taken) = &mut again.taken {
        taken_because(taken);
    }
    serde_json::to_string(&again).unwrap_or_else(|_| any(stored))
}

fn taken_because(taken: &mut TakenBecause) {
    match taken {
        TakenBecause::Left { .. } => {}
        TakenBecause::Wanted { words } => *words = erased(),
    }
}

/// A turn that was moved or taken back: not why, which somebody wrote.
pub(super) fn entry(stored: &str) -> String {
    let Ok(mut entry) = serde_json::from_str::<Entry>(stored) else { return any(stored) };
    match &mut entry.kind {
        EntryKind::Moved { reason, .. } | EntryKind::Undone { reason, .. } => *reason = erased(),
        EntryKind::Turn { .. } | EntryKind::Granted { .. } => return stored.to_owned(),
    }
    serde_json::to_string(&entry).unwrap_or_else(|_| any(stored))
}

/// What a rep said: the figures without the note.
pub(super) fn feedback(stored: &str) -> String {
    let Ok(feedback) = serde_json::from_str::<Feedback>(stored) else { return any(stored) };
    let note = feedback.note.as_ref().map(|_| erased());
    serde_json::to_string(&Feedback { note, ..feedback }).unwrap_or_else(|_| any(stored))
}

/// What a message was answered: ids and owner, without what was said to the caller. One that was not answered counts as taken.
pub(super) fn answer(event: &str, stored: Option<&str>) -> String {
    let taken = || json!({ "status": "taken", "event": event, "ignored": ERASED_MESSAGE });
    let answered = stored.and_then(|text| serde_json::from_str::<Value>(text).ok());
    let Some(mut answer) = answered.filter(|answer| answer["status"] == "decided") else { return taken().to_string() };
    answer["instruction"] = Value::Null;
    answer["degraded"] = json!([]);
    if let Some(members) = answer.as_object_mut() {
        members.remove("notes");
    }
    answer.to_string()
}

/// Any document of ours: of its texts only those that are surely no person's words. One that is no longer kept stays empty.
pub(super) fn any(stored: &str) -> String {
    if stored.is_empty() {
        return String::new();
    }
    let Ok(mut value) = serde_json::from_str::<Value>(stored) else { return json!({ ERASED: true }).to_string() };
    without_texts(&mut value, "", &|_| true);
    value.to_string()
}

/// A document of ours without those of the same texts that are the person's; `None`: none is.
pub(super) fn without(stored: &str, is_theirs: &dyn Fn(&str) -> bool) -> Option<String> {
    let mut value: Value = serde_json::from_str(stored).ok()?;
    without_texts(&mut value, "", is_theirs).then(|| value.to_string())
}

/// `false`: there was none that goes.
fn without_texts(value: &mut Value, name: &str, goes: &dyn Fn(&str) -> bool) -> bool {
    match value {
        Value::String(text) => {
            let is_gone = !KEPT.contains(&name) && goes(text);
            if is_gone {
                *text = erased();
            }
            is_gone
        }
        Value::Array(items) => items.iter_mut().fold(false, |gone, item| gone | without_texts(item, name, goes)),
        Value::Object(members) => {
            members.iter_mut().fold(false, |gone, (name, member)| gone | without_texts(member, name, goes))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use baton_core::routing::decide;
    use baton_core::routing::scenario::scenario;

    #[test]
    fn a_decision_keeps_its_plan_and_loses_whom_it_was_about() {
        let world = scenario();
        let made = decide(&world.lead, &world.snapshot, &world.rules);
        let stored = serde_json::to_string(&made).expect("JSON");
        let (text, reason) = decision(&stored);
        let read = versions::read(&text).expect("it is read like any other");
        assert_eq!((&read.plan, &read.turn, &read.id), (&made.plan, &made.turn, &made.id));
        assert_eq!(read.trace.account, AccountTrace::Unknown { why: erased() });
        assert_eq!(reason, Some(made.plan.reason.in_words()));
    }

    #[test]
    fn what_is_no_longer_kept_stays_empty() {
        assert_eq!((any(""), snapshot(""), decision("")), (String::new(), String::new(), (String::new(), None)));
    }

    #[test]
    fn a_story_keeps_what_happened_and_loses_what_was_said() {
        let line = json!({
            "event": { "event": "declined", "leg": "leg_x.1", "why": "Dana said she would wait" },
            "stage": { "stage": "joining", "leg": "leg_x.1" },
            "ignored": false, "effects": ["ring"], "rep": "ana",
        });
        let kept: Value = serde_json::from_str(&told("declined", &line.to_string())).expect("JSON");
        assert_eq!(kept["event"]["why"], ERASED);
        assert_eq!((&kept["stage"], &kept["rep"], &kept["effects"]), (&line["stage"], &line["rep"], &line["effects"]));
    }

    #[test]
    fn an_answer_keeps_whose_the_lead_is_and_loses_what_was_said() {
        let stored = json!({
            "status": "decided", "event": "a 1", "lead": "lead_x", "owner": "ana", "degraded": ["Dana's account"],
            "instruction": { "id": "1", "kind": "hold", "say": "One moment, Dana." }, "notes": ["/contact: found Dana"],
        });
        let kept = answer("a 1", Some(&stored.to_string()));
        assert!(kept.contains("lead_x") && !kept.contains("Dana"), "{kept}");
        assert!(answer("a 1", Some("{\"status\":\"quarantined\",\"why\":\"Dana\"}")).contains("taken"));
        assert!(answer("a 1", None).contains(ERASED_MESSAGE));
    }
}
