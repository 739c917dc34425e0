//! Two sides against each other: what their types allow, and which test it is.

use super::super::grammar::{Comparison, Node};
use super::super::sides::{Checker, Operand, described};
use super::field;
use crate::domain::lead::FieldValue;
use crate::rules::fault::{Faults, Word, quoted};
use crate::rules::model::expression::{Amount, Order, Term};
use crate::rules::model::field::FieldKind;
use crate::rules::model::truth::{Test, day_number};
use crate::rules::words::values;

impl Checker<'_> {
    pub(super) fn comparison(
        &self,
        node: &Node,
        how: Comparison,
        left: Operand<'_>,
        right: Operand<'_>,
        faults: &mut Faults,
    ) -> Option<Term> {
        match (&left, &right) {
            (left, right) if left.is_literal() && right.is_literal() => {
                self.constant(node, "a comparison without a field", faults)
            }
            (Operand::Field { path, kind }, literal) if literal.is_literal() => {
                self.against(node, path, *kind, how, literal, faults)
            }
            (literal, Operand::Field { path, kind }) if literal.is_literal() => {
                self.against(node, path, *kind, how.mirrored(), literal, faults)
            }
            (Operand::Field { path: a, kind: FieldKind::Text }, Operand::Field { path: b, kind: FieldKind::Text })
            | (Operand::Field { path: a, kind: FieldKind::Flag }, Operand::Field { path: b, kind: FieldKind::Flag }) => {
                let same = Term::Same { left: (*a).to_owned(), right: (*b).to_owned() };
                self.equality(node, a, how, same, faults)
            }
            (left_side, right_side) => {
                let numbers = left_side.is_number() && right_side.is_number();
                let dates = left_side.is_date() && right_side.is_date();
                if !numbers && !dates {
                    let found = format!("{} against {}", left_side.describe(), right_side.describe());
                    let allowed = "two numbers, two texts, two dates or two flags";
                    self.source.fault(faults, "expression-types", node.at, found, allowed);
                    return None;
                }
                Some(ordered(left.into_amount()?, how, right.into_amount()?))
            }
        }
    }

    /// A field against a literal: the same test as in conditions as data.
    pub(super) fn against(
        &self,
        node: &Node,
        path: &str,
        kind: FieldKind,
        how: Comparison,
        literal: &Operand<'_>,
        faults: &mut Faults,
    ) -> Option<Term> {
        match (kind, literal) {
            (FieldKind::Text, Operand::Text(text)) => {
                let word = Word { text: text.trim().to_owned(), at: self.source.origin.place(node.at) };
                let value = self.vocabulary.text(path, &word, faults)?;
                self.equality(node, path, how, field(path, Test::OneOf(vec![FieldValue::Text(value)])), faults)
            }
            (FieldKind::Flag, Operand::Flag(flag)) => {
                self.equality(node, path, how, field(path, Test::OneOf(vec![FieldValue::Flag(*flag)])), faults)
            }
            (FieldKind::Number | FieldKind::Whole, Operand::Amount(Amount::Number(number))) => {
                Some(measured(path, kind, how, *number))
            }
            // 12 * 30 is a number too, but not one to spell out here.
            (FieldKind::Number | FieldKind::Whole, Operand::Amount(amount)) => {
                Some(ordered(Amount::Field(path.to_owned()), how, amount.clone()))
            }
            (FieldKind::Date, Operand::Text(text)) => {
                let Some(day) = values::date(text.trim()) else {
                    self.source.fault(faults, "expression-types", node.at, quoted(text), values::DATE);
                    return None;
                };
                Some(measured(path, kind, how, day_number(day)))
            }
            _ => self.mismatch(node, path, kind, literal, faults),
        }
    }

    fn equality(&self, node: &Node, path: &str, how: Comparison, equal: Term, faults: &mut Faults) -> Option<Term> {
        match how {
            Comparison::Equal => Some(equal),
            Comparison::NotEqual => Some(Term::Not(Box::new(equal))),
            Comparison::Less | Comparison::LessOrEqual | Comparison::Greater | Comparison::GreaterOrEqual => {
                let found = format!("an order of {path}, which has none");
                let hint = "declare the field with type: number or type: date";
                self.source
                    .fault(faults, "expression-types", node.at, found, "== or !=; numbers and dates have an order")
                    .hint(Some(hint.to_owned()));
                None
            }
        }
    }

    pub(super) fn mismatch(
        &self,
        node: &Node,
        path: &str,
        kind: FieldKind,
        found: &Operand<'_>,
        faults: &mut Faults,
    ) -> Option<Term> {
        let (allowed, hint) = match kind {
            FieldKind::Text => ("a text in quotes", "quote the value, or declare the field with type: number"),
            FieldKind::Number | FieldKind::Whole => ("a number without quotes", "leave the quotes out"),
            FieldKind::Flag => ("true or false without quotes", "write the field alone, or with ! before it"),
            FieldKind::Date => ("a date in quotes, such as \"2026-03-31\"", "write \"year-month-day\""),
        };
        let found = format!("{} against {}", found.describe(), described(path, kind));
        self.source.fault(faults, "expression-types", node.at, found, allowed).hint(Some(hint.to_owned()));
        None
    }
}

impl Comparison {
    /// The same comparison with its sides exchanged.
    fn mirrored(self) -> Self {
        match self {
            Self::Equal => Self::Equal,
            Self::NotEqual => Self::NotEqual,
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
        }
    }
}

/// A number or day against a field, as conditions as data have it: of whole numbers, `> 50` means 51 and up.
fn measured(path: &str, kind: FieldKind, how: Comparison, number: f64) -> Term {
    let whole = kind != FieldKind::Number && number.fract() == 0.0;
    let (above, below) = if whole { (number + 1.0, number - 1.0) } else { (number.next_up(), number.next_down()) };
    let range = |at_least, at_most| field(path, Test::Range { at_least, at_most });
    let equal = || match kind {
        FieldKind::Date => range(Some(number), Some(number)),
        FieldKind::Number | FieldKind::Whole | FieldKind::Text | FieldKind::Flag => {
            field(path, Test::OneOf(vec![FieldValue::Number(number)]))
        }
    };
    match how {
        Comparison::Equal => equal(),
        Comparison::NotEqual => Term::Not(Box::new(equal())),
        Comparison::Less => range(None, Some(below)),
        Comparison::LessOrEqual => range(None, Some(number)),
        Comparison::Greater => range(Some(above), None),
        Comparison::GreaterOrEqual => range(Some(number), None),
    }
}

/// Two amounts against each other.
fn ordered(left: Amount, how: Comparison, right: Amount) -> Term {
    let of = |left, order, right| Term::Compare { left, order, right };
    match how {
        Comparison::Equal => of(left, Order::Equal, right),
        Comparison::NotEqual => Term::Not(Box::new(of(left, Order::Equal, right))),
        Comparison::Less => of(left, Order::Less, right),
        Comparison::LessOrEqual => of(left, Order::LessOrEqual, right),
        Comparison::Greater => of(right, Order::Less, left),
        Comparison::GreaterOrEqual => of(right, Order::LessOrEqual, left),
    }
}
