//! Rings that a rep answers or does not, told from the handoff before and after a move.

use super::phones::Phones;
use crate::store::StoreError;
use baton_core::domain::id::RepId;
use baton_core::domain::leg::LegState;
use baton_core::handoff::Handoff;
use baton_core::rules::RuleSet;
use chrono::{DateTime, Utc};

/// What became of a ring, where it says something of whether the rep is there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ring {
    Answered,
    Missed,
}

/// Whose row a move changes because a ring was answered or missed; nobody's, where the rules do not ask for it.
pub(super) fn rung<'h>(before: &'h Handoff, after: &'h Handoff, rules: &RuleSet) -> impl Iterator<Item = &'h RepId> {
    let counts = rules.handoff.away_after_misses.is_some();
    rings(before, after).filter(move |_| counts).map(|(rep, _)| rep)
}

/// Rings in a row that nobody answers are counted, over whichever leads.
pub(super) fn count_rings(
    phones: &mut Phones,
    before: &Handoff,
    after: &Handoff,
    rules: &RuleSet,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let Some(at_most) = rules.handoff.away_after_misses else { return Ok(()) };
    for (rep, ring) in rings(before, after) {
        match ring {
            Ring::Answered => phones.of(rep)?.answers(),
            Ring::Missed => phones.of(rep)?.misses(at_most, now),
        }
    }
    Ok(())
}

fn rings<'h>(before: &'h Handoff, after: &'h Handoff) -> impl Iterator<Item = (&'h RepId, Ring)> {
    let rang = before.legs.iter().filter(|leg| leg.state == LegState::Ringing);
    rang.filter_map(move |was| {
        let leg = after.legs.iter().find(|leg| leg.id == was.id)?;
        Some((&leg.rep, of(leg.state)?))
    })
}

/// A busy phone, a machine and a fault say nothing of whoever would have answered.
fn of(state: LegState) -> Option<Ring> {
    match state {
        LegState::Answered | LegState::Accepted | LegState::Joined => Some(Ring::Answered),
        LegState::Declined | LegState::HungUp | LegState::Lost => Some(Ring::Answered),
        LegState::NoAnswer => Some(Ring::Missed),
        LegState::Ringing | LegState::Busy | LegState::Machine | LegState::Forwarded | LegState::WrongNumber => None,
        LegState::Vendor | LegState::Config | LegState::Elsewhere | LegState::Cancelled => None,
    }
}
