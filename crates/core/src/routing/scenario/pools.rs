//! Who shares turns, and for which leads.

use super::words::{territory_id, tier_id};
use super::{Scenario, pool_id, rep_id};
use crate::rules::model::set::{CalendarUnknown, Caps, OrderPolicy, Pool, WhenFull};
use std::collections::BTreeSet;

impl Scenario {
    /// A pool of its own making, which serves nothing yet; members have weight 1.
    pub fn pool(mut self, name: &str, members: &[&str]) -> Self {
        for member in members {
            self.rep_mut(member);
        }
        let pool = Pool {
            id: pool_id(name),
            line: 20,
            territories: BTreeSet::new(),
            tiers: BTreeSet::new(),
            members: members.iter().map(|member| (rep_id(member), 1)).collect(),
            require_language: false,
            require_products: false,
            require_skills: BTreeSet::new(),
            prefer: vec![],
            policy: OrderPolicy::Balanced,
            caps: Caps::default(),
            when_full: WhenFull::Forgo,
            overflow: None,
            calendar_unknown: CalendarUnknown::AfterTheOthers,
            owned_leads_count: false,
            lead_rep: rep_id("max"),
        };
        self.rules.pools.insert(pool_id(name), pool);
        self
    }

    pub fn change_pool(mut self, name: &str, change: impl FnOnce(&mut Pool)) -> Self {
        change(self.rules.pools.get_mut(&pool_id(name)).expect("a pool of the scenario"));
        self
    }

    pub fn serves(self, pool: &str, territory: &str) -> Self {
        self.change_pool(pool, |pool| pool.territories.extend([territory_id(territory)]))
    }

    pub fn serves_tier(self, pool: &str, tier: &str) -> Self {
        self.change_pool(pool, |pool| pool.tiers.extend([tier_id(tier)]))
    }

    pub fn overflow(self, pool: &str, to: &str) -> Self {
        self.change_pool(pool, |pool| pool.overflow = Some(pool_id(to)))
    }
}
