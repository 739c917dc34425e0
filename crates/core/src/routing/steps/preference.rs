//! Whom a pool would rather have, and for how long.

use crate::domain::id::RepId;
use crate::domain::rep::Rep;
use crate::routing::case::RoutingCase;
use crate::routing::decision::{Target, TargetRole};
use crate::routing::reason::{FailedWish, MissedWish};
use crate::rules::model::set::{Pool, PoolPreference, Wish};
use std::time::Duration;

/// For each preference of the pool, in order, whether the rep fails it: those who fail less come first.
pub(super) fn unmet(case: &RoutingCase, pool: &Pool, rep: &Rep) -> Vec<bool> {
    pool.prefer.iter().map(|preference| !is_met(case, &preference.wish, rep)).collect()
}

fn is_met(case: &RoutingCase, wish: &Wish, rep: &Rep) -> bool {
    match wish {
        Wish::Language => speaks(case, rep).is_ok(),
        Wish::Product => sells(case, rep).is_ok(),
        Wish::Skill(skills) => skills.iter().any(|skill| rep.skills.contains(skill)),
    }
}

/// `Err`: the language that is missing. Nobody fails one that is not known.
pub(super) fn speaks<'a>(case: &RoutingCase<'a>, rep: &Rep) -> Result<(), &'a str> {
    let wanted = case.lead.contact.language.as_ref().map(|known| known.value.as_str());
    wanted.filter(|wanted| !rep.languages.contains(*wanted)).map_or(Ok(()), Err)
}

/// `Err`: the first product of the lead that the rep does not sell. Products are compared as people write them.
pub(super) fn sells<'a>(case: &RoutingCase<'a>, rep: &Rep) -> Result<(), &'a str> {
    let sold = |wanted: &str| rep.products.iter().any(|product| product.to_lowercase() == wanted.to_lowercase());
    let missing = case.lead.qualification.products.iter().map(String::as_str).find(|wanted| !sold(wanted));
    missing.map_or(Ok(()), Err)
}

/// A member to ring, who stands behind others for as long as the preferences hold that they fail. `place` is by turn alone.
pub(super) fn target(case: &RoutingCase, pool: &Pool, rep: &RepId, place: usize) -> Target {
    if pool.prefer.is_empty() {
        return Target::new(rep.clone(), TargetRole::Member);
    }
    let unmet = case.rep(rep).map(|rep| unmet(case, pool, rep)).unwrap_or_default();
    let behind = |(fails, preference): (&bool, &PoolPreference)| {
        if *fails { millis(preference.relax_after.unwrap_or(case.rules.handoff.patience)) } else { 0 }
    };
    Target {
        behind_ms: unmet.iter().zip(&pool.prefer).map(behind).collect(),
        place: u32::try_from(place).unwrap_or(u32::MAX),
        ..Target::new(rep.clone(), TargetRole::Member)
    }
}

pub(super) fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

/// Why the rep stands behind others, in the order of the preferences.
pub(super) fn fails(case: &RoutingCase, pool: &Pool, rep: &RepId) -> Vec<FailedWish> {
    let Some(rep) = case.rep(rep).filter(|_| !pool.prefer.is_empty()) else { return Vec::new() };
    let failed = pool.prefer.iter().zip(unmet(case, pool, rep)).filter(|(_, fails)| *fails);
    let failed = failed.map(|(preference, _)| FailedWish {
        wish: missed(case, &preference.wish, rep),
        for_s: preference.relax_after.filter(|_| case.ring).map(|after| after.as_secs()),
    });
    failed.collect()
}

fn missed(case: &RoutingCase, wish: &Wish, rep: &Rep) -> MissedWish {
    match wish {
        Wish::Language => MissedWish::Language(speaks(case, rep).err().unwrap_or_default().to_owned()),
        Wish::Product => MissedWish::Product(sells(case, rep).err().unwrap_or_default().to_owned()),
        Wish::Skill(skills) => MissedWish::Skill(skills.iter().cloned().collect()),
    }
}
