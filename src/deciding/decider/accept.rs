//! A rep accepts a call by a button, in the place of the key, or declines it: for the leg that the button was shown for, and no other.
//!
//! Guarantees: that it is theirs, and that they have picked up, is looked at in the transaction that accepts. If the process dies
//! here, nothing was accepted, or the step that joins is in the outbox.

use super::Decider;
use crate::store::{AuditEntry, Moved, StoreError, with};
use baton_core::domain::id::{HandoffId, LeadId, LegId, RepId};
use baton_core::domain::leg::LegState;
use baton_core::handoff::Event;
use std::sync::Arc;

/// Who accepts what.
#[derive(Debug, Clone)]
pub struct AcceptRequest {
    pub lead: LeadId,
    pub rep: RepId,
    pub leg: LegId,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepting {
    /// As with the key.
    Accepted,
    /// The phone rings: nobody is joined with a phone that is not up.
    PicksUpFirst,
    /// The leg is none on which this rep could accept, any more or at all.
    TooLate,
    /// Whoever carries the call joins nobody without a key.
    ByKey,
}

impl Decider {
    /// The leg on which this rep may accept.
    ///
    /// # Errors
    /// The database does not answer, or there is no such lead.
    pub async fn rung_for(&self, lead: &LeadId, rep: &RepId) -> Result<Option<LegId>, StoreError> {
        let handoff = self.parts.store.handoff(&HandoffId::of(lead)).await?;
        Ok(handoff.rung_on(rep).map(|leg| leg.id.clone()))
    }

    /// The rep does not take it: the next one is rung. `false`: they are not rung on this leg, any more or at all.
    ///
    /// # Errors
    /// As [`Decider::rung_for`]: it rings on.
    pub async fn decline(&self, wish: &AcceptRequest) -> Result<bool, StoreError> {
        let rules = Arc::clone(&self.parts.release.borrow().rules);
        let declined = with((wish.clone(), rules, self.parts.mover()), |tx, (wish, rules, mover)| {
            Box::pin(async move {
                let handoff = tx.handoff_lock(&HandoffId::of(&wish.lead)).await?;
                if handoff.rung_on(&wish.rep).is_none_or(|leg| leg.id != wish.leg) {
                    return Ok(None);
                }
                let event = Event::Declined { leg: wish.leg.clone(), why: Some("declined on the card".to_owned()) };
                let moved = tx.transition(&handoff.id, &event, rules, mover).await?;
                let entry = AuditEntry::of(&format!("rep {}", wish.rep), "call.decline", &wish.lead, None);
                tx.audit(&entry, mover.now).await?;
                Ok(Some(moved.steps))
            })
        });
        let Some(steps) = self.parts.store.write("decline", declined).await? else { return Ok(false) };
        self.parts.outbox.run_now(steps, None);
        Ok(true)
    }

    /// # Errors
    /// As [`Decider::rung_for`]: nothing is accepted.
    pub async fn accept(&self, wish: &AcceptRequest) -> Result<Accepting, StoreError> {
        if !self.parts.outbox.joins_when_told() {
            return Ok(Accepting::ByKey);
        }
        let rules = Arc::clone(&self.parts.release.borrow().rules);
        let accepted = with((wish.clone(), rules, self.parts.mover()), move |tx, (wish, rules, mover)| {
            Box::pin(async move {
                let handoff = tx.handoff_lock(&HandoffId::of(&wish.lead)).await?;
                let state = handoff.rung_on(&wish.rep).filter(|leg| leg.id == wish.leg).map(|leg| leg.state);
                match state {
                    Some(LegState::Answered) => {}
                    Some(_) => return Ok((Accepting::PicksUpFirst, Vec::new())),
                    None => return Ok((Accepting::TooLate, Vec::new())),
                }
                let event = Event::Accepted { leg: wish.leg.clone() };
                let Moved { steps, .. } = tx.transition(&handoff.id, &event, rules, mover).await?;
                let entry = AuditEntry::of(&format!("rep {}", wish.rep), "call.accept", &wish.lead, None);
                tx.audit(&entry, mover.now).await?;
                Ok((Accepting::Accepted, steps))
            })
        });
        let (accepted, steps) = self.parts.store.write("accept", accepted).await?;
        self.parts.outbox.run_now(steps, None);
        Ok(accepted)
    }
}
