//! What is said back to whoever sent an event: who gets the lead, what the agent says now, what stands next.

use crate::connectors::Spoken;
use crate::outbox::instruct;
use crate::release::Release;
use crate::render::caller::CallerContext;
use crate::store::{Arrival, StoreError};
use baton_core::domain::effect::Effect;
use baton_core::domain::id::{DecisionId, LeadId, RepId};
use baton_core::domain::lead::Lead;
use baton_core::domain::outcome::NextStep;
use baton_core::domain::text::CallerText;
use baton_core::handoff::Handoff;
use baton_core::routing::Decision;
use baton_core::routing::reason::NotKnown;
use baton_core::rules::RuleSet;
use baton_core::rules::model::set::Rung;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;

/// Stored with the inbox row: the same event again gets the same bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Answer {
    Decided(Box<Decided>),
    /// Decided in shadow: the agent goes on as it would without this answer, and transfers nobody for it.
    Shadow(Box<Decided>),
    /// Taken, for an event that is no lead.
    Taken {
        event: String,
        /// It cannot be so, and changed nothing: why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ignored: Option<String>,
    },
    /// Kept with its bytes, but not to be understood as it is.
    Quarantined {
        event: String,
        why: String,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decided {
    pub event: String,
    pub lead: LeadId,
    pub decision: DecisionId,
    pub owner: RepId,
    pub owner_name: String,
    /// The decision in one sentence.
    pub reason: String,
    /// Reps that will be rung, in order.
    pub targets: Vec<RepId>,
    pub rungs: Vec<Rung>,
    /// What the voice agent does now, or a chat says; absent where nobody hears or reads it. In shadow it is `go_on`, with
    /// nothing to say.
    pub instruction: Option<Instructed>,
    pub next_step: NextStep,
    /// Facts that were not to be had in time.
    pub degraded: Vec<String>,
    /// What the event brought and nobody could read; empty for whoever sends what the schema says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Instructed {
    /// The command of the same id says the same: it is to be carried out once.
    pub id: String,
    #[serde(flatten)]
    pub spoken: Spoken,
}

impl Instructed {
    fn go_on(lead: &LeadId) -> Self {
        let say = CallerText(String::new());
        let spoken = Spoken { kind: "go_on".to_owned(), say, slots: Vec::new(), language: "en".to_owned() };
        Self { id: format!("{}.go_on", lead.suffix()), spoken }
    }

    /// The first instruction among effects, each with its key: the words for the caller that go back with the answer. The same
    /// command follows under the same id.
    pub(super) fn first_of<'a>(
        effects: impl IntoIterator<Item = (&'a String, &'a Effect)>,
        lead: &Lead,
        handoff: &Handoff,
        release: &Release,
        now: DateTime<Utc>,
    ) -> Option<Self> {
        let (id, instruction) = effects.into_iter().find_map(|(key, effect)| match effect {
            Effect::Instruct { instruction } => Some((key.clone(), instruction)),
            _ => None,
        })?;
        let (reps, company) = (&release.rules.reps, release.rules.handoff.company.as_deref());
        let context = CallerContext { reps, company, caller: handoff.whereabouts(), now };
        let ours = &release.rules.handoff.language;
        Some(Self { id, spoken: instruct::spoken(&release.templates, instruction, &lead.consent, &context, ours) })
    }
}

impl Answer {
    /// Of a lead that has an owner; `shadow`: nobody but whoever asked is told so.
    pub(super) fn of_lead(mut decided: Box<Decided>, shadow: bool) -> Self {
        if !shadow {
            return Self::Decided(decided);
        }
        decided.instruction = Some(Instructed::go_on(&decided.lead));
        Self::Shadow(decided)
    }

    /// To an event that was handled so long ago that only its name is left.
    pub(super) fn no_longer_kept(event: &str) -> Self {
        let why = "it came before, and what it was answered is no longer kept".to_owned();
        Self::Taken { event: event.to_owned(), ignored: Some(why) }
    }

    /// As it is stored.
    pub(super) fn text(&self) -> Result<String, StoreError> {
        serde_json::to_string(self).map_err(|error| StoreError::Unstorable { why: error.to_string() })
    }
}

impl Decided {
    pub(super) fn of(
        event: &str,
        lead: &Lead,
        decision: &Decision,
        handoff: &Handoff,
        rules: &RuleSet,
        instruction: Option<Instructed>,
    ) -> Self {
        Self {
            event: event.to_owned(),
            lead: decision.lead_id.clone(),
            decision: decision.id.clone(),
            owner: decision.plan.owner.clone(),
            owner_name: rules.reps.get(&decision.plan.owner).map(|rep| rep.name.clone()).unwrap_or_default(),
            reason: decision.plan.reason.in_words(),
            targets: decision.plan.targets.iter().map(|target| target.rep.clone()).collect(),
            rungs: handoff.rungs.clone(),
            instruction,
            next_step: handoff.next_step(),
            degraded: decision.degraded.iter().map(NotKnown::in_words).collect(),
            notes: lead.unread.iter().map(ToString::to_string).collect(),
        }
    }
}

/// An answer as it goes out.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OutgoingAnswer<'a> {
    #[serde(flatten)]
    pub answer: &'a Answer,
    /// The event came under its id before, with another content.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<&'static str>,
}

/// Said to whoever sent an event again under its id, changed.
pub const DIFFERS: &str = "an event of this id came before with another content, which counts; what came now was not used: \
                           send it under an id of its own, if it is meant";

impl<'a> OutgoingAnswer<'a> {
    pub fn of(answer: &'a Answer, known: Arrival) -> Self {
        Self { answer, note: (known == Arrival::Differs).then_some(DIFFERS) }
    }
}

/// Who waits for which answer in this process.
#[derive(Default)]
pub struct Answers(Mutex<BTreeMap<String, Vec<oneshot::Sender<Answer>>>>);

impl Answers {
    /// A place in the line for this event's answer; taken *before* the event is handed in, so that no answer slips by.
    pub fn expect(&self, key: &str) -> oneshot::Receiver<Answer> {
        let (sender, receiver) = oneshot::channel();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(key.to_owned()).or_default().push(sender);
        receiver
    }

    pub fn put(&self, key: &str, answer: &Answer) {
        let waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(key).unwrap_or_default();
        for sender in waiting {
            // Whoever stopped waiting asks again if they care.
            let _gone = sender.send(answer.clone());
        }
    }

    /// Forgets those who no longer wait.
    pub fn sweep(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, waiting| {
            waiting.retain(|sender| !sender.is_closed());
            !waiting.is_empty()
        });
    }
}

/// The answer, if it comes in time.
pub async fn within(receiver: oneshot::Receiver<Answer>, span: Duration) -> Option<Answer> {
    tokio::time::timeout(span, receiver).await.ok()?.ok()
}
