//! What would be written for a lead, by whoever would be asked for it: the lanes write as ever, and vendors are put in the place of
//! the real ones that only take down what they are asked for.
//!
//! It writes nothing: no vendor is called, no step is claimed. What it tells is made of personal data: for whoever asked, never for a
//! log.

mod scribe;

use super::lanes;
use super::matter::Matter;
use super::parts::{FeedbackLinks, OutboxParts, Vendors};
use super::webhooks::Webhooks;
use super::work::At;
use crate::connectors::{Calendar, Chat, Crm, Mailer};
use crate::facts::Facts;
use crate::release::Current;
use crate::store::{LeadFile, StepRow, Store, StoreError};
use baton_clock::SharedClock;
use baton_core::domain::effect::{Effect, Topic};
use baton_core::domain::id::{HandoffId, LeadId};
use baton_core::domain::lead::LeadChannel;
use baton_core::domain::outcome::Slot;
use baton_core::handoff::{Event, Handoff, Stage, advance};
use baton_core::rules::RuleSet;
use chrono::{DateTime, Utc};
use scribe::{Scribe, Taken};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// Who is configured, by the names that vendors have here.
#[derive(Debug, Clone, Default)]
pub struct Configured {
    pub crm: Option<&'static str>,
    pub chat: Option<&'static str>,
    pub calendar: Option<&'static str>,
    pub mail: bool,
    pub texts: bool,
    pub broker: bool,
    /// With the topics that each asks for; `None`: all.
    pub webhooks: Vec<(String, Option<BTreeSet<Topic>>)>,
}

/// One write that would be made.
#[derive(Debug, Clone, PartialEq)]
pub struct WouldWrite {
    /// Of the step.
    pub key: String,
    /// [`Effect::kind`].
    pub kind: &'static str,
    pub run_at: DateTime<Utc>,
    /// What would be asked for, by `vendor`; or `not_written` and why.
    pub write: Value,
}

pub struct Rehearsal {
    parts: OutboxParts,
    configured: Configured,
    taken: Arc<Taken>,
    webhooks: Webhooks,
}

impl Rehearsal {
    pub fn new(
        configured: Configured,
        (store, release): (Store, Current),
        clock: SharedClock,
        links: Option<Arc<dyn FeedbackLinks>>,
    ) -> Self {
        let taken: Arc<Taken> = Arc::default();
        let scribe = |vendor: &'static str| Arc::new(Scribe { vendor, taken: Arc::clone(&taken) });
        let vendors = Vendors {
            crm: configured.crm.map(|vendor| scribe(vendor) as Arc<dyn Crm>),
            chat: configured.chat.map(|vendor| scribe(vendor) as Arc<dyn Chat>),
            calendar: configured.calendar.map(|vendor| scribe(vendor) as Arc<dyn Calendar>),
            mailer: configured.mail.then(|| scribe("mail") as Arc<dyn Mailer>),
            ..Vendors::default()
        };
        let facts = Arc::new(Facts::new(None, None, store.clone(), Arc::clone(&clock), Duration::ZERO));
        let parts = OutboxParts {
            store,
            vendors,
            facts,
            release,
            clock,
            worker: "rehearsal".to_owned(),
            lease: Duration::ZERO,
            vendor_timeout: Duration::ZERO,
            steps_at_once: 1,
            links,
            restored_at: None,
            shadow: false,
        };
        Self { parts, configured, taken, webhooks: Webhooks::new(&[]) }
    }

    /// For each lead what its steps would write, in their order. A lead that is no longer kept is left out.
    ///
    /// # Errors
    /// The database could not be read.
    pub async fn of_leads(&self, leads: &[LeadId]) -> Result<Vec<(LeadId, Vec<WouldWrite>)>, StoreError> {
        let ids: Vec<HandoffId> = leads.iter().map(HandoffId::of).collect();
        let mut files = self.parts.store.lead_files(&ids).await?;
        let mut steps: BTreeMap<LeadId, Vec<StepRow>> = BTreeMap::new();
        for step in self.parts.store.steps_of(leads).await? {
            steps.entry(step.lead_id.clone()).or_default().push(step);
        }
        let release = Arc::clone(&self.parts.release.borrow());
        let mut told = Vec::with_capacity(leads.len());
        for lead in leads {
            let Some(file) = files.remove(&HandoffId::of(lead)) else { continue };
            let matter = Matter::of_file(as_if_begun(file, &release.rules), &release);
            let mut of_lead = steps.remove(lead).unwrap_or_default();
            of_lead.sort_by_key(|step| (step.planned_at, ordinal(&step.effect_key)));
            let mut writes = Vec::new();
            for step in of_lead.iter().filter(|step| step.effect.is_noticed()) {
                writes.extend(self.of_step(step, &matter).await);
            }
            told.push((lead.clone(), writes));
        }
        Ok(told)
    }

    async fn of_step(&self, step: &StepRow, matter: &Matter) -> Vec<WouldWrite> {
        let would =
            |write| WouldWrite { key: step.effect_key.clone(), kind: step.effect.kind(), run_at: step.run_at, write };
        if let Some(why) = step.effect.refused_by(&matter.lead.consent) {
            return vec![would(not_written(why))];
        }
        let at = At { parts: &self.parts, step, matter, webhooks: &self.webhooks };
        let writes = match &step.effect {
            Effect::Publish { topic } => vec![self.published(*topic)],
            Effect::TextBack => vec![self.text_back(&at)],
            Effect::TextMeeting { slot, called_off } => vec![self.text_of_meeting(&at, slot, *called_off)],
            Effect::Instruct { .. }
            | Effect::Hold { .. }
            | Effect::Ring { .. }
            | Effect::Whisper { .. }
            | Effect::Join { .. }
            | Effect::DialLead { .. }
            | Effect::Ask { .. }
            | Effect::HangUp { .. }
            | Effect::EndCall
            | Effect::LeaveAgent => vec![json!({ "vendor": "telephony", "command": step.effect })],
            Effect::WriteCrm { .. }
            | Effect::Brief { .. }
            | Effect::UpdateCard { .. }
            | Effect::ConfirmToCaller { .. }
            | Effect::Book { .. }
            | Effect::MoveMeeting { .. }
            | Effect::CancelMeeting { .. } => self.by_lane(&at).await,
            Effect::FindSlots { .. } | Effect::ReadOwner | Effect::Timer { .. } => Vec::new(),
        };
        writes.into_iter().map(would).collect()
    }

    /// As the lane of the effect writes it.
    async fn by_lane(&self, at: &At<'_>) -> Vec<Value> {
        let done = lanes::work(&at.step.effect).perform(at).await;
        let taken = self.taken.take();
        match done {
            Ok(_) if !taken.is_empty() => taken,
            Ok(done) => vec![not_written(&done.result.unwrap_or_else(|| "nothing is to be written".to_owned()))],
            Err(error) => vec![not_written(&error.to_string())],
        }
    }

    fn published(&self, topic: Topic) -> Value {
        let wants = |topics: &Option<BTreeSet<Topic>>| topics.as_ref().is_none_or(|topics| topics.contains(&topic));
        let webhooks = self.configured.webhooks.iter().filter(|(_, topics)| wants(topics));
        let webhooks: Vec<&str> = webhooks.map(|(name, _)| name.as_str()).collect();
        json!({ "vendor": "events", "topic": topic, "broker": self.configured.broker, "webhooks": webhooks })
    }

    fn text_of_meeting(&self, at: &At<'_>, slot: &Slot, called_off: bool) -> Value {
        if !self.configured.texts {
            return not_written("no [sms] is configured");
        }
        let matter = at.matter;
        match matter.handoff.meeting_text_to(&matter.lead, &matter.rules, (slot, called_off), at.now()) {
            Ok(to) => {
                let words = matter.templates.text_of_meeting(slot, called_off, None, &at.caller_context());
                json!({ "vendor": "sms", "to": to, "text": words })
            }
            Err(why) => not_written(&why.to_string()),
        }
    }

    fn text_back(&self, at: &At<'_>) -> Value {
        if !self.configured.texts {
            return not_written("no [sms] is configured");
        }
        let matter = at.matter;
        match matter.handoff.text_to(&matter.lead, &matter.rules, at.now()) {
            Ok((to, promise)) => {
                let words = matter.templates.text_back(&promise.owner, promise.promised_at, &at.caller_context());
                json!({ "vendor": "sms", "to": to, "text": words })
            }
            Err(why) => not_written(&why.to_string()),
        }
    }
}

fn not_written(why: &str) -> Value {
    json!({ "not_written": why })
}

/// Of the key of a step, which was planned as which of its handoff.
fn ordinal(key: &str) -> u32 {
    let number = key.rsplit_once('.').and_then(|(_, rest)| rest.split_once('-'));
    number.and_then(|(number, _)| number.parse().ok()).unwrap_or(u32::MAX)
}

/// A lead of a trial as it would have stood after its first move.
fn as_if_begun(file: LeadFile, rules: &RuleSet) -> LeadFile {
    if !file.handoff.shadow {
        return file;
    }
    let lead = &file.record.lead;
    let begun = Handoff {
        stage: Stage::Offered,
        shadow: false,
        effects_planned: 0,
        live: file.decision.is_live(lead),
        in_chat: lead.channel == LeadChannel::Chat,
        ..file.handoff
    };
    let handoff = advance(&begun, &Event::Start, rules, file.decision.decided_at).state;
    LeadFile { handoff, ..file }
}
