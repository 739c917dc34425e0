//! What reps answer to the cards of leads that no phone rings for: they take one, or say that they have called.
//!
//! Guarantees: of several who take one lead from their cards the first has it, since it is looked at in the transaction that gives it
//! whether the lead has become somebody's after the card; a lead that is closed is nobody's to take. If the process dies here,
//! nothing was taken, or it is with all that follows.

use super::is_active;
use crate::deciding::decider::Decider;
use crate::deciding::messages::contact_made;
use crate::store::{AuditEntry, Correction, OfferedCard, StoreError, with};
use baton_core::domain::id::{HandoffId, LeadId, RepId};
use baton_core::routing::ledger::Cause;
use std::sync::Arc;

/// What came of taking a lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taking {
    Taken,
    /// It is theirs already.
    Yours,
    /// It became somebody's after the card.
    Theirs {
        owner: RepId,
    },
    Closed,
    /// Nobody gets a lead who is not active.
    NotHere,
}

/// What came of a conversation that was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noted {
    Yes,
    Closed,
    /// It cannot be so.
    No,
}

impl Decider {
    /// # Errors
    /// There is no such lead, or the database failed: nobody has it who had it not.
    pub async fn take_lead(&self, card: &OfferedCard, rep: &RepId) -> Result<Taking, StoreError> {
        let rules = Arc::clone(&self.parts.release.borrow().rules);
        let busy = self.parts.facts.busy_of(rep, &rules).await;
        let parts = (card.clone(), rep.clone(), busy, rules, self.parts.mover());
        let taken = with(parts, |tx, (card, rep, busy, rules, mover)| {
            Box::pin(async move {
                let lead = &card.lead_id;
                let handoff = tx.handoff_lock(&HandoffId::of(lead)).await?;
                let is_theirs = handoff.waits_in.is_none() && handoff.next_step().owner == *rep;
                let taking = if handoff.closed {
                    Taking::Closed
                } else if is_theirs {
                    Taking::Yours
                } else if !is_active(rep, rules) {
                    Taking::NotHere
                } else if tx.lead_given_since(lead, card.planned_at).await? {
                    Taking::Theirs { owner: handoff.owner.clone() }
                } else {
                    Taking::Taken
                };
                if taking != Taking::Taken {
                    return Ok((taking, Vec::new()));
                }
                let correction = Correction {
                    cause: Cause::Reassigned,
                    to: Some(rep.clone()),
                    reason: "taken from the card".to_owned(),
                    author: rep.to_string(),
                };
                let moved = tx.lead_reassign(lead, rep, busy.as_ref(), &correction, rules, mover).await?;
                // The owner already, though somebody else is to look at it first.
                if moved.ignored {
                    return Ok((Taking::Yours, moved.steps));
                }
                tx.audit(&AuditEntry::of(&format!("rep {rep}"), "lead.take", lead, None), mover.now).await?;
                Ok((Taking::Taken, moved.steps))
            })
        });
        let (taking, steps) = self.parts.store.write("lead.take", taken).await?;
        self.parts.outbox.run_now(steps, None);
        Ok(taking)
    }

    /// A rep has spoken with the lead, just now, by a way that is none of ours, as `actor` tells it.
    ///
    /// # Errors
    /// There is no such lead, or the database failed: nothing is recorded.
    pub async fn has_called(&self, lead: &LeadId, rep: &RepId, actor: &str) -> Result<Noted, StoreError> {
        let rules = Arc::clone(&self.parts.release.borrow().rules);
        let entry = AuditEntry::of(actor, "contact.record", lead, None);
        let parts = (lead.clone(), rep.clone(), rules, self.parts.mover(), entry);
        let noted = with(parts, |tx, (lead, rep, rules, mover, entry)| {
            Box::pin(async move {
                if tx.handoff_lock(&HandoffId::of(lead)).await?.closed {
                    return Ok((Noted::Closed, Vec::new()));
                }
                let applied = contact_made(tx, lead, rep, mover.now, rules, mover).await?;
                if applied.ignored.is_some() {
                    return Ok((Noted::No, applied.steps));
                }
                tx.audit(entry, mover.now).await?;
                Ok((Noted::Yes, applied.steps))
            })
        });
        let (noted, steps) = self.parts.store.write("lead.called", noted).await?;
        self.parts.outbox.run_now(steps, None);
        Ok(noted)
    }

    /// Has all cards of a lead show how it stands now.
    ///
    /// # Errors
    /// The database failed: they show what was so before, until something else happens.
    pub async fn tell_cards(&self, lead: &LeadId) -> Result<(), StoreError> {
        let parts = (HandoffId::of(lead), self.parts.mover());
        let rewritten = with(parts, |tx, (handoff, mover)| Box::pin(tx.cards_rewrite(handoff, mover)));
        let steps = self.parts.store.write("cards.rewrite", rewritten).await?;
        self.parts.outbox.run_now(steps, None);
        Ok(())
    }
}
