//! What an expression means: a [`Term`], which is evaluated without the text it was read from.
//!
//! It is not evaluated by the crate that parses it, for three reasons. CEL lets the other side of `||` absorb an error, where a
//! field that is missing must stay *undecided* and be named. A number of employees is a range here, text compares without
//! regard to case, dates are written as text: an expression must agree with the same test written as data, so both go through
//! [`Test`]. And a term holds no loop and no pattern: its cost is its length.

mod amount;

pub use amount::{Amount, Order};

use crate::rules::model::field::Looked;
use crate::rules::model::truth::{Test, Truth, combine, equal, named, texts};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Expression {
    /// As people wrote it, for traces and reports.
    pub source: String,
    /// What it means; kept beside the source, so that a stored rule needs no parser to be read.
    pub means: Term,
}

/// A checked expression: fields exist, types fit, nothing loops.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Term {
    All(Vec<Term>),
    Any(Vec<Term>),
    Not(Box<Term>),
    /// `a ? b : c`; undecided while `a` is.
    Choose {
        when: Box<Term>,
        then: Box<Term>,
        otherwise: Box<Term>,
    },
    /// A field against literals: the same tests as in conditions as data.
    Field {
        field: String,
        test: Test,
    },
    /// The text, or one item of the list, ends with or contains `text`, which is lower case.
    Piece {
        field: String,
        place: TextPosition,
        text: String,
    },
    /// Two fields hold the same text or flag; of a list, one item is enough.
    Same {
        left: String,
        right: String,
    },
    Compare {
        left: Amount,
        order: Order,
        right: Amount,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextPosition {
    End,
    Anywhere,
}

impl Expression {
    pub fn evaluate(&self, lookup: &dyn Fn(&str) -> Option<Looked>) -> (Truth, Vec<String>) {
        self.means.evaluate(lookup)
    }

    pub fn each_field<'a>(&'a self, visit: &mut dyn FnMut(&'a str)) {
        self.means.each_field(visit);
    }
}

impl Term {
    /// Like [`crate::rules::model::condition::Condition::evaluate`], by the same logic.
    fn evaluate(&self, lookup: &dyn Fn(&str) -> Option<Looked>) -> (Truth, Vec<String>) {
        match self {
            Self::All(parts) => combine(parts.iter().map(|part| part.evaluate(lookup)), Truth::No),
            Self::Any(parts) => combine(parts.iter().map(|part| part.evaluate(lookup)), Truth::Yes),
            Self::Not(inner) => {
                let (verdict, missing) = inner.evaluate(lookup);
                (verdict.negated(), missing)
            }
            Self::Choose { when, then, otherwise } => match when.evaluate(lookup) {
                (Truth::Yes, _) => then.evaluate(lookup),
                (Truth::No, _) => otherwise.evaluate(lookup),
                undecided @ (Truth::Undecided, _) => undecided,
            },
            Self::Field { field, test } => named(test.verdict(lookup(field).as_ref()), [field]),
            Self::Piece { field, place, text } => named(piece(lookup(field), *place, text), [field]),
            Self::Same { left, right } => same(left, right, lookup),
            Self::Compare { left, order, right } => amount::compare(left, *order, right, lookup),
        }
    }

    fn each_field<'a>(&'a self, visit: &mut dyn FnMut(&'a str)) {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.each_field(visit)),
            Self::Not(inner) => inner.each_field(visit),
            Self::Choose { when, then, otherwise } => {
                [when, then, otherwise].into_iter().for_each(|part| part.each_field(visit));
            }
            Self::Field { field, .. } | Self::Piece { field, .. } => visit(field),
            Self::Same { left, right } => [left, right].into_iter().for_each(|field| visit(field)),
            Self::Compare { left, right, .. } => {
                left.each_field(visit);
                right.each_field(visit);
            }
        }
    }
}

fn piece(found: Option<Looked>, place: TextPosition, wanted: &str) -> Truth {
    let Some(Looked::Value(value)) = found else { return Truth::Undecided };
    let fits = |text: &String| match place {
        TextPosition::End => text.ends_with(wanted),
        TextPosition::Anywhere => text.contains(wanted),
    };
    texts(&value).iter().any(fits).into()
}

fn same(left: &String, right: &String, lookup: &dyn Fn(&str) -> Option<Looked>) -> (Truth, Vec<String>) {
    match (lookup(left), lookup(right)) {
        (Some(Looked::Value(a)), Some(Looked::Value(b))) => (equal(&a, &b).into(), Vec::new()),
        (found, other) => {
            let sides = [(found, left), (other, right)];
            let open = sides.iter().filter(|(found, _)| !matches!(found, Some(Looked::Value(_))));
            named(Truth::Undecided, open.map(|(_, field)| *field))
        }
    }
}
