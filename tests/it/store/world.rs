//! Leads as they come out of a decision: the shipped rules, real decisions, real first moves.

use crate::program::{root, rule_files};
use baton::store::{DecidedLead, Mover, NewStep, TimelineEntry, new_steps};
use baton_core::domain::effect::{Effect, Planned, Topic};
use baton_core::domain::id::{HandoffId, LeadId, PoolId, RepId};
use baton_core::domain::known::Known;
use baton_core::domain::lead::{Call, Company, Consent, Contact, FieldValue, Headcount, Lead, Qualification};
use baton_core::domain::phone::PhoneE164;
use baton_core::domain::trace_context::TraceContext;
use baton_core::handoff::{Event, Handoff, advance};
use baton_core::rehearsal::world::at_rest;
use baton_core::routing::scenario::acme;
use baton_core::routing::{Decision, Snapshot, decide};
use baton_core::rules::{RuleSet, compile};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

pub const LEASE: Duration = Duration::from_secs(30);

/// A Tuesday on which London and Berlin are at work.
pub fn now() -> DateTime<Utc> {
    "2026-03-03T14:00:00Z".parse().expect("an instant")
}

pub fn later(seconds: i64) -> DateTime<Utc> {
    now() + TimeDelta::seconds(seconds)
}

pub fn rep(name: &str) -> RepId {
    RepId::new(name).expect("a slug")
}

pub fn pool(name: &str) -> PoolId {
    PoolId::new(name).expect("a name")
}

pub fn lead_id(number: u32) -> LeadId {
    let mut digest = [0; 16];
    digest[..4].copy_from_slice(&number.to_be_bytes());
    LeadId::from_digest(digest)
}

pub fn handoff_id(number: u32) -> HandoffId {
    HandoffId::of(&lead_id(number))
}

pub fn mover(worker: &str, now: DateTime<Utc>) -> Mover {
    Mover { worker: worker.to_owned(), lease: LEASE, now }
}

/// The rules that Baton ships.
pub fn rules() -> Arc<RuleSet> {
    static RULES: LazyLock<Arc<RuleSet>> = LazyLock::new(|| {
        let checked = compile(&rule_files(&root().join("rules"))).expect("the shipped rules load");
        Arc::new(checked.rules)
    });
    Arc::clone(&RULES)
}

/// A live caller from a large British company; numbers make them differ.
pub fn caller(number: u32) -> Lead {
    let said = |text: String| Some(Known::from_caller(text));
    let acme = acme();
    let call = acme.call.clone().expect("Acme is on the line");
    Lead {
        id: lead_id(number),
        event_id: format!("evt-{number}"),
        occurred_at: later(-2),
        received_at: later(-1),
        call: Some(Call {
            id: format!("call-{number}"),
            from: PhoneE164::new("+442079460900").ok(),
            started_at: Some(later(-240)),
            ..call
        }),
        contact: Contact {
            name: said(format!("Caller Nº {number}")),
            language: said("en".into()),
            ..Contact::default()
        },
        company: Company {
            name: said(format!("Company \"{number}\"")),
            employees: Some(Known::from_caller(Headcount { at_least: 1000 + number, at_most: None })),
            country: said("GB".into()),
            ..Company::default()
        },
        qualification: Qualification {
            score: Some(Known::from_caller(70)),
            summary: said(format!("Wants {number} seats by Easter;\nasks about 'price'.")),
            ..Qualification::default()
        },
        transcript_url: Some(format!("https://voice.example/transcripts/{number}")),
        consent: Consent { callback: Some(true.into()), ..Consent::default() },
        custom: BTreeMap::from([("budget".to_owned(), FieldValue::Number(f64::from(number) + 0.1))]),
        ..acme
    }
}

/// A lead as the worker `first` has just decided it; its phone rings.
pub fn decided(lead: Lead) -> DecidedLead {
    let rules = rules();
    let snapshot = at_rest(&rules, now());
    let decision = decide(&lead, &snapshot, &rules);
    let reason = decision.plan.reason.in_words();
    let begun = begun(lead, snapshot, decision, &rules);
    assert!(!begun.handoff.holds.is_empty(), "the scenario rings somebody: {reason}");
    let body = json!({ "owner": begun.decision.plan.owner, "reason": reason });
    let told = TimelineEntry { lead_id: begun.lead.id.clone(), at: now(), kind: "decided".to_owned(), body };
    DecidedLead { timeline: vec![told], ..begun }
}

/// A decision of the worker `first` with the first move of its handoff.
pub fn begun(lead: Lead, snapshot: Snapshot, decision: Decision, rules: &RuleSet) -> DecidedLead {
    let handoff = Handoff::begin(&lead, &decision, rules);
    let begins = advance(&handoff, &Event::Start, rules, snapshot.now);
    DecidedLead {
        steps: new_steps(begins.effects, &begins.state, &mover("first", snapshot.now)),
        lead,
        decision,
        snapshot,
        handoff: begins.state,
        timeline: Vec::new(),
        completeness_permille: 640,
    }
}

/// A step by name and time; the effect says its priority.
pub fn step(key: &str, effect: Effect, run_at: DateTime<Utc>) -> NewStep {
    let planned = Planned { key: key.to_owned(), effect, run_at, deadline_at: run_at + TimeDelta::hours(1) };
    NewStep { handoff_id: handoff_id(1), planned, planned_at: run_at, leased: None, trace_context: None }
}

/// Of the last priority.
pub fn publish() -> Effect {
    Effect::Publish { topic: Topic::LeadRouted }
}

/// As it comes with an event.
pub fn traced() -> Option<TraceContext> {
    TraceContext::read("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", Some("rojo=1"))
}
