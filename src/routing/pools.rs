//! Where the search for a rep begins, and where it goes when nobody there can take the lead.

use super::decision::TerritoryTrace;
use super::routes::{RouteChoice, Taken};
use super::tiers::TierChoice;
use crate::domain::id::{PoolId, TerritoryId, TierId};
use crate::rules::RuleSet;
use crate::rules::set::{Fit, Pool, Route, RouteTo};
use std::collections::BTreeSet;

/// A pool to look at, and why.
pub(super) struct Stop<'a> {
    pub pool: &'a Pool,
    pub because: String,
}

/// Every pool that may be asked, in order: the one that a route or the cell names, its overflows, the catch-all. Each at
/// most once, so that a circle of overflows ends. Empty only if the catch-all does not exist, which the loader refuses.
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
    let mut stops: Vec<Stop> = Vec::new();
    let mut visited = BTreeSet::new();
    let mut next = rules.pools.get(first);
    let mut because = because;
    while let Some(pool) = next {
        if !visited.insert(&pool.id) {
            break;
        }
        stops.push(Stop { pool, because });
        because = format!("overflow of {}", pool.id);
        next = pool.overflow.as_ref().and_then(|overflow| rules.pools.get(overflow));
    }
    if let Some(pool) = rules.pools.get(&rules.catch_all).filter(|pool| !visited.contains(&pool.id)) {
        let last = stops.last().map_or(first, |stop| &stop.pool.id);
        stops.push(Stop { pool, because: format!("catch-all: {last} overflows nowhere else") });
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

/// The pool that names the cell most closely; of equals, which the loader refuses, the first by name.
pub(super) fn serving<'a>(
    rules: &'a RuleSet,
    territory: Option<&TerritoryId>,
    tier: &TierId,
) -> Option<(&'a Pool, String)> {
    let mut best: Option<(Fit, &Pool)> = None;
    for pool in rules.pools.values() {
        if let Some(fit) = pool.fit(territory, tier)
            && best.is_none_or(|(so_far, _)| fit > so_far)
        {
            best = Some((fit, pool));
        }
    }
    let (fit, pool) = best?;
    let because = match (fit, territory) {
        (Fit::TerritoryAndTier, Some(territory)) => format!("serves {territory} × {tier}"),
        (Fit::Territory, Some(territory)) => format!("serves {territory}"),
        (Fit::TerritoryAndTier | Fit::Territory | Fit::Tier, _) => format!("serves tier {tier}"),
    };
    Some((pool, because))
}
