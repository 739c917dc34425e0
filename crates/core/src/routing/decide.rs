//! The decision.

use super::case::RoutingCase;
use super::decision::{DECISION_VERSION, Decision, Plan, PoolTrace, Trace};
use super::ledger::Entry;
use super::snapshot::Snapshot;
use super::steps::{degraded, live, matching, ownership, placement, plan, pools, routes, territory, tiers};
use crate::domain::id::{DecisionId, TierId};
use crate::domain::lead::Lead;
use crate::rules::RuleSet;
use crate::rules::model::set::Rung;

/// Decides who gets the lead, who is rung, and what is tried in what order.
///
/// Cannot fail: whatever is unknown, absent or full, the plan has an owner and ends in a callback.
pub fn decide(lead: &Lead, snapshot: &Snapshot, rules: &RuleSet) -> Decision {
    let (lead, no_longer_live) = live::at(lead, snapshot.now, rules);
    let lead = &*lead;
    let matched = matching::account(lead, snapshot, rules);
    let account = matched.account.as_ref();
    let territory = territory::locate(lead, account, rules);
    let tier = tiers::choose(lead, account, rules);
    let route = routes::choose(lead, account, rules);
    let mut rungs = plan::rungs(lead, tier.tier, snapshot, rules);
    let (ring, call_back) = (rungs.contains(&Rung::WarmTransfer), plan::begins_with_callback(lead, &rungs));
    let account_is_weak = matched.weak;
    let case = RoutingCase { lead, snapshot, rules, account, account_is_weak, ring, call_back };

    let ownership = ownership::settle(&case, &route.taken);
    let chain = pools::chain(rules, &route, &territory, &tier);
    let placed = match ownership.holder {
        Some(holder) => placement::with_holder(&case, holder, chain),
        None => placement::by_turn(&case, chain),
    };

    plan::keep_bookable(&mut rungs, &placed.owner, rules);
    let plan = Plan {
        owner: placed.owner,
        pool: placed.pool,
        territory: territory.winner.as_ref().map(|winner| winner.territory.clone()),
        tier: tier.tier.map_or_else(no_tier, |tier| tier.name.clone()),
        targets: plan::ringing(rules, &mut rungs, placed.targets),
        rungs,
        waits: placed.waits,
        reason: placed.reason,
    };
    let trace = Trace {
        no_longer_live,
        account: matched.trace,
        ownership: ownership.trace,
        routes: route.trace,
        territory,
        tiers: tier.trace,
        pools: with_balances_after(placed.pools, placed.turn.as_ref()),
    };
    Decision {
        version: DECISION_VERSION,
        id: DecisionId::of(&lead.id),
        lead_id: lead.id.clone(),
        decided_at: snapshot.now,
        release: rules.release.clone(),
        degraded: degraded::list(&case, &plan, &trace),
        plan,
        turn: placed.turn,
        trace,
    }
}

fn with_balances_after(mut pools: Vec<PoolTrace>, turn: Option<&Entry>) -> Vec<PoolTrace> {
    let Some(turn) = turn else { return pools };
    for pool in pools.iter_mut().filter(|pool| pool.pool == turn.pool) {
        for candidate in &mut pool.candidates {
            candidate.balance_after += turn.changes.get(&candidate.rep).copied().unwrap_or(0);
        }
    }
    pools
}

fn no_tier() -> TierId {
    TierId::new("none").expect("a fixed, valid name")
}
