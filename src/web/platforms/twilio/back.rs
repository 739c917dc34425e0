//! A rep calls a lead back: they wait in a room of their own, named by their leg, and the lead is brought to them. When that is
//! over, and the rep is still there, they are asked what came of it and say so by key.

use super::Asked;
use super::document::Document;
use super::rep::{Rep, evidence, word_of};
use super::telling::Telling;
use crate::web::Problem;
use baton_core::domain::id::LegId;
use baton_core::domain::leg::LegState;
use baton_core::handoff::state::DialledLead;
use baton_platforms::twilio::{CALLER, REP};

impl Asked<'_> {
    /// Of whom comes and goes in the room of a rep, what moves the handoff. Where they call nobody back, their caller comes to them.
    ///
    /// # Errors
    /// It could not be read which of the two it is, or it could not be stored.
    pub(super) async fn room_of_rep(&self, rep: &LegId) -> Result<Document, Problem> {
        let seen = match rep.handoff() {
            Some(handoff) => self.seen(&handoff).await?,
            None => None,
        };
        if !seen.is_some_and(|seen| seen.is_to_call_back(rep)) {
            return self.caller(rep.as_str()).room().await;
        }
        let told = match (self.sent("StatusCallbackEvent"), self.sent("ParticipantLabel")) {
            ("conference-start", _) => Some(("joined", rep.of_lead())),
            ("participant-leave", REP) if self.has_hung_up() => Some(("rep_left", rep.clone())),
            ("participant-leave", CALLER) if self.has_hung_up() => Some(("caller_left", rep.of_lead())),
            _ => None,
        };
        if let Some((word, leg)) = told {
            self.tell(Telling::of_leg(word, &leg, rep.as_str())).await?;
        }
        Ok(Document::nothing())
    }
}

/// Of a leg that is a lead's.
impl Rep<'_> {
    /// Whoever picks up is put through at once, as long as the rep waits for them.
    pub(super) async fn lead_answers(&self) -> Result<Document, Problem> {
        self.tell("answered", None).await?;
        let (Some(rep), Some(seen)) = (self.leg.dialled_for(), self.seen().await?) else { return Ok(Document::end()) };
        Ok(match seen.calls_back_on(&rep, |state| matches!(state, LegState::Accepted | LegState::Joined)) {
            true => self.asked.twilio.join_rep(rep.as_str()),
            false => Document::end(),
        })
    }

    /// How it stands with the lead's phone. What we ended ourselves is no news.
    pub(super) async fn lead_goes_on(&self) -> Result<Document, Problem> {
        let (status, sip) = (self.asked.sent("CallStatus"), self.asked.sent("SipResponseCode"));
        match word_of(status, sip) {
            Some("rep_left") => self.tell("caller_left", None).await?,
            Some(word) => self.tell(word, evidence(status, sip)).await?,
            None => {}
        }
        Ok(Document::nothing())
    }
}

/// Of a leg that is a rep's, when the lead is gone.
impl Rep<'_> {
    /// The room has ended around the rep. Where nobody had come into it, how the lead's phone ended is told by itself.
    pub(super) async fn is_left_by(&self, lead: &DialledLead) -> Result<Document, Problem> {
        if lead.joined_at.is_some() && lead.asked == 0 {
            self.asked.tell(self.telling("caller_left", &self.leg.of_lead())).await?;
        }
        Ok(self.asked.twilio.wait_for_question(self.leg.as_str()))
    }

    /// The rep was sent here to be asked, which they are as long as it is to be known.
    pub(super) async fn question(&self) -> Result<Document, Problem> {
        let Some(seen) = self.seen().await? else { return Ok(Document::end()) };
        let Some(lead) = seen.dialled_on(&self.leg).filter(|lead| lead.asked > 0) else { return Ok(Document::end()) };
        let (twilio, ours) = (self.asked.twilio, &seen.release.rules.handoff.language);
        let words = self.question_words(&seen, lead.joined_at.is_some());
        let spoken = (twilio.speaks(&words.language, ours), words.say.0.as_str());
        Ok(twilio.question(self.leg.as_str(), spoken, lead.asked))
    }

    /// The rep has pressed a key. One that was not offered has them asked again.
    pub(super) async fn says(&self) -> Result<Document, Problem> {
        let is_key = |key: &char| key.is_ascii_digit() || matches!(key, '*' | '#');
        let Some(key) = self.asked.sent("Digits").chars().find(is_key) else { return Ok(Document::end()) };
        self.asked.tell(self.telling("pressed", &self.leg).with_key(self.asked.query("asked"), key)).await?;
        let seen = self.seen().await?;
        Ok(match seen.is_some_and(|seen| seen.dialled_on(&self.leg).is_some()) {
            true => self.asked.twilio.wait_for_question(self.leg.as_str()),
            false => Document::end(),
        })
    }

    fn telling(&self, word: &str, leg: &LegId) -> Telling {
        Telling::of_leg(word, leg, self.leg.as_str())
    }
}
