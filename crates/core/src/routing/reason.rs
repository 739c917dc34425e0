//! Why, as values: whatever a decision says of itself, with its numbers.
//!
//! The sentences are made when somebody reads them ([`in_words`](PlanReason::in_words)), so that a word can be mended and no
//! stored decision becomes another one. `Told` is what an earlier version stored: the sentence itself.

use crate::domain::id::{PoolId, RepId, TerritoryId, TierId};
use crate::domain::zone::Zone;
use crate::rules::model::set::Existing;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

/// Why the lead is whose it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum PlanReason {
    /// Somebody has it already, and can take the call.
    Held {
        by: HeldBy,
    },
    /// Whoever has it is absent, and keeps it: the delegate takes the call. Times are told in `zone`, the owner's.
    Delegated {
        by: HeldBy,
        because: Rejection,
        zone: Zone,
    },
    /// Whoever has it is absent, and keeps it: booking or callback.
    HeldForLater {
        by: HeldBy,
        because: Rejection,
        zone: Zone,
    },
    /// The first of so many who may take it now.
    FirstOf {
        of: usize,
        pool: PoolId,
        chosen: PoolReason,
    },
    /// Nobody can take it now: the first of so many who are soonest back.
    SoonestBack {
        of: usize,
        pool: PoolId,
        chosen: PoolReason,
    },
    /// Nobody can take it soon: the lead rep answers for it meanwhile.
    LeadRepAnswers {
        pool: PoolId,
        chosen: PoolReason,
    },
    /// Nor can the lead rep.
    NobodyAnswers {
        pool: PoolId,
    },
    NoPool,
    Told {
        words: String,
    },
}

/// Why a lead was taken from whoever had it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum TakenBecause {
    /// The rep is not active any more.
    Left { rep: RepId },
    /// Somebody wanted it so, and said why.
    Wanted { words: String },
}

/// How somebody came to have a lead before any turn was looked at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeldBy {
    Existing(Existing),
    /// The route names the rep.
    Route(String),
}

/// Why this pool was looked at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum PoolReason {
    Route {
        route: String,
    },
    Serves {
        territory: TerritoryId,
        tier: TierId,
    },
    ServesTerritory {
        territory: TerritoryId,
    },
    ServesTier {
        tier: TierId,
    },
    OverflowOf {
        pool: PoolId,
    },
    /// From here on the catch-all: `pool` overflows nowhere else.
    EndOfOverflow {
        pool: PoolId,
    },
    RouteUndecided {
        route: String,
        missing: Vec<String>,
    },
    TierUndecided {
        tier: TierId,
        missing: Vec<String>,
    },
    NoTier,
    NoTerritory,
    NobodyServes {
        territory: TerritoryId,
        tier: TierId,
    },
    Told {
        words: String,
    },
}

/// Why a rep may not take this lead now, with the numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Rejection {
    Inactive,
    OnLeave { until: NaiveDate },
    Holiday { region: String, back_at: Option<DateTime<Utc>> },
    OffRota { back_at: Option<DateTime<Utc>> },
    OutOfOffice { until: DateTime<Utc> },
    Busy { until: DateTime<Utc> },
    Away,
    Reserved { until: DateTime<Utc> },
    NotAnswering { until: DateTime<Utc> },
    AtCap { cap: u32, load: u32 },
    AtWeekCap { cap: u32, load: u32 },
    AtOpenCap { cap: u32, open: u32 },
    MissingLanguage { wanted: String },
    MissingSkill { skill: String },
    MissingProduct { product: String },
    CalendarUnknown { why: String },
    NoPhone,
}

/// Why an eligible member stands where they stand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlaceReason {
    /// Preferences of the pool that the member fails.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fails: Vec<FailedWish>,
    /// Behind those whose calendar is known.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub calendar_unknown: bool,
    pub key: OrderKey,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FailedWish {
    pub wish: MissedWish,
    /// So long it puts the member behind others; empty: always, or nobody is rung.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_s: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissedWish {
    Language(String),
    Product(String),
    /// One of these would do.
    Skill(Vec<String>),
}

/// What the pool's policy orders by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum OrderKey {
    /// Millionths of a lead, with this lead's share.
    Balance {
        micro_leads: i64,
    },
    NoTurnYet,
    /// The entry of the ledger that was the member's last turn, and how many entries there are.
    LastTurn {
        entry: i64,
        of: i64,
    },
    Open {
        leads: u32,
    },
    Told {
        words: String,
    },
}

/// What a territory row fixes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FoundBy {
    NamedAccount,
    Row(Fixed),
    Told(String),
}

/// The cells of a row that are not empty.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Fixed {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postal: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub industry: Option<String>,
    /// At least and at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub employees: Option<(Option<u32>, Option<u32>)>,
}

/// Why a row that fits is not the one that decided, by the rules of that day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LostTo {
    HigherPriority,
    MoreSpecific,
    /// Of equal rank, and earlier in the file.
    EarlierLine,
}

/// A fact that could not be had in time, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "snake_case")]
pub enum NotKnown {
    Account { why: String },
    OwnerChosenByCrm { why: String },
    Calendar { rep: RepId, why: String },
    Told { words: String },
}
