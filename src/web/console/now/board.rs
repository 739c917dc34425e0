//! What *Now* shows, read in one look; each section is a value, so that it can be told whether it has changed.

use crate::release::Release;
use crate::store::{Aside, LeadRecord, OpenLead, OpenMatter, StepProblem, StoreError};
use crate::web::Door;
use crate::web::console::form::query;
use crate::web::console::view;
use crate::web::console::words::Language;
use crate::web::standing::Standing;
use baton_clock::SharedClock;
use baton_core::domain::id::RepId;
use baton_core::handoff::{Handoff, Stage};
use baton_core::rules::RuleSet;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Lines of a section; whatever is more urgent stands above them.
const SHOWN: usize = 100;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Section {
    Calls,
    Promises,
    Waiting,
    Attention,
}

impl Section {
    pub(super) const ALL: [Self; 4] = [Self::Calls, Self::Promises, Self::Waiting, Self::Attention];

    /// Of its template, its element and its events.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::Promises => "promises",
            Self::Waiting => "waiting",
            Self::Attention => "attention",
        }
    }
}

pub(super) struct Board {
    /// In the order of [`Section::ALL`].
    sections: [Value; 4],
    /// As it was when somebody first asked for it.
    made: Mutex<BTreeMap<(Section, Language), Arc<str>>>,
}

impl Board {
    pub(super) async fn read(door: &Door) -> Result<Self, StoreError> {
        let found = door.store.read("console.now", move |tx| {
            Box::pin(async move {
                let calls = tx.leads_open(OpenMatter::Handoff, SHOWN + 1).await?;
                let promises = tx.leads_open(OpenMatter::Promise, SHOWN + 1).await?;
                let waiting = tx.leads_open(OpenMatter::Wait, SHOWN + 1).await?;
                let leads = tx.leads_open(OpenMatter::Attention, SHOWN + 1).await?;
                let (steps, aside) = (tx.steps_failed(SHOWN + 1).await?, tx.inbox_quarantined(SHOWN + 1).await?);
                Ok(((calls, promises, waiting), (leads, steps, aside)))
            })
        });
        let ((calls, promises, waiting), (leads, steps, aside)) = found.await?;
        let (release, now) = (Arc::clone(&door.release.borrow()), door.clock.now());
        let rules = &release.rules;
        let attention = leads.iter().map(|open| needs_person(open, rules));
        let attention = attention.chain(steps.iter().map(failed)).chain(aside.iter().map(put_aside)).collect();
        let sections = [
            section(calls.into_iter().map(|open| call(open, &release, now)).collect()),
            section(promises.iter().map(|open| promise(open, rules, now)).collect()),
            section(waiting.iter().map(|open| waits(open, rules)).collect()),
            section(attention),
        ];
        Ok(Self { sections, made: Mutex::default() })
    }

    pub(super) fn differs(&self, other: &Self, section: Section) -> bool {
        self.sections[section as usize] != other.sections[section as usize]
    }

    /// As it is at this moment.
    pub(super) fn html(&self, section: Section, language: Language, clock: &SharedClock) -> String {
        let (mut data, now) = (self.sections[section as usize].clone(), clock.now());
        for item in data["items"].as_array_mut().into_iter().flatten() {
            if let Some(until) = item["until_ms"].as_i64() {
                let left = u64::try_from(until - now.timestamp_millis()).unwrap_or(0);
                // As long as it takes for whoever looks at it.
                let left = clock.real(Duration::from_millis(left));
                item["left_ms"] = json!(left.as_millis() as u64);
                item["left_s"] = json!(left.as_secs());
            }
        }
        view::part(section.name(), language, data)
    }

    /// The same, made once for all who are told of this board as it comes.
    pub(super) fn fresh(&self, section: Section, language: Language, clock: &SharedClock) -> Arc<str> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let html = made.entry((section, language)).or_insert_with(|| self.html(section, language, clock).into());
        Arc::clone(html)
    }
}

impl PartialEq for Board {
    fn eq(&self, other: &Self) -> bool {
        self.sections == other.sections
    }
}

fn section(mut items: Vec<Value>) -> Value {
    let has_more = items.len() > SHOWN;
    items.truncate(SHOWN);
    json!({ "count": items.len(), "has_more": has_more, "items": items })
}

/// What every line of a lead begins with.
fn lead(record: &LeadRecord, rules: &RuleSet) -> Value {
    let (contact, company) = (&record.lead.contact, &record.lead.company);
    json!({
        "lead": record.lead.id,
        "who": contact.name.as_ref().map(|name| &name.value),
        "company": company.name.as_ref().map(|name| &name.value),
        "is_erased": record.erased_at.is_some(),
        "owner": name_of(&record.next_step.owner, rules),
    })
}

fn name_of<'r>(rep: &'r RepId, rules: &'r RuleSet) -> &'r str {
    rules.reps.get(rep).map_or(rep.as_str(), |rep| rep.name.as_str())
}

fn at(instant: DateTime<Utc>) -> String {
    instant.format("%F %T UTC").to_string()
}

fn call(open: OpenLead, release: &Release, now: DateTime<Utc>) -> Value {
    let OpenLead { record, handoff } = open;
    let mut line = lead(&record, &release.rules);
    let is_reachable = record.lead.can_be_reached_later();
    let standing = Standing { handoff, is_reachable, transfer_to: None };
    let (told, status) = standing.words(release, now);
    let Handoff { live, stage, legs, patience_until, .. } = &standing.handoff;
    let rings = legs.iter().filter(|leg| !leg.state.is_given_up());
    let rings = rings.map(|leg| {
        let state = leg.state.as_str().replace('_', " ");
        json!({ "name": name_of(&leg.rep, &release.rules), "state": state })
    });
    let waits =
        matches!(stage, Stage::Offered | Stage::Ringing { .. } | Stage::Briefing { .. } | Stage::Joining { .. });
    line["rings"] = rings.collect();
    line["status"] = json!(status.replace('_', " "));
    line["told"] = json!(told.0);
    // How long is left is filled in where it is shown.
    line["until"] = Value::Null;
    if *live && waits {
        line["until"] = json!(at(*patience_until));
        line["until_ms"] = json!(patience_until.timestamp_millis());
    }
    line
}

fn promise(open: &OpenLead, rules: &RuleSet, now: DateTime<Utc>) -> Value {
    let (record, due) = (&open.record, open.record.next_step.at);
    let mut line = lead(record, rules);
    line["by_mail"] = json!(record.status == "mail");
    line["due"] = json!(at(due));
    line["is_late"] = json!(due <= now);
    line
}

fn waits(open: &OpenLead, rules: &RuleSet) -> Value {
    let mut line = lead(&open.record, rules);
    line["pool"] = json!(open.handoff.waits_in);
    line["since"] = json!(at(open.handoff.decided_at));
    line
}

/// Each line of what needs a person has the same fields, so that one table shows them all.
fn needs_person(open: &OpenLead, rules: &RuleSet) -> Value {
    let mut line = lead(&open.record, rules);
    let why = match &open.handoff.stage {
        Stage::NeedsAttention { why, .. } => why.as_str(),
        _ => "",
    };
    line["kind"] = json!("lead");
    line["what"] = Value::Null;
    line["why"] = json!(why);
    line["since"] = json!(at(open.record.next_step.at));
    line["act"] = json!(format!("/console/leads/{}#acts", open.record.lead.id));
    line
}

fn failed(step: &StepProblem) -> Value {
    json!({
        "kind": "step", "lead": step.lead_id, "who": null, "company": null, "is_erased": false, "owner": null,
        "what": step.kind, "why": step.error, "since": at(step.at), "act": act("step", &step.effect_key),
    })
}

fn put_aside(message: &Aside) -> Value {
    json!({
        "kind": "message", "lead": null, "who": null, "company": null, "is_erased": false, "owner": null,
        "what": message.kind, "why": message.why, "since": at(message.received_at), "act": act("message", &message.key),
    })
}

/// Where something is done about it.
fn act(kind: &str, key: &str) -> String {
    format!("/console/attention?kind={kind}&{}", query("key", key))
}
