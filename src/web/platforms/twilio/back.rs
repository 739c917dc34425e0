//! A rep calls a lead back: they wait in a room of their own, named by their leg, and the lead is brought to them.

use super::Asked;
use super::document::Document;
use super::rep::{Rep, evidence, word_of};
use super::telling::Telling;
use crate::web::Problem;
use baton_core::domain::id::LegId;
use baton_core::domain::leg::LegState;
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
