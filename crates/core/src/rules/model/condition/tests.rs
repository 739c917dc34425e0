use super::*;
use crate::domain::lead::{FieldValue, Headcount};
use crate::rules::model::verdict::day_number;
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

fn verdict(condition: &Condition) -> Verdict {
    condition.evaluate(&lookup).0
}

fn headcount(condition: &Condition, at_least: u32, at_most: Option<u32>) -> Verdict {
    condition.evaluate(&|_| Some(Looked::Headcount(Headcount { at_least, at_most }))).0
}

#[test]
fn a_missing_field_is_undecided_and_named_once() {
    let missing = one_of("lead.country", &["US"]);
    let condition = Condition::All(vec![missing.clone(), Condition::Not(Box::new(missing))]);
    assert_eq!(condition.evaluate(&lookup), (Verdict::Undecided, vec!["lead.country".to_owned()]));
}

#[test]
fn kleene_tables_hold() {
    let yes = one_of("lead.industry", &["software"]);
    let no = one_of("lead.industry", &["retail"]);
    let open = one_of("lead.country", &["US"]);
    let of = |parts: [&Condition; 2]| parts.into_iter().cloned().collect::<Vec<_>>();
    for (a, b, and, or) in [
        (&yes, &yes, Verdict::Yes, Verdict::Yes),
        (&yes, &no, Verdict::No, Verdict::Yes),
        (&yes, &open, Verdict::Undecided, Verdict::Yes),
        (&no, &no, Verdict::No, Verdict::No),
        (&no, &open, Verdict::No, Verdict::Undecided),
        (&open, &open, Verdict::Undecided, Verdict::Undecided),
    ] {
        for pair in [[a, b], [b, a]] {
            assert_eq!(verdict(&Condition::All(of(pair))), and, "all of {pair:?}");
            assert_eq!(verdict(&Condition::Any(of(pair))), or, "any of {pair:?}");
        }
    }
    assert_eq!(verdict(&Condition::Not(Box::new(open))), Verdict::Undecided);
}

#[test]
fn a_settled_condition_names_no_missing_fields() {
    let condition = Condition::Any(vec![one_of("lead.country", &["US"]), one_of("lead.industry", &["software"])]);
    assert_eq!(condition.evaluate(&lookup), (Verdict::Yes, vec![]));
}

#[test]
fn a_headcount_range_that_only_overlaps_is_undecided() {
    let mid = range(Some(100.0), Some(999.0));
    assert_eq!(headcount(&mid, 200, Some(500)), Verdict::Yes);
    assert_eq!(headcount(&mid, 100, Some(999)), Verdict::Yes);
    assert_eq!(headcount(&mid, 50, Some(100)), Verdict::Undecided);
    assert_eq!(headcount(&mid, 50, Some(99)), Verdict::No);
    assert_eq!(headcount(&mid, 500, None), Verdict::Undecided);
    assert_eq!(headcount(&mid, 1000, None), Verdict::No);
    assert_eq!(headcount(&range(Some(1000.0), None), 1000, None), Verdict::Yes);
    let exactly = is("lead.employees", Test::OneOf(vec![FieldValue::Number(50.0)]));
    assert_eq!(headcount(&exactly, 50, Some(50)), Verdict::Yes);
    assert_eq!(headcount(&exactly, 50, Some(60)), Verdict::Undecided);
    assert_eq!(headcount(&exactly, 51, Some(60)), Verdict::No);
}

/// "yes" of a voice model would be silently no flag, and the callers it is true of would go elsewhere.
#[test]
fn a_flag_is_read_however_it_is_said_and_else_it_is_undecided() {
    let vip = is("lead.custom.vip", Test::OneOf(vec![FieldValue::Flag(true)]));
    let text = |text: &str| FieldValue::Text(text.to_owned());
    for (said, expected) in [
        (FieldValue::Flag(true), Verdict::Yes),
        (text("yes"), Verdict::Yes),
        (text(" True "), Verdict::Yes),
        (FieldValue::Number(1.0), Verdict::Yes),
        (text("Y"), Verdict::Yes),
        (FieldValue::List(vec!["yes".to_owned()]), Verdict::Yes),
        (text("no"), Verdict::No),
        (FieldValue::Number(0.0), Verdict::No),
        (FieldValue::Flag(false), Verdict::No),
        (text("perhaps"), Verdict::Undecided),
        (FieldValue::Number(2.0), Verdict::Undecided),
        (FieldValue::List(Vec::new()), Verdict::Undecided),
    ] {
        let found = vip.evaluate(&|_| Some(Looked::Value(said.clone()))).0;
        assert_eq!(found, expected, "{said:?}");
    }
}

#[test]
fn lists_prefixes_and_dates_compare() {
    assert_eq!(verdict(&one_of("lead.products", &["voice"])), Verdict::Yes);
    assert_eq!(verdict(&one_of("lead.products", &["mail"])), Verdict::No);
    assert_eq!(verdict(&is("lead.industry", Test::Prefix(vec!["SOFT".into()]))), Verdict::Yes);
    let day = |text: &str| text.parse::<NaiveDate>().map(day_number).ok();
    let until = is("lead.custom.ends", Test::Range { at_least: None, at_most: day("2026-05-01") });
    assert_eq!(verdict(&until), Verdict::Yes);
    let after = is("lead.custom.ends", Test::Range { at_least: day("2026-05-02"), at_most: None });
    assert_eq!(verdict(&after), Verdict::No);
    let wrong = is("lead.industry", Test::Range { at_least: Some(1.0), at_most: None });
    assert_eq!(verdict(&wrong), Verdict::Undecided, "text that is no number does not answer a range");
}

#[test]
fn known_is_never_undecided() {
    assert_eq!(verdict(&is("lead.industry", Test::Known(true))), Verdict::Yes);
    assert_eq!(verdict(&is("lead.country", Test::Known(true))), Verdict::No);
    assert_eq!(verdict(&is("lead.country", Test::Known(false))), Verdict::Yes);
}
