//! Who shares turns, and for which leads.

use super::words::{territory_id, tier_id};
use super::{Scenario, pool_id, rep_id};
use crate::domain::lead::FRONT_DOOR;
use crate::domain::phone::PhoneE164;
use crate::domain::rota::Opening;
use crate::domain::zone::Zone;
use crate::rules::model::condition::{Condition, IfUndecided};
use crate::rules::model::set::{AnsweredNumber, CalendarUnknown, Caps, OrderPolicy, Pool, Route, RouteTo, WhenFull};
use std::collections::BTreeSet;
use std::time::Duration;

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

    /// The lead has begun at a number of ours that dee and eve answer, in a pool of this name.
    pub fn at_front_door(mut self, pool: &str) -> Self {
        let number = PhoneE164::new("+15551230000").expect("a number");
        let route = Route {
            name: format!("front door {}", number.as_str()),
            line: 2,
            when: Condition::Always,
            if_undecided: IfUndecided::Skip,
            to: RouteTo::Pool(pool_id(pool)),
        };
        let opening = Opening { week: "office".to_owned(), holidays: String::new(), zone: Zone::UTC };
        let answered = AnsweredNumber { opening, route, wait: Duration::from_secs(20) };
        self.lead.source = FRONT_DOOR.to_owned();
        self.lead.call.as_mut().expect("a call").to = Some(number.clone());
        self.rules.front_door = [(number, answered)].into_iter().collect();
        self.pool(pool, &["dee", "eve"])
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
