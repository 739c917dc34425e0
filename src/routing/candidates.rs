//! The members of one pool: every one of them eligible or rejected with a reason, the eligible in the pool's order.

use super::availability;
use super::case::Case;
use super::decision::{Candidate, CandidateVerdict, PoolTrace, Rejection};
use super::ledger::{Ledger, Shares};
use super::pools::Stop;
use super::words;
use crate::domain::id::RepId;
use crate::domain::rep::Rep;
use crate::rules::set::{CalendarUnknown, OrderPolicy, Pool};
use std::collections::BTreeMap;

/// One pool, judged.
pub(super) struct Lineup<'a> {
    pub pool: &'a Pool,
    /// The eligible, next first.
    pub order: Vec<RepId>,
    /// Among whom the first place was given: those who are credited a share of this lead, with their weights.
    pub stake: BTreeMap<RepId, u32>,
    pub trace: PoolTrace,
}

pub(super) fn line_up<'a>(case: &Case, stop: Stop<'a>) -> Lineup<'a> {
    let pool = stop.pool;
    let ledger = case.ledger(pool);
    let mut known: BTreeMap<RepId, u32> = BTreeMap::new();
    let mut unknown: BTreeMap<RepId, u32> = BTreeMap::new();
    let mut rejected = Vec::new();
    for (id, weight) in weights(case, pool) {
        match judge(case, pool, &id) {
            Ok(Calendar::Known) => {
                known.insert(id, weight);
            }
            Ok(Calendar::Unknown) => {
                unknown.insert(id, weight);
            }
            Err(because) => {
                let verdict = CandidateVerdict::Rejected { because };
                rejected.push(candidate(&ledger, id, weight, verdict));
            }
        }
    }
    let (mut candidates, mut order) = (Vec::with_capacity(pool.members.len()), Vec::new());
    for (group, note) in [(&known, ""), (&unknown, "after the others, calendar unknown; ")] {
        let shares = Shares::of(group);
        for id in ordered(case, pool, &ledger, group) {
            let weight = group[&id];
            let because = format!("{note}{}", key_in_words(case, pool, &ledger, shares.credit(weight), &id));
            let place = u32::try_from(order.len() + 1).unwrap_or(u32::MAX);
            candidates.push(candidate(&ledger, id.clone(), weight, CandidateVerdict::Eligible { place, because }));
            order.push(id);
        }
    }
    candidates.append(&mut rejected);
    assert_eq!(candidates.len(), pool.members.len(), "every member is either eligible or rejected");
    let trace = PoolTrace { pool: pool.id.clone(), because: stop.because, candidates };
    Lineup { pool, order, stake: if known.is_empty() { unknown } else { known }, trace }
}

/// Member's weight times the rep's own; under the strict policy all are equal.
pub(super) fn weights(case: &Case, pool: &Pool) -> BTreeMap<RepId, u32> {
    let weight = |id: &RepId, share: u32| match pool.policy {
        OrderPolicy::Strict => 1,
        OrderPolicy::Balanced | OrderPolicy::LongestIdle | OrderPolicy::LeastLoaded => {
            share.saturating_mul(case.rep(id).map_or(1, |rep| rep.weight)).max(1)
        }
    };
    pool.members.iter().map(|(id, share)| (id.clone(), weight(id, *share))).collect()
}

/// By the pool's policy; what it leaves equal is settled by the ledger.
pub(super) fn ordered(case: &Case, pool: &Pool, ledger: &Ledger, group: &BTreeMap<RepId, u32>) -> Vec<RepId> {
    let mut order = ledger.order(group);
    match pool.policy {
        OrderPolicy::Balanced | OrderPolicy::Strict => {}
        OrderPolicy::LongestIdle => order.sort_by_key(|rep| ledger.last_turn.get(rep).copied()),
        OrderPolicy::LeastLoaded => order.sort_by_key(|rep| open(case, rep)),
    }
    order
}

#[derive(Clone, Copy)]
enum Calendar {
    Known,
    /// Eligible, but only when nobody is whose calendar is known.
    Unknown,
}

/// The first reason that holds is the one that is told: what never changes first, the moment last.
fn judge(case: &Case, pool: &Pool, id: &RepId) -> Result<Calendar, Rejection> {
    let rep = case.rep(id).filter(|rep| rep.active).ok_or(Rejection::Inactive)?;
    fit(case, pool, rep)?;
    availability::at_work(case, rep)?;
    under_daily_cap(case, pool, rep)?;
    availability::at_hand(case, rep)?;
    match (case.calendar(rep), pool.calendar_unknown) {
        (Ok(_), _) | (Err(_), CalendarUnknown::CountsAsFree) => Ok(Calendar::Known),
        (Err(_), CalendarUnknown::AfterTheOthers) => Ok(Calendar::Unknown),
        (Err(why), CalendarUnknown::CountsAsBusy) => Err(Rejection::CalendarUnknown { why: why.to_owned() }),
    }
}

/// What does not change by waiting a night.
fn fit(case: &Case, pool: &Pool, rep: &Rep) -> Result<(), Rejection> {
    if let Some(wanted) = case.lead.contact.language.as_ref().map(|known| &known.value)
        && pool.require_language
        && !rep.languages.contains(wanted)
    {
        return Err(Rejection::MissingLanguage { wanted: wanted.clone() });
    }
    if let Some(skill) = pool.require_skills.iter().find(|skill| !rep.skills.contains(*skill)) {
        return Err(Rejection::MissingSkill { skill: skill.clone() });
    }
    match pool.caps.open {
        Some(cap) if open(case, &rep.id) >= cap => Err(Rejection::AtOpenCap { cap, open: open(case, &rep.id) }),
        Some(_) | None => Ok(()),
    }
}

/// The smaller of the pool's cap and the rep's own, against what the rep took today from any pool.
fn under_daily_cap(case: &Case, pool: &Pool, rep: &Rep) -> Result<(), Rejection> {
    let load = case.facts(&rep.id).map_or(0, |facts| facts.taken_today);
    let caps = [pool.caps.per_day, rep.cap_per_day];
    match caps.into_iter().flatten().min() {
        Some(cap) if load >= cap => Err(Rejection::AtCap { cap, load }),
        Some(_) | None => Ok(()),
    }
}

fn open(case: &Case, rep: &RepId) -> u32 {
    case.facts(rep).map_or(0, |facts| facts.open)
}

fn candidate(ledger: &Ledger, rep: RepId, weight: u32, verdict: CandidateVerdict) -> Candidate {
    let balance = ledger.balance(&rep);
    Candidate { rep, weight, balance_before: balance, balance_after: balance, verdict }
}

/// `credit` is the rep's share of this lead.
fn key_in_words(case: &Case, pool: &Pool, ledger: &Ledger, credit: i64, rep: &RepId) -> String {
    match pool.policy {
        OrderPolicy::Balanced | OrderPolicy::Strict => {
            format!("balance {} with this lead's share", words::turns(ledger.balance(rep) + credit))
        }
        OrderPolicy::LongestIdle => match ledger.last_turn.get(rep) {
            None => "no turn yet".to_owned(),
            Some(seq) => format!("last turn was entry {seq} of {}", ledger.seq),
        },
        OrderPolicy::LeastLoaded => format!("{} open leads", open(case, rep)),
    }
}
