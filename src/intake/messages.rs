//! Events that are no leads: what they do to a handoff, a rep or a lead's record.

use super::decider::Decider;
use super::event::{CallEvent, Happened, Message};
use crate::domain::id::{HandoffId, LegId};
use crate::domain::outcome::OutcomeKind;
use crate::handoff::Event;
use crate::handoff::state::Closing;
use crate::routing::ledger::Cause;
use crate::rules::RuleSet;
use crate::store::{Correction, Mover, StepRow, StoreError, Tx};

impl Decider {
    /// Applies one message; returns the steps to be run at once.
    pub(super) async fn apply(
        &self,
        tx: &mut Tx,
        message: &Message,
        rules: &RuleSet,
        mover: &Mover,
    ) -> Result<Vec<StepRow>, StoreError> {
        match message {
            Message::Call(call) => self.apply_call(tx, call, rules, mover).await,
            Message::Presence { rep, presence } => {
                tx.rep_presence(rep, *presence).await?;
                Ok(Vec::new())
            }
            Message::Contact { lead, rep, at } => {
                let event = Event::ContactMade { rep: rep.clone(), at: *at };
                Ok(tx.transition(&HandoffId::of(lead), &event, rules, mover).await?.steps)
            }
            Message::Outcome { lead, kind, at, amount: _ } => {
                if tx.lead(lead).await?.is_none() {
                    return Err(StoreError::NotFound { what: "lead", id: lead.to_string() });
                }
                tx.outcome_insert(lead, *kind, *at).await?;
                if let Some(why) = Closing::of(*kind) {
                    let closed = Event::Closed { why };
                    return Ok(tx.transition(&HandoffId::of(lead), &closed, rules, mover).await?.steps);
                }
                if *kind == OutcomeKind::NoShow {
                    let reason = "nobody came to the meeting".to_owned();
                    let correction =
                        Correction { cause: Cause::NoShow, to: None, reason, author: "outcome".to_owned() };
                    tx.turn_correct(lead, &correction, rules, mover.now).await?;
                }
                Ok(Vec::new())
            }
            Message::Lead(_) => unreachable!("leads are decided, not applied"),
        }
    }

    async fn apply_call(
        &self,
        tx: &mut Tx,
        call: &CallEvent,
        rules: &RuleSet,
        mover: &Mover,
    ) -> Result<Vec<StepRow>, StoreError> {
        let Some(event) = event_of(call) else { return Ok(Vec::new()) };
        let by_leg = call.leg.as_ref().and_then(LegId::handoff);
        let handoff = match by_leg {
            Some(handoff) => Some(handoff),
            None => tx.handoff_of_call(&call.platform, &call.call).await?,
        };
        // Platforms tell of every call; the ones that are no leads of ours are nobody's fault.
        let Some(handoff) = handoff else { return Ok(Vec::new()) };
        Ok(tx.transition(&handoff, &event, rules, mover).await?.steps)
    }
}

/// What a platform's word means for the handoff; `None` for what is only told.
fn event_of(call: &CallEvent) -> Option<Event> {
    let leg = || call.leg.clone();
    let why = || call.why.clone().unwrap_or_else(|| "the platform gave no reason".to_owned());
    match &call.happened {
        Happened::Held | Happened::Ringing => None,
        Happened::Answered => Some(Event::Answered { leg: leg()? }),
        Happened::Machine => Some(Event::Machine { leg: leg()? }),
        Happened::NoAnswer => Some(Event::NoAnswer { leg: leg()? }),
        Happened::Busy => Some(Event::Busy { leg: leg()? }),
        Happened::Failed => Some(Event::RingFailed { leg: leg()?, why: why() }),
        Happened::Accepted => Some(Event::Accepted { leg: leg()? }),
        Happened::Declined => Some(Event::Declined { leg: leg()? }),
        Happened::Joined => Some(Event::Joined { leg: leg()? }),
        Happened::JoinFailed => Some(Event::JoinFailed { leg: leg()?, why: why() }),
        Happened::RepLeft => Some(Event::RepLeft { leg: leg()? }),
        Happened::CallerLeft => Some(Event::CallerLeft),
        Happened::Ended => Some(Event::CallEnded),
        Happened::SlotChosen(slot) => Some(Event::SlotChosen { slot: slot.clone() }),
        Happened::SlotsDeclined => Some(Event::SlotsDeclined),
    }
}
