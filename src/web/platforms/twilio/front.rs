//! Callers who come to a number of ours: people first, in their hours, and then the voice agent.
//!
//! Guarantees: a caller whom phones ring for is a lead by then; where that cannot be known, the agent has them; and whoever reaches
//! neither is a lead who is owed a call. Asked or told twice, nothing changes.

use super::document::{Document, is_platform};
use super::telling::Telling;
use super::{Asked, Seen};
use crate::store::with;
use crate::web::Problem;
use baton_core::domain::id::LegId;
use baton_core::domain::lead::Arrival;
use baton_platforms::twilio::is_call;

impl Asked<'_> {
    /// Somebody has called, or has hung up.
    pub(super) async fn front_door(&self) -> Result<Document, Problem> {
        let call = self.sent("CallSid");
        if !is_call(call) {
            return Err(Problem::not_found("what calls here is no call of Twilio"));
        }
        match (self.is_over(), self.sent("CallStatus")) {
            // It was answered: in a room, which tells more, or by the agent.
            (true, "completed") => self.caller(call).goes_on().await,
            (true, _) => {
                self.missed(call).await?;
                Ok(Document::nothing())
            }
            (false, _) => self.comes_in(call).await,
        }
    }

    async fn comes_in(&self, call: &str) -> Result<Document, Problem> {
        let rings = match self.door.decider.rings_at_front_door(&self.arrival(call)).await {
            Ok(rings) => rings,
            Err(error) if self.twilio.agent.is_some() => {
                tracing::warn!(%error, "nobody of ours could be rung at the front door: the agent is");
                return self.ring_agent(call, None).await;
            }
            Err(error) => return Err(Problem::ours(&error)),
        };
        let caller = self.caller(call);
        match caller.seen().await? {
            Some(seen) if seen.is_left_to_agent() => self.ring_agent(call, Some(&seen)).await,
            Some(seen) => Ok(caller.as_it_stands(&seen)),
            None if rings => Ok(self.twilio.hold(call)),
            None => self.ring_agent(call, None).await,
        }
    }

    /// `seen`: the lead that they are, if they are one; that the agent is asked for is written down.
    ///
    /// # Errors
    /// There is no agent, and that the caller has reached nobody could not be stored.
    pub(super) async fn ring_agent(&self, call: &str, seen: Option<&Seen>) -> Result<Document, Problem> {
        let Some(agent) = &self.twilio.agent else { return self.nobody_comes(call).await };
        let leg = seen.map(leg_of_agent);
        if let Some(leg) = &leg {
            let (asked, now) = ((leg.clone(), call.to_owned(), agent.clone()), self.door.clock.now());
            let asked = with(asked, move |tx, (leg, call, agent)| Box::pin(tx.carrier_leg_ask(leg, call, agent, now)));
            if let Err(error) = self.door.store.write("carried.ask", asked).await {
                tracing::warn!(%error, "that the agent is rung could not be written down: it may be rung twice");
            }
        }
        Ok(self.twilio.to_agent(call, agent, leg.as_ref().map(LegId::as_str)))
    }

    /// Whether a caller who was left to the agent has come to it: its phone was picked up, or its platform has the call.
    ///
    /// # Errors
    /// It could not be read.
    pub(super) async fn has_come_to_agent(&self, seen: &Seen) -> Result<bool, Problem> {
        let asked = self.door.store.carrier_leg(&leg_of_agent(seen)).await.map_err(|error| Problem::ours(&error))?;
        Ok(asked.is_some_and(|leg| leg.sid.is_some() || is_platform(&leg.phone)))
    }

    /// The agent's phone was not answered, or the agent is gone; or the caller is.
    pub(super) async fn agent_is_left(&self, call: &str) -> Result<Document, Problem> {
        let have_spoken = ["completed", "answered"].contains(&self.sent("DialCallStatus"));
        match (have_spoken, self.is_over()) {
            (true, true) => {
                self.tell(Telling::of_call("caller_left", call)).await?;
                Ok(Document::nothing())
            }
            (true, false) => Ok(Document::end()),
            (false, true) => {
                self.missed(call).await?;
                Ok(Document::nothing())
            }
            (false, false) => self.nobody_comes(call).await,
        }
    }

    /// Neither a person nor the agent has come: the caller hears what is done instead.
    async fn nobody_comes(&self, call: &str) -> Result<Document, Problem> {
        self.missed(call).await?;
        self.caller(call).last_words().await
    }

    /// Tells that a caller has spoken with nobody, who is a lead from here on where they were none.
    ///
    /// # Errors
    /// It is not known to be stored.
    pub(super) async fn missed(&self, call: &str) -> Result<(), Problem> {
        let lead = self.door.decider.lead_of_missed(&self.arrival(call)).await;
        let lead = lead.map_err(|error| Problem::ours(&error))?;
        self.tell_with(Telling::of_call("missed", call), lead).await
    }

    fn arrival(&self, call: &str) -> Arrival {
        Arrival { call: call.to_owned(), from: Some(self.sent("From").to_owned()), dialled: self.sent("To").to_owned() }
    }
}

/// The handoff's of the ordinal 0: rings are counted from 1.
fn leg_of_agent(seen: &Seen) -> LegId {
    LegId::of(&seen.handoff().id, 0)
}
