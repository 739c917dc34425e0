//! Tells a decision in sentences: why this rep, and why not each of the others.
//!
//! Everything is read from the decision's trace; the rules lend names and zones only. So an old decision is told as it was
//! made, with times in the zone of the rep they concern.

mod account;
mod facts;
mod meeting;
mod ownership;
pub mod parts;
mod phones;
pub mod standing;
mod story;

pub use facts::facts;

use super::consent;
use baton_core::domain::lead::{Lead, LeadChannel, ReachBack};
use baton_core::domain::zone::Zone;
use baton_core::handoff::Handoff;
use baton_core::routing::decision::{
    Candidate, CandidateVerdict, DecidedAgain, NoLongerLive, PoolTrace, Target, TargetRole, TerritoryMatch,
    TerritoryTrace,
};
use baton_core::routing::ledger::Entry;
use baton_core::routing::reason::NotKnown;
use baton_core::routing::{Decision, Snapshot};
use baton_core::routing::{local, turns};
use baton_core::rules::RuleSet;
use baton_core::rules::model::condition::NamedPart;
use baton_core::rules::model::set::Rung;
use baton_core::rules::model::truth::Truth;
use baton_core::rules::words::zone;
use chrono::{DateTime, Utc};
use std::time::Duration;
use story::{Roster, Story, ago};

/// Plain text of about thirty lines, ending in a line break. Made for people who may see the lead: it names the company.
pub fn explain(decision: &Decision, lead: &Lead, rules: &RuleSet) -> String {
    let roster = Roster(rules);
    let mut story = Story::default();
    headline(&mut story, decision, lead, &roster);
    story.section("Consent", consent::lines(lead));
    story.section("Disclosure", consent::disclosed(lead, &rules.handoff.disclosure));
    story.section("Call", decision.trace.no_longer_live.iter().map(no_longer_live));
    story.section("Account", account::lines(&decision.trace.account));
    story.section("Ownership", decision.trace.ownership.iter().map(|rule| ownership::line(rule, &roster)));
    story.section("Routes", routes(decision));
    story.section("Territory", territory(&decision.trace.territory));
    story.section("Tier", tiers(decision));
    for pool in &decision.trace.pools {
        let title = format!("Pool {}: {}", pool.pool, pool.because.in_words());
        story.section(&title, candidates(pool, &roster));
    }
    story.section("Turn", [turn(decision.turn.as_ref(), &roster)]);
    story.section("Plan", plan(decision, lead, &roster));
    story.section("Not known in time", decision.degraded.iter().map(NotKnown::in_words));
    story.section("Not understood, and so unknown", lead.unread.iter().map(|note| format!("{note}.")));
    story.text
}

/// What stands before the words on a lead whose person was erased.
pub fn of_erased(at: DateTime<Utc>, told: &str) -> String {
    let at = at.format("%F %T UTC");
    format!(
        "The person was erased at {at}: what was known of them is gone, and this cannot be decided again.\n\n{told}"
    )
}

/// [`explain`], how each phone that rang ended, what the meeting is like, the facts behind it, and who got the lead later if it
/// waited: all that is known of a stored decision.
pub fn explain_whole(
    decision: &Decision,
    lead: &Lead,
    snapshot: &Snapshot,
    again: &[(DateTime<Utc>, DecidedAgain)],
    handoff: Option<&Handoff>,
    rules: &RuleSet,
) -> String {
    let rung = handoff.map(|handoff| phones::rung(handoff, &Roster(rules))).unwrap_or_default();
    let met = handoff.map(|handoff| meeting::told(handoff, &Roster(rules))).unwrap_or_default();
    let mut text = explain(decision, lead, rules) + &rung + &met + &facts(decision, snapshot, rules);
    for (at, again) in again {
        let roster = Roster(rules);
        let mut story = Story::default();
        let (name, when) = (roster.name(&again.owner), local(*at, roster.zone(&again.owner)));
        let lead = if again.taken.is_some() { "the lead now" } else { "the lead that waited" };
        story.line("");
        story.line(&format!("Decided again {when}: {name} owns {lead}."));
        story.line(&format!("Because: {}.", again.in_words()));
        for pool in &again.pools {
            story.section(&format!("Pool {}: {}", pool.pool, pool.because.in_words()), candidates(pool, &roster));
        }
        text.push_str(&story.text);
    }
    text
}

fn headline(story: &mut Story, decision: &Decision, lead: &Lead, roster: &Roster) {
    let plan = &decision.plan;
    let company = lead.company.name.as_ref().map_or("a company without a name", |known| known.value.as_str());
    let (owner, when) = (roster.name(&plan.owner), local(decision.decided_at, roster.zone(&plan.owner)));
    story.line(&format!("{owner} owns the lead of {company} ({}), decided {when}.", lead.id));
    story.line(&format!("Because: {}.", plan.reason.in_words()));
    if lead.channel != LeadChannel::Call {
        story.line(&format!("It came by {}: nobody is rung.", lead.channel.in_words()));
    }
    story.line(&format!("The caller's clock: {}.", zone::whereabouts(lead).in_words()));
    story.line(&format!("Rules: release {}.", decision.release.short()));
}

fn no_longer_live(late: &NoLongerLive) -> String {
    let (since, at_most) = (local(late.since, Zone::UTC), Duration::from_millis(late.at_most_ms.unsigned_abs()));
    format!(
        "The event says that the caller is on the line, qualified {} ({since}): longer than live_at_most ({} s), so nobody is \
         rung. The caller counts as gone.",
        ago(late.waited_ms),
        at_most.as_secs()
    )
}

fn routes(decision: &Decision) -> impl Iterator<Item = String> {
    decision.trace.routes.iter().map(|route| {
        let verdict = verdict(route.verdict, &route.missing);
        format!("{:?} (line {}): {verdict}{}.", route.name, route.line, parts(&route.parts))
    })
}

fn tiers(decision: &Decision) -> impl Iterator<Item = String> {
    decision.trace.tiers.iter().map(|tier| {
        let verdict = verdict(tier.verdict, &tier.missing);
        format!("{}: {verdict}{}.", tier.tier, parts(&tier.parts))
    })
}

/// ` (segment strategic holds; size(lead.products) > 1 does not hold)`, or nothing.
fn parts(parts: &[NamedPart]) -> String {
    if parts.is_empty() {
        return String::new();
    }
    let told = |part: &NamedPart| format!("{} {}", part.name, verdict(part.verdict, &part.missing));
    format!(" ({})", parts.iter().map(told).collect::<Vec<_>>().join("; "))
}

fn verdict(verdict: Truth, missing: &[String]) -> String {
    match verdict {
        Truth::Yes => "holds".to_owned(),
        Truth::No => "does not hold".to_owned(),
        Truth::Undecided => format!("undecided without {}", missing.join(", ")),
    }
}

fn territory(trace: &TerritoryTrace) -> Vec<String> {
    let Some(winner) = &trace.winner else { return vec!["No row fits this lead.".to_owned()] };
    let told = |found: &TerritoryMatch| format!("{} (line {}: {})", found.territory, found.line, found.by.in_words());
    let mut lines = vec![format!("{} wins.", told(winner))];
    lines.extend(trace.others.iter().map(|other| format!("{} {}.", told(other), other.why_not(winner))));
    if trace.conflict {
        lines.push("Rows of equal rank name different territories: mend the file, the first line won.".to_owned());
    }
    lines
}

fn candidates<'a>(pool: &'a PoolTrace, roster: &'a Roster) -> impl Iterator<Item = String> + 'a {
    pool.candidates.iter().map(|candidate| {
        let (name, numbers) = (roster.name(&candidate.rep), numbers(candidate));
        match &candidate.verdict {
            CandidateVerdict::Eligible { place, because } => {
                format!("{place}. {name}: {} ({numbers}).", because.in_words())
            }
            CandidateVerdict::Rejected { because } => {
                let credited = candidate.balance_before != candidate.balance_after;
                let kept = if credited { ", keeps the turn" } else { "" };
                format!("Not {name}: {}{kept} ({numbers}).", because.in_words(roster.zone(&candidate.rep)))
            }
        }
    })
}

fn numbers(candidate: &Candidate) -> String {
    let (before, after) = (turns(candidate.balance_before), turns(candidate.balance_after));
    if candidate.balance_before == candidate.balance_after {
        format!("weight {}, balance {before}", candidate.weight)
    } else {
        format!("weight {}, balance {before}, now {after}", candidate.weight)
    }
}

fn turn(turn: Option<&Entry>, roster: &Roster) -> String {
    let Some(turn) = turn else { return "This lead costs nobody a turn.".to_owned() };
    format!("{} (entry {}).", turn.in_words(&|rep| roster.name(rep)), turn.seq)
}

fn plan(decision: &Decision, lead: &Lead, roster: &Roster) -> Vec<String> {
    let mut lines = Vec::new();
    if decision.plan.waits {
        let (owner, pool) = (roster.name(&decision.plan.owner), &decision.plan.pool);
        lines.push(format!("The lead waits in {pool} for somebody who can take it; {owner} answers for it meanwhile."));
    }
    for (rung, place) in decision.plan.rungs.iter().zip(1..) {
        lines.push(match rung {
            Rung::WarmTransfer => {
                let targets: Vec<String> = decision.plan.targets.iter().map(|target| ringing(target, roster)).collect();
                let at_a_time = phones::at_a_time(roster.0.handoff.ring);
                format!("{place}. Warm transfer: ring {}{at_a_time}.", targets.join(", then "))
            }
            Rung::Agent => format!("{place}. The voice agent takes the caller."),
            Rung::Booking => format!("{place}. Booking with {}.", roster.name(&decision.plan.owner)),
            Rung::Callback => format!("{place}. {} by {}.", last(lead), roster.name(&decision.plan.owner)),
        });
    }
    lines
}

/// What stands in the place of a callback for whoever is not to be called, or cannot be.
fn last(lead: &Lead) -> &'static str {
    match lead.reach_back() {
        ReachBack::Call => "Callback",
        ReachBack::Mail => "Mail, and no callback,",
        ReachBack::Nothing => "Neither callback nor mail: to be looked into",
    }
}

fn ringing(target: &Target, roster: &Roster) -> String {
    let name = roster.name(&target.rep) + &phones::of(roster, &target.rep);
    if let Some(behind) = target.behind_ms.iter().max().filter(|behind| **behind > 0) {
        return format!("{name} (behind the preferred for {} s)", behind / 1000);
    }
    match target.role {
        TargetRole::Owner => format!("{name} (owner)"),
        TargetRole::Delegate => format!("{name} (delegate)"),
        TargetRole::Member => name,
    }
}

#[cfg(test)]
mod tests;
