//! What a move changes, told from the handoff before and after it.

use baton_core::domain::effect::{Effect, Planned, Timer};
use baton_core::domain::id::RepId;
use baton_core::domain::outcome::Slot;
use baton_core::handoff::state::Leg;
use baton_core::handoff::{Event, Handoff, Stage, Transition};
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;

/// The lead has become somebody's.
pub(super) fn is_given(before: &Handoff, after: &Handoff) -> bool {
    before.owner != after.owner || before.waits_in != after.waits_in
}

/// This rep's phone is up until a step of this move has hung it up, which then releases it; nobody else rings it before. Until when
/// that may take.
pub(super) fn hung_up_by(rep: &RepId, moved: &Transition) -> Option<DateTime<Utc>> {
    let hangs_up = |planned: &&Planned| match &planned.effect {
        Effect::HangUp { leg, .. } => moved.state.rep_on(leg) == Some(rep),
        _ => false,
    };
    moved.effects.iter().filter(hangs_up).map(|planned| planned.deadline_at).max()
}

/// Reps whose rows a move changes: locked together, in order, so that two moves never wait for each other. Whoever only
/// stays the owner is not among them: every decision holds every rep, and a move that waits for nothing is done sooner. Whoever
/// is asked next where this one cannot be had is among them: locked later, they would be locked out of order.
pub(super) fn concerned(before: &Handoff, after: &Handoff) -> BTreeSet<RepId> {
    let mut reps = BTreeSet::new();
    if before.holds != after.holds {
        reps.extend(before.holds.iter().chain(&after.holds).map(|hold| hold.rep.clone()));
        if !after.holds.is_empty() {
            reps.extend(before.targets.iter().skip(before.next_target as usize).map(|target| target.rep.clone()));
        }
    }
    if let Some((slot, _)) = booking(after)
        && booking(before) != booking(after)
    {
        reps.insert(slot.rep.clone());
        reps.extend([before, after].into_iter().flat_map(at_hand).map(|slot| slot.rep.clone()));
    }
    if is_given(before, after) || before.is_open() != after.is_open() {
        reps.extend([before.owner.clone(), after.owner.clone()]);
    }
    reps
}

/// Phones that could not be rung, and not because of anybody's not taking the call, as this move has shown.
pub(super) fn new_faults<'h>(before: &'h Handoff, after: &'h Handoff) -> impl Iterator<Item = &'h Leg> {
    let known = |leg: &Leg| before.legs.iter().any(|old| old.id == leg.id && old.state == leg.state);
    after.legs.iter().filter(move |leg| leg.state.is_fault() && !known(leg))
}

/// What went wrong on a phone, by what told of it.
pub(super) fn faulty(event: &Event) -> &'static str {
    match event {
        Event::WhisperFailed { .. } => "a rep who answered could not be told who calls",
        Event::JoinFailed { .. } | Event::Timer { timer: Timer::JoinBy { .. } } => "caller and rep could not be joined",
        _ => "a rep's phone could not be rung",
    }
}

/// The time that is being booked, or that a meeting is being moved to, and which attempt this is.
pub(super) fn booking(handoff: &Handoff) -> Option<(&Slot, u32)> {
    match &handoff.stage {
        Stage::Booking { slot, attempt, .. } => Some((slot, *attempt)),
        _ => handoff.moving_to().map(|change| (&change.to, change.attempt)),
    }
}

/// A time that is nobody's any more as far as this lead is concerned: its claim ends.
pub(super) fn freed<'h>(before: &'h Handoff, event: &Event) -> Option<&'h Slot> {
    match event {
        Event::SlotTaken { .. } | Event::MeetingNotMoved { .. } => booking(before).map(|(slot, _)| slot),
        Event::MeetingMoved { .. } | Event::CalledOff { .. } => before.meeting().map(|meeting| &meeting.slot),
        _ => None,
    }
}

/// Times that are tried where the one that is being booked cannot be had.
fn at_hand(handoff: &Handoff) -> &[Slot] {
    match &handoff.stage {
        Stage::Offering { slots, .. } => slots,
        Stage::Booking { others, .. } => others,
        _ => &[],
    }
}
