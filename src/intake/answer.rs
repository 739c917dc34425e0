//! What is said back to whoever sent an event: who gets the lead, what the agent says now, what stands next.

use crate::connectors::Spoken;
use crate::domain::id::{DecisionId, LeadId, RepId};
use crate::domain::lead::Lead;
use crate::domain::outcome::NextStep;
use crate::handoff::Handoff;
use crate::routing::Decision;
use crate::rules::set::Rung;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;
use tokio::sync::oneshot;

/// Stored with the inbox row: the same event again gets the same bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Answer {
    Decided(Box<Decided>),
    /// Taken, for an event that is no lead.
    Taken {
        event: String,
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
    /// What the voice agent does now; absent when the caller is not on the line.
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

impl Answer {
    pub fn decided(
        event: &str,
        lead: &Lead,
        decision: &Decision,
        handoff: &Handoff,
        owner_name: &str,
        instruction: Option<Instructed>,
    ) -> Self {
        Self::Decided(Box::new(Decided {
            event: event.to_owned(),
            lead: decision.lead_id.clone(),
            decision: decision.id.clone(),
            owner: decision.plan.owner.clone(),
            owner_name: owner_name.to_owned(),
            reason: decision.plan.reason.clone(),
            targets: decision.plan.targets.iter().map(|target| target.rep.clone()).collect(),
            rungs: handoff.rungs.clone(),
            instruction,
            next_step: handoff.next_step(),
            degraded: decision.degraded.clone(),
            notes: lead.unread.iter().map(ToString::to_string).collect(),
        }))
    }
}

/// Who waits for which answer in this process.
#[derive(Default)]
pub struct Answers(Mutex<BTreeMap<String, Vec<oneshot::Sender<Answer>>>>);

impl Answers {
    /// A place in the line for this event's answer; taken *before* the event is handed in, so that no answer slips by.
    pub fn expect(&self, key: &str) -> oneshot::Receiver<Answer> {
        let (sender, receiver) = oneshot::channel();
        self.0.lock().expect("answers").entry(key.to_owned()).or_default().push(sender);
        receiver
    }

    pub fn put(&self, key: &str, answer: &Answer) {
        let waiting = self.0.lock().expect("answers").remove(key).unwrap_or_default();
        for sender in waiting {
            // Whoever stopped waiting asks again if they care.
            let _gone = sender.send(answer.clone());
        }
    }

    /// Forgets those who no longer wait.
    pub fn sweep(&self) {
        self.0.lock().expect("answers").retain(|_, waiting| {
            waiting.retain(|sender| !sender.is_closed());
            !waiting.is_empty()
        });
    }
}

/// The answer, if it comes in time.
pub async fn within(receiver: oneshot::Receiver<Answer>, span: Duration) -> Option<Answer> {
    tokio::time::timeout(span, receiver).await.ok()?.ok()
}
