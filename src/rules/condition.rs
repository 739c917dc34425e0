//! Conditions as data, with three outcomes: a field that is missing makes a condition *undecided*, never "no match".

use super::expression::Expression;
use super::field::Looked;
use super::values;
use crate::domain::lead::{FieldValue, Headcount};
use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// Holds for every lead: a tier or route without conditions.
    Always,
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    /// One field against one test. `field` is a path such as `lead.industry`, `lead.custom.seats`, `account.tier__c`.
    Field {
        field: String,
        test: Test,
    },
    /// A condition that has a name under `segments:`, written out.
    Segment {
        name: String,
        is: Box<Condition>,
    },
    /// `when:`.
    Expression(Expression),
}

/// How a part of a condition that people know by name, a segment or an expression, came out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NamedPart {
    /// `segment strategic`, or the source of the expression.
    pub name: String,
    pub verdict: Verdict,
    /// Fields that left it open.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Test {
    /// Equal to one of these; text compares without regard to case.
    OneOf(Vec<FieldValue>),
    /// Starts with one of these, without regard to case.
    Prefix(Vec<String>),
    /// Both ends included; a headcount range fits if it lies within, and is undecided if it only overlaps. Dates count
    /// in days, see [`day_number`].
    Range { at_least: Option<f64>, at_most: Option<f64> },
    /// The field is known (`true`) or unknown (`false`).
    Known(bool),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Yes,
    No,
    /// A field is missing, or what is known of it does not settle the question.
    Undecided,
}

/// What a rule with an undecided condition does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IfUndecided {
    /// Go on to the next rule, and say so in the trace.
    #[default]
    Skip,
    CatchAll,
}

/// A date on the scale of [`Test::Range`]: days, counted from the first of January of the year 1.
pub fn day_number(date: NaiveDate) -> f64 {
    f64::from(date.num_days_from_ce())
}

impl Condition {
    /// Decides by Kleene's three-valued logic: `lookup` gives what is known of a field, `None` where nothing is.
    ///
    /// The second value names the fields that left it open, each once, in order; empty unless undecided.
    pub fn evaluate(&self, lookup: &dyn Fn(&str) -> Option<Looked>) -> (Verdict, Vec<String>) {
        match self {
            Self::Always => (Verdict::Yes, Vec::new()),
            Self::All(parts) => combine(parts.iter().map(|part| part.evaluate(lookup)), Verdict::No),
            Self::Any(parts) => combine(parts.iter().map(|part| part.evaluate(lookup)), Verdict::Yes),
            Self::Not(inner) => {
                let (verdict, missing) = inner.evaluate(lookup);
                (verdict.negated(), missing)
            }
            Self::Field { field, test } => match test.verdict(lookup(field).as_ref()) {
                Verdict::Undecided => (Verdict::Undecided, vec![field.clone()]),
                decided => (decided, Vec::new()),
            },
            Self::Segment { is, .. } => is.evaluate(lookup),
            Self::Expression(expression) => expression.evaluate(lookup),
        }
    }

    /// The segments and expressions in it, outermost first and each once, with their own verdicts.
    pub fn named_parts(&self, lookup: &dyn Fn(&str) -> Option<Looked>) -> Vec<NamedPart> {
        let mut parts: Vec<NamedPart> = Vec::new();
        self.each_part(&mut |part| {
            let name = match part {
                Self::Segment { name, .. } => format!("segment {name}"),
                Self::Expression(expression) => expression.source.clone(),
                Self::Always | Self::All(_) | Self::Any(_) | Self::Not(_) | Self::Field { .. } => return,
            };
            if !parts.iter().any(|known| known.name == name) {
                let (verdict, missing) = part.evaluate(lookup);
                parts.push(NamedPart { name, verdict, missing });
            }
        });
        parts
    }

    /// Calls `visit` with the condition and everything inside it, outermost first.
    pub fn each_part<'a>(&'a self, visit: &mut dyn FnMut(&'a Self)) {
        visit(self);
        match self {
            Self::Always | Self::Field { .. } | Self::Expression(_) => {}
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.each_part(visit)),
            Self::Not(inner) | Self::Segment { is: inner, .. } => inner.each_part(visit),
        }
    }

    /// Calls `visit` with the path of every field that is tested.
    pub fn each_field<'a>(&'a self, visit: &mut dyn FnMut(&'a str)) {
        match self {
            Self::Always => {}
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.each_field(visit)),
            Self::Not(inner) => inner.each_field(visit),
            Self::Field { field, .. } => visit(field),
            Self::Segment { is, .. } => is.each_field(visit),
            Self::Expression(expression) => expression.each_field(visit),
        }
    }
}

/// `and` with `settles = No`, `or` with `settles = Yes`: one such part decides, else an undecided part leaves it open.
pub(super) fn combine(parts: impl Iterator<Item = (Verdict, Vec<String>)>, settles: Verdict) -> (Verdict, Vec<String>) {
    let mut open: Vec<String> = Vec::new();
    for (verdict, missing) in parts {
        if verdict == settles {
            return (settles, Vec::new());
        }
        for field in missing {
            if !open.contains(&field) {
                open.push(field);
            }
        }
    }
    if open.is_empty() { (settles.negated(), open) } else { (Verdict::Undecided, open) }
}

impl Verdict {
    pub(super) fn negated(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            Self::Undecided => Self::Undecided,
        }
    }
}

impl From<bool> for Verdict {
    fn from(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}

impl Test {
    pub(super) fn verdict(&self, looked: Option<&Looked>) -> Verdict {
        let Some(looked) = looked else {
            return if let Self::Known(wanted) = self { (!wanted).into() } else { Verdict::Undecided };
        };
        match (self, looked) {
            (Self::Known(wanted), _) => (*wanted).into(),
            (Self::OneOf(values), Looked::Value(found))
                if values.iter().any(|value| matches!(value, FieldValue::Flag(_))) =>
            {
                let Some(found) = flag(found) else { return Verdict::Undecided };
                values.iter().any(|value| flag(value) == Some(found)).into()
            }
            (Self::OneOf(values), Looked::Value(found)) => values.iter().any(|value| equal(found, value)).into(),
            (Self::OneOf(values), Looked::Headcount(found)) => one_of_counts(values, *found),
            (Self::Prefix(prefixes), Looked::Value(found)) => {
                texts(found).iter().any(|text| prefixes.iter().any(|prefix| starts_with(text, prefix))).into()
            }
            (Self::Prefix(_), Looked::Headcount(_)) => Verdict::Undecided,
            (Self::Range { at_least, at_most }, Looked::Headcount(found)) => {
                let top = found.at_most.map_or(f64::INFINITY, f64::from);
                within(f64::from(found.at_least), top, *at_least, *at_most)
            }
            (Self::Range { at_least, at_most }, Looked::Value(found)) => match measure(found) {
                Some(number) => within(number, number, *at_least, *at_most),
                None => Verdict::Undecided,
            },
        }
    }
}

/// A flag, however a model or a form sends it; `None` for what is neither yes nor no.
fn flag(value: &FieldValue) -> Option<bool> {
    match value {
        FieldValue::Flag(flag) => Some(*flag),
        FieldValue::Number(number) => values::flag(&number.to_string()),
        FieldValue::Text(text) => values::flag(text.trim()),
        FieldValue::List(items) => match items.as_slice() {
            [only] => values::flag(only.trim()),
            _ => None,
        },
    }
}

fn one_of_counts(values: &[FieldValue], found: Headcount) -> Verdict {
    let top = found.at_most.map_or(f64::INFINITY, f64::from);
    let verdicts = values.iter().filter_map(measure).map(|n| within(f64::from(found.at_least), top, Some(n), Some(n)));
    verdicts.fold(Verdict::No, |so_far, verdict| match (so_far, verdict) {
        (Verdict::Yes, _) | (_, Verdict::Yes) => Verdict::Yes,
        (Verdict::Undecided, _) | (_, Verdict::Undecided) => Verdict::Undecided,
        (Verdict::No, Verdict::No) => Verdict::No,
    })
}

/// Does `low..=high` lie within the asked range? Undecided if it only overlaps.
fn within(low: f64, high: f64, at_least: Option<f64>, at_most: Option<f64>) -> Verdict {
    let floor = at_least.unwrap_or(f64::NEG_INFINITY);
    let ceiling = at_most.unwrap_or(f64::INFINITY);
    if low >= floor && high <= ceiling {
        Verdict::Yes
    } else if high < floor || low > ceiling {
        Verdict::No
    } else {
        Verdict::Undecided
    }
}

/// Text compares without regard to case; a list equals if one of its items does; numbers and flags also equal their text,
/// since platforms differ in how they send them.
pub(super) fn equal(found: &FieldValue, wanted: &FieldValue) -> bool {
    match (found, wanted) {
        (FieldValue::Number(a), FieldValue::Number(b)) => a == b,
        (FieldValue::Flag(known), other) | (other, FieldValue::Flag(known)) => flag(other) == Some(*known),
        _ => {
            let wanted = texts(wanted);
            texts(found).iter().any(|text| wanted.contains(text))
        }
    }
}

/// Lower-case texts of a value: one, or the items of a list.
pub(super) fn texts(value: &FieldValue) -> Vec<String> {
    match value {
        FieldValue::Text(text) => vec![text.trim().to_lowercase()],
        FieldValue::Number(number) => vec![number.to_string()],
        FieldValue::Flag(flag) => vec![flag.to_string()],
        FieldValue::List(items) => items.iter().map(|item| item.trim().to_lowercase()).collect(),
    }
}

/// `text` is lower case already, see [`texts`].
fn starts_with(text: &str, prefix: &str) -> bool {
    text.starts_with(&prefix.to_lowercase())
}

/// A number, or the day of a date; `None` for what cannot be compared.
pub(super) fn measure(value: &FieldValue) -> Option<f64> {
    match value {
        FieldValue::Number(number) => Some(*number),
        FieldValue::Text(text) => {
            let text = text.trim();
            let date = || text.parse::<NaiveDate>().ok().map(day_number);
            text.parse::<f64>().ok().filter(|number| number.is_finite()).or_else(date)
        }
        FieldValue::Flag(_) | FieldValue::List(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
