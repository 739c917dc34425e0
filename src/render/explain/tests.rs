use super::*;
use baton_core::domain::known::Fact;
use baton_core::domain::lead::FieldValue;
use baton_core::routing::reason::TakenBecause;
use baton_core::routing::scenario::{Scenario, at, moment, pool_id, rep_id, row, scenario, text_is};
use baton_core::rules::model::condition::{Condition, IfUndecided};
use baton_core::rules::model::expression::{Amount, Expression, Order, Term};
use baton_core::rules::model::row::TerritoryRow;
use baton_core::rules::model::set::RouteTo;
use baton_core::rules::model::truth::Test;

fn told(world: &Scenario) -> String {
    explain(&world.decide(), &world.lead, &world.rules)
}

#[test]
fn a_delegated_call_is_told_from_account_to_plan() {
    let world = scenario()
        .owner("ana")
        .on_leave("ana")
        .leave_at_most(10)
        .delegate("ana", "dan")
        .busy("ben", "10:30")
        .rep("ben", |rep| rep.timezone = Zone::named("Europe/Berlin"))
        .territory(row(3, "Rest"));
    let expected = "\
ANA owns the lead of Acme (LEAD), decided Wed 7 Jan 2026 10:00 UTC.
Because: account owner on leave until Fri 16 Jan 2026: the delegate takes the call, the lead stays.
The caller's clock: America/Los_Angeles, by state or postal code.
Rules: release aaaaaaaaaaaa.

Account
  Acme (001), matched by domain, 100.0 % sure, says mirror 2 min ago.

Ownership
  The account owner, ANA, is on leave until Fri 16 Jan 2026: DAN takes the call as delegate, ANA keeps the lead.

Territory
  West (line 2: state CA) wins.
  Rest (line 3: everything) is less specific.

Tier
  smb: holds.

Pool west: serves West
  1. CY: balance +1.00 with this lead's share (weight 1, balance +0.00).
  Not BEN: busy until Wed 7 Jan 2026 11:30 CET (weight 1, balance +0.00).

Turn
  This lead costs nobody a turn.

Plan
  1. Warm transfer: ring DAN (delegate), then CY.
  2. Booking with ANA.
  3. Callback by ANA.
";
    assert_eq!(told(&world), expected.replace("LEAD", world.lead.id.as_str()));
}

#[test]
fn segments_and_expressions_are_told_with_their_own_verdicts() {
    let segment =
        Condition::Segment { name: "strategic".to_owned(), is: Box::new(text_is("lead.industry", "software")) };
    let seats = || Amount::Field("lead.custom.seats".to_owned());
    let expression = Condition::Expression(Expression {
        source: "lead.custom.seats * 12 > 1000".to_owned(),
        means: Term::Compare {
            left: Amount::Number(1000.0),
            order: Order::Less,
            right: Amount::Product(Box::new([seats(), Amount::Number(12.0)])),
        },
    });
    let to = RouteTo::Rep("ana".to_owned().try_into().expect("a slug"));
    let when = Condition::All(vec![segment, expression]);
    let text = told(&scenario().route("big", when, IfUndecided::Skip, to));
    let line = "  \"big\" (line 40): undecided without lead.custom.seats (segment strategic holds; \
                lead.custom.seats * 12 > 1000 undecided without lead.custom.seats).";
    assert!(text.lines().any(|told| told == line), "{text}");
}

#[test]
fn a_consent_that_a_route_asks_for_is_told_by_its_name() {
    let test = Test::OneOf(vec![FieldValue::Flag(true)]);
    let agreed = Condition::Field { field: "lead.consent.email".to_owned(), test };
    let mut world = scenario().route("mailing", agreed, IfUndecided::Skip, RouteTo::Pool(pool_id("desk")));
    let line = "  \"mailing\" (line 40): undecided without lead.consent.email.";
    let text = told(&world);
    assert!(text.lines().any(|told| told == line), "{text}");
    for (given, verdict) in [(true, "holds"), (false, "does not hold")] {
        world.lead.consent.email = Some(given.into());
        let (text, line) = (told(&world), format!("  \"mailing\" (line 40): {verdict}."));
        assert!(text.lines().any(|told| told == line), "{text}");
    }
}

#[test]
fn turns_overflows_and_conflicts_are_told_with_their_numbers() {
    let state = |line, name| TerritoryRow { state: Some("CA".into()), ..row(line, name) };
    let campaign = TerritoryRow { priority: 2, ..state(6, "West") };
    let world = scenario()
        .crm_is_down()
        .away("ben")
        .off_rota("cy")
        .territory(state(4, "Pacific"))
        .territory(campaign)
        .balances("desk", &[("dee", -0.25), ("eve", 0.25)])
        .calendar_unknown("dee")
        .route(
            "gold",
            text_is("lead.custom.tier", "gold"),
            IfUndecided::Skip,
            RouteTo::Rep("ana".to_owned().try_into().expect("a slug")),
        );
    let text = told(&world);
    for line in [
        "  Not known: salesforce did not answer in 700 ms.",
        "  There is no account owner.",
        "  \"gold\" (line 40): undecided without lead.custom.tier.",
        "  West (line 6: state CA) wins.",
        "  Pacific (line 4: state CA) has the lower priority, 0 to 2.",
        "Pool west: serves West",
        "  Not BEN: away (weight 1, balance +0.00).",
        "  Not CY: off rota, back Wed 7 Jan 2026 22:00 UTC (weight 1, balance +0.00).",
        "Pool desk: catch-all: west overflows nowhere else",
        "  1. EVE: balance +1.25 with this lead's share (weight 1, balance +0.25).",
        "  2. DEE: after the others, calendar unknown; balance +0.75 with this lead's share (weight 1, balance -0.25).",
        "  EVE pays one turn in desk, shared among 1 (entry 11).",
        "  1. Warm transfer: ring EVE, then DEE.",
        "Not known in time",
        "  account unknown: salesforce did not answer in 700 ms",
        "  calendar of dee unknown: no answer",
    ] {
        assert!(text.lines().any(|told| told == line), "{line:?} is missing in\n{text}");
    }
    let conflict = told(&scenario().territory(state(4, "Pacific")));
    assert!(conflict.contains("Pacific (line 4: state CA) is of equal rank and comes later in the file."));
    assert!(conflict.contains("Rows of equal rank name different territories"));
}

#[test]
fn who_got_a_lead_that_had_waited_is_told_after_the_facts() {
    let world = scenario();
    let decision = world.decide();
    let told = |taken: Option<TakenBecause>| {
        let again = DecidedAgain { owner: rep_id("cy"), ..DecidedAgain::of(&decision, taken) };
        explain_whole(&decision, &world.lead, &world.snapshot, &[(at("11:30"), again)], None, &world.rules)
    };
    let text = told(None);
    let (before, after) = text.split_once("\nDecided again ").expect("the second decision");
    assert!(before.contains("\nKnown at "), "{before}");
    let because = "first of 2 who may take it in west (serves West)";
    let headline = format!("Wed 7 Jan 2026 11:30 UTC: CY owns the lead that waited.\nBecause: {because}.\n");
    assert!(after.starts_with(&headline), "{after}");
    assert!(after.contains("\nPool west: serves West\n  1. BEN: "), "{after}");
    let text = told(Some(TakenBecause::Left { rep: rep_id("ben") }));
    let line = format!("CY owns the lead now.\nBecause: ben is not active any more: {because}.\n");
    assert!(text.contains(&line), "{text}");
}

#[test]
fn balances_are_told_before_and_after() {
    let text = told(&scenario());
    assert!(text.contains("1. BEN: balance +0.50 with this lead's share (weight 1, balance +0.00, now -0.50)."));
    assert!(text.contains("2. CY: balance +0.50 with this lead's share (weight 1, balance +0.00, now +0.50)."));
    assert!(text.contains("BEN pays one turn in west, shared among 2 (entry 1)."));
}

#[test]
fn the_age_of_a_fact_is_told_in_round_numbers() {
    let mut world = scenario();
    for (observed, told_as) in [
        (at("10:00"), "None, says mirror just now."),
        (moment("2026-01-07T09:59:15Z"), "None, says mirror 45 s ago."),
        (at("09:20"), "None, says mirror 40 min ago."),
        (at("03:00"), "None, says mirror 7 h ago."),
    ] {
        world.snapshot.account = Fact::Known { value: None.into(), observed_at: observed, source: "mirror".into() };
        assert!(told(&world).contains(told_as), "{told_as}");
    }
}
