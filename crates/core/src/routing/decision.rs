//! What was decided, and why: the trace is part of the value.

mod trace;

pub use trace::{
    AccountTrace, Candidate, CandidateVerdict, KeyOwner, MatchStep, MatchTrace, NoLongerLive, OtherAccount,
    OtherVerdict, OwnershipResult, OwnershipTrace, PoolTrace, RouteTrace, TerritoryMatch, TerritoryTrace, TierTrace,
    Trace,
};

use super::ledger::Entry;
use super::reason::{NotKnown, PlanReason, TakenBecause};
use crate::domain::id::{DecisionId, LeadId, PoolId, ReleaseId, RepId, TerritoryId, TierId};
use crate::domain::lead::Lead;
use crate::rules::model::set::Rung;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Version of the stored form.
pub const DECISION_VERSION: u16 = 2;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    pub version: u16,
    pub id: DecisionId,
    pub lead_id: LeadId,
    pub decided_at: DateTime<Utc>,
    pub release: ReleaseId,
    pub plan: Plan,
    /// The turn this lead cost; `None` for leads that do not count on a ledger.
    pub turn: Option<Entry>,
    /// Facts that could not be had in time; empty = not degraded.
    pub degraded: Vec<NotKnown>,
    pub trace: Trace,
}

impl Decision {
    /// Adds it as it is stored, in JSON. Here, where it is compiled for speed: among 200 reps it is tens of kilobytes.
    ///
    /// # Errors
    /// None that its fields could bring about.
    pub fn write(&self, to: &mut Vec<u8>) -> serde_json::Result<()> {
        serde_json::to_writer(to, self)
    }

    /// The caller counts as on the line.
    pub fn is_live(&self, lead: &Lead) -> bool {
        lead.is_live() && self.trace.no_longer_live.is_none()
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Keeps lead and credit unless somebody else accepts the call.
    pub owner: RepId,
    pub pool: PoolId,
    pub territory: Option<TerritoryId>,
    pub tier: TierId,
    /// Reps to ring, in order; empty when nobody can take a call now. With preferences there may be more than are rung.
    pub targets: Vec<Target>,
    /// What is tried, in order; the last rung needs only our own database.
    pub rungs: Vec<Rung>,
    /// Nobody could take the lead, soon or now: it waits in `pool` for somebody who can, and `owner` answers for it meanwhile.
    #[serde(default, skip_serializing_if = "is_false")]
    pub waits: bool,
    pub reason: PlanReason,
}

/// Why a lead that waited, or was taken from somebody, went to whom; kept in its timeline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DecidedAgain {
    pub owner: RepId,
    /// Why it was taken from whoever had it; `None`: it waited for somebody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken: Option<TakenBecause>,
    pub reason: PlanReason,
    /// Every pool that was looked at, in order: the last one decided.
    pub pools: Vec<PoolTrace>,
}

impl DecidedAgain {
    /// The kind of its line in the timeline.
    pub const KIND: &'static str = "decided_again";

    pub fn of(decision: &Decision, taken: Option<TakenBecause>) -> Self {
        let Decision { plan, trace, .. } = decision;
        Self { owner: plan.owner.clone(), taken, reason: plan.reason.clone(), pools: trace.pools.clone() }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Target {
    pub rep: RepId,
    pub role: TargetRole,
    /// For each preference of the pool, in order: how long from the decision, in milliseconds, the rep stands behind those
    /// who meet it; 0 = meets it. Empty without preferences.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub behind_ms: Vec<u64>,
    /// Place by turn alone, from 1: what counts once the preferences have relaxed. 0 without preferences.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub place: u32,
}

impl Target {
    /// Rung by their own right, whatever a pool prefers.
    pub fn new(rep: RepId, role: TargetRole) -> Self {
        Self { rep, role, behind_ms: Vec::new(), place: 0 }
    }

    /// The smallest is rung next for a caller who has waited this long. Equal for all without preferences, which leaves the
    /// order of the plan.
    pub fn rank(&self, waited_ms: u64) -> (Vec<bool>, u32) {
        let behind: Vec<bool> = self.behind_ms.iter().map(|until| waited_ms < *until).collect();
        (behind, self.place)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_false(flag: &bool) -> bool {
    !*flag
}

fn is_zero(place: &u32) -> bool {
    *place == 0
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetRole {
    /// The owner of the account or lead.
    Owner,
    /// Takes the call; lead and credit stay with the owner.
    Delegate,
    /// Chosen by turn; owns the lead on accepting.
    Member,
}
