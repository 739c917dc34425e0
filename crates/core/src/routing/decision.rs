//! What was decided, and why: the trace is part of the value.

use super::ledger::Entry;
use super::reason::{FoundBy, LostTo, NotKnown, PlaceReason, PlanReason, PoolReason, Rejection};
use crate::domain::account::MatchKey;
use crate::domain::crm_id::CrmId;
use crate::domain::id::{DecisionId, LeadId, PoolId, ReleaseId, RepId, TerritoryId, TierId};
use crate::domain::lead::Lead;
use crate::rules::model::condition::NamedPart;
use crate::rules::model::set::{Existing, Rung};
use crate::rules::model::truth::Truth;
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

/// Why a lead that waited went to whom; kept in its timeline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DecidedAgain {
    pub owner: RepId,
    pub reason: String,
    /// Every pool that was looked at, in order: the last one decided.
    pub pools: Vec<PoolTrace>,
}

impl DecidedAgain {
    /// The kind of its line in the timeline.
    pub const KIND: &'static str = "decided_again";
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

/// A live call that waited longer than `live_at_most`: it is decided as one that is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoLongerLive {
    /// When the caller was qualified.
    pub since: DateTime<Utc>,
    pub waited_ms: i64,
    pub at_most_ms: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    /// The event said that the caller is on the line, and that was too long ago.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_longer_live: Option<NoLongerLive>,
    pub account: AccountTrace,
    pub ownership: Vec<OwnershipTrace>,
    pub routes: Vec<RouteTrace>,
    pub territory: TerritoryTrace,
    pub tiers: Vec<TierTrace>,
    /// Every pool that was looked at, in order: the last one decided.
    pub pools: Vec<PoolTrace>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum AccountTrace {
    Matched {
        name: String,
        crm_id: CrmId,
        by: MatchKey,
        score_permille: u16,
        source: String,
        age_ms: i64,
        /// `None` where the matcher was not asked: see [`Candidates::Settled`](crate::domain::account::Candidates).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        how: Option<MatchTrace>,
    },
    NoAccount {
        source: String,
        age_ms: i64,
        /// Records that came near and do not fit.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        others: Vec<OtherAccount>,
    },
    Unknown {
        why: String,
    },
}

/// Why this record and not another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MatchTrace {
    /// Every key that fits, in the order of the rules.
    pub keys: Vec<MatchKey>,
    /// By the name alone, with nothing else known that agrees.
    pub weak: bool,
    /// Another record is as good a match, or is what another key leads to, and has another owner.
    pub disputed: bool,
    /// What decided against the next best; `None` if no other fits.
    pub won_by: Option<MatchStep>,
    /// The other records, best first; those that do not fit at the end.
    pub others: Vec<OtherAccount>,
    /// Records of a loose search that came nowhere near.
    pub left_out: u32,
}

/// What decides among records that fit, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MatchStep {
    StrongerKey,
    NotWeak,
    HigherScore,
    MoreKeys,
    /// From here on it is about circumstances: two that differ only in these are equally good matches.
    ActiveOwner,
    OpenOpportunity,
    ActiveLater,
    LowerId,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OtherAccount {
    pub name: String,
    pub crm_id: CrmId,
    pub owner_crm_id: Option<CrmId>,
    /// Those that fit; empty if none does.
    pub keys: Vec<MatchKey>,
    /// Of the strongest key; without one, how alike the names are.
    pub score_permille: u16,
    #[serde(flatten)]
    pub verdict: OtherVerdict,
}

/// Why another record is not the lead's account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum OtherVerdict {
    Lost {
        by: MatchStep,
    },
    NameUnlike,
    OtherDomain,
    OtherCountry,
    /// Alike, but not the same, and no country to corroborate it.
    CountryUnknown,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OwnershipTrace {
    pub existing: Existing,
    pub rep: Option<RepId>,
    /// The phone number leads to one owner and the e-mail address to another; this rule follows one of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disputed: Vec<KeyOwner>,
    pub result: OwnershipResult,
}

/// Whom a key of the caller leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyOwner {
    pub key: MatchKey,
    pub owner: CrmId,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum OwnershipResult {
    Keeps,
    /// Absent now: the delegate is rung, the owner keeps the lead.
    Delegated {
        to: RepId,
        because: Rejection,
    },
    /// Not available now, but soon enough: the lead stays, the call becomes a booking or callback.
    KeepsForLater {
        because: Rejection,
        free_at: Option<DateTime<Utc>>,
    },
    GivenUp {
        because: Rejection,
        free_at: Option<DateTime<Utc>>,
    },
    NoOwner,
    NotARep {
        crm_id: CrmId,
    },
    Inactive,
    /// The company is known by its name alone, which is no proof: its owner is not followed.
    Weak,
    /// The record is there, and was last active too long ago, or nobody knows when.
    TooLongAgo {
        active_at: Option<DateTime<Utc>>,
    },
    /// The CRM was to choose, and did not answer in time.
    NotKnown {
        why: String,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RouteTrace {
    pub name: String,
    pub line: u32,
    pub verdict: Truth,
    /// Fields that were missing, when undecided.
    pub missing: Vec<String>,
    /// Segments and expressions of the condition, with their own verdicts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<NamedPart>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TerritoryTrace {
    pub winner: Option<TerritoryMatch>,
    /// Every other row that fits, best first, and why it lost.
    pub others: Vec<TerritoryMatch>,
    /// Rows of equal rank with another territory; resolved by the first line.
    pub conflict: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TerritoryMatch {
    pub territory: TerritoryId,
    /// Line in `territories.csv`, or in `accounts.csv` for a named account.
    pub line: u32,
    pub by: FoundBy,
    pub priority: i32,
    /// Of one that did not win.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost_to: Option<LostTo>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TierTrace {
    pub tier: TierId,
    pub verdict: Truth,
    pub missing: Vec<String>,
    /// Segments and expressions of the condition, with their own verdicts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<NamedPart>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PoolTrace {
    pub pool: PoolId,
    pub because: PoolReason,
    /// Every member, in order of the pool's policy; the rejected after the eligible.
    pub candidates: Vec<Candidate>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    pub rep: RepId,
    pub weight: u32,
    /// Millionths of a lead, before and after this decision.
    pub balance_before: i64,
    pub balance_after: i64,
    pub verdict: CandidateVerdict,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum CandidateVerdict {
    /// `place` counts from 1.
    Eligible {
        place: u32,
        because: PlaceReason,
    },
    Rejected {
        because: Rejection,
    },
}
