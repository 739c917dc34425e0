//! One lead: who it is, what happened and why, the decision with everybody who could have had it, the briefing, what was done at
//! which vendor, and what reps said of it; with what somebody may do about it.

use super::form::Form;
use super::role::Role;
use super::visit::Visit;
use crate::render::briefing::briefing;
use crate::render::explain::parts::parts;
use crate::store::{LeadRecord, StepTold, TimelineEntry, next_step_name};
use crate::web::{Door, Problem};
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use baton_core::domain::id::RepId;
use baton_core::domain::outcome::Feedback;
use baton_core::routing::Decision;
use baton_core::rules::RuleSet;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

pub(super) async fn page(
    State(door): State<Door>,
    Extension(visit): Extension<Visit>,
    Path(id): Path<String>,
    uri: Uri,
) -> Result<Response, Problem> {
    let (lead, record) = door.known_lead(&id).await?;
    let explained = door.explained(&lead, &record).await?;
    let found = door.store.read("console.lead", move |tx| {
        let lead = lead.clone();
        Box::pin(
            async move { Ok((tx.timeline(&lead).await?, tx.steps_told(&lead).await?, tx.feedbacks(&lead).await?)) },
        )
    });
    let (timeline, steps, ratings) = found.await.map_err(|error| Problem::ours(&error))?;
    let rules = door.rules();
    let contact = &record.lead.contact;
    let who = contact.name.as_ref().map_or(id.as_str(), |name| name.value.as_str());
    let told = explained.as_ref().map(|explained| parts(&explained.told));
    let data = json!({
        "lead": id,
        "who": who,
        "facts": facts(&record, &rules),
        "crm": record.crm.as_ref().and_then(|crm| link(crm.url.as_deref()?)),
        "erased_at": record.erased_at.map(at),
        "is_done": !Form::of_query(&uri).text("done").is_empty(),
        "may_act": visit.may(Role::Ops),
        "may_say": visit.may(Role::Rep),
        "reps": reps(&rules),
        "story": timeline.iter().map(|entry| event(entry, &rules)).collect::<Vec<_>>(),
        "told": told,
        "briefing": explained.as_ref().filter(|_| record.erased_at.is_none())
            .map(|explained| briefed(&record, &explained.decision, &rules)),
        "steps": steps.iter().map(step).collect::<Vec<_>>(),
        "ratings": ratings.iter().map(|said| rating(said, &rules)).collect::<Vec<_>>(),
    });
    Ok(visit.page("lead", who, data))
}

fn at(instant: DateTime<Utc>) -> String {
    instant.format("%F %T UTC").to_string()
}

fn name_of<'r>(rep: &'r RepId, rules: &'r RuleSet) -> &'r str {
    rules.reps.get(rep).map_or(rep.as_str(), |rep| rep.name.as_str())
}

/// An address that a browser may be led to.
fn link(url: &str) -> Option<&str> {
    Some(url).filter(|url| url.starts_with("https://") || url.starts_with("http://"))
}

/// Whoever can be given a lead.
fn reps(rules: &RuleSet) -> Vec<Value> {
    let active = rules.reps.values().filter(|rep| rep.active);
    active.map(|rep| json!({ "id": rep.id, "name": rep.name, "team": rep.team })).collect()
}

fn facts(record: &LeadRecord, rules: &RuleSet) -> Value {
    let (lead, next) = (&record.lead, &record.next_step);
    json!({
        "company": lead.company.name.as_ref().map(|name| &name.value),
        "email": lead.contact.email.as_ref().map(|email| &email.value),
        "phone": lead.reach_phone().map(|phone| phone.as_str()),
        "owner": name_of(&record.owner, rules),
        "status": record.status.replace('_', " "),
        "step": next_step_name(next.what).replace('_', " "),
        "step_by": name_of(&next.owner, rules),
        "step_at": at(next.at),
        "first_contact_at": record.first_contact_at.map(at),
    })
}

/// Of an event's members: what has a place of its own.
const TOLD_ELSEWHERE: [&str; 6] = ["event", "stage", "rep", "leg", "timer", "ignored"];

/// What is told of an event beside its name: its plain members, such as who said so and why.
fn event(entry: &TimelineEntry, rules: &RuleSet) -> Value {
    let body = &entry.body;
    let plain = |from: &Value| {
        let members = from.as_object().into_iter().flatten();
        let members = members.filter(|(name, _)| !TOLD_ELSEWHERE.contains(&name.as_str()));
        let told = members.filter_map(|(name, value)| {
            let name = name.replace('_', " ");
            match value {
                Value::String(text) if !text.is_empty() => Some(format!("{name}: {text}")),
                Value::Number(number) => Some(format!("{name}: {number}")),
                Value::Bool(true) => Some(name),
                _ => None,
            }
        });
        told.collect::<Vec<String>>()
    };
    let timer = body["event"]["timer"]["timer"].as_str().map(|timer| timer.replace('_', " "));
    let because: Vec<String> = timer.into_iter().chain(plain(&body["event"])).chain(plain(body)).collect();
    let rep = body["rep"].as_str().or(body["event"]["rep"].as_str()).and_then(|rep| RepId::new(rep).ok());
    let effects: Vec<String> = body["effects"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(|effect| effect.replace('_', " "))
        .collect();
    json!({
        "at": at(entry.at),
        "what": entry.kind.replace('_', " "),
        "rep": rep.as_ref().map(|rep| name_of(rep, rules)),
        "because": because.join("; "),
        "stage": body["stage"]["stage"].as_str().map(|stage| stage.replace('_', " ")),
        "effects": effects.join(", "),
        "ignored": body["ignored"] == json!(true),
    })
}

/// As it goes to whoever gets the lead.
fn briefed(record: &LeadRecord, decision: &Decision, rules: &RuleSet) -> Value {
    let briefing = briefing(&record.lead, decision, rules);
    json!({
        "headline": briefing.headline,
        "do_not": briefing.do_not,
        "summary": briefing.summary,
        "fields": briefing.fields.iter().map(|field| json!({ "label": field.label, "value": field.value })).collect::<Vec<_>>(),
        "objections": briefing.objections,
        "next_action": briefing.next_action,
        "why": briefing.why_you,
        "ask_first": briefing.ask_first,
    })
}

fn step(step: &StepTold) -> Value {
    json!({
        "what": step.kind.replace('_', " "), "key": step.effect_key, "state": step.state, "attempts": step.attempts,
        "at": at(step.ended_at.unwrap_or(step.run_at)), "vendor_ref": step.vendor_ref, "error": step.error,
    })
}

pub(super) fn rating(said: &Feedback, rules: &RuleSet) -> Value {
    let misroute = said.misroute.as_ref().map(|misroute| {
        let right = misroute.right_rep.as_ref().map(|rep| name_of(rep, rules));
        json!({ "kind": misroute.kind, "right_rep": right })
    });
    json!({
        "at": at(said.at), "rep": name_of(&said.rep, rules), "quality": said.quality, "completeness": said.completeness,
        "misroute": misroute, "no_show": said.no_show, "note": said.note, "via": said.via,
    })
}
