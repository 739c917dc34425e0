//! From syntax to meaning: every name is looked up, every comparison must make sense for the types of its sides.

mod comparison;

use super::grammar::{Comparison, Node, Syntax};
use super::sides::{Checker, FUNCTIONS, Operand, described, may_be_list};
use crate::domain::lead::FieldValue;
use crate::rules::fault::{Faults, quoted};
use crate::rules::model::expression::{Term, TextPosition};
use crate::rules::model::field::FieldKind;
use crate::rules::model::truth::Test;
use crate::rules::words::postal;

impl Checker<'_> {
    /// The node as a condition: something that holds, does not hold or is undecided. All faults of it are told.
    pub(super) fn term(&self, node: &Node, faults: &mut Faults) -> Option<Term> {
        match &node.what {
            Syntax::And(sides) => self.both(sides, faults).map(|[left, right]| match (left, right) {
                (Term::All(mut parts), Term::All(more)) => {
                    parts.extend(more);
                    Term::All(parts)
                }
                (left, right) => Term::All(vec![left, right]),
            }),
            Syntax::Or(sides) => self.both(sides, faults).map(|[left, right]| match (left, right) {
                (Term::Any(mut parts), Term::Any(more)) => {
                    parts.extend(more);
                    Term::Any(parts)
                }
                (left, right) => Term::Any(vec![left, right]),
            }),
            Syntax::Not(inner) => Some(Term::Not(Box::new(self.term(inner, faults)?))),
            Syntax::Choose(sides) => self.both(sides, faults).map(|[when, then, otherwise]| Term::Choose {
                when: Box::new(when),
                then: Box::new(then),
                otherwise: Box::new(otherwise),
            }),
            Syntax::Compare(how, sides) => {
                let [left, right] = [self.side(&sides[0], faults), self.side(&sides[1], faults)];
                self.comparison(node, *how, left?, right?, faults)
            }
            Syntax::In(sides) => self.membership(&sides[0], &sides[1], faults),
            Syntax::Path(path) => match self.kind(node, path, faults)? {
                FieldKind::Flag => Some(field(path, Test::OneOf(vec![FieldValue::Flag(true)]))),
                kind => self.no_condition(node, described(path, kind), faults),
            },
            Syntax::Has(inner) => self.field(inner, faults).map(|(path, _)| field(path, Test::Known(true))),
            Syntax::Call { name, target, args } => self.call(node, name, target.as_deref(), args, faults),
            Syntax::Text(text) => self.no_condition(node, quoted(text), faults),
            Syntax::List(_) => self.no_condition(node, "a list".to_owned(), faults),
            Syntax::Number(_) | Syntax::Reckon(..) | Syntax::Negate(_) => {
                self.no_condition(node, "a number".to_owned(), faults)
            }
            Syntax::Flag(flag) => self.constant(node, &flag.to_string(), faults),
            Syntax::Other(what) => self.unsupported(node, what, faults),
        }
    }

    /// All parts are looked at before one that is refused ends the search.
    fn both<const N: usize>(&self, parts: &[Node; N], faults: &mut Faults) -> Option<[Term; N]> {
        let terms: Vec<Option<Term>> = parts.iter().map(|part| self.term(part, faults)).collect();
        let terms: Option<Vec<Term>> = terms.into_iter().collect();
        terms?.try_into().ok()
    }

    fn membership(&self, item: &Node, list: &Node, faults: &mut Faults) -> Option<Term> {
        let path = match &list.what {
            Syntax::List(items) => return self.one_of(item, list, items, faults),
            Syntax::Path(path) => path,
            _ => {
                let hint = "write lead.country in [\"DE\", \"FR\"]";
                self.source
                    .fault(faults, "expression-types", list.at, "something that is no list", "a list after in")
                    .hint(Some(hint.to_owned()));
                return None;
            }
        };
        let kind = self.kind(list, path, faults)?;
        if kind != FieldKind::Text || !may_be_list(path) {
            let hint = "for one value write ==, for part of a text contains";
            self.source
                .fault(
                    faults,
                    "expression-types",
                    list.at,
                    described(path, kind),
                    "a list after in, such as lead.products",
                )
                .hint(Some(hint.to_owned()));
            return None;
        }
        match self.side(item, faults)? {
            Operand::Field { path: other, kind: FieldKind::Text } => {
                Some(Term::Same { left: other.to_owned(), right: path.clone() })
            }
            side if side.is_literal() => self.against(item, path, kind, Comparison::Equal, &side, faults),
            side => self.mismatch(item, path, kind, &side, faults),
        }
    }

    /// `field in [a, b]`.
    fn one_of(&self, item: &Node, list: &Node, items: &[Node], faults: &mut Faults) -> Option<Term> {
        let Operand::Field { path, kind } = self.side(item, faults)? else {
            self.source.fault(faults, "expression-types", item.at, "no field", "a field before in [ … ]");
            return None;
        };
        if items.is_empty() {
            self.source.fault(faults, "condition-empty", list.at, "an empty list", "at least one value");
            return None;
        }
        let mut equal = Vec::new();
        let mut others = Vec::new();
        let mut refused = false;
        for node in items {
            match self.item(node, path, kind, faults) {
                Some(Term::Field { test: Test::OneOf(found), .. }) => equal.extend(found),
                Some(other) => others.push(other),
                None => refused = true,
            }
        }
        if refused {
            return None;
        }
        if !equal.is_empty() {
            others.push(field(path, Test::OneOf(equal)));
        }
        // Days are ranges of one day; all other values have become one test.
        if others.len() == 1 { others.pop() } else { Some(Term::Any(others)) }
    }

    fn item(&self, node: &Node, path: &str, kind: FieldKind, faults: &mut Faults) -> Option<Term> {
        let side = self.side(node, faults)?;
        if side.is_literal() {
            return self.against(node, path, kind, Comparison::Equal, &side, faults);
        }
        self.source.fault(faults, "expression-types", node.at, side.describe(), "values between [ and ]");
        None
    }

    fn call(&self, node: &Node, name: &str, target: Option<&Node>, args: &[Node], faults: &mut Faults) -> Option<Term> {
        match name {
            "size" => return self.no_condition(node, "size, a number".to_owned(), faults),
            "has" => return self.bad_call(node, name, "has(lead.country)", faults),
            _ if !FUNCTIONS.contains(&name) => return self.unknown_function(node, name, faults),
            _ => {}
        }
        let example = format!("lead.title.{name}(\"Sales\")");
        let (Some(target), [arg]) = (target, args) else { return self.bad_call(node, name, &example, faults) };
        let (path, arg) = (self.text_field(target, &example, faults), self.side(arg, faults));
        let (path, Operand::Text(text)) = (path?, arg?) else { return self.bad_call(node, name, &example, faults) };
        if text.trim().is_empty() {
            self.source.fault(faults, "condition-empty", node.at, "an empty text", "at least one letter or digit");
            return None;
        }
        let text = if path == "lead.postal" { postal::plain(text) } else { text.to_owned() };
        let piece = |place, text: String| Term::Piece { field: path.to_owned(), place, text: text.to_lowercase() };
        Some(match name {
            "startsWith" => field(path, Test::Prefix(vec![text])),
            "endsWith" => piece(TextPosition::End, text),
            _ => piece(TextPosition::Anywhere, text),
        })
    }

    fn no_condition(&self, node: &Node, found: String, faults: &mut Faults) -> Option<Term> {
        let allowed = "a condition: a comparison, a flag field, or several joined by && and ||";
        self.source.fault(faults, "expression-not-condition", node.at, found, allowed);
        None
    }

    fn constant(&self, node: &Node, found: &str, faults: &mut Faults) -> Option<Term> {
        let allowed = "a condition that tests a field: this one is the same for every lead";
        self.source.fault(faults, "expression-constant", node.at, found, allowed);
        None
    }
}

fn field(path: &str, test: Test) -> Term {
    Term::Field { field: path.to_owned(), test }
}
