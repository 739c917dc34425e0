//! Moves of handoffs, many in one transaction: state, reservation, turn, steps, timeline and the lead's view.
//!
//! Locks in one order everywhere: handoffs, then ledgers, then reps, each in the order of their names. The revision is checked
//! at the end: two moves of one handoff cannot both count.

mod change;
mod counted;
mod phones;
mod rings;

pub(in crate::store) use counted::{lead_ended, wait_ended};

use crate::store::{Changes, NewStep, Promised, StepRow, StoreError, TimelineEntry, Tx};
use baton_core::domain::effect::Planned;
use baton_core::domain::id::{HandoffId, LeadId, LegId, RepId};
use baton_core::domain::outcome::Slot;
use baton_core::domain::zone::Zone;
use baton_core::handoff::state::Reservation;
use baton_core::handoff::{Event, Handoff, Transition};
use baton_core::rules::RuleSet;
use change::{booking, concerned, faulty, freed, hung_up_by, is_given, new_faults};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use counted::ended_by;
use phones::Phones;
use rings::rung;
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;

/// What a handoff is told.
#[derive(Debug, Clone)]
pub struct Move {
    pub handoff: HandoffId,
    /// A leg that was hung up, or cannot be: its phone may ring for others, unless the handoff rings it anew.
    pub frees: Option<LegId>,
    pub event: Option<Event>,
}

/// What a move leaves to be done after the commit.
#[derive(Debug)]
pub struct Moved {
    /// Born leased to the worker that made the move: to be run at once.
    pub steps: Vec<StepRow>,
    /// The event did not fit the stage.
    pub ignored: bool,
    /// As it is now.
    pub handoff: Handoff,
}

/// Who makes a move, and when.
#[derive(Debug, Clone)]
pub struct Mover {
    pub worker: String,
    pub lease: Duration,
    pub now: DateTime<Utc>,
}

/// A move as it is made.
struct Moving<'m> {
    before: Handoff,
    frees: Option<&'m LegId>,
    event: Option<&'m Event>,
    /// What the event leads to; `None` without one.
    transition: Option<Transition>,
}

impl Moving<'_> {
    /// Reps whose rows it changes.
    fn concerned(&self, rules: &RuleSet) -> BTreeSet<RepId> {
        let mut reps: BTreeSet<RepId> = self.freed().cloned().into_iter().collect();
        if let Some(transition) = self.transition.as_ref().filter(|transition| !transition.ignored) {
            reps.extend(concerned(&self.before, &transition.state));
            reps.extend(rung(&self.before, &transition.state, rules).cloned());
        }
        reps
    }

    /// Nobody is on the line from now on.
    fn ends_call(&self) -> bool {
        let moved = self.transition.as_ref().filter(|transition| !transition.ignored);
        self.before.live && moved.is_some_and(|transition| !transition.state.live)
    }

    /// Whose phone is free.
    fn freed(&self) -> Option<&RepId> {
        let rep = self.before.rep_on(self.frees?)?;
        let rings_anew = self.before.holds.iter().any(|hold| hold.rep == *rep);
        (!rings_anew).then_some(rep)
    }
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
        let only = Move { handoff: id.clone(), frees: None, event: Some(event.clone()) };
        let moved = self.transitions(&[only], rules, mover).await?.pop();
        moved.ok_or_else(|| StoreError::NotFound { what: "handoff", id: id.to_string() })
    }

    /// Moves several handoffs, each once: a handful of statements, however many they are.
    ///
    /// # Errors
    /// As [`Tx::transition`]; then none has moved.
    pub async fn transitions(
        &mut self,
        moves: &[Move],
        rules: &RuleSet,
        mover: &Mover,
    ) -> Result<Vec<Moved>, StoreError> {
        if moves.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<&HandoffId> = moves.iter().map(|one| &one.handoff).collect();
        let mut held = self.handoffs_lock(&ids).await?;
        let (mut moving, mut promised) = (Vec::with_capacity(moves.len()), Promised::default());
        for Move { handoff, frees, event } in moves {
            let gone = || StoreError::NotFound { what: "handoff", id: handoff.to_string() };
            let mut before = held.remove(handoff).ok_or_else(gone)?;
            let transition = match event {
                Some(event) => Some(self.handoff_advance(&mut before, event, rules, &mut promised, mover.now).await?),
                None => None,
            };
            moving.push(Moving { before, frees: frees.as_ref(), event: event.as_ref(), transition });
        }
        self.turns_move(&moving, mover.now).await?;
        let mut phones = Phones::default();
        self.phones_hold(&mut phones, moving.iter().flat_map(|one| one.concerned(rules)).collect()).await?;
        for one in &mut moving {
            self.bring_about(one, &mut phones, &mut promised, rules, mover).await?;
        }
        self.store_moves(moving, &phones, mover).await
    }

    /// Turns that go from one rep to another, pool by pool.
    async fn turns_move(&mut self, moving: &[Moving<'_>], now: DateTime<Utc>) -> Result<(), StoreError> {
        let turns = moving.iter().filter_map(|one| {
            let turn = one.transition.as_ref()?.turn_moves.as_ref()?;
            Some((turn, &one.before.lead_id))
        });
        self.turns_moved(&turns.collect::<Vec<_>>(), now).await
    }

    /// Holds these reps as well.
    async fn phones_hold(&mut self, phones: &mut Phones, reps: BTreeSet<RepId>) -> Result<(), StoreError> {
        let more: BTreeSet<RepId> = reps.into_iter().filter(|rep| !phones.has(rep)).collect();
        if !more.is_empty() {
            phones.add(self.reps_lock(&more).await?);
        }
        Ok(())
    }

    /// Reservation, booked time and load as the move wants them; where somebody or a time cannot be had, it is made anew
    /// without them.
    async fn bring_about(
        &mut self,
        one: &mut Moving<'_>,
        phones: &mut Phones,
        promised: &mut Promised,
        rules: &RuleSet,
        mover: &Mover,
    ) -> Result<(), StoreError> {
        if let Some(rep) = one.freed() {
            phones.of(rep)?.release(&one.before.id);
        }
        let (Some(event), Some(transition)) = (one.event, &mut one.transition) else { return Ok(()) };
        let before = &one.before;
        let mut from = before.clone();
        while !transition.ignored {
            match reserve(phones, before, transition, mover.now)? {
                Had::NotToBeHad(rep) => {
                    tracing::info!(rep.id = %rep, "the rep is held by another lead and is passed over");
                    from.refused.push(rep);
                }
                Had::Yes => match self.claim(before, event, &transition.state, rules, mover.now).await? {
                    Had::Yes => {
                        self.count_rings(phones, before, &transition.state, rules, mover.now).await?;
                        return count_leads(phones, before, &transition.state, rules, mover.now);
                    }
                    Had::NotToBeHad(slot) => {
                        tracing::info!(rep.id = %slot.rep, "another lead is booking this time");
                        from.taken_slots.push(slot);
                    }
                },
            }
            let made_anew = self.handoff_advance(&mut from, event, rules, promised, mover.now).await?;
            // The turn was written before: whoever asks for a longer reservation, late, moves the same one without it.
            assert!(made_anew.turn_moves == transition.turn_moves, "who cannot be had has no part in whose turn it is");
            *transition = made_anew;
            self.phones_hold(phones, concerned(before, &transition.state)).await?;
        }
        Ok(())
    }

    /// A time that is about to be booked is this lead's alone; one that the calendar refused is let go.
    async fn claim(
        &mut self,
        before: &Handoff,
        event: &Event,
        after: &Handoff,
        rules: &RuleSet,
        now: DateTime<Utc>,
    ) -> Result<Had<Slot>, StoreError> {
        if let Some(slot) = freed(before, event) {
            self.slot_release(slot, &before.id).await?;
        }
        let Some((slot, _)) = booking(after).filter(|new| booking(before) != Some(*new)) else { return Ok(Had::Yes) };
        let zone = rules.reps.get(&slot.rep).map_or(Zone::UTC, |rep| rep.timezone);
        let is_full = self.slot_day_is_full(slot, after, zone, now).await?;
        match is_full || !self.slot_claim(slot, &after.id, now).await? {
            true => Ok(Had::NotToBeHad(slot.clone())),
            false => Ok(Had::Yes),
        }
    }

    /// What was told is in every story; states, views and steps are those of moves that changed something.
    async fn store_moves(
        &mut self,
        moving: Vec<Moving<'_>>,
        phones: &Phones,
        mover: &Mover,
    ) -> Result<Vec<Moved>, StoreError> {
        let mut told = Vec::new();
        for one in &moving {
            let (Some(event), Some(transition)) = (one.event, &one.transition) else { continue };
            if !transition.ignored {
                for what in ended_by(&one.before, event, &transition.state, mover.now) {
                    self.count(what);
                }
            }
            let mut entry = TimelineEntry::of(mover.now, event, transition)?;
            let after = &transition.state;
            if !transition.ignored && is_given(&one.before, after) && after.waits_in.is_none() {
                entry.body[GIVEN_TO] = json!(after.owner);
            }
            told.push(entry);
            for leg in new_faults(&one.before, after) {
                let (leg, rep, cause) = (&leg.id, &leg.rep, leg.state.as_str());
                let what = faulty(event);
                tracing::warn!(leg.id = %leg, rep.id = %rep, cause, "{what}: the lead's story says why");
            }
        }
        let over: Vec<LeadId> =
            moving.iter().filter(|one| one.ends_call()).map(|one| one.before.lead_id.clone()).collect();
        let mut moved = Vec::with_capacity(moving.len());
        let (mut read_at, mut born) = (Vec::with_capacity(moving.len()), Vec::new());
        for one in moving {
            let revision = one.before.revision;
            let (handoff, effects, ignored) = match one.transition {
                Some(Transition { state, effects, ignored: false, .. }) => {
                    read_at.push(Some(revision));
                    (state, effects, false)
                }
                transition => {
                    read_at.push(None);
                    (one.before, Vec::new(), transition.is_some())
                }
            };
            let new = new_steps(effects, &handoff, mover);
            moved.push(Moved { steps: new.iter().filter_map(NewStep::in_hand).collect(), ignored, handoff });
            born.extend(new);
        }
        let next = moved.iter().zip(read_at).filter_map(|(one, read_at)| Some((&one.handoff, read_at?)));
        let changes = Changes {
            moved: &next.collect::<Vec<_>>(),
            told: &told,
            steps: &born,
            reps: &phones.changed(),
            over: &over,
            ..Changes::default()
        };
        self.change(&changes).await?;
        Ok(moved)
    }
}

/// Brings the reservations in line with the state: the phones of its current legs are ours, and those that are still to be hung up.
/// All that is asked for, or nothing.
fn reserve(
    phones: &mut Phones,
    before: &Handoff,
    moved: &Transition,
    now: DateTime<Utc>,
) -> Result<Had<RepId>, StoreError> {
    let after = &moved.state;
    let wanted: Vec<&Reservation> = after.holds.iter().filter(|hold| !before.holds.contains(hold)).collect();
    for hold in &wanted {
        if !phones.of(&hold.rep)?.may_be_had(&after.id, now) {
            return Ok(Had::NotToBeHad(hold.rep.clone()));
        }
    }
    let still = |rep: &RepId| after.holds.iter().any(|hold| hold.rep == *rep);
    for Reservation { rep, .. } in before.holds.iter().filter(|hold| !still(&hold.rep)) {
        let phone = phones.of(rep)?;
        match hung_up_by(rep, moved) {
            None => phone.release(&before.id),
            // Where another has it by now, it is not ours to keep.
            Some(until) => {
                let _ours = phone.reserve(&before.id, until, now);
            }
        }
    }
    for hold in wanted {
        let _ours = phones.of(&hold.rep)?.reserve(&after.id, hold.until, now);
    }
    Ok(Had::Yes)
}

/// A rep's load follows the lead: to a new owner, and off the list when the lead is closed. Who answers for a lead that waits
/// does not have it on the list.
fn count_leads(
    phones: &mut Phones,
    before: &Handoff,
    after: &Handoff,
    rules: &RuleSet,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let given = is_given(before, after);
    if before.is_open() && (given || !after.is_open()) {
        phones.of(&before.owner)?.give_up();
    }
    // A caller who was left to the agent, and has not heard it, is on it once more.
    if !given && !before.is_open() && after.is_open() {
        phones.of(&after.owner)?.open_again();
    }
    if given && after.waits_in.is_none() {
        let owner = phones.of(&after.owner)?;
        owner.take(local_day(rules, &after.owner, now));
        if !after.is_open() {
            owner.give_up();
        }
    }
    Ok(())
}

/// In a line of the timeline: who got the lead by this move.
pub(in crate::store) const GIVEN_TO: &str = "given_to";

/// Whether a move has what it asks for.
enum Had<T> {
    Yes,
    /// Another lead has it.
    NotToBeHad(T),
}

/// Steps for planned effects: what is due now is born leased to whoever made the move.
pub fn new_steps(effects: Vec<Planned>, handoff: &Handoff, mover: &Mover) -> Vec<NewStep> {
    let until = mover.now + TimeDelta::from_std(mover.lease).unwrap_or_default();
    let new = |planned: Planned| {
        let leased = (planned.run_at <= mover.now).then(|| (mover.worker.clone(), until));
        let planned_at = planned.run_at.min(mover.now);
        let trace_context = handoff.trace_context.clone();
        NewStep { handoff_id: handoff.id.clone(), planned, planned_at, leased, trace_context }
    };
    effects.into_iter().map(new).collect()
}

/// Today, on the rep's wall.
pub fn local_day(rules: &RuleSet, rep: &RepId, now: DateTime<Utc>) -> NaiveDate {
    let zone = rules.reps.get(rep).map_or(Zone::UTC, |rep| rep.timezone);
    now.with_timezone(&zone).date_naive()
}
