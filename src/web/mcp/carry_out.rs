//! The six tools, carried out: what is stored comes first, the words second.

use super::Door;
use super::call::{Asked, Call};
use super::reply::{Reply, times};
use super::standing::{Standing, Whose};
use super::tools::{CHOICE, Tool};
use super::{Problem, events};
use crate::deciding::answer::Answer;
use crate::intake::event::{EventFault, Message, key_of, kind_of, parse};
use crate::release::Release;
use crate::render::caller::Stopgap;
use crate::store::{Arrival, InboxMessage};
use crate::web::incoming::Brought;
use baton_core::domain::text::CallerText;
use baton_core::handoff::Stage;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use tokio::time::timeout_at;

/// Told to whoever set the agent up, beside the words for the caller.
const ADD_CALL: &str = "nobody said which call this is, so no phone rings: have the platform send the id of its call in the \
    header baton-call-id (or in _meta under that name, or as ?call_id= in the address) and its own name in \
    baton-call-platform; an agent that knows the id may give it as call_id";

/// One tool call, with the release that it began under.
struct Work<'a> {
    door: &'a Door,
    asked: &'a Asked,
    release: Arc<Release>,
}

/// A lead that is stored.
struct Told {
    /// `None`: not decided in time.
    answer: Option<Answer>,
    is_reachable: bool,
    /// What could not be read.
    notes: Vec<String>,
}

impl Door {
    /// Whoever is on the line hears something, whatever happens.
    pub(super) async fn tool_called(&self, asked: &Asked) -> Reply {
        let work = Work { door: self, asked, release: Arc::clone(&self.release.borrow()) };
        let Ok(Ok(_place)) = timeout_at(asked.until, self.requests.acquire()).await else {
            let tool = asked.tool.name();
            tracing::warn!(tool, "too many requests at once: a caller was told that we could not be reached");
            return work.instead(Stopgap::NotReached, "unreached");
        };
        match (asked.tool, &asked.call) {
            (Tool::RouteLead, _) => work.route_lead().await,
            (Tool::PromiseCallback, _) => work.promise_callback().await,
            (Tool::OfferTimes, Some(call)) => work.offer_times(call).await,
            (Tool::ChooseTime, Some(call)) => work.choose_time(call).await,
            (Tool::WhatNow, Some(call)) => work.what_now(call).await,
            (Tool::CallEnded, Some(call)) => work.call_ended(call).await,
            (Tool::OfferTimes | Tool::ChooseTime | Tool::WhatNow | Tool::CallEnded, None) => {
                work.instead(Stopgap::TakingDown, "no_call").with("note", ADD_CALL)
            }
        }
    }
}

impl Work<'_> {
    async fn route_lead(&self) -> Reply {
        let told = match self.bring_lead(None).await {
            Ok(told) => told,
            Err(instead) => return instead,
        };
        let reply = self.decided(&told);
        match &self.asked.call {
            None => reply.with("note", ADD_CALL),
            // Nobody could call back once the line is gone: to be asked for, unless somebody is about to pick up.
            Some(call) if !told.is_reachable && !told.rings() => {
                self.standing(&Whose::Call(call.clone()), None, reply).await
            }
            Some(_) => reply,
        }
    }

    /// A caller who asks for times before anything else is known of them is a lead that wants a meeting.
    async fn offer_times(&self, call: &Call) -> Reply {
        match self.bring_lead(Some("meeting")).await {
            Ok(told) => self.standing(&Whose::Call(call.clone()), None, self.decided(&told)).await,
            Err(instead) => instead,
        }
    }

    async fn choose_time(&self, call: &Call) -> Reply {
        let whose = Whose::Call(call.clone());
        let otherwise = || self.instead(Stopgap::NotReached, "unreached");
        let Ok(found) = self.door.standing(&whose, self.asked.until).await else { return otherwise() };
        let stage = found.as_ref().map(|found| &found.handoff.stage);
        let Some(stage @ Stage::Offering { search, slots }) = stage else {
            return self.said(found.as_ref());
        };
        let Some(slot) = chosen(&self.asked.arguments).and_then(|choice| slots.get(choice.checked_sub(1)?)) else {
            return self.said(found.as_ref());
        };
        match self.bring(events::slot_chosen(self.asked, call, *search, slot), true).await {
            Ok(_) => self.standing(&whose, Some(stage), self.instead(Stopgap::Booking, "booking")).await,
            Err(_) => otherwise(),
        }
    }

    async fn promise_callback(&self) -> Reply {
        let told = match self.bring_lead(Some("callback")).await {
            Ok(told) => told,
            Err(instead) => return instead,
        };
        let reply = self.decided(&told);
        let Some(call) = &self.asked.call else {
            let reply = match told.answer {
                Some(Answer::Decided(decided)) => self.standing(&Whose::Lead(decided.lead), None, reply).await,
                _ => reply,
            };
            return reply.with("note", ADD_CALL);
        };
        let whose = Whose::Call(call.clone());
        let Ok(Some(found)) = self.door.standing(&whose, self.asked.until).await else { return reply };
        let stage = &found.handoff.stage;
        let Stage::Offering { search, .. } = stage else { return self.standing(&whose, None, reply).await };
        match self.bring(events::slots_declined(self.asked, call, *search), true).await {
            Ok(_) => self.standing(&whose, Some(stage), self.instead(Stopgap::PassedOn, "accepted")).await,
            Err(_) => self.instead(Stopgap::NotReached, "unreached"),
        }
    }

    /// Reads, and waits for nothing: the caller may hear of it at once.
    async fn what_now(&self, call: &Call) -> Reply {
        match self.door.standing(&Whose::Call(call.clone()), self.asked.until).await {
            Ok(found) => self.said(found.as_ref()),
            Err(_) => self.instead(Stopgap::TakingDown, "unreached"),
        }
    }

    async fn call_ended(&self, call: &Call) -> Reply {
        match self.bring(events::call_ended(self.asked, call), false).await {
            Ok(_) => self.instead(Stopgap::Goodbye, "accepted"),
            Err(_) => self.instead(Stopgap::NotReached, "unreached"),
        }
    }

    /// Stores the lead that the arguments tell of, and waits for its decision.
    ///
    /// # Errors
    /// What is said instead: nothing was stored.
    async fn bring_lead(&self, wish: Option<&str>) -> Result<Told, Reply> {
        let now = self.door.clock.now();
        let event = events::lead(self.asked, wish, now);
        let incoming = parse(event.to_string().as_bytes(), now).map_err(|faults| self.not_understood(&faults))?;
        let is_reachable = match &incoming.message {
            Message::Lead(lead) => lead.contact.email.is_some() || lead.reach_phone().is_some(),
            Message::Call(_) | Message::Presence { .. } | Message::Contact { .. } | Message::Outcome { .. } => false,
        };
        let unreached = |_| self.instead(Stopgap::NotReached, "unreached");
        let brought = self.bring(event.clone(), true).await.map_err(unreached)?;
        // Without a call, more of the same person may be another conversation: that would be another lead.
        if brought.known == Arrival::Differs && self.asked.call.is_some() {
            self.bring(events::with_more(&event), false).await.map_err(unreached)?;
        }
        let notes = incoming.notes.iter().map(ToString::to_string).collect();
        Ok(Told { answer: brought.answer, is_reachable, notes })
    }

    /// # Errors
    /// Nothing is known to be stored.
    async fn bring(&self, event: Value, waits: bool) -> Result<Brought, Problem> {
        let body = event.to_string().into_bytes();
        let (key, kind) = (key_of(&body), kind_of(&body).map_or("unreadable", |kind| kind.as_str()).to_owned());
        let received_at = self.door.clock.now();
        let message = InboxMessage { key, kind, body, received_at, reply_to: None, correlation_id: None };
        let brought = self.door.bring(vec![message], self.asked.until, waits).await.inspect_err(|problem| {
            let tool = self.asked.tool.name();
            tracing::warn!(tool, why = problem.detail(), "a caller was told that we could not be reached");
        })?;
        Ok(brought.into_iter().next().expect("one was brought"))
    }

    /// The words of the decision.
    fn decided(&self, told: &Told) -> Reply {
        let reply = match &told.answer {
            Some(Answer::Decided(decided)) => {
                let spoken = decided.instruction.as_ref().map(|instruction| &instruction.spoken);
                let say = spoken.map_or_else(|| self.words(Stopgap::PassedOn), |spoken| spoken.say.clone());
                let slots = spoken.map_or(&[][..], |spoken| spoken.slots.as_slice());
                let reply = Reply::new(&say, "decided").with("lead", decided.lead.as_str());
                reply.with("owner", decided.owner_name.as_str()).with("times", times(slots))
            }
            Some(Answer::Quarantined { .. }) => self.instead(Stopgap::SayAgain, "unreadable"),
            Some(Answer::Taken { .. }) | None => self.instead(Stopgap::PassedOn, "accepted"),
        };
        reply.with("notes", told.notes.clone())
    }

    /// How it stands at rest, and no longer as `before`; `otherwise`, where that cannot be told in time.
    async fn standing(&self, whose: &Whose, before: Option<&Stage>, otherwise: Reply) -> Reply {
        match self.door.standing_at_rest(whose, before, self.asked.until).await {
            Ok(Some(found)) if Some(&found.handoff.stage) != before => self.said(Some(&found)),
            Ok(_) | Err(_) => otherwise,
        }
    }

    fn said(&self, found: Option<&Standing>) -> Reply {
        match found {
            Some(found) => found.reply(&self.release, self.door.clock.now()),
            None => self.instead(Stopgap::TakingDown, "no_lead"),
        }
    }

    /// Without a call, or another way to reach the person, there is no lead: the agent asks for one.
    fn not_understood(&self, faults: &[EventFault]) -> Reply {
        if faults.iter().all(|fault| fault.pointer == "/data/contact") {
            let reply = self.instead(Stopgap::HowToReach, "missing").with("missing", json!(["phone", "email"]));
            return reply.with("note", ADD_CALL);
        }
        let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
        self.instead(Stopgap::SayAgain, "unreadable").with("notes", faults)
    }

    fn instead(&self, what: Stopgap, status: &'static str) -> Reply {
        Reply::new(&self.words(what), status)
    }

    fn words(&self, what: Stopgap) -> CallerText {
        self.release.templates.stopgap(what, self.release.rules.handoff.company.as_deref())
    }
}

impl Told {
    /// Whether the caller is about to be put through.
    fn rings(&self) -> bool {
        let Some(Answer::Decided(decided)) = &self.answer else { return false };
        decided.instruction.as_ref().is_some_and(|one| ["hold", "connected"].contains(&one.spoken.kind.as_str()))
    }
}

/// A number, from 1; models write it as a text as well.
fn chosen(arguments: &Map<String, Value>) -> Option<usize> {
    match arguments.get(CHOICE)? {
        // Small and whole, so that the cast keeps the value.
        Value::Number(number) => {
            let number = number.as_f64().filter(|number| number.fract() == 0.0 && (1.0..=99.0).contains(number))?;
            Some(number as usize)
        }
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}
