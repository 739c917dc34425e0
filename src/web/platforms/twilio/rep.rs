//! What a rep's leg asks for and tells: the whisper, the key or the word, the room, and how it ends.

use super::document::{Document, last_words_in};
use super::reply::{Reply, is_heard, reply};
use super::telling::Telling;
use super::{Asked, Seen};
use crate::render::briefing::briefing;
use crate::render::context::Hearer;
use crate::store::with;
use crate::web::Problem;
use baton_core::domain;
use baton_core::domain::id::LegId;
use baton_core::domain::leg::LegState;
use baton_core::domain::text::Whisper;
use baton_core::handoff::Stage;
use baton_core::rules::RuleSet;
use baton_platforms::twilio::is_call;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A leg that we asked for.
pub(super) struct Rep<'a> {
    pub(super) asked: &'a Asked<'a>,
    pub(super) leg: LegId,
    /// The caller's; the leg of the rep, where the caller has not come yet, or is called back.
    call: String,
    /// Who picked up, as Twilio guesses.
    hint: Option<String>,
}

impl Asked<'_> {
    /// The leg of this name; what Twilio calls it is written down if it is not known yet.
    ///
    /// # Errors
    /// Nobody asked for it, or it could not be read.
    pub(super) async fn rep(&self, about: &str) -> Result<Rep<'_>, Problem> {
        let leg = LegId::new(about).map_err(|error| Problem::not_found(error.to_string()))?;
        let read = self.door.store.carrier_leg(&leg).await.map_err(|error| Problem::ours(&error))?;
        let known = read.ok_or_else(|| Problem::not_found("no phone was asked to ring as this leg"))?;
        let sid = self.sent("CallSid");
        if known.sid.is_none() && is_call(sid) {
            let named = with((leg.clone(), sid.to_owned()), |tx, (leg, sid)| Box::pin(tx.carrier_leg_name(leg, sid)));
            self.door.store.write("carried.name", named).await.map_err(|error| Problem::ours(&error))?;
        }
        Ok(Rep { asked: self, leg, call: known.call, hint: known.hint })
    }
}

impl Rep<'_> {
    /// Somebody, or something, has picked up.
    pub(super) async fn whisper(&self) -> Result<Document, Problem> {
        self.tell("answered", None).await?;
        let seen = self.seen().await?;
        let Some(seen) = seen.as_ref().filter(|seen| self.is_awaited(seen)) else {
            return Ok(self.too_late(seen.as_ref()));
        };
        let whisper = self.words(seen);
        Ok(self.asks(seen, &whisper, &whisper.say.0, 1))
    }

    /// Who picked up has pressed a key, or said something, or nothing.
    pub(super) async fn accept(&self) -> Result<Document, Problem> {
        match self.reply() {
            Reply::Accepts => self.accepted().await,
            Reply::Declines => {
                self.tell("declined", None).await?;
                Ok(Document::end())
            }
            Reply::Unclear if self.asked.query("asked") == "1" => self.ask_once_more().await,
            Reply::Unclear | Reply::Nothing => {
                match self.hint.as_deref().filter(|hint| hint.starts_with("machine")) {
                    Some(hint) => self.tell("machine", Some(taken_for(hint))).await?,
                    None => self.tell("no_answer", Some("who picked up accepted nothing".to_owned())).await?,
                }
                Ok(Document::end())
            }
        }
    }

    /// Let in is whom the handoff waits for once the accept is committed.
    async fn accepted(&self) -> Result<Document, Problem> {
        self.tell("accepted", None).await?;
        let Some(seen) = self.seen().await? else { return Ok(self.too_late(None)) };
        let leg = self.leg.as_str();
        Ok(if seen.lets_in() == Some(&self.leg) {
            self.asked.twilio.let_in(leg, &self.call)
        } else if seen.calls_back_on(&self.leg, |state| matches!(state, LegState::Accepted | LegState::Joined)) {
            self.asked.twilio.wait_for_lead(leg)
        } else if self.is_awaited(&seen) {
            self.asked.twilio.look_again(leg)
        } else {
            self.too_late(Some(&seen))
        })
    }

    /// The last sentence alone: what to press.
    async fn ask_once_more(&self) -> Result<Document, Problem> {
        let seen = self.seen().await?;
        let Some(seen) = seen.as_ref().filter(|seen| self.is_awaited(seen)) else {
            return Ok(self.too_late(seen.as_ref()));
        };
        let whisper = self.words(seen);
        let last = whisper.say.0.rsplit(". ").next().unwrap_or(&whisper.say.0);
        Ok(self.asks(seen, &whisper, last, 2))
    }

    /// The rep came out of the room and is still on the line; or hung up there.
    pub(super) async fn left(&self) -> Result<Document, Problem> {
        if self.asked.is_over() {
            self.tell("rep_left", None).await?;
            return Ok(Document::nothing());
        }
        let seen = self.seen().await?;
        let joining =
            seen.as_ref().is_some_and(|seen| seen.handoff().stage == Stage::Joining { leg: self.leg.clone() });
        if joining {
            self.tell("join_failed", Some("the rep came out of the room at once".to_owned())).await?;
            return Ok(self.too_late(seen.as_ref()));
        }
        match seen.as_ref().and_then(|seen| seen.dialled_on(&self.leg)) {
            Some(lead) => self.is_left_by(lead).await,
            None => Ok(Document::end()),
        }
    }

    /// How it stands with the leg. What we ended ourselves is no news.
    pub(super) async fn goes_on(&self) -> Result<Document, Problem> {
        let (status, sip) = (self.asked.sent("CallStatus"), self.asked.sent("SipResponseCode"));
        if let Some(word) = word_of(status, sip) {
            self.tell(word, evidence(status, sip)).await?;
        }
        Ok(Document::nothing())
    }

    /// A guess hangs up on nobody, unless it is certain: after its tone a machine records what is said to it.
    pub(super) async fn picked_up(&self) -> Result<Document, Problem> {
        let by = self.asked.sent("AnsweredBy").to_owned();
        if ["machine_end_beep", "fax"].contains(&by.as_str()) {
            self.tell("machine", Some(taken_for(&by))).await?;
        } else if by.starts_with("machine") {
            let hint = with((self.leg.clone(), by), |tx, (leg, by)| Box::pin(tx.carrier_leg_hint(leg, by)));
            let noted = self.asked.door.store.write("carried.hint", hint).await;
            noted.map_err(|error| Problem::ours(&error))?;
        }
        Ok(Document::nothing())
    }

    pub(super) async fn tell(&self, word: &str, why: Option<String>) -> Result<(), Problem> {
        self.asked.tell(Telling::of_leg(word, &self.leg, &self.call).because(why)).await
    }

    pub(super) async fn seen(&self) -> Result<Option<Seen>, Problem> {
        match self.leg.handoff() {
            Some(handoff) => self.asked.seen(&handoff).await,
            None => Ok(None),
        }
    }

    /// Whether the handoff still waits for this rep's answer.
    fn is_awaited(&self, seen: &Seen) -> bool {
        let waits = |state: LegState| matches!(state, LegState::Ringing | LegState::Answered);
        seen.awaited().any(|leg| *leg == self.leg) || seen.calls_back_on(&self.leg, waits)
    }

    /// Who picks up here; `None`: nobody knows any more.
    fn rep_of<'s>(&self, seen: &'s Seen) -> Option<&'s domain::rep::Rep> {
        seen.handoff().rep_on(&self.leg).and_then(|rep| seen.release.rules.reps.get(rep))
    }

    /// In a language of the rep whose phone it is.
    fn words(&self, seen: &Seen) -> Whisper {
        let (file, release) = (&seen.file, &seen.release);
        let briefing = briefing(&file.record.lead, &file.decision, &release.rules);
        release.templates.whisper(&briefing, &hearer(self.rep_of(seen), &release.rules))
    }

    /// Once the call to the lead is over, in such a language too.
    pub(super) fn question_words(&self, seen: &Seen, have_spoken: bool) -> Whisper {
        let release = &seen.release;
        release.templates.question(have_spoken, seen.company(), &hearer(self.rep_of(seen), &release.rules))
    }

    /// These of the whisper's words, and for an answer to them.
    fn asks(&self, seen: &Seen, whisper: &Whisper, words: &str, asked: u8) -> Document {
        let (twilio, ours) = (self.asked.twilio, &seen.release.rules.handoff.language);
        let none = BTreeSet::new();
        let languages = self.rep_of(seen).map_or(&none, |rep| &rep.languages);
        let listening = twilio.listens_after(&whisper.language, ours, languages);
        twilio.whisper(self.leg.as_str(), (twilio.speaks(&whisper.language, ours), words), &listening, asked)
    }

    fn too_late(&self, seen: Option<&Seen>) -> Document {
        let release = Arc::clone(&self.asked.door.release.borrow());
        let (rules, rep) = (&release.rules, seen.and_then(|seen| self.rep_of(seen)));
        let words = release.templates.too_late(rules.handoff.company.as_deref(), &hearer(rep, rules));
        last_words_in(self.asked.twilio.speaks(&words.language, &rules.handoff.language), &words.say.0)
    }

    fn reply(&self) -> Reply {
        // Sent on by ourselves: the key was pressed before.
        if self.asked.query("pressed") == "1" {
            return Reply::Accepts;
        }
        reply(self.asked.query("in"), self.asked.sent("Digits"), self.asked.sent("SpeechResult"))
    }
}

/// In whose languages there is a voice.
fn hearer<'a>(rep: Option<&'a domain::rep::Rep>, rules: &'a RuleSet) -> Hearer<'a> {
    let mut hearer = Hearer::of(rep, rules);
    hearer.speaks.retain(|language| is_heard(language) || *language == rules.handoff.language);
    hearer
}

/// What a status of Twilio means, by the phone's own answer where there is one; `None`: nothing that is not known.
pub(super) fn word_of(status: &str, sip: &str) -> Option<&'static str> {
    match (status, sip) {
        ("ringing", _) => Some("ringing"),
        ("in-progress" | "answered", _) => Some("answered"),
        ("completed", _) => Some("rep_left"),
        ("busy" | "failed" | "no-answer", "403" | "603") => Some("declined"),
        ("busy" | "failed" | "no-answer", "301" | "302") => Some("forwarded"),
        ("busy" | "failed" | "no-answer", "404" | "410" | "484" | "604") => Some("wrong_number"),
        ("busy", _) | ("failed", "486" | "600") => Some("busy"),
        ("no-answer", _) | ("failed", "408" | "480" | "487") => Some("no_answer"),
        ("failed", _) => Some("failed"),
        _ => None,
    }
}

/// How it is known that a phone was not picked up.
pub(super) fn evidence(status: &str, sip: &str) -> Option<String> {
    match (status, sip) {
        ("busy" | "failed" | "no-answer", "") => Some(format!("{status}, as the carrier says")),
        ("busy" | "failed" | "no-answer", sip) => Some(format!("{status}, SIP {sip}, as the carrier says")),
        _ => None,
    }
}

fn taken_for(by: &str) -> String {
    format!("{by}, as the carrier guesses")
}

#[cfg(test)]
mod tests;
