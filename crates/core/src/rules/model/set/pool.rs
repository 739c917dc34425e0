//! Reps who share turns, and how they share them.

use crate::domain::id::{PoolId, RepId, TerritoryId, TierId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pool {
    pub id: PoolId,
    pub line: u32,
    /// Empty = any territory, if `tiers` is not empty too: see [`Pool::fit`].
    pub territories: BTreeSet<TerritoryId>,
    /// Empty = any tier, if `territories` is not empty too.
    pub tiers: BTreeSet<TierId>,
    /// Never empty. Weight multiplies the rep's own.
    pub members: BTreeMap<RepId, u32>,
    /// The lead's language must be one of the rep's, when it is known.
    pub require_language: bool,
    /// The products that the lead asks about must be among the rep's, when they are known.
    pub require_products: bool,
    pub require_skills: BTreeSet<String>,
    /// The most important first: who meets it comes before who does not, until it relaxes.
    pub prefer: Vec<PoolPreference>,
    pub policy: OrderPolicy,
    pub caps: Caps,
    pub when_full: WhenFull,
    /// Where the lead goes when nobody here may take it. The chain ends at the catch-all, which has none.
    pub overflow: Option<PoolId>,
    /// A member whose calendar cannot be read: eligible, eligible after the others, or rejected.
    pub calendar_unknown: CalendarUnknown,
    /// Turns of leads that came by ownership count on the ledger.
    pub owned_leads_count: bool,
    /// Answers for leads that nobody of the pool takes.
    pub lead_rep: RepId,
}

/// How closely a pool's `serves` names a lead's territory and tier; the closest pool takes the lead. The loader refuses
/// two pools that are equally close to one cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    Tier,
    Territory,
    TerritoryAndTier,
}

impl Pool {
    /// `None`: not for this cell. A pool that names neither territories nor tiers is reached by routes, as overflow and as
    /// catch-all only: never by cell.
    pub fn fit(&self, territory: Option<&TerritoryId>, tier: &TierId) -> Option<Fit> {
        let tier_fits = self.tiers.is_empty() || self.tiers.contains(tier);
        let territory_fits = self.territories.is_empty() || territory.is_some_and(|t| self.territories.contains(t));
        match (self.territories.is_empty(), self.tiers.is_empty()) {
            (true, true) => None,
            _ if !(tier_fits && territory_fits) => None,
            (true, false) => Some(Fit::Tier),
            (false, true) => Some(Fit::Territory),
            (false, false) => Some(Fit::TerritoryAndTier),
        }
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OrderPolicy {
    /// Weighted turns on the balance ledger.
    #[default]
    Balanced,
    /// Turns with equal weights.
    Strict,
    LongestIdle,
    LeastLoaded,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caps {
    /// Leads given since midnight in the rep's zone, from any pool.
    pub per_day: Option<u32>,
    /// The same since Monday.
    pub per_week: Option<u32>,
    /// Leads owned and not yet closed.
    pub open: Option<u32>,
}

/// What becomes of the turns of a member who is passed over for a cap alone. Being absent, busy or on another call is no
/// reason to keep a turn: it says nothing of how many leads the rep has had.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhenFull {
    /// Neither credit nor debt, as for the absent.
    #[default]
    Forgo,
    /// Credited as if eligible, up to two turns of balance.
    KeepTurn,
}

/// Whom a pool would rather have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolPreference {
    pub wish: Wish,
    /// From the decision; after it, turns alone count. `None`: as long as the caller waits.
    pub relax_after: Option<Duration>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wish {
    /// The rep speaks the lead's language; met by all when it is unknown.
    Language,
    /// The rep sells all products that the lead asks about; met by all when they are unknown.
    Product,
    /// The rep has one of these skills.
    Skill(BTreeSet<String>),
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CalendarUnknown {
    CountsAsFree,
    #[default]
    AfterTheOthers,
    CountsAsBusy,
}
