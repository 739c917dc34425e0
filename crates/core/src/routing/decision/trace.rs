//! Why it was decided so: what each step saw and made of it.

use crate::domain::account::MatchKey;
use crate::domain::crm_id::CrmId;
use crate::domain::id::{PoolId, RepId, TerritoryId, TierId};
use crate::routing::reason::{FoundBy, LostTo, PlaceReason, PoolReason, Rejection};
use crate::rules::model::condition::NamedPart;
use crate::rules::model::set::Existing;
use crate::rules::model::truth::Truth;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

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
