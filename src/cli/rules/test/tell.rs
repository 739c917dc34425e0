//! What came of the tests, for people and for programs.

use super::RuleTestReport;
use crate::cli::{TextOrJson, say};
use baton_core::rehearsal::coverage::Coverage;
use baton_core::rehearsal::expectations::RuleTestResult;
use baton_core::rules::Fault;
use baton_core::rules::expect::RuleTest;
use serde_json::{Value, json};

pub(super) fn faults(faults: &[Fault], format: TextOrJson) {
    match format {
        TextOrJson::Text => faults.iter().for_each(|fault| say(&fault.to_string())),
        TextOrJson::Json => {
            let told: Vec<Value> = faults.iter().map(crate::cli::rules::check::fault_json).collect();
            say(&json!({ "ok": false, "faults": told }).to_string());
        }
    }
}

/// `short` is what [`short_of`] says.
pub(super) fn text(report: &RuleTestReport, list_unreached: bool, short: &[String]) {
    for (case, outcome) in report.results.iter().filter(|(_, outcome)| !outcome.passed()) {
        failure(case, outcome);
    }
    if list_unreached {
        unreached(&report.coverage);
    }
    let failed = report.failed();
    say(&format!("{} passed, {failed} failed.", report.results.len() - failed));
    let reached = |(what, reached, of): (&str, usize, usize)| format!("{reached} of {of} {what}");
    let parts = report.coverage.parts.iter().map(|part| reached((part.what, part.reached(), part.items.len())));
    say(&format!("Reached by tests: {}.", parts.collect::<Vec<_>>().join(", ")));
    short.iter().for_each(|line| say(line));
}

fn failure(case: &RuleTest, outcome: &RuleTestResult) {
    say(&format!("FAIL {}:{} {}", case.path, case.line, case.name));
    for difference in &outcome.differences {
        say(&format!("  {:<10} expected {}", difference.field, difference.expected));
        say(&format!("  {:<10} got      {}", "", difference.got));
    }
    for (line, label) in outcome.why.iter().zip(std::iter::once("because").chain(std::iter::repeat(""))) {
        say(&format!("  {label:<10} {line}"));
    }
    say("");
}

fn unreached(coverage: &Coverage) {
    for part in &coverage.parts {
        for item in part.items.iter().filter(|item| !item.is_reached()) {
            let one = part.what.strip_suffix('s').unwrap_or(part.what);
            say(&format!("{}:{} not reached by any test: {one} {:?}", item.path, item.line, item.name));
        }
    }
}

/// The parts of the rules that less than `percent` of is reached, in a sentence each.
pub(super) fn short_of(coverage: &Coverage, percent: u32) -> Vec<String> {
    let short = coverage.parts.iter().filter(|part| part.percent() < percent);
    let told = short.map(|part| {
        format!("Too few: {} % of the {} are reached, {percent} % are asked for.", part.percent(), part.what)
    });
    told.collect()
}

pub(super) fn json(report: &RuleTestReport) {
    let failed = report.failed();
    let tests: Vec<Value> = report.results.iter().map(|(case, outcome)| test(case, outcome)).collect();
    let coverage: Vec<Value> = report
        .coverage
        .parts
        .iter()
        .map(|part| {
            let unreached = part.items.iter().filter(|item| !item.is_reached());
            let unreached: Vec<Value> =
                unreached.map(|item| json!({ "path": item.path, "line": item.line, "name": item.name })).collect();
            json!({
                "what": part.what,
                "reached": part.reached(),
                "of": part.items.len(),
                "percent": part.percent(),
                "unreached": unreached,
            })
        })
        .collect();
    let passed = report.results.len() - failed;
    say(&json!({ "ok": failed == 0, "passed": passed, "failed": failed, "tests": tests, "coverage": coverage })
        .to_string());
}

fn test(case: &RuleTest, outcome: &RuleTestResult) -> Value {
    let differences: Vec<Value> = outcome
        .differences
        .iter()
        .map(|found| json!({ "field": found.field, "expected": found.expected, "got": found.got }))
        .collect();
    json!({
        "path": case.path,
        "line": case.line,
        "name": case.name,
        "passed": outcome.passed(),
        "differences": differences,
        "why": outcome.why,
    })
}
