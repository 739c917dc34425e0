//! One field against one test, with three outcomes: what is not known leaves it *undecided*, never "no".

use crate::domain::lead::{FieldValue, Headcount};
use crate::rules::model::field::Looked;
use crate::rules::words::values;
use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

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

/// Whether a test or a condition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Truth {
    Yes,
    No,
    /// A field is missing, or what is known of it does not settle the question.
    Undecided,
}

/// A date on the scale of [`Test::Range`]: days, counted from the first of January of the year 1.
pub fn day_number(date: NaiveDate) -> f64 {
    f64::from(date.num_days_from_ce())
}

/// `and` with `settles = No`, `or` with `settles = Yes`: one such part decides, else an undecided part leaves it open.
pub(in crate::rules) fn combine(
    parts: impl Iterator<Item = (Truth, Vec<String>)>,
    settles: Truth,
) -> (Truth, Vec<String>) {
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
    if open.is_empty() { (settles.negated(), open) } else { (Truth::Undecided, open) }
}

/// The verdict, and the fields that left it open if it is.
pub(super) fn named<'f>(verdict: Truth, fields: impl IntoIterator<Item = &'f String>) -> (Truth, Vec<String>) {
    let open = verdict == Truth::Undecided;
    (verdict, fields.into_iter().filter(|_| open).cloned().collect())
}

impl Truth {
    pub(in crate::rules) fn negated(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            Self::Undecided => Self::Undecided,
        }
    }
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}

impl Test {
    pub(in crate::rules) fn verdict(&self, looked: Option<&Looked>) -> Truth {
        let Some(looked) = looked else {
            return if let Self::Known(wanted) = self { (!wanted).into() } else { Truth::Undecided };
        };
        match (self, looked) {
            (Self::Known(wanted), _) => (*wanted).into(),
            (Self::OneOf(values), Looked::Value(found))
                if values.iter().any(|value| matches!(value, FieldValue::Flag(_))) =>
            {
                let Some(found) = flag(found) else { return Truth::Undecided };
                values.iter().any(|value| flag(value) == Some(found)).into()
            }
            (Self::OneOf(values), Looked::Value(found)) => values.iter().any(|value| equal(found, value)).into(),
            (Self::OneOf(values), Looked::Headcount(found)) => one_of_counts(values, *found),
            (Self::Prefix(prefixes), Looked::Value(found)) => {
                texts(found).iter().any(|text| prefixes.iter().any(|prefix| starts_with(text, prefix))).into()
            }
            (Self::Prefix(_), Looked::Headcount(_)) => Truth::Undecided,
            (Self::Range { at_least, at_most }, Looked::Headcount(found)) => {
                let top = found.at_most.map_or(f64::INFINITY, f64::from);
                within(f64::from(found.at_least), top, *at_least, *at_most)
            }
            (Self::Range { at_least, at_most }, Looked::Value(found)) => match measure(found) {
                Some(number) => within(number, number, *at_least, *at_most),
                None => Truth::Undecided,
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

fn one_of_counts(values: &[FieldValue], found: Headcount) -> Truth {
    let top = found.at_most.map_or(f64::INFINITY, f64::from);
    let verdicts = values.iter().filter_map(measure).map(|n| within(f64::from(found.at_least), top, Some(n), Some(n)));
    verdicts.fold(Truth::No, |so_far, verdict| match (so_far, verdict) {
        (Truth::Yes, _) | (_, Truth::Yes) => Truth::Yes,
        (Truth::Undecided, _) | (_, Truth::Undecided) => Truth::Undecided,
        (Truth::No, Truth::No) => Truth::No,
    })
}

/// Does `low..=high` lie within the asked range? Undecided if it only overlaps.
fn within(low: f64, high: f64, at_least: Option<f64>, at_most: Option<f64>) -> Truth {
    let floor = at_least.unwrap_or(f64::NEG_INFINITY);
    let ceiling = at_most.unwrap_or(f64::INFINITY);
    if low >= floor && high <= ceiling {
        Truth::Yes
    } else if high < floor || low > ceiling {
        Truth::No
    } else {
        Truth::Undecided
    }
}

/// Text compares without regard to case; a list equals if one of its items does; numbers and flags also equal their text,
/// since platforms differ in how they send them.
pub(in crate::rules) fn equal(found: &FieldValue, wanted: &FieldValue) -> bool {
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
pub(in crate::rules) fn texts(value: &FieldValue) -> Vec<String> {
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
pub(in crate::rules) fn measure(value: &FieldValue) -> Option<f64> {
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
