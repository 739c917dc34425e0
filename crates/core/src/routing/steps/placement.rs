//! Who owns the lead, who may be rung, and whose turn it was.

use super::availability;
use super::candidates::{Lineup, line_up, ordered, weights};
use super::ownership::{Holder, OwnerStanding};
use super::pools::Stop;
use crate::domain::id::{PoolId, RepId};
use crate::domain::zone::Zone;
use crate::routing::case::RoutingCase;
use crate::routing::decision::{CandidateVerdict, PoolTrace, Target, TargetRole};
use crate::routing::ledger::Entry;
use crate::routing::reason::{PlanReason, Rejection};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{BTreeMap, BTreeSet};

/// A rep on leave is given a lead only if they are back by then.
const LEAVE_WAITED_FOR: TimeDelta = TimeDelta::days(3);
/// The same for "out of office" in the calendar, which people also set for a morning.
const OUT_OF_OFFICE_WAITED_FOR: TimeDelta = TimeDelta::days(1);

pub(in crate::routing) struct Placement {
    pub owner: RepId,
    pub pool: PoolId,
    /// Whoever can be rung now, in order, and not yet cut to the number that may be rung.
    pub targets: Vec<Target>,
    pub turn: Option<Entry>,
    /// Nobody could be found: whoever owns the lead only answers for it.
    pub waits: bool,
    pub reason: PlanReason,
    pub pools: Vec<PoolTrace>,
}

/// The holder keeps the lead; the pool that would have had it stands behind, in case the holder does not answer. A turn
/// is charged where the pool counts owned leads, among the holder and those who could have had it.
pub(in crate::routing) fn with_holder(case: &RoutingCase, holder: Holder, mut chain: Vec<Stop>) -> Placement {
    let Holder { rep: owner, by, standing } = holder;
    let first = if chain.is_empty() { None } else { Some(chain.remove(0)) };
    let lineup = first.map(|stop| line_up(case, stop));
    let behind = lineup.as_ref().map_or(&[][..], |lineup| &lineup.targets);
    let zone = case.rep(&owner).map_or(Zone::UTC, |rep| rep.timezone);
    let (ahead, reason) = match standing {
        OwnerStanding::Free => (Some((owner.clone(), TargetRole::Owner)), PlanReason::Held { by }),
        OwnerStanding::Delegated { to, because } => {
            (Some((to, TargetRole::Delegate)), PlanReason::Delegated { by, because, zone })
        }
        OwnerStanding::Later { because } => (None, PlanReason::HeldForLater { by, because, zone }),
    };
    let targets = ahead.map_or_else(Vec::new, |(rep, role)| {
        let members = behind.iter().filter(|other| other.rep != rep && other.rep != owner).cloned();
        std::iter::once(Target::new(rep.clone(), role)).chain(members).collect()
    });
    let turn = lineup.as_ref().and_then(|lineup| owned_turn(case, lineup, &owner));
    let pool = lineup.as_ref().map_or_else(|| case.rules.catch_all.clone(), |lineup| lineup.pool.id.clone());
    let pools = lineup.into_iter().map(|lineup| lineup.trace).collect();
    Placement { owner, pool, targets, turn, waits: false, reason, pools }
}

fn owned_turn(case: &RoutingCase, lineup: &Lineup, owner: &RepId) -> Option<Entry> {
    let weight = *weights(case, lineup.pool).get(owner).filter(|_| lineup.pool.owned_leads_count)?;
    let mut stake = lineup.stake.clone();
    stake.insert(owner.clone(), weight);
    Some(case.ledger(lineup.pool).turn(&stake, owner))
}

/// Along the chain to the first pool with somebody eligible; where there is none, back to the first pool and to
/// whoever of it can be had first.
pub(in crate::routing) fn by_turn(case: &RoutingCase, chain: Vec<Stop>) -> Placement {
    let mut lineups: Vec<Lineup> = Vec::with_capacity(1);
    for stop in chain {
        let lineup = line_up(case, stop);
        let found = !lineup.order.is_empty();
        lineups.push(lineup);
        if found {
            break;
        }
    }
    let mut placement = match (lineups.last(), lineups.first()) {
        (Some(last), _) if !last.order.is_empty() => for_now(case, last),
        (_, Some(first)) => for_later(case, first),
        (_, None) => needs_attention(case, &case.rules.catch_all, PlanReason::NoPool),
    };
    placement.pools = lineups.into_iter().map(|lineup| lineup.trace).collect();
    placement
}

/// The first of the pool, who has somebody, owns the lead; all who are eligible may be rung.
fn for_now(case: &RoutingCase, lineup: &Lineup) -> Placement {
    let (pool, owner) = (lineup.pool, &lineup.order[0]);
    let chosen = lineup.trace.because.clone();
    let reason = PlanReason::FirstOf { of: lineup.order.len(), pool: pool.id.clone(), chosen };
    let turn = Some(case.ledger(pool).turn(&lineup.stake, owner));
    let (owner, pool) = (owner.clone(), pool.id.clone());
    Placement { owner, pool, targets: lineup.targets.clone(), turn, waits: false, reason, pools: Vec::new() }
}

/// An owner for a lead that nobody can take this minute.
fn for_later(case: &RoutingCase, lineup: &Lineup) -> Placement {
    let (pool, chosen) = (lineup.pool, lineup.trace.because.clone());
    let ledger = case.ledger(pool);
    let first_back = first_back(case, lineup);
    let owned_by = |owner: RepId, turn: Option<Entry>, reason| Placement {
        owner,
        pool: pool.id.clone(),
        targets: Vec::new(),
        waits: turn.is_none(),
        turn,
        reason,
        pools: Vec::new(),
    };
    if let Some(owner) = ordered(case, pool, &ledger, &first_back).into_iter().next() {
        let reason = PlanReason::SoonestBack { of: first_back.len(), pool: pool.id.clone(), chosen };
        let turn = ledger.turn(&first_back, &owner);
        return owned_by(owner, Some(turn), reason);
    }
    if case.rep(&pool.lead_rep).is_some_and(|rep| rep.active) {
        let reason = PlanReason::LeadRepAnswers { pool: pool.id.clone(), chosen };
        return owned_by(pool.lead_rep.clone(), None, reason);
    }
    needs_attention(case, &pool.id, PlanReason::NobodyAnswers { pool: pool.id.clone() })
}

fn needs_attention(case: &RoutingCase, pool: &PoolId, reason: PlanReason) -> Placement {
    let owner = case.rules.handoff.needs_attention.clone();
    Placement { owner, pool: pool.clone(), targets: Vec::new(), turn: None, waits: true, reason, pools: Vec::new() }
}

/// The members who fit the lead and can be had soonest, with their weights. Whoever is back within the time of a callback
/// promise after the very first counts as equally soon: the promise is as good, and who starts at nine must not lose every
/// lead of the night to who starts at half past eight.
fn first_back(case: &RoutingCase, lineup: &Lineup) -> BTreeMap<RepId, u32> {
    let mut free: BTreeMap<&RepId, DateTime<Utc>> = BTreeMap::new();
    for candidate in &lineup.trace.candidates {
        if let CandidateVerdict::Rejected { because } = &candidate.verdict
            && let Some(rep) = case.rep(&candidate.rep)
            && let Some(at) = availability::free_at(case, case.seen(rep), because)
            && will_pass(because, case.now(), at)
        {
            free.insert(&candidate.rep, at);
        }
    }
    let Some(soonest) = free.values().min().copied() else { return BTreeMap::new() };
    let grace = TimeDelta::from_std(case.rules.handoff.callback.within).unwrap_or(TimeDelta::zero());
    let group: BTreeSet<&RepId> =
        free.into_iter().filter(|(_, at)| *at - soonest <= grace).map(|(rep, _)| rep).collect();
    weights(case, lineup.pool).into_iter().filter(|(rep, _)| group.contains(rep)).collect()
}

/// The rep fits the lead and only the moment is wrong.
fn will_pass(because: &Rejection, now: DateTime<Utc>, free_at: DateTime<Utc>) -> bool {
    match because {
        Rejection::OffRota { .. }
        | Rejection::Holiday { .. }
        | Rejection::Busy { .. }
        | Rejection::Away
        | Rejection::Reserved { .. }
        | Rejection::NotAnswering { .. }
        | Rejection::CalendarUnknown { .. }
        | Rejection::NoPhone => true,
        Rejection::OnLeave { .. } => free_at - now <= LEAVE_WAITED_FOR,
        Rejection::OutOfOffice { until } => *until - now < OUT_OF_OFFICE_WAITED_FOR,
        Rejection::Inactive
        | Rejection::AtCap { .. }
        | Rejection::AtWeekCap { .. }
        | Rejection::AtOpenCap { .. }
        | Rejection::MissingLanguage { .. }
        | Rejection::MissingSkill { .. }
        | Rejection::MissingProduct { .. } => false,
    }
}
