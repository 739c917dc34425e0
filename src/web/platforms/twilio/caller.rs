//! What the caller's call asks for and tells: what is next, who is being fetched, which time suits, and that it is over.

use super::document::Document;
use super::telling::Telling;
use super::{Asked, Seen};
use crate::render::caller::{CallerContext, Stopgap};
use crate::store::CARRIER;
use crate::web::Problem;
use crate::web::incoming::digest;
use crate::web::standing::Standing;
use baton_core::domain::effect::ToSay;
use baton_core::domain::id::LegId;
use baton_core::domain::outcome::{Outcome, Slot};
use baton_core::handoff::Stage;
use baton_platforms::twilio::{CALLER, REP};
use std::sync::Arc;

/// Stands for none of the times on offer.
const NONE_OF_THEM: usize = 9;

/// The caller whom this is about.
pub(super) struct Caller<'a> {
    asked: &'a Asked<'a>,
    call: &'a str,
}

impl Asked<'_> {
    pub(super) fn caller<'s>(&'s self, call: &'s str) -> Caller<'s> {
        Caller { asked: self, call }
    }
}

impl Caller<'_> {
    /// Where it cannot be told what is next, the caller hears music and Twilio asks again.
    pub(super) async fn next(&self) -> Result<Document, Problem> {
        if self.asked.is_over() {
            self.has_left().await?;
            return Ok(Document::nothing());
        }
        Ok(self.what_is_next().await.unwrap_or_else(|problem| {
            let why = problem.detail();
            tracing::warn!(why, "it could not be read what a caller hears next: they wait, and are asked for again");
            self.asked.twilio.say_and_wait(self.call, None)
        }))
    }

    async fn what_is_next(&self) -> Result<Document, Problem> {
        let Some(seen) = self.seen().await? else { return Ok(self.goodbye()) };
        // The room was left, and not by the caller: so it was by the rep.
        if !self.asked.sent("DialCallStatus").is_empty()
            && let Some(leg) = seen.lets_in()
        {
            self.asked.tell(Telling::of_leg("rep_left", leg, self.call)).await?;
            return Ok(self.asked.twilio.in_a_moment(self.call));
        }
        if seen.is_left_to_agent() {
            return self.asked.ring_agent(self.call, Some(&seen)).await;
        }
        Ok(self.as_it_stands(&seen))
    }

    pub(super) fn as_it_stands(&self, seen: &Seen) -> Document {
        let twilio = self.asked.twilio;
        match &seen.handoff().stage {
            Stage::Offered
            | Stage::Ringing { .. }
            | Stage::Briefing { .. }
            | Stage::Joining { .. }
            | Stage::Bridged { .. } => twilio.hold(self.call),
            Stage::Searching { .. } | Stage::Booking { .. } => twilio.say_and_wait(self.call, Some(&self.words(seen))),
            Stage::Offering { slots, .. } => self.offer(seen, slots, 1),
            // They have spoken with somebody, who has hung up.
            Stage::Done { outcome: Outcome::Connected { .. } } => Document::end(),
            Stage::Callback { .. } | Stage::Done { .. } | Stage::NeedsAttention { .. } => {
                twilio.last_words(&self.words(seen))
            }
        }
    }

    /// In the room, which may be that of a leg, who hears music: each rep who is fetched is told of once; of several whose phones
    /// ring at a time, the first.
    pub(super) async fn wait(&self) -> Document {
        let at = self.asked.query("at");
        if !at.is_empty()
            && let Err(problem) = self.asked.bring_announced(self.call, at).await
        {
            tracing::warn!(why = problem.detail(), "a caller who was announced is no lead yet: it is tried again");
            return self.asked.twilio.wait_announced(self.call, at);
        }
        let told = self.asked.query("fetched");
        let seen = self.seen().await.unwrap_or_else(|problem| {
            tracing::warn!(why = problem.detail(), "a caller is not told who is being fetched: they hear music");
            None
        });
        let fetched = seen.as_ref().and_then(|seen| seen.awaited().next()).map_or(told, ordinal);
        let words = seen.as_ref().filter(|_| fetched != told).map(|seen| self.words(seen));
        self.asked.twilio.wait(self.call, words.as_deref(), fetched)
    }

    /// Of whom comes and goes, what moves the handoff: that both speak, that the rep has left, that the caller has.
    pub(super) async fn room(&self) -> Result<Document, Problem> {
        let (event, label) = (self.asked.sent("StatusCallbackEvent"), self.asked.sent("ParticipantLabel"));
        let has_hung_up = self.asked.has_hung_up();
        match (event, label) {
            ("conference-start", _) => self.both_speak().await?,
            ("participant-leave", REP) if has_hung_up => {
                if let Some(leg) = self.leg_of_sender().await? {
                    self.asked.tell(Telling::of_leg("rep_left", &leg, self.call)).await?;
                }
            }
            ("participant-leave", CALLER) if has_hung_up => match self.host() {
                // Whose room it is says nothing of who has come into it.
                Some(_) => self.asked.caller(self.asked.sent("CallSid")).has_left().await?,
                None => self.has_left().await?,
            },
            _ => {}
        }
        Ok(Document::nothing())
    }

    /// The leg whose room this is, into which its caller comes; `None`: the room is the caller's.
    fn host(&self) -> Option<LegId> {
        LegId::new(self.call).ok().filter(|leg| leg.handoff().is_some())
    }

    /// A room starts once two are in it. Which rep it is says who came last, or else the handoff, which lets in one.
    async fn both_speak(&self) -> Result<(), Problem> {
        let leg = match self.leg_of_sender().await?.or_else(|| self.host()) {
            Some(leg) => Some(leg),
            None => self.seen().await?.and_then(|seen| seen.lets_in().cloned()),
        };
        match leg {
            Some(leg) => self.asked.tell(Telling::of_leg("joined", &leg, self.call)).await,
            None => Ok(()),
        }
    }

    /// The rep's leg that this is told of; `None`: it is the caller's, or nobody's.
    async fn leg_of_sender(&self) -> Result<Option<LegId>, Problem> {
        let sid = self.asked.sent("CallSid");
        if sid.is_empty() || sid == self.call {
            return Ok(None);
        }
        self.asked.door.store.carrier_leg_named(sid).await.map_err(|error| Problem::ours(&error))
    }

    /// Whoever hangs up between the room and the agent's phone is told of by nothing but the end of the call.
    pub(super) async fn goes_on(&self) -> Result<Document, Problem> {
        if self.asked.is_over() {
            let has_come = match self.seen().await?.filter(Seen::is_left_to_agent) {
                Some(seen) => self.asked.has_come_to_agent(&seen).await?,
                None => true,
            };
            self.tell(if has_come { "caller_left" } else { "missed" }).await?;
        }
        Ok(Document::nothing())
    }

    /// The caller has pressed a key for one of the times, or said something, or nothing.
    pub(super) async fn choose(&self) -> Result<Document, Problem> {
        if self.asked.is_over() {
            return self.next().await;
        }
        Ok(self.chosen().await.unwrap_or_else(|problem| {
            tracing::warn!(why = problem.detail(), "what a caller chose could not be stored: they are asked again");
            self.asked.twilio.say_and_wait(self.call, None)
        }))
    }

    async fn chosen(&self) -> Result<Document, Problem> {
        let Some(seen) = self.seen().await? else { return Ok(self.goodbye()) };
        let Stage::Offering { slots, .. } = &seen.handoff().stage else { return Ok(self.as_it_stands(&seen)) };
        let (offered, asked) = (name_of(slots), self.asked);
        if offered != asked.query("offered") {
            return Ok(self.offer(&seen, slots, 1));
        }
        let choice = choice_of(asked.sent("Digits"), asked.sent("SpeechResult"));
        let slot = choice.filter(|key| *key != NONE_OF_THEM).and_then(|key| slots.get(key.checked_sub(1)?));
        if slot.is_none() && choice != Some(NONE_OF_THEM) && asked.query("asked") == "1" {
            return Ok(self.offer(&seen, slots, 2));
        }
        let word = if slot.is_some() { "slot_chosen" } else { "slots_declined" };
        asked.tell(Telling::of_call(word, self.call).of_offer(&offered, slot)).await?;
        Ok(asked.twilio.in_a_moment(self.call))
    }

    fn offer(&self, seen: &Seen, slots: &[Slot], asked: u8) -> Document {
        let (reps, company) = (&seen.release.rules.reps, seen.company());
        let context =
            CallerContext { reps, company, caller: seen.handoff().whereabouts(), now: self.asked.door.clock.now() };
        let words = seen.release.templates.offer_by_key(slots, &context);
        self.asked.twilio.offer(self.call, &words.0, &name_of(slots), asked)
    }

    /// What is true now. Whoever is to be asked for a number cannot give one to us here.
    fn words(&self, seen: &Seen) -> String {
        let lead = &seen.file.record.lead;
        let handoff = seen.handoff().clone();
        let standing = Standing { handoff, is_reachable: lead.can_be_reached_later(), transfer_to: None };
        if standing.handoff.to_say(standing.is_reachable).0 == ToSay::HowToReach {
            return seen.release.templates.stopgap(Stopgap::Goodbye, seen.company()).0;
        }
        standing.words(&seen.release, self.asked.door.clock.now()).0.0
    }

    /// How it has ended for a caller with whom nobody speaks.
    pub(super) async fn last_words(&self) -> Result<Document, Problem> {
        Ok(match self.seen().await? {
            Some(seen) => self.asked.twilio.last_words(&self.words(&seen)),
            None => self.goodbye(),
        })
    }

    /// Nobody knows of them.
    pub(super) fn goodbye(&self) -> Document {
        let release = Arc::clone(&self.asked.door.release.borrow());
        let words = release.templates.stopgap(Stopgap::Goodbye, release.rules.handoff.company.as_deref());
        self.asked.twilio.last_words(&words.0)
    }

    /// The caller has hung up in the room, or on the way into it: one of the front door has not heard the agent there.
    async fn has_left(&self) -> Result<(), Problem> {
        match self.seen().await? {
            Some(seen) if seen.file.record.lead.is_at_front_door() => self.tell("missed").await,
            None if self.asked.door.decider.is_front_door(self.asked.sent("To")) => self.asked.missed(self.call).await,
            Some(_) | None => self.tell("caller_left").await,
        }
    }

    async fn tell(&self, word: &str) -> Result<(), Problem> {
        self.asked.tell(Telling::of_call(word, self.call)).await
    }

    pub(super) async fn seen(&self) -> Result<Option<Seen>, Problem> {
        let found = self.asked.door.store.handoff_of_call(CARRIER, self.call).await;
        match found.map_err(|error| Problem::ours(&error))? {
            Some(handoff) => self.asked.seen(&handoff).await,
            None => Ok(None),
        }
    }
}

/// Which of the handoff's rings it is.
fn ordinal(leg: &LegId) -> &str {
    leg.as_str().rsplit('.').next().unwrap_or_default()
}

/// Stands for these times in an address: a key that was pressed for others chooses none of them.
fn name_of(slots: &[Slot]) -> String {
    let times: Vec<String> = slots.iter().map(|slot| format!("{} {}", slot.rep, slot.from)).collect();
    digest(&times.join(" "))
}

/// The key that stands for the choice; `None`: it is none.
fn choice_of(digits: &str, speech: &str) -> Option<usize> {
    const WORDS: [(&str, usize); 9] = [
        ("one", 1),
        ("first", 1),
        ("two", 2),
        ("second", 2),
        ("three", 3),
        ("third", 3),
        ("none", NONE_OF_THEM),
        ("neither", NONE_OF_THEM),
        ("no", NONE_OF_THEM),
    ];
    if let Ok(key) = digits.parse() {
        return Some(key);
    }
    let speech = speech.to_lowercase();
    let mut words = speech.split(|c: char| !c.is_alphanumeric());
    words.find_map(|word| WORDS.into_iter().find(|(known, _)| *known == word).map(|(_, key)| key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_chosen_by_its_key_or_its_place() {
        for (digits, speech, choice) in [
            ("1", "", Some(1)),
            ("9", "first", Some(9)),
            ("", "The second one, please.", Some(2)),
            ("", "None of these", Some(9)),
            ("", "perhaps", None),
            ("#", "", None),
            ("", "", None),
        ] {
            assert_eq!(choice_of(digits, speech), choice, "{digits:?} {speech:?}");
        }
    }
}
