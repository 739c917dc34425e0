//! Whom a decision may look at: the reps of a snapshot, and the pools whose ledgers it needs.
//!
//! Decided by the rules and by nothing else. What is known of a rep, a calendar, presence, a call in progress, is a fact
//! *of* them: lacking one takes nobody out. Judged in two steps, since calendars are asked for while the CRM is still being
//! asked who the account is; both steps name rather too many than too few. Whoever is missing here would be decided about
//! as if nothing were known: no caps, no reservation, an empty ledger.

use super::case::RoutingCase;
use super::snapshot::{Considered, Snapshot};
use super::steps::{live, matching, ownership, pools, routes, territory, tiers};
use crate::domain::account::{Account, Candidates};
use crate::domain::crm_id::CrmId;
use crate::domain::id::{PoolId, RepId};
use crate::domain::known::Fact;
use crate::domain::lead::Lead;
use crate::rules::RuleSet;
use crate::rules::model::set::RouteTo;
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;

impl Considered {
    /// By the lead alone. Whoever the CRM may name comes on top: [`Considered::knowing`].
    pub fn by_lead(lead: &Lead, rules: &RuleSet) -> Self {
        let mut considered = Self::default();
        considered.add_pools(lead, None, rules);
        considered
    }

    /// With what the CRM has told: owners, and the pools of the territory, tier and route that the account leads to.
    #[must_use]
    pub fn knowing(
        mut self,
        lead: &Lead,
        account: &Fact<Candidates>,
        assigned: Option<&Fact<Option<CrmId>>>,
        rules: &RuleSet,
        now: DateTime<Utc>,
    ) -> Self {
        // Decided as after the call, if the caller has waited for too long to be on the line still.
        let (lead, no_longer_live) = live::at(lead, now, rules);
        let lead = lead.as_ref();
        if no_longer_live.is_some() {
            self.add_pools(lead, None, rules);
        }
        let snapshot = Snapshot::of_lead(now, account.clone(), assigned.cloned());
        let matched = matching::account(lead, &snapshot, rules);
        let (account, account_is_weak) = (matched.account.as_ref(), matched.weak);
        let case =
            RoutingCase { lead, snapshot: &snapshot, rules, account, account_is_weak, ring: false, call_back: false };
        self.add_holders(ownership::owners_considered(&case), rules);
        if let Some(account) = &matched.account {
            self.add_pools(lead, Some(account), rules);
        }
        self
    }

    fn add_pools(&mut self, lead: &Lead, account: Option<&Account>, rules: &RuleSet) {
        let mut holders: BTreeSet<RepId> = BTreeSet::new();
        let mut starts: BTreeSet<&PoolId> = BTreeSet::from([&rules.catch_all]);
        for route in routes::possible(lead, account, rules) {
            match &route.to {
                RouteTo::Pool(pool) => {
                    starts.insert(pool);
                }
                RouteTo::Rep(rep) => {
                    holders.insert(rep.clone());
                }
            }
        }
        holders.extend(matching::named_account(lead, account, rules).and_then(|named| named.rep.clone()));
        self.add_holders(holders, rules);
        let territory = territory::locate(lead, account, rules).winner.map(|winner| winner.territory);
        for tier in tiers::possible(lead, account, rules) {
            starts.extend(pools::serving(rules, territory.as_ref(), &tier.name).map(|(pool, _)| &pool.id));
        }
        for start in starts {
            for pool in rules.chain(start) {
                if self.pools.insert(pool.id.clone()) {
                    self.reps.extend(pool.members.keys().filter(|rep| is_active(rep, rules)).cloned());
                }
            }
        }
    }

    /// Each with whoever stands in for them, and for those in turn.
    fn add_holders(&mut self, holders: BTreeSet<RepId>, rules: &RuleSet) {
        for holder in holders {
            let rep = rules.reps.get(&holder);
            let each = rep.into_iter().chain(rep.into_iter().flat_map(|rep| ownership::delegates(rules, rep)));
            self.reps.extend(each.filter(|rep| rep.active).map(|rep| rep.id.clone()));
        }
    }
}

/// Who is not is rejected as such, whatever else is known of them.
fn is_active(rep: &RepId, rules: &RuleSet) -> bool {
    rules.reps.get(rep).is_some_and(|rep| rep.active)
}
