//! One move of a handoff as one transaction: state, reservation, turn, steps, timeline and the lead's view.
//!
//! Locks in one order everywhere: handoff, then ledger, then reps. The revision is checked at the end: two moves of one
//! handoff cannot both count.

mod change;

use crate::store::{NewStep, StepRow, StoreError, TimelineEntry, Tx};
use baton_core::domain::effect::Planned;
use baton_core::domain::id::{HandoffId, LegId, RepId};
use baton_core::domain::outcome::Slot;
use baton_core::domain::zone::Zone;
use baton_core::handoff::{Event, Handoff, Transition, advance};
use baton_core::rules::RuleSet;
use change::{booking, concerned, is_given, is_hung_up};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;

/// What a move leaves to be done after the commit.
#[derive(Debug, Default)]
pub struct Moved {
    /// Born leased to the worker that made the move: to be run at once.
    pub steps: Vec<StepRow>,
    /// The event did not fit the stage.
    pub ignored: bool,
}

/// Who makes a move, and when.
#[derive(Debug, Clone)]
pub struct Mover {
    pub worker: String,
    pub lease: Duration,
    pub now: DateTime<Utc>,
}

impl Tx {
    /// Gives an event to a handoff.
    ///
    /// # Errors
    /// `NotFound` for a handoff that does not exist: nothing of ours names one.
    pub async fn transition(
        &mut self,
        id: &HandoffId,
        event: &Event,
        rules: &RuleSet,
        mover: &Mover,
    ) -> Result<Moved, StoreError> {
        let before = self.handoff_lock(id).await?;
        let mut from = before.clone();
        let mut locked = BTreeSet::new();
        loop {
            let transition = advance(&from, event, rules, mover.now);
            if transition.ignored {
                self.timeline_append(&[&TimelineEntry::of(mover.now, event, &transition)?]).await?;
                return Ok(Moved { steps: Vec::new(), ignored: true });
            }
            if let Some(turn) = &transition.turn_moves {
                self.turn_move(turn, &before.lead_id, mover.now).await?;
            }
            let concerned = concerned(&before, &transition.state);
            if !concerned.is_subset(&locked) {
                self.reps_lock(&concerned).await?;
                locked.extend(concerned);
            }
            match self.reserve(&before, &transition, mover.now).await? {
                Reserved::NotToBeHad(rep) => {
                    tracing::info!(rep.id = %rep, "the rep is held by another lead and is passed over");
                    from.refused.push(rep);
                }
                Reserved::Yes => match self.claim(&before, event, &transition.state, mover.now).await? {
                    Claimed::Yes => return self.store_move(&before, event, transition, rules, mover).await,
                    Claimed::NotToBeHad(slot) => {
                        tracing::info!(rep.id = %slot.rep, "another lead is booking this time");
                        from.taken_slots.push(slot);
                    }
                },
            }
            // Only a ring reserves anew, and only a booking claims: neither moves a turn, so that nothing was written that the
            // next try would double.
            assert!(transition.turn_moves.is_none(), "a move either asks for somebody or gives the lead to somebody");
        }
    }

    /// Brings the reservation in line with the state: one phone at most is ours, and one that is still to be hung up.
    async fn reserve(
        &mut self,
        before: &Handoff,
        moved: &Transition,
        now: DateTime<Utc>,
    ) -> Result<Reserved, StoreError> {
        let after = &moved.state;
        if after.holds == before.holds {
            return Ok(Reserved::Yes);
        }
        if let Some(old) = before.holds.as_ref().filter(|old| !is_hung_up(&old.rep, moved)) {
            self.rep_release(&old.rep, &before.id).await?;
        }
        let Some(new) = &after.holds else { return Ok(Reserved::Yes) };
        if self.rep_reserve(&new.rep, &after.id, new.until, now).await? {
            Ok(Reserved::Yes)
        } else {
            Ok(Reserved::NotToBeHad(new.rep.clone()))
        }
    }

    /// A time that is about to be booked is this lead's alone; one that the calendar refused is let go.
    async fn claim(
        &mut self,
        before: &Handoff,
        event: &Event,
        after: &Handoff,
        now: DateTime<Utc>,
    ) -> Result<Claimed, StoreError> {
        if let (Event::SlotTaken { .. }, Some((slot, _))) = (event, booking(before)) {
            self.slot_release(slot, &before.id).await?;
        }
        match booking(after).filter(|new| booking(before) != Some(*new)) {
            Some((slot, _)) if !self.slot_claim(slot, &after.id, now).await? => Ok(Claimed::NotToBeHad(slot.clone())),
            Some(_) | None => Ok(Claimed::Yes),
        }
    }

    /// The leg was hung up, or cannot be: its phone may ring for others, unless the handoff rings it anew.
    pub async fn hung_up(&mut self, id: &HandoffId, leg: &LegId) -> Result<(), StoreError> {
        let handoff = self.handoff_lock(id).await?;
        let Some(rep) = handoff.rep_on(leg) else { return Ok(()) };
        if handoff.holds.as_ref().is_some_and(|hold| hold.rep == *rep) {
            return Ok(());
        }
        self.rep_release(rep, id).await
    }

    async fn store_move(
        &mut self,
        before: &Handoff,
        event: &Event,
        transition: Transition,
        rules: &RuleSet,
        mover: &Mover,
    ) -> Result<Moved, StoreError> {
        self.count_leads(before, &transition.state, rules, mover.now).await?;
        self.handoff_save(&transition.state, before.revision).await?;
        let mut told = TimelineEntry::of(mover.now, event, &transition)?;
        if is_given(before, &transition.state) && transition.state.waits_in.is_none() {
            told.body[GIVEN_TO] = json!(transition.state.owner);
        }
        self.timeline_append(&[&told]).await?;
        let new = new_steps(transition.effects, &transition.state.id, mover);
        self.steps_insert(&new.iter().collect::<Vec<_>>()).await?;
        Ok(Moved { steps: new.iter().filter_map(NewStep::in_hand).collect(), ignored: false })
    }

    /// A rep's load follows the lead: to a new owner, and off the list when the lead is closed. Who answers for a lead that
    /// waits does not have it on the list.
    async fn count_leads(
        &mut self,
        before: &Handoff,
        after: &Handoff,
        rules: &RuleSet,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let given = is_given(before, after);
        if before.is_open() && (given || !after.is_open()) {
            self.rep_give_up(&before.owner).await?;
        }
        if given && after.waits_in.is_none() {
            self.rep_take(&after.owner, local_day(rules, &after.owner, now)).await?;
            if !after.is_open() {
                self.rep_give_up(&after.owner).await?;
            }
        }
        Ok(())
    }
}

/// In a line of the timeline: who got the lead by this move.
pub(in crate::store) const GIVEN_TO: &str = "given_to";

enum Reserved {
    Yes,
    NotToBeHad(RepId),
}

enum Claimed {
    Yes,
    NotToBeHad(Slot),
}

/// Steps for planned effects: what is due now is born leased to whoever made the move.
pub fn new_steps(effects: Vec<Planned>, handoff: &HandoffId, mover: &Mover) -> Vec<NewStep> {
    let until = mover.now + TimeDelta::from_std(mover.lease).unwrap_or_default();
    let new = |planned: Planned| {
        let leased = (planned.run_at <= mover.now).then(|| (mover.worker.clone(), until));
        NewStep { handoff_id: handoff.clone(), planned, leased }
    };
    effects.into_iter().map(new).collect()
}

/// Today, on the rep's wall.
pub fn local_day(rules: &RuleSet, rep: &RepId, now: DateTime<Utc>) -> NaiveDate {
    let zone = rules.reps.get(rep).map_or(Zone::UTC, |rep| rep.timezone);
    now.with_timezone(&zone).date_naive()
}
