use super::*;
use crate::routing::scenario::{day, row, scenario};
use crate::rules::model::condition::Condition;
use crate::rules::model::expression::{Amount, Expression, Order, Term};
use crate::rules::model::territories::Territories;
use crate::rules::model::truth::Test;
use std::collections::BTreeSet;

/// California, every ZIP code that begins with 941, and Germany in two sizes.
fn rules() -> RuleSet {
    let mut rules = scenario().rules;
    let us = |line, state: Option<&str>, postal: Option<&str>| TerritoryRow {
        country: Some("US".to_owned()),
        state: state.map(str::to_owned),
        postal_prefix: postal.map(str::to_owned),
        ..row(line, "West")
    };
    let large = TerritoryRow { country: Some("DE".to_owned()), employees: Some((Some(1000), None)), ..row(4, "West") };
    rules.territories = Territories::new(vec![us(2, Some("CA"), None), us(3, None, Some("941")), large], vec![]);
    rules
}

fn leads(rules: &RuleSet, seed: u64, count: usize) -> Vec<Trial> {
    Traffic::of(&[rules], seed, day("2026-01-05"), 100).take(count).collect()
}

#[test]
fn the_same_seed_gives_the_same_leads_and_another_one_others() {
    let rules = rules();
    assert_eq!(leads(&rules, 3, 200), leads(&rules, 3, 200));
    assert_ne!(leads(&rules, 3, 200), leads(&rules, 4, 200));
}

#[test]
fn leads_come_in_order_of_time_and_fewer_at_the_weekend() {
    let rules = rules();
    let cases = leads(&rules, 1, 530);
    assert!(cases.is_sorted_by_key(|case| case.at));
    let on = |date: &str| cases.iter().filter(|case| case.at.date_naive() == day(date)).count();
    assert_eq!((on("2026-01-05"), on("2026-01-10"), on("2026-01-11")), (100, 15, 15));
}

/// `when: lead.custom.plan == "gold" && lead.custom.seats > 40`
#[test]
fn what_an_expression_asks_for_is_met_and_missed() {
    let mut rules = rules();
    let plan = Term::Field {
        field: "lead.custom.plan".to_owned(),
        test: Test::OneOf(vec![FieldValue::Text("gold".to_owned())]),
    };
    let seats = Term::Compare {
        left: Amount::Number(40.0),
        order: Order::Less,
        right: Amount::Field("lead.custom.seats".to_owned()),
    };
    let asks = Expression { source: String::new(), means: Term::All(vec![plan, seats]) };
    rules.tiers[0].when = Condition::Expression(asks);
    let cases = leads(&rules, 1, 1000);
    let with = |is: &dyn Fn(&FieldValue) -> bool, name: &str| {
        cases.iter().filter(|case| case.lead.custom.get(name).is_some_and(is)).count()
    };
    let gold = |value: &FieldValue| *value == FieldValue::Text("gold".to_owned());
    let above = |value: &FieldValue| matches!(value, FieldValue::Number(number) if *number > 40.0);
    let below = |value: &FieldValue| matches!(value, FieldValue::Number(number) if *number <= 40.0);
    for (count, what) in [(with(&gold, "plan"), "gold"), (with(&above, "seats"), ">"), (with(&below, "seats"), "<=")] {
        assert!(count > 30, "{what}: {count} of 1000");
    }
}

#[test]
fn every_row_is_met_and_some_leads_lie_outside_all_of_them() {
    let rules = rules();
    let cases = leads(&rules, 1, 500);
    let text = |known: &Option<Known<String>>| known.as_ref().map(|known| known.value.clone());
    let met = |lead: &Lead, row: &TerritoryRow| {
        let company = &lead.company;
        let place = |wanted: &Option<String>, known| wanted.is_none() || *wanted == text(known);
        let postal = row.postal_prefix.as_deref();
        let size = company.employees.as_ref().map_or(0, |known| known.value.at_least);
        place(&row.country, &company.country)
            && place(&row.state, &company.state)
            && postal.is_none_or(|prefix| text(&company.postal).is_some_and(|code| code.starts_with(prefix)))
            && row.employees.is_none_or(|(least, _)| size >= least.unwrap_or(0))
    };
    for row in rules.territories.rows() {
        assert!(cases.iter().filter(|case| met(&case.lead, row)).count() > 50, "{row:?}");
    }
    let outside = cases.iter().filter(|case| !rules.territories.rows().iter().any(|row| met(&case.lead, row))).count();
    assert!((20..200).contains(&outside), "{outside} outside");
    let ids: BTreeSet<_> = cases.iter().map(|case| &case.lead.id).collect();
    assert_eq!(ids.len(), cases.len());
}
