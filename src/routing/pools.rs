//! Where the search for a rep begins, and where it goes when nobody there can take the lead.

use super::decision::TerritoryTrace;
use super::routes::{RouteChoice, Taken};
use super::tiers::TierChoice;
use crate::domain::id::{PoolId, TerritoryId, TierId};
use crate::rules::RuleSet;
use crate::rules::set::{Fit, Pool, Route, RouteTo};

/// A pool to look at, and why.
pub(super) struct Stop<'a> {
    pub pool: &'a Pool,
    pub because: String,
}

/// Every pool that may be asked, in order: the one that a route or the cell names, its overflows, the catch-all. Empty only if the catch-all does not exist, which the loader refuses.
pub(super) fn chain<'a>(
    rules: &'a RuleSet,
    route: &RouteChoice,
    territory: &TerritoryTrace,
    tier: &TierChoice,
) -> Vec<Stop<'a>> {
    let (first, because) = start(rules, route, territory, tier);
    from(rules, first, because)
}

pub(super) fn from<'a>(rules: &'a RuleSet, first: &PoolId, because: String) -> Vec<Stop<'a>> {
    let chain = rules.chain(first);
    let mut stops: Vec<Stop> = Vec::with_capacity(chain.len());
    let mut begins = Some(because).filter(|_| rules.pools.contains_key(first));
    for pool in chain {
        let because = begins.take().unwrap_or_else(|| match stops.last() {
            Some(Stop { pool: last, .. }) if last.overflow.as_ref() == Some(&pool.id) => {
                format!("overflow of {}", last.id)
            }
            last => format!("catch-all: {} overflows nowhere else", last.map_or(first, |stop| &stop.pool.id)),
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
) -> (&'a PoolId, String) {
    match &route.taken {
        Taken::Route(Route { name, to: RouteTo::Pool(pool), .. }) => return (pool, format!("route {name:?}")),
        Taken::CatchAll(route, missing) => {
            let because = format!("catch-all: route {:?} is undecided without {}", route.name, missing.join(", "));
            return (&rules.catch_all, because);
        }
        Taken::Route(Route { to: RouteTo::Rep(_), .. }) | Taken::None => {}
    }
    if let Some((tier, missing)) = &tier.undecided {
        let because = format!("catch-all: tier {tier} is undecided without {}", missing.join(", "));
        return (&rules.catch_all, because);
    }
    let territory = territory.winner.as_ref().map(|winner| &winner.territory);
    let Some(tier) = tier.tier.map(|tier| &tier.name) else {
        return (&rules.catch_all, "catch-all: no tier".to_owned());
    };
    match serving(rules, territory, tier) {
        Some((pool, because)) => (&pool.id, because),
        None => match territory {
            None => (&rules.catch_all, "catch-all: no territory".to_owned()),
            Some(territory) => (&rules.catch_all, format!("catch-all: no pool serves {territory} × {tier}")),
        },
    }
}

/// The pool that names the cell most closely, and by what.
pub(super) fn serving<'a>(
    rules: &'a RuleSet,
    territory: Option<&TerritoryId>,
    tier: &TierId,
) -> Option<(&'a Pool, String)> {
    let (fit, pool) = rules.serving(territory, tier)?;
    let because = match (fit, territory) {
        (Fit::TerritoryAndTier, Some(territory)) => format!("serves {territory} × {tier}"),
        (Fit::Territory, Some(territory)) => format!("serves {territory}"),
        (Fit::TerritoryAndTier | Fit::Territory | Fit::Tier, _) => format!("serves tier {tier}"),
    };
    Some((pool, because))
}
