//! Test files in, what came of them out: read, run, compared, counted.

mod reading;

use super::coverage::coverage;
use super::expectations::{RuleTestResult, reason_name, run};
use crate::domain::lead::FieldValue;
use crate::routing::reason::Rejection;
use crate::routing::scenario::{Scenario, acme, scenario, text_is};
use crate::rules::expect::{self, Places, REASONS, RuleTest};
use crate::rules::model::condition::IfUndecided;
use crate::rules::model::set::{Existing, OwnershipRule, RouteTo};
use crate::rules::{Fault, RuleSet};
use chrono::DateTime;

/// Wednesday, ten in London, as in the scenario.
const AT: &str = "defaults:\n  at: 2026-01-07 10:00 Europe/London\ntests:\n";

fn read(text: &str, rules: &RuleSet) -> Vec<RuleTest> {
    expect::read("rules/tests/t.yaml", text, rules).unwrap_or_else(|faults| panic!("{}", told(&faults)))
}

fn told(faults: &[Fault]) -> String {
    faults.iter().map(|fault| format!("{fault}\n")).collect()
}

/// Runs the tests of one file, all with Acme's lead.
fn outcomes(world: &Scenario, tests: &str) -> Vec<RuleTestResult> {
    let cases = read(&format!("{AT}{tests}"), &world.rules);
    cases.iter().map(|case| run(case, &acme(), case.given.at.expect("a time"), &world.rules)).collect()
}

fn outcome(world: &Scenario, test: &str) -> RuleTestResult {
    outcomes(world, test).remove(0)
}

/// `pool: west → desk` for each field that is not as expected.
fn differences(outcome: &RuleTestResult) -> Vec<String> {
    outcome.differences.iter().map(|found| format!("{}: {} → {}", found.field, found.expected, found.got)).collect()
}

#[test]
fn every_field_of_an_expectation_is_compared() {
    let right = "  - name: as it is
    expect:
      territory: West
      tier: smb
      pool: west
      route: none
      owner: ben
      rep: ben
      ring: [ben, cy]
      ladder: [warm_transfer, booking, callback]
      reason: FIRST of 2
      degraded: no
";
    assert_eq!(differences(&outcome(&scenario(), right)), Vec::<String>::new());
    let wrong = "  - name: as it is not
    expect:
      territory: none
      pool: desk
      owner: cy
      rep: dee
      ring: [cy, ben]
      ladder: [booking, callback]
      reason: overflow
      rejected: { ben: busy, eve: away }
      degraded: yes
";
    let expected = [
        "territory: none → West",
        "pool: desk → west",
        "owner: cy → ben",
        "rep: dee → ben",
        "ring: cy, ben → ben, cy",
        "ladder: booking, callback → warm_transfer, booking, callback",
        "degraded: yes → no",
        "reason: … overflow … → first of 2 who may take it in west (serves West)",
        "rejected: ben: busy → ben may take it",
        "rejected: eve: away → eve was not asked: no member of these pools",
    ];
    assert_eq!(differences(&outcome(&scenario(), wrong)), expected);
}

#[test]
fn what_a_test_says_of_the_world_reaches_the_decision() {
    let owner = |name: &str, world: Scenario| world.rep(name, |rep| rep.crm_id = Some("005X".into()));
    let world = owner("ana", scenario()).change_pool("west", |pool| pool.caps.per_day = Some(3));
    let mut world = world.change_pool("west", |pool| pool.caps.open = Some(9));
    let within = Some(std::time::Duration::from_secs(90 * 86_400));
    world.rules.ownership.push(OwnershipRule { within, ..OwnershipRule::of(Existing::LeadOwner) });
    let long_ago = "  - name: too long ago\n    person: { owner: ana, active_ago: 91d }\n    expect: { owner: ben }\n";
    assert_eq!(differences(&outcome(&world, long_ago)), Vec::<String>::new());
    for (given, expected) in [
        ("away: ben", "rep: cy, rejected: { ben: away }"),
        ("busy: [ben]", "rep: cy, rejected: { ben: busy }"),
        ("out_of_office: [ben]", "rep: cy, rejected: { ben: out_of_office }"),
        ("on_call: [ben]", "rep: cy, rejected: { ben: reserved }"),
        ("calendar_unknown: [ben]", "ring: [cy, ben], degraded: yes"),
        ("taken_today: { ben: 3 }", "rep: cy, rejected: { ben: at_cap }"),
        ("open: { ben: 9 }", "rep: cy, rejected: { ben: at_open_cap }"),
        ("ledger: { west: { ben: -0.5, cy: +0.5 } }", "ring: [cy, ben]"),
        ("account: { name: Acme, owner: ana }", "owner: ana, ring: [ana, ben, cy]"),
        ("account: { opportunity_owner: ana }", "rep: ana, reason: open opportunity"),
        ("person: { owner: ana, active_ago: 30d }", "owner: ana, rep: ana, reason: earlier lead"),
        ("person: { owner: ana }\n    account: { name: Acme }", "owner: ana"),
        ("crm: down", "degraded: yes, rep: ben"),
        ("at: 2026-01-07 20:00 Europe/London", "ring: none, ladder: [booking, callback], rejected: { ben: off_rota }"),
    ] {
        let test = format!("  - name: given\n    {given}\n    expect: {{ {expected} }}\n");
        let without = format!("  - name: not given\n    expect: {{ {expected} }}\n");
        assert_eq!(differences(&outcome(&world, &test)), Vec::<String>::new(), "{given}");
        assert!(!outcome(&world, &without).passed(), "{expected} holds without {given} too");
    }
}

#[test]
fn an_account_brings_the_fields_of_the_crm() {
    let to_ana = RouteTo::Rep("ana".to_owned().try_into().expect("a slug"));
    let world = scenario().rep("ana", |_| {});
    let world = world.route("gold", text_is("account.tier__c", "gold"), IfUndecided::Skip, to_ana);
    let test = "  - name: gold\n    account: { fields: { tier__c: gold, seats: 12 } }\n    expect: { route: gold, rep: ana }\n";
    assert_eq!(differences(&outcome(&world, test)), Vec::<String>::new());
    let case = &read(&format!("{AT}{test}"), &world.rules)[0];
    let account = case.given.account.as_ref().expect("an account");
    assert_eq!(account.fields["seats"], FieldValue::Number(12.0));
}

#[test]
fn a_failure_says_what_bears_on_it_and_no_more() {
    let test = "  - name: ben\n    away: [ben]\n    expect: { rep: ben }\n";
    let expected = ["first of 1 who may take it in west (serves West)", "ben in west: away (weight 1, balance +0.00)"];
    assert_eq!(outcome(&scenario(), test).why, expected);
    let test = "  - name: tier\n    expect: { tier: smb, territory: none }\n";
    assert_eq!(outcome(&scenario(), test).why, ["West (line 2: state CA) wins"]);
}

#[test]
fn coverage_counts_what_decisions_came_by() {
    let world = scenario().rep("ana", |rep| rep.crm_id = Some("005X".into()));
    let places = Places { ownership: vec![30, 32], ladders: [("default".to_owned(), 8)].into() };
    let of = |tests: &str| {
        let outcomes = outcomes(&world, tests);
        coverage(&world.rules, &places, outcomes.iter().map(|outcome| &outcome.decision))
    };
    let reached = |tests: &str| -> Vec<String> {
        let parts = of(tests).parts;
        parts.iter().map(|part| format!("{} {}/{}", part.what, part.reached(), part.items.len())).collect()
    };
    let one = "  - name: a\n    expect: { pool: west }\n";
    let expected = ["territory rows 1/1", "routes 0/0", "tiers 1/1", "pools 1/2", "ownership rules 0/2", "ladders 1/2"];
    assert_eq!(reached(one), expected);
    let two = "  - name: a\n    account: { owner: ana }\n    expect: { owner: ana }\n  \
               - name: b\n    away: [ben, cy]\n    expect: { pool: desk }\n";
    let expected = ["territory rows 1/1", "routes 0/0", "tiers 1/1", "pools 2/2", "ownership rules 1/2", "ladders 1/2"];
    assert_eq!(reached(two), expected);
    let parts = of(two).parts;
    let unreached: Vec<_> = parts[4].items.iter().filter(|item| !item.is_reached()).collect();
    assert_eq!((unreached[0].path, unreached[0].line), ("rules/routing.yaml", 32));
    assert_eq!((parts[1].percent(), parts[4].percent()), (100, 50));
    assert_eq!((parts[2].items[0].times, parts[4].items[1].times), (2, 0), "both leads came by the only tier");
}

#[test]
fn every_reason_has_the_word_of_its_stored_form() {
    let at = DateTime::UNIX_EPOCH;
    let all = [
        Rejection::Inactive,
        Rejection::OnLeave { until: at.date_naive() },
        Rejection::Holiday { region: "GB".into(), back_at: None },
        Rejection::OffRota { back_at: None },
        Rejection::OutOfOffice { until: at },
        Rejection::Busy { until: at },
        Rejection::Away,
        Rejection::Reserved { until: at },
        Rejection::NotAnswering { until: at },
        Rejection::AtCap { cap: 1, load: 1 },
        Rejection::AtWeekCap { cap: 1, load: 1 },
        Rejection::AtOpenCap { cap: 1, open: 1 },
        Rejection::MissingLanguage { wanted: "de".into() },
        Rejection::MissingSkill { skill: "x".into() },
        Rejection::MissingProduct { product: "x".into() },
        Rejection::CalendarUnknown { why: "x".into() },
        Rejection::NoPhone,
    ];
    let words: Vec<&str> = all.iter().map(reason_name).collect();
    assert_eq!(words, REASONS);
    for rejection in &all {
        let stored = serde_json::to_value(rejection).expect("a stored form");
        assert_eq!(stored["reason"], reason_name(rejection));
    }
}
