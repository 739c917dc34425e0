//! Runs one test of the rules: decides, compares, and says in a few lines why it came out otherwise.

use super::why;
use super::world::{decide_in, furnished};
use crate::domain::id::RepId;
use crate::domain::lead::Lead;
use crate::routing::decision::{CandidateVerdict, Decision, OwnershipResult};
use crate::routing::reason::Rejection;
use crate::rules::RuleSet;
use crate::rules::expect::{Expected, RuleTest};
use crate::rules::model::set::Rung;
use crate::rules::model::truth::Truth;
use chrono::{DateTime, Utc};

/// What came of one test.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleTestResult {
    /// Empty: the test passed.
    pub differences: Vec<Difference>,
    /// What of the explanation bears on the differences; empty for a test that passed.
    pub why: Vec<String>,
    pub decision: Decision,
}

/// One field that is not as expected, in the words of the test file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub field: &'static str,
    pub expected: String,
    pub got: String,
}

impl RuleTestResult {
    pub fn passed(&self) -> bool {
        self.differences.is_empty()
    }
}

/// Decides the lead at `now` in the world of the test and holds the decision against what is expected.
pub fn run(case: &RuleTest, lead: &Lead, now: DateTime<Utc>, rules: &RuleSet) -> RuleTestResult {
    let (_, decision) = decide_in(&furnished(rules, &case.given, lead, now), lead, rules);
    let differences = differences(&case.expected, &decision);
    let differing: Vec<&str> = differences.iter().map(|difference| difference.field).collect();
    let why = if differing.is_empty() { Vec::new() } else { why::lines(&differing, &case.expected, &decision, rules) };
    RuleTestResult { differences, why, decision }
}

fn differences(expected: &Expected, decision: &Decision) -> Vec<Difference> {
    let plan = &decision.plan;
    let mut found = Vec::new();
    let mut compare = |field: &'static str, expected: Option<String>, got: String| {
        if let Some(expected) = expected.filter(|expected| *expected != got) {
            found.push(Difference { field, expected, got });
        }
    };
    compare("territory", expected.territory.as_ref().map(or_none), or_none(&plan.territory));
    compare("tier", text(&expected.tier), plan.tier.to_string());
    compare("route", expected.route.as_ref().map(or_none), or_none(&route_taken(decision)));
    compare("pool", text(&expected.pool), plan.pool.to_string());
    compare("owner", text(&expected.owner), plan.owner.to_string());
    compare("rep", text(&expected.rep), first_rep(decision).to_string());
    let rung = plan.targets.iter().map(|target| &target.rep);
    compare("ring", expected.ring.as_ref().map(|ring| listed(ring.iter())), listed(rung));
    let ladder = |rungs: &[Rung]| listed(rungs.iter().map(|rung| rung_name(*rung)));
    compare("ladder", expected.ladder.as_deref().map(ladder), ladder(&plan.rungs));
    compare("degraded", expected.degraded.map(yes_or_no), yes_or_no(!decision.degraded.is_empty()));
    if let Some(reason) = &expected.reason
        && !plan.reason.in_words().to_lowercase().contains(&reason.to_lowercase())
    {
        let expected = format!("… {reason} …");
        found.push(Difference { field: "reason", expected, got: plan.reason.in_words() });
    }
    for (rep, reason) in expected.rejected.iter().flatten() {
        let reasons = reasons(decision, rep);
        if !reasons.contains(reason) {
            let got =
                if reasons.is_empty() { not_rejected(decision, rep) } else { format!("{rep}: {}", reasons.join(", ")) };
            found.push(Difference { field: "rejected", expected: format!("{rep}: {reason}"), got });
        }
    }
    found
}

/// The first to be rung; where nobody is rung, the owner.
fn first_rep(decision: &Decision) -> &RepId {
    decision.plan.targets.first().map_or(&decision.plan.owner, |target| &target.rep)
}

pub(super) fn route_taken(decision: &Decision) -> Option<String> {
    decision.trace.routes.iter().find(|route| route.verdict == Truth::Yes).map(|route| route.name.clone())
}

/// Why a rep was passed over, as owner or in any pool that was asked.
fn reasons(decision: &Decision, rep: &RepId) -> Vec<&'static str> {
    let mut reasons = Vec::new();
    for rule in decision.trace.ownership.iter().filter(|rule| rule.rep.as_ref() == Some(rep)) {
        match &rule.result {
            OwnershipResult::Delegated { because, .. }
            | OwnershipResult::KeepsForLater { because, .. }
            | OwnershipResult::GivenUp { because, .. } => reasons.push(reason_name(because)),
            OwnershipResult::Inactive => reasons.push(reason_name(&Rejection::Inactive)),
            OwnershipResult::Keeps
            | OwnershipResult::NoOwner
            | OwnershipResult::NotARep { .. }
            | OwnershipResult::TooLongAgo { .. }
            | OwnershipResult::NotKnown { .. }
            | OwnershipResult::Weak => {}
        }
    }
    for candidate in decision.trace.pools.iter().flat_map(|pool| &pool.candidates) {
        if let CandidateVerdict::Rejected { because } = &candidate.verdict
            && candidate.rep == *rep
        {
            reasons.push(reason_name(because));
        }
    }
    reasons.dedup();
    reasons
}

fn not_rejected(decision: &Decision, rep: &RepId) -> String {
    let asked = decision.trace.pools.iter().flat_map(|pool| &pool.candidates).any(|candidate| candidate.rep == *rep);
    if asked { format!("{rep} may take it") } else { format!("{rep} was not asked: no member of these pools") }
}

fn text<T: ToString>(value: &Option<T>) -> Option<String> {
    value.as_ref().map(T::to_string)
}

fn or_none<T: ToString>(value: &Option<T>) -> String {
    value.as_ref().map_or_else(|| "none".to_owned(), T::to_string)
}

/// `a, b`, or `nobody`.
fn listed<T: ToString>(items: impl Iterator<Item = T>) -> String {
    let items: Vec<String> = items.map(|item| item.to_string()).collect();
    if items.is_empty() { "nobody".to_owned() } else { items.join(", ") }
}

fn yes_or_no(flag: bool) -> String {
    if flag { "yes" } else { "no" }.to_owned()
}

fn rung_name(rung: Rung) -> &'static str {
    match rung {
        Rung::WarmTransfer => "warm_transfer",
        Rung::Agent => "agent",
        Rung::Booking => "booking",
        Rung::Callback => "callback",
    }
}

/// As test files write it: one of `rules::expect::REASONS`.
pub fn reason_name(rejection: &Rejection) -> &'static str {
    match rejection {
        Rejection::Inactive => "inactive",
        Rejection::OnLeave { .. } => "on_leave",
        Rejection::Holiday { .. } => "holiday",
        Rejection::OffRota { .. } => "off_rota",
        Rejection::OutOfOffice { .. } => "out_of_office",
        Rejection::Busy { .. } => "busy",
        Rejection::Away => "away",
        Rejection::Reserved { .. } => "reserved",
        Rejection::NotAnswering { .. } => "not_answering",
        Rejection::AtCap { .. } => "at_cap",
        Rejection::AtWeekCap { .. } => "at_week_cap",
        Rejection::AtOpenCap { .. } => "at_open_cap",
        Rejection::MissingLanguage { .. } => "missing_language",
        Rejection::MissingSkill { .. } => "missing_skill",
        Rejection::MissingProduct { .. } => "missing_product",
        Rejection::CalendarUnknown { .. } => "calendar_unknown",
        Rejection::NoPhone => "no_phone",
    }
}
