//! Rings that a rep answers or does not, told from the handoff before and after a move.

use super::phones::Phones;
use crate::store::sql::row::Reading;
use crate::store::{StoreError, Tx};
use baton_core::domain::effect::Effect;
use baton_core::domain::id::{LegId, RepId};
use baton_core::domain::leg::LegState;
use baton_core::handoff::Handoff;
use baton_core::handoff::state::Leg;
use baton_core::rules::RuleSet;
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;

/// What became of a ring, where it says something of whether the rep is there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ring {
    Answered,
    Missed,
}

/// Whose row a move changes because a ring was answered or missed; nobody's, where the rules do not ask for it.
pub(super) fn rung<'h>(before: &'h Handoff, after: &'h Handoff, rules: &RuleSet) -> impl Iterator<Item = &'h RepId> {
    let counts = rules.handoff.away_after_misses.is_some();
    rings(before, after).filter(move |_| counts).map(|(leg, _)| &leg.rep)
}

impl Tx {
    /// Rings in a row that nobody answers are counted, over whichever leads.
    pub(super) async fn count_rings(
        &mut self,
        phones: &mut Phones,
        before: &Handoff,
        after: &Handoff,
        rules: &RuleSet,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let Some(at_most) = rules.handoff.away_after_misses else { return Ok(()) };
        let is_silent = |(leg, ring): (&Leg, Ring)| ring == Ring::Missed && leg.is_ended_by_our_clock();
        let asks = rings(before, after).any(is_silent);
        let never_rang = if asks { self.never_rang(after).await? } else { BTreeSet::new() };
        for (leg, ring) in rings(before, after) {
            match ring {
                Ring::Answered => phones.of(&leg.rep)?.answers(),
                Ring::Missed if leg.is_ended_by_our_clock() && never_rang.contains(&leg.id) => {}
                Ring::Missed => phones.of(&leg.rep)?.misses(at_most, now),
            }
        }
        Ok(())
    }

    /// Phones that telephony has not been got to ring so far, as in an outage: nobody has missed anything there.
    async fn never_rang(&mut self, handoff: &Handoff) -> Result<BTreeSet<LegId>, StoreError> {
        let sql = "-- rings::never\nSELECT payload FROM step WHERE state = 'due' AND kind = 'ring' AND handoff_id = $1 \
                   UNION ALL SELECT payload FROM step WHERE state = 'leased' AND kind = 'ring' AND handoff_id = $1";
        let rows = sqlx::query(sql).bind(handoff.id.as_str()).fetch_all(self.conn()).await?;
        let mut legs = BTreeSet::new();
        for row in &rows {
            if let Effect::Ring { leg, .. } = Reading::new("step", row).json("payload")? {
                legs.insert(leg);
            }
        }
        Ok(legs)
    }
}

fn rings<'h>(before: &'h Handoff, after: &'h Handoff) -> impl Iterator<Item = (&'h Leg, Ring)> {
    let rang = before.legs.iter().filter(|leg| leg.state == LegState::Ringing);
    rang.filter_map(move |was| {
        let leg = after.legs.iter().find(|leg| leg.id == was.id)?;
        Some((leg, of(leg.state)?))
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
