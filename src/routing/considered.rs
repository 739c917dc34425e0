//! Whose calendars are worth asking for while the account is still being looked up.

use super::{matching, ownership, pools, routes, territory, tiers};
use crate::domain::id::{PoolId, RepId};
use crate::domain::lead::Lead;
use crate::rules::RuleSet;
use crate::rules::set::RouteTo;
use std::collections::BTreeSet;

/// Reps with a calendar that [`super::decide()`] may look at, judged by the lead alone: cheap, and rather too many than too
/// few. The owner in the CRM, who is not known yet, and
/// the owner's delegates come on top.
pub fn members_considered(lead: &Lead, rules: &RuleSet) -> BTreeSet<RepId> {
    let mut reps: BTreeSet<RepId> = BTreeSet::new();
    let mut holders: BTreeSet<&RepId> = BTreeSet::new();
    let mut starts: BTreeSet<&PoolId> = BTreeSet::from([&rules.catch_all]);
    for route in routes::possible(lead, rules) {
        match &route.to {
            RouteTo::Pool(pool) => {
                starts.insert(pool);
            }
            RouteTo::Rep(rep) => {
                holders.insert(rep);
            }
        }
    }
    holders.extend(matching::named_account(lead, None, rules).and_then(|named| named.rep.as_ref()));
    for holder in holders {
        reps.insert(holder.clone());
        let chain = rules.reps.get(holder).into_iter().flat_map(|rep| ownership::delegates(rules, rep));
        reps.extend(chain.map(|delegate| delegate.id.clone()));
    }
    let territory = territory::locate(lead, None, rules).winner.map(|winner| winner.territory);
    for tier in tiers::possible(lead, rules) {
        starts.extend(pools::serving(rules, territory.as_ref(), &tier.name).map(|(pool, _)| &pool.id));
    }
    for start in starts {
        for stop in pools::from(rules, start, String::new()) {
            reps.extend(stop.pool.members.keys().cloned());
        }
    }
    reps.retain(|rep| rules.reps.get(rep).is_some_and(|rep| rep.active && rep.calendar.is_some()));
    reps
}
