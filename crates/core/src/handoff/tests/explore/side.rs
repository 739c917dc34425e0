//! One caller in the small world: the handoff as far as it tells one state from another, and the phones that it rings.

use super::super::*;
use super::happens::{own_timers, steps};
use crate::domain::id::RepId;
use crate::domain::outcome::Outcome;

/// A rep's phone as it really is, whatever we were told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Line {
    /// It is to ring, and does not yet.
    Asked,
    Up,
    /// It is up, or was; a step to hang it up is on its way.
    ToBeHungUp,
    Down,
    /// It was not wanted any more before it rang.
    Never,
}

impl Line {
    /// Something may be told of it.
    pub(super) fn has_rung(self) -> bool {
        matches!(self, Self::Up | Self::ToBeHungUp | Self::Down)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Side {
    /// Which of the handoffs that were met.
    pub handoff: u32,
    /// Of each leg: whose phone it is, by place among the reps, and how that is.
    pub lines: Vec<(usize, Line)>,
}

/// The legs that the stage is about, and whose they are.
pub(super) fn current(handoff: &Handoff) -> Vec<(&LegId, &RepId)> {
    handoff.current_legs().map(|leg| (&leg.id, &leg.rep)).collect()
}

/// The lead is gone, and the rep is asked what came of it.
pub(super) fn asked(handoff: &Handoff) -> Option<&LegId> {
    handoff.asked_on().map(|leg| &leg.id)
}

/// Caller and rep speak on it, or have.
pub(super) fn conversation(handoff: &Handoff) -> Option<&LegId> {
    match &handoff.stage {
        Stage::Bridged { leg, .. } => Some(leg),
        _ if asked(handoff).is_some() => None,
        _ if handoff.calling.is_some() => {
            let joined = |id: &&LegId| handoff.legs.iter().any(|leg| leg.id == **id && leg.state == LegState::Joined);
            handoff.calling.as_ref().filter(joined)
        }
        Stage::Done { outcome: Outcome::Connected { rep, .. } } => {
            handoff.legs.iter().find(|leg| leg.rep == *rep && leg.state == LegState::Joined).map(|leg| &leg.id)
        }
        _ => None,
    }
}

/// Without what tells nothing of what may follow: counters, keys, evidence, and when something was that is over.
pub(super) fn canonical(handoff: &Handoff, now: DateTime<Utc>) -> Handoff {
    let mut same = handoff.clone();
    (same.revision, same.effects_planned, same.in_place_of, same.told_of) = (0, 0, None, None);
    (same.callback_offered, same.waits_from) = (false, None);
    for leg in &mut same.legs {
        (leg.card, leg.evidence) = (String::new(), None);
        if let Some(lead) = &mut leg.dialled {
            lead.said = None;
            lead.asked = if handoff.calling.as_ref() == Some(&leg.id) { lead.asked } else { 0 };
            lead.joined_at = lead.joined_at.map(|_| handoff.decided_at);
            lead.state = lead.state.map(|state| if state.is_given_up() { LegState::NoAnswer } else { state });
        }
        if leg.state.is_given_up() {
            leg.state = LegState::NoAnswer;
        }
    }
    same.refused.sort();
    let then = same.decided_at;
    same.first_contact_at = same.first_contact_at.map(|_| then);
    if is_past_transfer(handoff) {
        told_from_here(&mut same, now);
    }
    same
}

/// The phones are over: whom they rang tells nothing any more, and time is told from here on.
fn told_from_here(same: &mut Handoff, now: DateTime<Utc>) {
    let then = same.decided_at;
    let back = now - later_on(same);
    match &mut same.stage {
        Stage::Done {
            outcome: Outcome::Connected { at, .. } | Outcome::Called { at, .. } | Outcome::LeftToAgent { at },
        } => *at = then,
        Stage::NeedsAttention { since, .. } => *since = then,
        Stage::Callback { promise } => promise.promised_at -= back,
        _ => {}
    }
    same.steps_from = same.steps_from.map(|from| from - back);
    if !matches!(&same.stage, Stage::Callback { promise } if !steps(same, promise).is_empty()) {
        same.steps_from = None; // none of them is to come
    }
    same.moves_on_by = if !own_timers(same).is_empty() { same.moves_on_by - back } else { then };
    same.next_target = u32::try_from(same.targets.len()).unwrap_or(u32::MAX);
    same.refused.clear();
    if conversation(same).is_none() && same.legs.iter().all(|leg| leg.dialled.is_none()) {
        same.legs.truncate(1);
    }
    lasting(same);
}

fn lasting(same: &mut Handoff) {
    for hold in &mut same.holds {
        hold.until = same.decided_at + TimeDelta::hours(3);
    }
}

/// The instant from which time is told once the phones are over: later than any patience.
pub(super) fn later_on(handoff: &Handoff) -> DateTime<Utc> {
    handoff.decided_at + TimeDelta::minutes(5)
}

pub(super) fn is_past_transfer(handoff: &Handoff) -> bool {
    !matches!(handoff.stage, Stage::Offered) && (current(handoff).is_empty() || handoff.is_done())
}

/// Where two are followed, without the times that one alone is followed with: a timer may fire at once, and a reservation lasts.
pub(super) fn timeless(handoff: &Handoff, now: DateTime<Utc>) -> Handoff {
    let mut same = canonical(handoff, now);
    (same.moves_on_by, same.first_contact_at) = (same.decided_at, None);
    lasting(&mut same);
    same
}

/// Nothing that is still to come of it can meet another lead on a phone.
pub(super) fn is_past_phones(handoff: &Handoff) -> bool {
    !matches!(handoff.stage, Stage::Offered) && current(handoff).is_empty() && handoff.holds.is_empty()
}
