//! The members of one pool: every one of them eligible or rejected with a reason, the eligible in the pool's order.

use super::availability;
use super::pools::Stop;
use super::preference;
use crate::domain::id::RepId;
use crate::domain::rep::Rep;
use crate::routing::case::{Moment, RoutingCase, SeenRep};
use crate::routing::decision::{Candidate, CandidateVerdict, PoolTrace, Target};
use crate::routing::ledger::{Ledger, Shares};
use crate::routing::reason::{OrderKey, PlaceReason, Rejection};
use crate::routing::snapshot::RepFacts;
use crate::rules::RuleSet;
use crate::rules::model::set::{CalendarUnknown, OrderPolicy, Pool, WhenFull};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// One pool, judged.
pub(super) struct Lineup<'a> {
    pub pool: &'a Pool,
    /// The eligible, next first.
    pub order: Vec<RepId>,
    /// The same as they would be rung.
    pub targets: Vec<Target>,
    /// Among whom the first place was given: those who are credited a share of this lead, with their weights.
    pub stake: BTreeMap<RepId, u32>,
    pub trace: PoolTrace,
}

/// What puts members behind others before any turn is looked at: preferences they fail, then an unknown calendar.
type PreferenceRank = (Vec<bool>, bool);

/// The eligible by standing, best first, with their weights.
type Groups = BTreeMap<PreferenceRank, BTreeMap<RepId, u32>>;

pub(super) fn line_up<'a>(case: &RoutingCase, stop: Stop<'a>) -> Lineup<'a> {
    let pool = stop.pool;
    let ledger = case.ledger(pool);
    let (mut groups, mut full, mut rejected) = (Groups::new(), Groups::new(), Vec::new());
    for (id, weight) in weights(case, pool) {
        match judge(case, pool, &id) {
            Ok(standing) => {
                groups.entry(standing).or_default().insert(id, weight);
            }
            Err(because) => {
                if let Some(standing) = turn_kept(case, pool, &id, &because) {
                    full.entry(standing).or_default().insert(id.clone(), weight);
                }
                rejected.push(candidate(&ledger, id, weight, CandidateVerdict::Rejected { because }));
            }
        }
    }
    let stake = stake(&ledger, &groups, full);
    let (mut candidates, mut order) = (Vec::with_capacity(pool.members.len()), Vec::new());
    for ((_, unknown), group) in &groups {
        let stake = if order.is_empty() { &stake } else { group };
        let shares = Shares::of(stake);
        for id in ordered(case, pool, &ledger, stake).into_iter().filter(|id| group.contains_key(id)) {
            let weight = group[&id];
            let key = order_key(case, pool, &ledger, shares.credit(weight), &id);
            let because = PlaceReason { fails: preference::fails(case, pool, &id), calendar_unknown: *unknown, key };
            let place = u32::try_from(order.len() + 1).unwrap_or(u32::MAX);
            let verdict = CandidateVerdict::Eligible { place, because };
            candidates.push(candidate(&ledger, id.clone(), weight, verdict));
            order.push(id);
        }
    }
    candidates.append(&mut rejected);
    assert_eq!(candidates.len(), pool.members.len(), "every member is either eligible or rejected");
    let targets = targets(case, pool, &ledger, &groups, &order);
    let trace = PoolTrace { pool: pool.id.clone(), because: stop.because, candidates };
    Lineup { pool, order, targets, stake, trace }
}

/// The first group, with those of the full who would have stood there or before it, and keep their turn.
fn stake(ledger: &Ledger, groups: &Groups, full: Groups) -> BTreeMap<RepId, u32> {
    let Some((first, eligible)) = groups.first_key_value() else { return BTreeMap::new() };
    let full = full.into_iter().filter(|(standing, _)| standing <= first).flat_map(|(_, reps)| reps).collect();
    ledger.with_kept(eligible, &full)
}

/// In the order of the plan, each with the place they have once the preferences have relaxed.
fn targets(case: &RoutingCase, pool: &Pool, ledger: &Ledger, groups: &Groups, order: &[RepId]) -> Vec<Target> {
    let mut relaxed: BTreeMap<bool, BTreeMap<RepId, u32>> = BTreeMap::new();
    for ((_, unknown), group) in groups.iter().filter(|_| !pool.prefer.is_empty()) {
        relaxed.entry(*unknown).or_default().extend(group.clone());
    }
    let by_turn: Vec<RepId> = relaxed.values().flat_map(|group| ordered(case, pool, ledger, group)).collect();
    let place = |rep: &RepId| by_turn.iter().position(|other| other == rep).map_or(0, |index| index + 1);
    order.iter().map(|rep| preference::target(case, pool, rep, place(rep))).collect()
}

pub(super) fn weights(case: &RoutingCase, pool: &Pool) -> BTreeMap<RepId, u32> {
    pool_weights(case.rules, pool)
}

/// Member's weight times the rep's own; under the strict policy all are equal.
pub fn pool_weights(rules: &RuleSet, pool: &Pool) -> BTreeMap<RepId, u32> {
    let weight = |id: &RepId, share: u32| match pool.policy {
        OrderPolicy::Strict => 1,
        OrderPolicy::Balanced | OrderPolicy::LongestIdle | OrderPolicy::LeastLoaded => {
            share.saturating_mul(rules.reps.get(id).map_or(1, |rep| rep.weight)).max(1)
        }
    };
    pool.members.iter().map(|(id, share)| (id.clone(), weight(id, *share))).collect()
}

/// By the pool's policy; what it leaves equal is settled by the ledger.
pub(super) fn ordered(case: &RoutingCase, pool: &Pool, ledger: &Ledger, group: &BTreeMap<RepId, u32>) -> Vec<RepId> {
    let mut order = ledger.order(group);
    match pool.policy {
        OrderPolicy::Balanced | OrderPolicy::Strict => {}
        OrderPolicy::LongestIdle => order.sort_by_key(|rep| ledger.last_turn.get(rep).copied()),
        OrderPolicy::LeastLoaded => order.sort_by_key(|rep| open(case, rep)),
    }
    order
}

/// The first reason that holds is the one that is told: what never changes first, the moment last.
fn judge(case: &RoutingCase, pool: &Pool, id: &RepId) -> Result<PreferenceRank, Rejection> {
    let rep = case.rep(id).filter(|rep| rep.active).ok_or(Rejection::Inactive)?;
    let seen = case.seen(rep);
    fit(case, pool, rep)?;
    can_be_had(case.moment(), pool, seen)?;
    standing(case, pool, seen)
}

/// What is asked of a member whoever calls.
fn can_be_had(moment: Moment, pool: &Pool, seen: SeenRep) -> Result<(), Rejection> {
    under_open_cap(pool, seen)?;
    availability::at_work(moment, seen.rep)?;
    under_caps(pool, seen)?;
    availability::at_hand(moment, seen)
}

/// Whether a rep could have a lead now whose caller asks for nothing in particular: as a member of this pool, or as whoever has
/// the lead already (`None`). `ring`: phones can be rung.
///
/// # Errors
/// The first reason that holds, as a decision would tell it.
pub fn could_take(
    rep: &Rep,
    facts: Option<&RepFacts>,
    pool: Option<&Pool>,
    rules: &RuleSet,
    (now, ring): (DateTime<Utc>, bool),
) -> Result<(), Rejection> {
    if !rep.active {
        return Err(Rejection::Inactive);
    }
    let (moment, seen) = (Moment { now, rules, ring, call_back: !ring }, SeenRep { rep, facts });
    match pool {
        Some(pool) => {
            can_be_had(moment, pool, seen)?;
            calendar_unknown(pool, seen)?;
            Ok(())
        }
        None => availability::now(moment, seen),
    }
}

/// The standing of a member who is passed over for a cap and for nothing else, where the pool keeps their turn.
fn turn_kept(case: &RoutingCase, pool: &Pool, id: &RepId, because: &Rejection) -> Option<PreferenceRank> {
    let capped = matches!(because, Rejection::AtCap { .. } | Rejection::AtWeekCap { .. } | Rejection::AtOpenCap { .. });
    if pool.when_full == WhenFull::Forgo || !capped {
        return None;
    }
    let seen = case.seen(case.rep(id)?);
    availability::now(case.moment(), seen).ok()?;
    standing(case, pool, seen).ok()
}

/// A member whose calendar is unknown may be eligible, but only when nobody is whose calendar is known.
fn standing(case: &RoutingCase, pool: &Pool, seen: SeenRep) -> Result<PreferenceRank, Rejection> {
    let unknown = calendar_unknown(pool, seen)?;
    Ok((preference::unmet(case, pool, seen.rep), unknown))
}

/// Whether it puts them behind the others.
fn calendar_unknown(pool: &Pool, seen: SeenRep) -> Result<bool, Rejection> {
    match (seen.calendar(), pool.calendar_unknown) {
        (Ok(_), _) | (Err(_), CalendarUnknown::CountsAsFree) => Ok(false),
        (Err(_), CalendarUnknown::AfterTheOthers) => Ok(true),
        (Err(why), CalendarUnknown::CountsAsBusy) => Err(Rejection::CalendarUnknown { why: why.to_owned() }),
    }
}

/// What does not change by waiting a night.
fn fit(case: &RoutingCase, pool: &Pool, rep: &Rep) -> Result<(), Rejection> {
    if pool.require_language {
        preference::speaks(case, rep).map_err(|wanted| Rejection::MissingLanguage { wanted: wanted.to_owned() })?;
    }
    if let Some(skill) = pool.require_skills.iter().find(|skill| !rep.skills.contains(*skill)) {
        return Err(Rejection::MissingSkill { skill: skill.clone() });
    }
    if pool.require_products {
        preference::sells(case, rep).map_err(|product| Rejection::MissingProduct { product: product.to_owned() })?;
    }
    Ok(())
}

fn under_open_cap(pool: &Pool, SeenRep { rep, facts }: SeenRep) -> Result<(), Rejection> {
    let open = facts.map_or(0, |facts| facts.open);
    match smaller(pool.caps.open, rep.cap_open) {
        Some(cap) if open >= cap => Err(Rejection::AtOpenCap { cap, open }),
        Some(_) | None => Ok(()),
    }
}

/// Against what the rep took from any pool, today and this week.
fn under_caps(pool: &Pool, SeenRep { rep, facts }: SeenRep) -> Result<(), Rejection> {
    let (today, week) = facts.map_or((0, 0), |facts| (facts.taken_today, facts.taken_this_week));
    match smaller(pool.caps.per_week, rep.cap_per_week) {
        Some(cap) if week >= cap => return Err(Rejection::AtWeekCap { cap, load: week }),
        Some(_) | None => {}
    }
    match smaller(pool.caps.per_day, rep.cap_per_day) {
        Some(cap) if today >= cap => Err(Rejection::AtCap { cap, load: today }),
        Some(_) | None => Ok(()),
    }
}

/// The pool's cap and the rep's own both hold.
fn smaller(pools: Option<u32>, reps: Option<u32>) -> Option<u32> {
    pools.into_iter().chain(reps).min()
}

fn open(case: &RoutingCase, rep: &RepId) -> u32 {
    case.facts(rep).map_or(0, |facts| facts.open)
}

fn candidate(ledger: &Ledger, rep: RepId, weight: u32, verdict: CandidateVerdict) -> Candidate {
    let balance = ledger.balance(&rep);
    Candidate { rep, weight, balance_before: balance, balance_after: balance, verdict }
}

/// `credit` is the rep's share of this lead.
fn order_key(case: &RoutingCase, pool: &Pool, ledger: &Ledger, credit: i64, rep: &RepId) -> OrderKey {
    match pool.policy {
        OrderPolicy::Balanced | OrderPolicy::Strict => OrderKey::Balance { micro_leads: ledger.balance(rep) + credit },
        OrderPolicy::LongestIdle => match ledger.last_turn.get(rep) {
            None => OrderKey::NoTurnYet,
            Some(entry) => OrderKey::LastTurn { entry: *entry, of: ledger.seq },
        },
        OrderPolicy::LeastLoaded => OrderKey::Open { leads: open(case, rep) },
    }
}
