//! What is said to a caller: the words of a first decision, later what is true then, and true ones until there is a decision.

use crate::deciding::answer::{Answer, Decided};
use crate::intake::event::{EventKind, Message, parse};
use crate::release::Release;
use crate::render::caller::{GO_ON, Stopgap};
use crate::store::Arrival;
use crate::web::Door;
use crate::web::incoming::Brought;
use baton_core::domain::id::LegId;
use baton_core::domain::lead::Lead;
use baton_platforms::{Heard, Meaning, PlatformEvent, Said};
use chrono::{DateTime, Utc};
use tokio::time::Instant;

/// Who finds the words for one request, and until when.
pub(super) struct Speaker<'a> {
    pub door: &'a Door,
    pub release: &'a Release,
    pub until: Instant,
}

impl Speaker<'_> {
    /// What is said to each meaning; `None` where nobody waits. `brought` is empty if nothing is known to be stored.
    pub(super) async fn said(&self, heard: &Heard, brought: Vec<Brought>) -> Vec<Option<Said>> {
        let mut brought = brought.into_iter();
        let mut said = Vec::with_capacity(heard.meanings.len());
        for meaning in &heard.meanings {
            said.push(match meaning {
                Meaning::Nothing { .. } => None,
                Meaning::Unclear { .. } => Some(stopgap(Stopgap::YesOrNo, "unclear", self.release)),
                Meaning::Event(event) => {
                    let one = brought.next();
                    if event.live { Some(self.words(event, one).await) } else { None }
                }
            });
        }
        said
    }

    async fn words(&self, event: &PlatformEvent, brought: Option<Brought>) -> Said {
        let Some(Brought { known, answer, .. }) = brought else {
            return stopgap(Stopgap::NotReached, "unreached", self.release);
        };
        if let Some(leg) = rep_leg(event) {
            let (what, status) = self.door.to_rep(&leg, self.until).await;
            return stopgap(what, status, self.release);
        }
        match answer {
            Some(Answer::Decided(decided)) => self.decided(event, known, *decided).await,
            Some(Answer::Shadow(_)) => Said { say: GO_ON.to_owned(), status: "shadow", transfer_to: None },
            // There may be nothing wrong with it but that nobody could ever answer.
            Some(Answer::Quarantined { .. }) => {
                let lead = lead_of(event, self.door.clock.now());
                match lead.is_some_and(|lead| !lead.can_be_reached_later()) {
                    true => stopgap(Stopgap::HowToReach, "missing", self.release),
                    false => stopgap(Stopgap::SayAgain, "unreadable", self.release),
                }
            }
            Some(Answer::Taken { .. }) | None => stopgap(Stopgap::PassedOn, "accepted", self.release),
        }
    }

    /// The words of a decision are true when it is made: whoever asks later hears how things stand then, and so does whoever
    /// could not be reached once the line is gone, who is asked for a number.
    async fn decided(&self, event: &PlatformEvent, known: Arrival, decided: Decided) -> Said {
        let lead = lead_of(event, self.door.clock.now());
        let is_first = matches!(known, Arrival::New | Arrival::TriedAgain)
            && lead.as_ref().is_none_or(|lead| lead.id == decided.lead);
        let is_out_of_reach = lead.as_ref().is_some_and(|lead| !lead.can_be_reached_later()) && !rings(&decided);
        if is_first
            && !is_out_of_reach
            && let Some(instruction) = decided.instruction
        {
            return Said { say: instruction.spoken.say.0, status: "decided", transfer_to: None };
        }
        let now = match lead.and_then(|lead| lead.call) {
            Some(call) => self.door.now_to_say(&call.platform, &call.id, self.until).await,
            None => None,
        };
        match now {
            Some(now) => Said { say: now.say.0, status: now.status, transfer_to: now.transfer_to },
            None if is_out_of_reach => stopgap(Stopgap::HowToReach, "missing", self.release),
            None => stopgap(Stopgap::PassedOn, "decided", self.release),
        }
    }
}

/// The lead that an event tells of, as it is decided.
pub(super) fn lead_of(event: &PlatformEvent, now: DateTime<Utc>) -> Option<Lead> {
    match parse(event.event.to_string().as_bytes(), now).ok()?.message {
        Message::Lead(lead) => Some(*lead),
        Message::Call(_) | Message::Presence { .. } | Message::Contact { .. } | Message::Outcome { .. } => None,
    }
}

/// The leg of the rep who answers by it.
fn rep_leg(event: &PlatformEvent) -> Option<LegId> {
    let is_of_leg = event.event["type"] == EventKind::CallEvent.as_str();
    event.event["data"]["leg"].as_str().filter(|_| is_of_leg).and_then(|leg| LegId::new(leg).ok())
}

/// Whether the caller is about to be put through.
fn rings(decided: &Decided) -> bool {
    decided.instruction.as_ref().is_some_and(|one| ["hold", "hold_on", "connected"].contains(&one.spoken.kind.as_str()))
}

/// `status`: what became of the message, in one word.
pub(super) fn stopgap(what: Stopgap, status: &'static str, release: &Release) -> Said {
    Said { say: release.templates.stopgap(what, release.rules.handoff.company.as_deref()).0, status, transfer_to: None }
}
