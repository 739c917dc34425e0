//! A call that is owed, made at somebody's word.
//!
//! Guarantees: whether the lead may be called is looked at in the transaction that rings the rep; asked twice at one time, one call
//! is made. If the process dies here, nobody was rung, or the step that rings is in the outbox.

use super::decider::Decider;
use crate::store::{AuditEntry, Moved, StoreError, with};
use baton_core::domain::id::{HandoffId, LeadId, RepId};
use baton_core::handoff::{Event, NoCall};
use std::sync::Arc;

/// A lead whom somebody is to call back now.
#[derive(Debug, Clone)]
pub struct CallRequest {
    pub lead: LeadId,
    /// `None`: whoever owes the call.
    pub rep: Option<RepId>,
    /// Who says so, for the lead's story.
    pub author: String,
    /// Who asks, as the audit names them.
    pub actor: String,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallAsked {
    /// This rep's phone rings; the lead is dialled when they accept.
    Rings {
        rep: RepId,
    },
    /// Their phone is another lead's: it rings when it is free, within minutes.
    Waits {
        rep: RepId,
    },
    Refused {
        why: NoCall,
    },
    /// Whoever carries our calls dials no leads.
    ByHand,
}

impl CallAsked {
    /// Whoever asked for it calls.
    pub const BY_HAND: &str =
        "this telephony dials no leads; call by hand, or set up [telephony] with mode = \"bridge\"";
}

impl Decider {
    /// `None`: there is no such lead.
    ///
    /// # Errors
    /// The database failed: nobody is called.
    pub async fn call_back(&self, wish: &CallRequest) -> Result<Option<CallAsked>, StoreError> {
        let rules = Arc::clone(&self.parts.release.borrow().rules);
        let dials_leads = self.parts.outbox.dials_leads();
        let asked = with((wish.clone(), rules, self.parts.mover()), move |tx, (wish, rules, mover)| {
            Box::pin(async move {
                if tx.lead(&wish.lead).await?.is_none() {
                    return Ok(None);
                }
                if !dials_leads {
                    return Ok(Some((CallAsked::ByHand, Vec::new())));
                }
                let handoff = tx.handoff_lock(&HandoffId::of(&wish.lead)).await?;
                let rep = wish.rep.clone().unwrap_or_else(|| handoff.next_step().owner);
                if let Some(why) = handoff.why_no_call(&rep, rules, mover.now) {
                    return Ok(Some((CallAsked::Refused { why }, Vec::new())));
                }
                let event = Event::CallNow { rep: rep.clone(), by: wish.author.clone() };
                let Moved { handoff, steps, .. } = tx.transition(&handoff.id, &event, rules, mover).await?;
                let rings = handoff.calling.is_some();
                let entry = AuditEntry::of(&wish.actor, "lead.call", &wish.lead, Some(&wish.author));
                tx.audit(&entry, mover.now).await?;
                Ok(Some((if rings { CallAsked::Rings { rep } } else { CallAsked::Waits { rep } }, steps)))
            })
        });
        let Some((asked, steps)) = self.parts.store.write("call_back", asked).await? else { return Ok(None) };
        self.parts.outbox.run_now(steps, None);
        Ok(Some(asked))
    }
}
