//! The eight tools, carried out: what is stored comes first, the words second.

use super::Door;
use super::call::{Asked, Call};
use super::heard::Heard;
use super::reply::{Reply, times};
use super::tools::{CHOICE, Tool};
use super::{Problem, events};
use crate::deciding::answer::Answer;
use crate::intake::event::{EventFault, Message, parse};
use crate::release::Release;
use crate::render::caller::{GO_ON, Stopgap};
use crate::store::Arrival;
use crate::telemetry::traces::for_request;
use crate::web::incoming::{Taken, message, with_more};
use crate::web::standing::{Standing, Whose};
use baton_core::domain::id::LegId;
use baton_core::domain::leg::assent::weighed;
use baton_core::domain::outcome::Slot;
use baton_core::domain::text::CallerText;
use baton_core::handoff::Stage;
use baton_platforms::rep;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use tokio::time::{Instant, timeout_at};

/// Told to whoever set the agent up, beside the words for the rep.
const NO_LEG: &str = "no phone was rung on this leg: give the leg as the command ring named it, such as leg_….1";

/// One tool call, with the release that it began under.
struct Work<'a> {
    door: &'a Door,
    asked: &'a Asked,
    heard: &'a Heard,
    release: Arc<Release>,
}

/// A lead that is stored.
struct Told {
    /// `None`: not decided in time.
    answer: Option<Answer>,
    /// The answer is of an earlier moment: its words may be true no longer.
    is_old: bool,
    is_reachable: bool,
    /// What could not be read.
    notes: Vec<String>,
}

impl Door {
    /// Whoever is on the line hears something, whatever happens.
    pub(super) async fn tool_called(&self, asked: &Asked, heard: &Heard) -> Reply {
        let work = Work { door: self, asked, heard, release: Arc::clone(&self.release.borrow()) };
        let Ok(Ok(_place)) = timeout_at(asked.until, self.requests.acquire()).await else {
            let tool = asked.tool.name();
            tracing::warn!(tool, "too many requests at once: a caller was told that we could not be reached");
            return work.instead(Stopgap::NotReached, "unreached");
        };
        match (asked.tool, &asked.call) {
            (Tool::RouteLead, _) => work.route_lead().await,
            (Tool::PromiseCallback, _) => work.promise_callback().await,
            (Tool::RepAccepted | Tool::RepDeclined, _) => work.rep_answers().await,
            (Tool::OfferTimes, Some(_)) => work.offer_times().await,
            (Tool::ChooseTime, Some(call)) => work.choose_time(call).await,
            (Tool::WhatNow, Some(call)) => work.what_now(call).await,
            (Tool::CallEnded, Some(call)) => work.call_ended(call).await,
            (Tool::OfferTimes | Tool::ChooseTime | Tool::WhatNow | Tool::CallEnded, None) => {
                work.instead(Stopgap::TakingDown, "no_call").with("note", asked.no_call)
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
        // Nobody could call back once the line is gone: to be asked for, unless somebody is about to pick up.
        let reply = if told.is_old || !told.is_reachable && !told.rings() {
            self.at_present(&told).await
        } else {
            self.decided(&told)
        };
        if self.asked.call.is_some() { reply } else { reply.with("note", self.asked.no_call) }
    }

    /// A caller who asks for times before anything else is known of them is a lead that wants a meeting.
    async fn offer_times(&self) -> Reply {
        match self.bring_lead(Some("meeting")).await {
            Ok(told) => self.at_present(&told).await,
            Err(instead) => instead,
        }
    }

    async fn choose_time(&self, call: &Call) -> Reply {
        let whose = of_call(call);
        let otherwise = || self.instead(Stopgap::NotReached, "unreached");
        let Ok(found) = self.door.standing(&whose, self.asked.until).await else { return otherwise() };
        let Some(standing) = &found else { return self.said(None) };
        let stage @ Stage::Offering { search, slots } = &standing.handoff.stage else {
            return self.said(Some(standing));
        };
        let Some(slot) = self.chosen(call, standing, slots) else { return self.said(Some(standing)) };
        match self.bring(&events::slot_chosen(self.asked, call, *search, slot)).await {
            Ok(_) => self.standing(&whose, Some(stage), self.instead(Stopgap::Booking, "booking")).await,
            Err(_) => otherwise(),
        }
    }

    /// `None`: none of these times. A number that comes before the caller can have heard of them meant one of those before.
    fn chosen<'s>(&self, call: &Call, standing: &Standing, slots: &'s [Slot]) -> Option<&'s Slot> {
        match Choice::of(&self.asked.arguments)? {
            Choice::From(from) => slots.iter().find(|slot| slot.from.timestamp() == from.timestamp()),
            Choice::Number(_) if !standing.is_first_offer() && !self.heard.has(call, slots, self.asked.came) => None,
            Choice::Number(number) => slots.get(number.checked_sub(1)?),
        }
    }

    async fn promise_callback(&self) -> Reply {
        let told = match self.bring_lead(Some("callback")).await {
            Ok(told) => told,
            Err(instead) => return instead,
        };
        let Some(call) = &self.asked.call else {
            return self.at_present(&told).await.with("note", self.asked.no_call);
        };
        let whose = of_call(call);
        let Ok(Some(found)) = self.door.standing(&whose, self.asked.until).await else { return self.decided(&told) };
        let stage = &found.handoff.stage;
        let Stage::Offering { search, .. } = stage else { return self.at_present(&told).await };
        match self.bring(&events::slots_declined(self.asked, call, *search)).await {
            Ok(_) => self.standing(&whose, Some(stage), self.instead(Stopgap::PassedOn, "accepted")).await,
            Err(_) => self.instead(Stopgap::NotReached, "unreached"),
        }
    }

    /// Reads, and waits for nothing: the caller may hear of it at once.
    async fn what_now(&self, call: &Call) -> Reply {
        match self.door.standing(&of_call(call), self.asked.until).await {
            Ok(found) => self.said(found.as_ref()),
            Err(_) => self.instead(Stopgap::TakingDown, "unreached"),
        }
    }

    async fn call_ended(&self, call: &Call) -> Reply {
        match self.take(&events::call_ended(self.asked, call)).await {
            Ok(_) => self.instead(Stopgap::Goodbye, "accepted"),
            Err(_) => self.instead(Stopgap::NotReached, "unreached"),
        }
    }

    /// A rep whom the agent has told of the caller takes the call, or does not: as by a key of their phone.
    async fn rep_answers(&self) -> Reply {
        let said = |name: &str| self.asked.arguments.get(name).and_then(Value::as_str).map(str::trim);
        let gone = |why: &str| self.instead(Stopgap::TakenCareOf, "gone").with("note", why);
        let Some(leg) = said(rep::LEG).and_then(|leg| LegId::new(leg).ok()) else { return gone(NO_LEG) };
        let Some(handoff) = leg.handoff() else { return gone(NO_LEG) };
        let accepts = weighed(self.asked.tool == Tool::RepAccepted, said(rep::SAID).filter(|said| !said.is_empty()));
        let Some(accepts) = accepts else { return self.instead(Stopgap::YesOrNo, "unclear") };
        let otherwise = || self.instead(Stopgap::NotReached, "unreached");
        match self.door.lead_of(Whose::Lead(handoff.lead()), self.asked.until).await {
            Ok(Some(_)) => {}
            Ok(None) => return gone(NO_LEG),
            Err(_) => return otherwise(),
        }
        let event = events::rep_answered(self.asked, &leg, accepts);
        let told = [message(&event, self.door.clock.now())];
        match self.door.own_calls(&self.asked.rights, &told, self.asked.until).await {
            Ok(()) => {}
            Err(refusal) if refusal.is_forbidden() => return gone(refusal.detail()),
            Err(_) => return otherwise(),
        }
        if self.bring(&event).await.is_err() {
            return otherwise();
        }
        let (what, status) = self.door.to_rep(&leg, self.asked.until).await;
        self.instead(what, status)
    }

    /// Stores the lead that the arguments tell of, and waits for its decision.
    ///
    /// # Errors
    /// What is said instead: nothing was stored.
    async fn bring_lead(&self, wish: Option<&str>) -> Result<Told, Reply> {
        let now = self.door.clock.now();
        let event = self.lead_event(wish, now).await;
        let incoming = parse(event.to_string().as_bytes(), now).map_err(|faults| self.not_understood(&faults))?;
        let lead = match &incoming.message {
            Message::Lead(lead) => Some(lead),
            Message::Call(_) | Message::Presence { .. } | Message::Contact { .. } | Message::Outcome { .. } => None,
        };
        let is_reachable = lead.is_some_and(|lead| lead.contact.email.is_some() || lead.reach_phone().is_some());
        let taken = self.take(&event).await.map_err(|_| self.instead(Stopgap::NotReached, "unreached"))?;
        let known = taken.known;
        // Before anything is waited for. Without a call, more of the same person may be another conversation: that would be
        // another lead.
        if known == Arrival::Differs && self.asked.call.is_some() {
            let _told_in_the_log = self.take(&with_more(&event)).await;
        }
        let answer = self.answer(taken).await;
        let is_of_another = match &answer {
            Some(Answer::Decided(decided) | Answer::Shadow(decided)) => {
                lead.is_some_and(|lead| lead.id != decided.lead)
            }
            Some(Answer::Taken { .. } | Answer::Quarantined { .. }) | None => false,
        };
        let is_old = matches!(known, Arrival::Same | Arrival::Differs) || is_of_another;
        let notes = incoming.notes.iter().map(ToString::to_string).collect();
        Ok(Told { answer, is_old, is_reachable, notes })
    }

    /// Without a call, what began in the window of time before this one goes on while it is young enough: a conversation does not
    /// end with the quarter of an hour. Where it cannot be read in time whether it did, this is another one.
    async fn lead_event(&self, wish: Option<&str>, now: DateTime<Utc>) -> Value {
        let event = events::lead(self.asked, wish, now);
        let Some(before) = events::begun_before(self.asked, &event, now) else { return event };
        let key = message(&before, now).key;
        match timeout_at(self.asked.until, self.door.store.inbox_row(&key)).await {
            Ok(Ok(Some(row))) if now - row.received_at < events::ONE_CONVERSATION => before,
            Ok(Ok(_)) | Err(_) => event,
            Ok(Err(error)) => {
                tracing::warn!(%error, "whether a conversation goes on could not be read");
                event
            }
        }
    }

    /// Stores an event, and waits until it has been handled or the time is up.
    ///
    /// # Errors
    /// Nothing is known to be stored.
    async fn bring(&self, event: &Value) -> Result<Option<Answer>, Problem> {
        let taken = self.take(event).await?;
        Ok(self.answer(taken).await)
    }

    /// # Errors
    /// Nothing is known to be stored.
    async fn take(&self, event: &Value) -> Result<Taken, Problem> {
        let message = message(event, self.door.clock.now());
        let taken = self.door.take(vec![message], self.asked.until);
        let taken = for_request(self.asked.request.clone(), taken).await.inspect_err(|problem| {
            let tool = self.asked.tool.name();
            tracing::warn!(tool, why = problem.detail(), "what a tool brought is not known to be stored");
        })?;
        Ok(taken.into_iter().next().expect("one was taken"))
    }

    async fn answer(&self, taken: Taken) -> Option<Answer> {
        self.door.answers(vec![taken], self.asked.until, true).await.pop()?.answer
    }

    /// How the lead that was told of stands at rest.
    async fn at_present(&self, told: &Told) -> Reply {
        let otherwise = self.decided(told);
        let whose = match (&told.answer, &self.asked.call) {
            (Some(Answer::Decided(decided) | Answer::Shadow(decided)), _) => Whose::Lead(decided.lead.clone()),
            (_, Some(call)) => of_call(call),
            (_, None) => return otherwise,
        };
        let reply = match self.door.standing_at_rest(&whose, None, self.asked.until).await {
            // What was told now is not in the lead yet: what is promised by it will be known when the agent asks again.
            Ok(Some(found)) if told.is_reachable && !found.is_reachable && found.is_left_to_somebody() => {
                self.instead(Stopgap::PassedOn, "accepted").with("lead", found.handoff.lead_id.as_str())
            }
            Ok(Some(mut found)) => {
                found.is_reachable |= told.is_reachable;
                self.said(Some(&found))
            }
            Ok(None) | Err(_) => otherwise,
        };
        reply.with("notes", told.notes.clone())
    }

    /// The words of the decision, where they are those of this moment.
    fn decided(&self, told: &Told) -> Reply {
        let reply = match &told.answer {
            Some(Answer::Shadow(decided)) => {
                Reply::new(&CallerText(GO_ON.to_owned()), "shadow").with("lead", decided.lead.as_str())
            }
            Some(Answer::Decided(decided)) if told.is_old => {
                self.instead(Stopgap::PassedOn, "accepted").with("lead", decided.lead.as_str())
            }
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
        let Some(found) = found else { return self.instead(Stopgap::TakingDown, "no_lead") };
        if let Some(call) = &self.asked.call
            && !found.offered().is_empty()
            && !found.is_first_offer()
        {
            self.heard.tell(call, found.offered(), Instant::now());
        }
        let (say, status) = found.words(&self.release, self.door.clock.now());
        let reply = Reply::new(&say, status).with("lead", found.handoff.lead_id.as_str());
        let reply = reply.with("transfer_to", found.transfer_to.clone());
        reply.with("times", times(found.offered()))
    }

    /// Without a call, or another way to reach the person, there is no lead: the agent asks for one.
    fn not_understood(&self, faults: &[EventFault]) -> Reply {
        if faults.iter().all(|fault| fault.pointer == "/data/contact") {
            let reply = self.instead(Stopgap::HowToReach, "missing").with("missing", json!(["phone", "email"]));
            return reply.with("note", self.asked.no_call);
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
        decided
            .instruction
            .as_ref()
            .is_some_and(|one| ["hold", "hold_on", "connected"].contains(&one.spoken.kind.as_str()))
    }
}

fn of_call(call: &Call) -> Whose {
    Whose::Call { platform: call.platform.clone(), id: call.id.clone() }
}

/// Which of the times on offer.
enum Choice {
    /// From 1, in the order in which they were named.
    Number(usize),
    /// When it begins, as it was given.
    From(DateTime<Utc>),
}

impl Choice {
    /// Models write a number as a text as well.
    fn of(arguments: &Map<String, Value>) -> Option<Self> {
        match arguments.get(CHOICE)? {
            // Small and whole, so that the cast keeps the value.
            Value::Number(number) => {
                let number = number.as_f64().filter(|number| number.fract() == 0.0 && (1.0..=99.0).contains(number))?;
                Some(Self::Number(number as usize))
            }
            Value::String(text) => match text.trim().parse::<DateTime<Utc>>() {
                Ok(from) => Some(Self::From(from)),
                Err(_) => text.trim().parse().ok().map(Self::Number),
            },
            _ => None,
        }
    }
}
