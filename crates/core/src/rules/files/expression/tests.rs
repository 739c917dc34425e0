mod faults;

use super::*;
use crate::domain::lead::{FieldValue, Headcount};
use crate::rules::fault::At;
use crate::rules::files::yaml;
use crate::rules::model::expression::Term;
use crate::rules::model::field::Looked;
use crate::rules::model::truth::{Test, Truth};

const FIELDS: &str = "lead.industry: { one_of: [Software, Retail] }\n\
                      lead.custom.ends: { type: date }\n\
                      lead.custom.starts: { type: date }\n\
                      lead.custom.seats: { type: number }\n\
                      lead.custom.price: { type: number }\n\
                      lead.custom.vip: { type: flag }\n\
                      lead.custom.two-words: { type: text }\n\
                      account.countries__c: { type: text, from: crm }\n";

fn vocabulary() -> Vocabulary {
    let mut faults = Faults::default();
    let node = yaml::parse("rules/routing.yaml", FIELDS, &mut faults);
    let vocabulary = Vocabulary::read(node.as_ref(), &mut faults);
    assert_eq!(faults.count(), 0);
    vocabulary
}

fn try_read(text: &str) -> Result<Expression, Vec<crate::rules::Fault>> {
    let mut faults = Faults::default();
    let origin = Origin { at: At::start_of("rules/routing.yaml"), inset: Some(0) };
    let expression = read(text, origin, &vocabulary(), &mut faults);
    let faults = faults.into_sorted();
    assert_eq!(expression.is_some(), faults.is_empty(), "a fault or an expression, never both or neither: {text}");
    expression.ok_or(faults)
}

fn good(text: &str) -> Expression {
    try_read(text).unwrap_or_else(|faults| panic!("{text}: {}", faults[0]))
}

fn text(value: &str) -> Option<Looked> {
    Some(Looked::Value(FieldValue::Text(value.to_owned())))
}

fn number(value: f64) -> Option<Looked> {
    Some(Looked::Value(FieldValue::Number(value)))
}

/// Software in Germany with 50 to 200 people, score 72, two products; title, price and the CRM are not known.
fn lookup(path: &str) -> Option<Looked> {
    match path {
        "lead.industry" => text("Software"),
        "lead.country" => text("DE"),
        "lead.postal" => text("SW1A1AA"),
        "lead.source" => text("Partner Portal"),
        "lead.score" => number(72.0),
        "lead.custom.seats" => number(120.0),
        "lead.custom.ends" => text("2026-05-01"),
        "lead.custom.starts" => text("2025-05-01"),
        "lead.live" => Some(Looked::Value(FieldValue::Flag(true))),
        "lead.custom.vip" => Some(Looked::Value(FieldValue::Flag(false))),
        "lead.products" => Some(Looked::Value(FieldValue::List(vec!["Voice".into(), "Chat".into()]))),
        "lead.employees" => Some(Looked::Headcount(Headcount { at_least: 50, at_most: Some(200) })),
        _ => None,
    }
}

fn verdict(source: &str) -> Truth {
    good(source).evaluate(&lookup).0
}

#[test]
fn comparisons_lists_and_functions_hold_or_do_not() {
    for source in [
        "lead.score > 71 && lead.score <= 72",
        "71 < lead.score",
        "lead.industry == 'software'",
        "lead.industry != \"Retail\"",
        "lead.country in [\"Germany\", \"FR\"]",
        "lead.score in [1, 72]",
        "lead.custom.ends in [\"2026-04-01\", \"2026-05-01\"]",
        "\"voice\" in lead.products",
        "lead.custom.ends < \"2026-05-02\" && lead.custom.ends >= \"2026-05-01\"",
        "lead.custom.starts < lead.custom.ends",
        "lead.source.startsWith(\"partner\")",
        "lead.source.endsWith(\"PORTAL\") && lead.source.contains('ner po')",
        "lead.postal.startsWith(\"sw1a 1\")",
        "size(lead.products) == 2 && lead.products.size() > 1 && size(lead.country) == 2",
        "lead.live && !lead.custom.vip && lead.live != lead.custom.vip && lead.live == true",
        "lead.custom.seats * 12 - 40 >= 1400 && lead.custom.seats / 2 == 60 && -lead.score < 0",
        "lead.custom.seats > 10 * 11.5",
        "has(lead.score) && !has(lead.title)",
        "lead.employees >= 50 && lead.employees < 201 && lead.employees * 2 >= 100",
        "lead.live ? lead.score > 1 : lead.score > 99",
    ] {
        assert_eq!(verdict(source), Truth::Yes, "{source}");
        assert_eq!(verdict(&format!("!({source})")), Truth::No, "{source}");
    }
}

#[test]
fn what_is_missing_or_not_settled_is_undecided_and_named() {
    for (source, missing) in [
        ("lead.title == \"CEO\"", &["lead.title"][..]),
        ("!(lead.title == \"CEO\")", &["lead.title"]),
        ("lead.title.contains(\"CEO\")", &["lead.title"]),
        ("size(lead.title) > 3", &["lead.title"]),
        ("lead.country in account.countries__c", &["account.countries__c"]),
        ("lead.custom.seats * lead.custom.price > 1000", &["lead.custom.price"]),
        ("lead.employees > 100", &["lead.employees"]),
        ("lead.employees * 2 > lead.score", &[][..]),
        ("lead.employees > lead.score", &["lead.employees"]),
        ("lead.custom.seats / (lead.score - 72) > 1", &["lead.custom.seats", "lead.score"]),
        ("lead.title == \"CEO\" ? lead.live : lead.live", &["lead.title"]),
    ] {
        let (verdict, named) = good(source).evaluate(&lookup);
        let open = if missing.is_empty() { Truth::Yes } else { Truth::Undecided };
        assert_eq!((verdict, named), (open, missing.iter().map(|field| (*field).to_owned()).collect()), "{source}");
    }
}

/// An error is never absorbed into "no"; what settles the question settles it, by Kleene, as in conditions as data.
#[test]
fn the_other_side_settles_or_leaves_open() {
    for (source, expected) in [
        ("lead.title == \"CEO\" || lead.live", Truth::Yes),
        ("lead.live || lead.title == \"CEO\"", Truth::Yes),
        ("lead.title == \"CEO\" || lead.custom.vip", Truth::Undecided),
        ("lead.title == \"CEO\" && lead.live", Truth::Undecided),
        ("lead.title == \"CEO\" && lead.custom.vip", Truth::No),
        ("!(lead.title == \"CEO\" && lead.live)", Truth::Undecided),
    ] {
        assert_eq!(verdict(source), expected, "{source}");
    }
}

/// The same question as data gives the same test.
#[test]
fn an_expression_agrees_with_the_same_test_as_data() {
    let of = |source: &str| match good(source).means {
        Term::Field { test, .. } => test,
        other => panic!("{source}: {other:?}"),
    };
    assert_eq!(of("lead.employees > 50"), Test::Range { at_least: Some(51.0), at_most: None });
    assert_eq!(of("lead.employees == 50"), Test::OneOf(vec![FieldValue::Number(50.0)]));
    assert_eq!(of("lead.custom.seats < 0.5"), Test::Range { at_least: None, at_most: Some(0.5_f64.next_down()) });
    assert_eq!(of("lead.country == \"Germany\""), Test::OneOf(vec![FieldValue::Text("DE".into())]));
    assert_eq!(of("lead.source.startsWith(\"p\")"), Test::Prefix(vec!["p".into()]));
}

#[test]
fn a_stored_expression_is_read_back_without_a_parser() {
    let expression = good("lead.custom.seats * 12 > 1000 || lead.country in [\"DE\"]");
    let stored = serde_json::to_string(&expression).unwrap();
    assert!(stored.contains("\"source\":\"lead.custom.seats * 12 > 1000"), "{stored}");
    assert_eq!(serde_json::from_str::<Expression>(&stored).unwrap(), expression);
}
