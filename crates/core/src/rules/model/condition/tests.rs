use super::*;
use crate::domain::lead::{FieldValue, Headcount};
use crate::rules::model::truth::day_number;
use chrono::NaiveDate;

fn is(field: &str, test: Test) -> Condition {
    Condition::Field { field: field.to_owned(), test }
}

fn one_of(field: &str, values: &[&str]) -> Condition {
    is(field, Test::OneOf(values.iter().map(|v| FieldValue::Text((*v).to_owned())).collect()))
}

fn range(at_least: Option<f64>, at_most: Option<f64>) -> Condition {
    is("lead.employees", Test::Range { at_least, at_most })
}

/// Knows the industry (Software), the score (72), two products and nothing else.
fn lookup(path: &str) -> Option<Looked> {
    match path {
        "lead.industry" => Some(Looked::Value(FieldValue::Text("Software".into()))),
        "lead.score" => Some(Looked::Value(FieldValue::Number(72.0))),
        "lead.products" => Some(Looked::Value(FieldValue::List(vec!["Voice".into(), "Chat".into()]))),
        "lead.custom.ends" => Some(Looked::Value(FieldValue::Text("2026-05-01".into()))),
        _ => None,
    }
}

fn verdict(condition: &Condition) -> Truth {
    condition.evaluate(&lookup).0
}

fn headcount(condition: &Condition, at_least: u32, at_most: Option<u32>) -> Truth {
    condition.evaluate(&|_| Some(Looked::Headcount(Headcount { at_least, at_most }))).0
}

#[test]
fn a_missing_field_is_undecided_and_named_once() {
    let missing = one_of("lead.country", &["US"]);
    let condition = Condition::All(vec![missing.clone(), Condition::Not(Box::new(missing))]);
    assert_eq!(condition.evaluate(&lookup), (Truth::Undecided, vec!["lead.country".to_owned()]));
}

#[test]
fn kleene_tables_hold() {
    let yes = one_of("lead.industry", &["software"]);
    let no = one_of("lead.industry", &["retail"]);
    let open = one_of("lead.country", &["US"]);
    let of = |parts: [&Condition; 2]| parts.into_iter().cloned().collect::<Vec<_>>();
    for (a, b, and, or) in [
        (&yes, &yes, Truth::Yes, Truth::Yes),
        (&yes, &no, Truth::No, Truth::Yes),
        (&yes, &open, Truth::Undecided, Truth::Yes),
        (&no, &no, Truth::No, Truth::No),
        (&no, &open, Truth::No, Truth::Undecided),
        (&open, &open, Truth::Undecided, Truth::Undecided),
    ] {
        for pair in [[a, b], [b, a]] {
            assert_eq!(verdict(&Condition::All(of(pair))), and, "all of {pair:?}");
            assert_eq!(verdict(&Condition::Any(of(pair))), or, "any of {pair:?}");
        }
    }
    assert_eq!(verdict(&Condition::Not(Box::new(open))), Truth::Undecided);
}

#[test]
fn a_settled_condition_names_no_missing_fields() {
    let condition = Condition::Any(vec![one_of("lead.country", &["US"]), one_of("lead.industry", &["software"])]);
    assert_eq!(condition.evaluate(&lookup), (Truth::Yes, vec![]));
}

#[test]
fn a_headcount_range_that_only_overlaps_is_undecided() {
    let mid = range(Some(100.0), Some(999.0));
    assert_eq!(headcount(&mid, 200, Some(500)), Truth::Yes);
    assert_eq!(headcount(&mid, 100, Some(999)), Truth::Yes);
    assert_eq!(headcount(&mid, 50, Some(100)), Truth::Undecided);
    assert_eq!(headcount(&mid, 50, Some(99)), Truth::No);
    assert_eq!(headcount(&mid, 500, None), Truth::Undecided);
    assert_eq!(headcount(&mid, 1000, None), Truth::No);
    assert_eq!(headcount(&range(Some(1000.0), None), 1000, None), Truth::Yes);
    let exactly = is("lead.employees", Test::OneOf(vec![FieldValue::Number(50.0)]));
    assert_eq!(headcount(&exactly, 50, Some(50)), Truth::Yes);
    assert_eq!(headcount(&exactly, 50, Some(60)), Truth::Undecided);
    assert_eq!(headcount(&exactly, 51, Some(60)), Truth::No);
}

/// "yes" of a voice model would be silently no flag, and the callers it is true of would go elsewhere.
#[test]
fn a_flag_is_read_however_it_is_said_and_else_it_is_undecided() {
    let vip = is("lead.custom.vip", Test::OneOf(vec![FieldValue::Flag(true)]));
    let text = |text: &str| FieldValue::Text(text.to_owned());
    for (said, expected) in [
        (FieldValue::Flag(true), Truth::Yes),
        (text("yes"), Truth::Yes),
        (text(" True "), Truth::Yes),
        (FieldValue::Number(1.0), Truth::Yes),
        (text("Y"), Truth::Yes),
        (FieldValue::List(vec!["yes".to_owned()]), Truth::Yes),
        (text("no"), Truth::No),
        (FieldValue::Number(0.0), Truth::No),
        (FieldValue::Flag(false), Truth::No),
        (text("perhaps"), Truth::Undecided),
        (FieldValue::Number(2.0), Truth::Undecided),
        (FieldValue::List(Vec::new()), Truth::Undecided),
    ] {
        let found = vip.evaluate(&|_| Some(Looked::Value(said.clone()))).0;
        assert_eq!(found, expected, "{said:?}");
    }
}

#[test]
fn lists_prefixes_and_dates_compare() {
    assert_eq!(verdict(&one_of("lead.products", &["voice"])), Truth::Yes);
    assert_eq!(verdict(&one_of("lead.products", &["mail"])), Truth::No);
    assert_eq!(verdict(&is("lead.industry", Test::Prefix(vec!["SOFT".into()]))), Truth::Yes);
    let day = |text: &str| text.parse::<NaiveDate>().map(day_number).ok();
    let until = is("lead.custom.ends", Test::Range { at_least: None, at_most: day("2026-05-01") });
    assert_eq!(verdict(&until), Truth::Yes);
    let after = is("lead.custom.ends", Test::Range { at_least: day("2026-05-02"), at_most: None });
    assert_eq!(verdict(&after), Truth::No);
    let wrong = is("lead.industry", Test::Range { at_least: Some(1.0), at_most: None });
    assert_eq!(verdict(&wrong), Truth::Undecided, "text that is no number does not answer a range");
}

#[test]
fn known_is_never_undecided() {
    assert_eq!(verdict(&is("lead.industry", Test::Known(true))), Truth::Yes);
    assert_eq!(verdict(&is("lead.country", Test::Known(true))), Truth::No);
    assert_eq!(verdict(&is("lead.country", Test::Known(false))), Truth::Yes);
}
