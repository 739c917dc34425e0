//! Numbers of an expression, as ranges: a number of employees is often known as "50 to 200" only, and whatever is
//! reckoned with it is no more certain than that.

use crate::domain::lead::FieldValue;
use crate::rules::model::field::Looked;
use crate::rules::model::truth::{Truth, measure, named, texts};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Amount {
    Number(f64),
    /// A number, or the day number of a date.
    Field(String),
    /// Characters of a text, items of a list.
    Size(String),
    Sum(Box<[Amount; 2]>),
    Difference(Box<[Amount; 2]>),
    Product(Box<[Amount; 2]>),
    Quotient(Box<[Amount; 2]>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    Less,
    LessOrEqual,
    Equal,
}

/// What is known of a number: it lies between these, both included.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Interval {
    low: f64,
    high: f64,
}

/// Undecided where a field is missing, where ranges overlap, and where the sum has no answer (division by zero).
pub(super) fn compare(
    left: &Amount,
    order: Order,
    right: &Amount,
    lookup: &dyn Fn(&str) -> Option<Looked>,
) -> (Truth, Vec<String>) {
    let spans = left.span(lookup).zip(right.span(lookup));
    let verdict = spans.map_or(Truth::Undecided, |(left, right)| order.verdict(left, right));
    if verdict != Truth::Undecided {
        return (verdict, Vec::new());
    }
    let mut fields: Vec<(String, bool)> = Vec::new();
    for amount in [left, right] {
        amount.each_leaf(&mut |leaf, field| {
            if !fields.iter().any(|(known, _)| known == field) {
                let certain = leaf.span(lookup).is_some_and(|span| span.low == span.high);
                fields.push((field.to_owned(), certain));
            }
        });
    }
    // Name what is missing or inexact; if every field is certain (division by zero), all of them.
    let all_certain = fields.iter().all(|(_, certain)| *certain);
    let open: Vec<&String> =
        fields.iter().filter(|(_, certain)| all_certain || !certain).map(|(field, _)| field).collect();
    named(Truth::Undecided, open)
}

impl Order {
    fn verdict(self, left: Interval, right: Interval) -> Truth {
        let (always, never) = match self {
            Self::Less => (left.high < right.low, left.low >= right.high),
            Self::LessOrEqual => (left.high <= right.low, left.low > right.high),
            Self::Equal => {
                let exact = left.low == left.high && right.low == right.high;
                (exact && left.low == right.low, left.high < right.low || left.low > right.high)
            }
        };
        match (always, never) {
            (true, _) => Truth::Yes,
            (false, true) => Truth::No,
            (false, false) => Truth::Undecided,
        }
    }
}

impl Amount {
    fn span(&self, lookup: &dyn Fn(&str) -> Option<Looked>) -> Option<Interval> {
        let both = |pair: &[Self; 2]| pair[0].span(lookup).zip(pair[1].span(lookup));
        match self {
            Self::Number(number) => Some(Interval { low: *number, high: *number }),
            Self::Field(field) => match lookup(field)? {
                Looked::Value(value) => measure(&value).map(|number| Interval { low: number, high: number }),
                Looked::Headcount(found) => Some(Interval {
                    low: f64::from(found.at_least),
                    high: found.at_most.map_or(f64::INFINITY, f64::from),
                }),
            },
            Self::Size(field) => match lookup(field)? {
                Looked::Value(value) => size(&value).map(|number| Interval { low: number, high: number }),
                Looked::Headcount(_) => None,
            },
            Self::Sum(pair) => both(pair).and_then(|(a, b)| corners(a, b, |a, b| a + b)),
            Self::Difference(pair) => both(pair).and_then(|(a, b)| corners(a, b, |a, b| a - b)),
            Self::Product(pair) => both(pair).and_then(|(a, b)| corners(a, b, |a, b| a * b)),
            Self::Quotient(pair) => {
                let (a, b) = both(pair)?;
                let over_zero = b.low <= 0.0 && b.high >= 0.0;
                if over_zero { None } else { corners(a, b, |a, b| a / b) }
            }
        }
    }

    /// It reads no field.
    pub(in crate::rules) fn is_constant(&self) -> bool {
        match self {
            Self::Number(_) => true,
            Self::Field(_) | Self::Size(_) => false,
            Self::Sum(pair) | Self::Difference(pair) | Self::Product(pair) | Self::Quotient(pair) => {
                pair.iter().all(Self::is_constant)
            }
        }
    }

    pub(super) fn each_field<'a>(&'a self, visit: &mut dyn FnMut(&'a str)) {
        self.each_leaf(&mut |_, field| visit(field));
    }

    /// Calls `visit` with every part that reads a field, and the field.
    fn each_leaf<'a>(&'a self, visit: &mut dyn FnMut(&'a Self, &'a str)) {
        match self {
            Self::Number(_) => {}
            Self::Field(field) | Self::Size(field) => visit(self, field),
            Self::Sum(pair) | Self::Difference(pair) | Self::Product(pair) | Self::Quotient(pair) => {
                pair.iter().for_each(|part| part.each_leaf(visit));
            }
        }
    }
}

fn size(value: &FieldValue) -> Option<f64> {
    let count = match value {
        FieldValue::List(items) => items.len(),
        FieldValue::Text(_) => texts(value).first()?.chars().count(),
        FieldValue::Number(_) | FieldValue::Flag(_) => return None,
    };
    u32::try_from(count).ok().map(f64::from)
}

/// All four operations are monotonic in each operand where they are defined, so their extremes lie in the corners. `None`
/// where a corner has no value (infinity times zero) or none has a finite end.
fn corners(a: Interval, b: Interval, operate: impl Fn(f64, f64) -> f64) -> Option<Interval> {
    let corners = [operate(a.low, b.low), operate(a.low, b.high), operate(a.high, b.low), operate(a.high, b.high)];
    if corners.iter().any(|corner| corner.is_nan()) {
        return None;
    }
    let low = corners.into_iter().fold(f64::INFINITY, f64::min);
    let high = corners.into_iter().fold(f64::NEG_INFINITY, f64::max);
    Some(Interval { low, high })
}
