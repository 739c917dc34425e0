//! A meeting that its lead moves, or calls off.
//!
//! Guarantees: whether it still stands as the lead saw it is looked at in the transaction that changes it; asked twice at one time, it is
//! changed once. If the process dies here, nothing was changed, or the step that moves it in the calendar is in the outbox.

use super::decider::Decider;
use crate::store::{AuditEntry, Moved, StoreError, with};
use baton_core::domain::id::{HandoffId, LeadId};
use baton_core::domain::outcome::Slot;
use baton_core::handoff::{Event, Handoff};
use chrono::{DateTime, Utc};
use std::sync::Arc;
use std::time::Duration;

/// A meeting as a lead knows it: when it begins, and how often it was moved before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MeetingTime {
    pub moves: u32,
    pub from: DateTime<Utc>,
}

impl MeetingTime {
    /// Whether the meeting stands so.
    pub fn is_of(self, handoff: &Handoff) -> bool {
        let stands = handoff.meeting().is_some_and(|meeting| meeting.slot.from == self.from);
        stands && handoff.meeting_moves == self.moves
    }
}

/// What a lead wants of their meeting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MeetingWish {
    Move { to: Slot },
    CallOff { wants_call: bool },
}

impl MeetingWish {
    /// The event, and as what it stands in the audit.
    fn told(&self) -> (Event, &'static str) {
        match self {
            Self::Move { to } => (Event::MoveWanted { to: to.clone() }, "meeting.move"),
            Self::CallOff { wants_call } => (Event::CalledOff { wants_call: *wants_call }, "meeting.call_off"),
        }
    }
}

impl Decider {
    /// Other times at which the rep of this lead's meeting can be met, as they were so long ago at most; the earliest first.
    ///
    /// # Errors
    /// Why they are not known now.
    pub async fn other_times(&self, handoff: &Handoff, at_most_ago: Duration) -> Result<Vec<Slot>, String> {
        let rules = Arc::clone(&self.parts.release.borrow().rules);
        let meeting = handoff.meeting().ok_or("there is no meeting")?;
        let rep = rules.reps.get(&meeting.slot.rep).filter(|rep| rep.active).ok_or("the rep has left")?;
        let calendar = rep.calendar.as_deref().ok_or("the rep has no calendar")?;
        let terms = &handoff.terms.booking;
        let lead = (&handoff.lead_id, handoff.meeting_moves);
        let free = self.parts.facts.free_times_shown((rep, calendar), lead, terms, &rules, at_most_ago).await?;
        Ok(free.into_iter().map(|(from, until)| Slot { rep: rep.id.clone(), from, until }).collect())
    }

    /// `false`: it does not stand so any more, is being moved, or its lead was erased.
    ///
    /// # Errors
    /// The database failed, or there is no such lead: nothing is changed.
    pub async fn change_meeting(
        &self,
        lead: &LeadId,
        time: MeetingTime,
        wish: &MeetingWish,
    ) -> Result<bool, StoreError> {
        let rules = Arc::clone(&self.parts.release.borrow().rules);
        let asked = (lead.clone(), time, wish.clone(), rules, self.parts.mover());
        let changed = with(asked, move |tx, (lead, time, wish, rules, mover)| {
            Box::pin(async move {
                let handoff = tx.handoff_lock(&HandoffId::of(lead)).await?;
                // Other times were looked up meanwhile, which may take seconds.
                let is_kept = tx.lead(lead).await?.is_some_and(|record| record.erased_at.is_none());
                if !is_kept || !time.is_of(&handoff) {
                    return Ok((false, Vec::new()));
                }
                let (event, act) = wish.told();
                let Moved { steps, ignored, .. } = tx.transition(&handoff.id, &event, rules, mover).await?;
                if !ignored {
                    tx.audit(&AuditEntry::of("lead", act, lead, None), mover.now).await?;
                }
                Ok((!ignored, steps))
            })
        });
        let (changed, steps) = self.parts.store.write("change_meeting", changed).await?;
        self.parts.outbox.run_now(steps, None);
        Ok(changed)
    }
}
