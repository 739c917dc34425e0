//! The lines of an explanation that bear on a difference, and no others.

use crate::domain::id::RepId;
use crate::domain::zone::Zone;
use crate::routing::decision::{
    CandidateVerdict, Decision, OwnershipResult, OwnershipTrace, PoolTrace, TerritoryMatch,
};
use crate::routing::reason::NotKnown;
use crate::routing::turns;
use crate::rules::RuleSet;
use crate::rules::expect::Expected;
use crate::rules::model::truth::Truth;

/// Each line once, in the order in which Baton thinks. `differing` are the fields that are not as expected.
pub(super) fn lines(differing: &[&str], expected: &Expected, decision: &Decision, rules: &RuleSet) -> Vec<String> {
    let differs = |fields: &[&str]| differing.iter().any(|field| fields.contains(field));
    let mut lines = Vec::new();
    if differs(&["territory"]) {
        lines.extend(territory(expected, decision, rules));
    }
    if differs(&["tier"]) {
        lines.extend(tiers(decision));
    }
    if differs(&["route"]) {
        lines.extend(routes(decision));
    }
    if differs(&["pool"]) {
        lines.extend(decision.trace.pools.iter().map(|pool| format!("{}: {}", pool.pool, pool.because.in_words())));
    }
    if differs(&["pool", "rep", "owner", "ring", "rejected", "reason", "ladder"]) {
        lines.push(decision.plan.reason.in_words());
    }
    if differs(&["rep", "owner", "ring", "rejected"]) {
        lines.extend(decision.trace.ownership.iter().filter_map(|rule| ownership(rule, rules)));
        let named = [&expected.rep, &expected.owner].into_iter().flatten();
        let mut asked: Vec<&RepId> = named.chain(expected.ring.iter().flatten()).collect();
        asked.extend(expected.rejected.iter().flat_map(|rejected| rejected.keys()));
        asked.sort();
        asked.dedup();
        for rep in asked {
            lines.extend(decision.trace.pools.iter().filter_map(|pool| standing(pool, rep, rules)));
        }
    }
    if differs(&["degraded"]) {
        lines.extend(decision.degraded.iter().map(NotKnown::in_words));
    }
    lines.dedup();
    lines
}

fn territory(expected: &Expected, decision: &Decision, rules: &RuleSet) -> Vec<String> {
    let trace = &decision.trace.territory;
    let told = |found: &TerritoryMatch| format!("{} (line {}: {})", found.territory, found.line, found.by.in_words());
    let Some(winner) = &trace.winner else { return vec!["no territory row fits this lead".to_owned()] };
    let mut lines = vec![format!("{} wins", told(winner))];
    let Some(Some(wanted)) = &expected.territory else { return lines };
    let loser = trace.others.iter().find(|other| other.territory == *wanted);
    lines.push(match loser {
        Some(loser) => format!("{} {}", told(loser), loser.why_not(winner)),
        None => {
            let mut rows: Vec<u32> =
                rules.territories.rows().iter().filter(|row| row.territory == *wanted).map(|row| row.line).collect();
            rows.dedup();
            let named: Vec<String> = rows.iter().take(ROWS_NAMED).map(u32::to_string).collect();
            let more = if rows.len() > ROWS_NAMED { " …" } else { "" };
            format!("no row of {wanted} fits this lead (line {}{more})", named.join(", "))
        }
    });
    lines
}

/// Rows of the expected territory that are named by line.
const ROWS_NAMED: usize = 4;

fn tiers(decision: &Decision) -> impl Iterator<Item = String> {
    decision.trace.tiers.iter().map(|tier| format!("tier {}: {}", tier.tier, verdict(tier.verdict, &tier.missing)))
}

fn routes(decision: &Decision) -> impl Iterator<Item = String> {
    decision.trace.routes.iter().map(|route| {
        format!("route {:?} (line {}): {}", route.name, route.line, verdict(route.verdict, &route.missing))
    })
}

fn verdict(verdict: Truth, missing: &[String]) -> String {
    match verdict {
        Truth::Yes => "holds".to_owned(),
        Truth::No => "does not hold".to_owned(),
        Truth::Undecided => format!("undecided without {}", missing.join(", ")),
    }
}

/// `None` where there is nobody to speak of.
fn ownership(rule: &OwnershipTrace, rules: &RuleSet) -> Option<String> {
    let rep = rule.rep.as_ref()?;
    let because = match &rule.result {
        OwnershipResult::Keeps => "keeps the lead".to_owned(),
        OwnershipResult::Delegated { to, because } => {
            format!("{}, {to} takes the call", because.in_words(zone(rep, rules)))
        }
        OwnershipResult::KeepsForLater { because, .. } => {
            format!("{}, keeps the lead", because.in_words(zone(rep, rules)))
        }
        OwnershipResult::GivenUp { because, .. } => {
            format!("{}, not waited for", because.in_words(zone(rep, rules)))
        }
        OwnershipResult::Inactive => "not active".to_owned(),
        OwnershipResult::Weak => "of a company known by its name alone".to_owned(),
        OwnershipResult::TooLongAgo { .. } => "active too long ago".to_owned(),
        OwnershipResult::NotKnown { why } => format!("not known: {why}"),
        OwnershipResult::NoOwner | OwnershipResult::NotARep { .. } => return None,
    };
    Some(format!("{} {rep}: {because}", rule.existing.in_words()))
}

/// How a rep stands in a pool; `None` for who is no member.
fn standing(pool: &PoolTrace, rep: &RepId, rules: &RuleSet) -> Option<String> {
    let candidate = pool.candidates.iter().find(|candidate| candidate.rep == *rep)?;
    let stands = match &candidate.verdict {
        CandidateVerdict::Eligible { place, because } => format!("place {place}, {}", because.in_words()),
        CandidateVerdict::Rejected { because } => because.in_words(zone(rep, rules)),
    };
    let balance = turns(candidate.balance_before);
    Some(format!("{rep} in {}: {stands} (weight {}, balance {balance})", pool.pool, candidate.weight))
}

fn zone(rep: &RepId, rules: &RuleSet) -> Zone {
    rules.reps.get(rep).map_or(Zone::UTC, |rep| rep.timezone)
}
