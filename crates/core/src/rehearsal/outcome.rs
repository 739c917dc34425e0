//! One decision in the few words by which it is compared and counted.

use crate::domain::id::{PoolId, RepId, TerritoryId, TierId};
use crate::domain::lead::{Lead, PreferredHandoff};
use crate::routing::Decision;
use crate::routing::decision::{CandidateVerdict, OwnershipResult, PoolTrace};
use crate::rules::RuleSet;
use crate::rules::model::set::{RouteTo, Rung};
use crate::rules::model::truth::Truth;
use serde::Serialize;

/// Borrowed from the decision.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct DecisionOutcome<'d> {
    pub owner: &'d RepId,
    /// Kept by somebody who held it already, in the CRM or as a named account's rep.
    pub held: bool,
    pub route: Option<&'d str>,
    pub territory: Option<&'d TerritoryId>,
    pub tier: &'d TierId,
    /// The pool that was asked first.
    pub first_pool: &'d PoolId,
    /// The pool that decided.
    pub pool: &'d PoolId,
    pub rungs: &'d [Rung],
    pub fallback: Fallback,
    /// The caller is on the line, wants to be put through, and nobody's phone can ring.
    pub nobody_to_ring: bool,
}

/// How far a lead was from going straight where the rules mean it to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fallback {
    /// By owner, route or cell, to a member of the first pool.
    None,
    /// Nobody of the first pool could take it: another one did.
    Overflow,
    /// No route, territory or pool was for it.
    CatchAll,
    /// No member could take it soon: the pool's lead rep or whoever is named in `needs_attention` answers for it.
    Unplaced,
}

impl Fallback {
    pub const ALL: [Self; 4] = [Self::None, Self::Overflow, Self::CatchAll, Self::Unplaced];

    pub fn in_words(self) -> &'static str {
        match self {
            Self::None => "straight to its pool or owner",
            Self::Overflow => "overflowed to another pool",
            Self::CatchAll => "catch-all: no rule is for it",
            Self::Unplaced => "nobody to give it to: lead rep or needs_attention",
        }
    }
}

impl<'d> DecisionOutcome<'d> {
    pub(super) fn of(decision: &'d Decision, lead: &Lead, rules: &RuleSet) -> Self {
        let (plan, trace) = (&decision.plan, &decision.trace);
        let held = trace.ownership.iter().any(|rule| match rule.result {
            OwnershipResult::Keeps | OwnershipResult::KeepsForLater { .. } | OwnershipResult::Delegated { .. } => true,
            OwnershipResult::GivenUp { .. }
            | OwnershipResult::NoOwner
            | OwnershipResult::NotARep { .. }
            | OwnershipResult::TooLongAgo { .. }
            | OwnershipResult::NotKnown { .. }
            | OwnershipResult::Weak
            | OwnershipResult::Inactive => false,
        });
        let route = trace.routes.iter().find(|route| route.verdict == Truth::Yes).map(|route| route.name.as_str());
        let first_pool = trace.pools.first().map_or(&plan.pool, |pool| &pool.pool);
        let to_rep = |name| rules.routes.iter().any(|r| r.name == name && r.to == RouteTo::Rep(plan.owner.clone()));
        let by_name = held || route.is_some_and(to_rep);
        let served =
            rules.pools.get(first_pool).is_some_and(|pool| pool.fit(plan.territory.as_ref(), &plan.tier).is_some());
        let fallback = if by_name {
            Fallback::None
        } else if decision.turn.is_none() {
            Fallback::Unplaced
        } else if plan.pool != *first_pool {
            Fallback::Overflow
        } else if route.is_none() && first_pool == &rules.catch_all && !served {
            Fallback::CatchAll
        } else {
            Fallback::None
        };
        Self {
            owner: &plan.owner,
            held,
            route,
            territory: plan.territory.as_ref(),
            tier: &plan.tier,
            first_pool,
            pool: &plan.pool,
            rungs: &plan.rungs,
            fallback,
            nobody_to_ring: plan.targets.is_empty()
                && decision.is_live(lead)
                && wants_to_be_put_through(lead, &plan.tier, rules),
        }
    }
}

fn wants_to_be_put_through(lead: &Lead, tier: &TierId, rules: &RuleSet) -> bool {
    let named = rules.tiers.iter().find(|found| found.name == *tier).and_then(|tier| tier.ladder.as_deref());
    let wish = matches!(lead.preference.handoff, None | Some(PreferredHandoff::Transfer));
    wish && rules.handoff.ladders.of(named).contains(&Rung::WarmTransfer)
}

/// Who could have had the lead: two decisions with the same eligible reps differ by turn alone.
pub(super) fn eligible(decision: &Decision) -> Vec<&RepId> {
    let deciding: Option<&PoolTrace> = decision.trace.pools.iter().find(|pool| pool.pool == decision.plan.pool);
    let candidates = deciding.map_or(&[][..], |pool| pool.candidates.as_slice());
    let eligible = candidates.iter().filter(|candidate| matches!(candidate.verdict, CandidateVerdict::Eligible { .. }));
    let mut reps: Vec<&RepId> = eligible.map(|candidate| &candidate.rep).collect();
    reps.sort_unstable();
    reps
}
