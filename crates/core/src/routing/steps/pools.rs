//! Where the search for a rep begins, and where it goes when nobody there can take the lead.

use super::routes::{RouteChoice, Taken};
use super::tiers::TierChoice;
use crate::domain::id::{PoolId, TerritoryId, TierId};
use crate::routing::decision::TerritoryTrace;
use crate::routing::reason::PoolReason;
use crate::rules::RuleSet;
use crate::rules::model::set::{Fit, Pool, Route, RouteTo};

/// A pool to look at, and why.
pub(in crate::routing) struct Stop<'a> {
    pub pool: &'a Pool,
    pub because: PoolReason,
}

/// Every pool that may be asked, in order: the one that a route or the cell names, its overflows, the catch-all. Empty only if the catch-all does not exist, which the loader refuses.
pub(in crate::routing) fn chain<'a>(
    rules: &'a RuleSet,
    route: &RouteChoice,
    territory: &TerritoryTrace,
    tier: &TierChoice,
) -> Vec<Stop<'a>> {
    let (first, because) = start(rules, route, territory, tier);
    from(rules, first, because)
}

pub(in crate::routing) fn from<'a>(rules: &'a RuleSet, first: &PoolId, because: PoolReason) -> Vec<Stop<'a>> {
    let chain = rules.chain(first);
    let mut stops: Vec<Stop> = Vec::with_capacity(chain.len());
    let mut begins = Some(because).filter(|_| rules.pools.contains_key(first));
    for pool in chain {
        let because = begins.take().unwrap_or_else(|| match stops.last() {
            Some(Stop { pool: last, .. }) if last.overflow.as_ref() == Some(&pool.id) => {
                PoolReason::OverflowOf { pool: last.id.clone() }
            }
            last => PoolReason::EndOfOverflow { pool: last.map_or(first, |stop| &stop.pool.id).clone() },
        });
        stops.push(Stop { pool, because });
    }
    stops
}

fn start<'a>(
    rules: &'a RuleSet,
    route: &RouteChoice<'a>,
    territory: &TerritoryTrace,
    tier: &TierChoice,
) -> (&'a PoolId, PoolReason) {
    match &route.taken {
        Taken::Route(Route { name, to: RouteTo::Pool(pool), .. }) => {
            return (pool, PoolReason::Route { route: name.clone() });
        }
        Taken::CatchAll(Route { name, .. }, missing) => {
            return (&rules.catch_all, PoolReason::RouteUndecided { route: name.clone(), missing: missing.clone() });
        }
        Taken::Route(Route { to: RouteTo::Rep(_), .. }) | Taken::None => {}
    }
    if let Some((tier, missing)) = &tier.undecided {
        return (&rules.catch_all, PoolReason::TierUndecided { tier: (*tier).clone(), missing: missing.clone() });
    }
    let territory = territory.winner.as_ref().map(|winner| &winner.territory);
    let Some(tier) = tier.tier.map(|tier| &tier.name) else { return (&rules.catch_all, PoolReason::NoTier) };
    match serving(rules, territory, tier) {
        Some((pool, because)) => (&pool.id, because),
        None => match territory.cloned() {
            None => (&rules.catch_all, PoolReason::NoTerritory),
            Some(territory) => (&rules.catch_all, PoolReason::NobodyServes { territory, tier: tier.clone() }),
        },
    }
}

/// The pool that names the cell most closely, and by what.
pub(in crate::routing) fn serving<'a>(
    rules: &'a RuleSet,
    territory: Option<&TerritoryId>,
    tier: &TierId,
) -> Option<(&'a Pool, PoolReason)> {
    let (fit, pool) = rules.serving(territory, tier)?;
    let tier = tier.clone();
    let because = match (fit, territory.cloned()) {
        (Fit::TerritoryAndTier, Some(territory)) => PoolReason::Serves { territory, tier },
        (Fit::Territory, Some(territory)) => PoolReason::ServesTerritory { territory },
        (Fit::TerritoryAndTier | Fit::Territory | Fit::Tier, _) => PoolReason::ServesTier { tier },
    };
    Some((pool, because))
}
