//! What may stand on a side of a comparison, and the fields it reads.

use super::grammar::{Node, Reckoning, Syntax};
use super::source::ExpressionText;
use crate::rules::fault::{Faults, did_you_mean, listed, nearest, quoted};
use crate::rules::files::vocabulary::Vocabulary;
use crate::rules::model::expression::Amount;
use crate::rules::model::field::{BUILT_IN, FieldKind};

pub(super) const FUNCTIONS: [&str; 5] = ["startsWith", "endsWith", "contains", "size", "has"];
const COMPARABLE: &str = "a field, a number or a text to compare";
const RECKONABLE: &str = "numbers to reckon with";

pub(super) enum Operand<'n> {
    Field {
        path: &'n str,
        kind: FieldKind,
    },
    Text(&'n str),
    Flag(bool),
    /// Numbers and what is reckoned with them. A lone field stays a [`Operand::Field`].
    Amount(Amount),
}

impl Operand<'_> {
    pub(super) fn is_number(&self) -> bool {
        matches!(self, Self::Amount(_) | Self::Field { kind: FieldKind::Number | FieldKind::Whole, .. })
    }

    pub(super) fn is_date(&self) -> bool {
        matches!(self, Self::Field { kind: FieldKind::Date, .. })
    }

    /// The same for every lead.
    pub(super) fn is_literal(&self) -> bool {
        match self {
            Self::Text(_) | Self::Flag(_) => true,
            Self::Amount(amount) => amount.is_constant(),
            Self::Field { .. } => false,
        }
    }

    pub(super) fn describe(&self) -> String {
        match self {
            Self::Field { path, kind } => described(path, *kind),
            Self::Text(text) => format!("{}, a text", quoted(text)),
            Self::Flag(flag) => format!("{flag}, a flag"),
            Self::Amount(Amount::Number(number)) => format!("{number}, a number"),
            Self::Amount(_) => "a number".to_owned(),
        }
    }

    pub(super) fn into_amount(self) -> Option<Amount> {
        match self {
            Self::Amount(amount) => Some(amount),
            Self::Field { path, .. } => Some(Amount::Field(path.to_owned())),
            Self::Text(_) | Self::Flag(_) => None,
        }
    }
}

/// `lead.score, a number`.
pub(super) fn described(path: &str, kind: FieldKind) -> String {
    let kind = match kind {
        FieldKind::Text => "a text",
        FieldKind::Number | FieldKind::Whole => "a number",
        FieldKind::Flag => "a flag",
        FieldKind::Date => "a date",
    };
    format!("{path}, {kind}")
}

/// Fields that may hold several values: the products, and what the agent or the CRM sends besides the built-in ones.
pub(super) fn may_be_list(path: &str) -> bool {
    path == "lead.products" || !BUILT_IN.iter().any(|(name, _)| *name == path)
}

/// Looks up names and types: of the sides of a comparison here, of a whole condition in `check`.
pub(super) struct Checker<'s> {
    pub source: &'s ExpressionText<'s>,
    pub vocabulary: &'s Vocabulary,
}

impl Checker<'_> {
    pub(super) fn side<'n>(&self, node: &'n Node, faults: &mut Faults) -> Option<Operand<'n>> {
        let (found, hint) = match &node.what {
            Syntax::Path(path) => return Some(Operand::Field { path, kind: self.kind(node, path, faults)? }),
            Syntax::Text(text) => return Some(Operand::Text(text)),
            Syntax::Flag(flag) => return Some(Operand::Flag(*flag)),
            Syntax::Number(_) | Syntax::Reckon(..) | Syntax::Negate(_) => {
                return self.amount(node, faults).map(Operand::Amount);
            }
            Syntax::Call { name, .. } if name == "size" => return self.amount(node, faults).map(Operand::Amount),
            Syntax::Call { name, .. } if !FUNCTIONS.contains(&name.as_str()) => {
                return self.unknown_function(node, name, faults);
            }
            Syntax::Other(what) => return self.unsupported(node, what, faults),
            Syntax::List(_) => ("a list", "write lead.country in [\"DE\", \"FR\"]"),
            Syntax::Has(_) | Syntax::Call { .. } => ("a condition", "leave out == true; for == false put ! before it"),
            Syntax::Compare(..) => ("a comparison", "join them with &&: 10 < lead.score && lead.score < 90"),
            Syntax::And(_) | Syntax::Or(_) | Syntax::Not(_) | Syntax::Choose(_) | Syntax::In(_) => {
                ("a condition", "join conditions with && and ||")
            }
        };
        self.source.fault(faults, "expression-types", node.at, found, COMPARABLE).hint(Some(hint.to_owned()));
        None
    }

    pub(super) fn amount(&self, node: &Node, faults: &mut Faults) -> Option<Amount> {
        match &node.what {
            Syntax::Number(number) => Some(Amount::Number(*number)),
            Syntax::Negate(inner) => match self.amount(inner, faults)? {
                Amount::Number(number) => Some(Amount::Number(-number)),
                inner => Some(Amount::Difference(Box::new([Amount::Number(0.0), inner]))),
            },
            Syntax::Reckon(how, sides) => {
                let sides = [self.amount(&sides[0], faults), self.amount(&sides[1], faults)];
                let [Some(left), Some(right)] = sides else { return None };
                let pair = Box::new([left, right]);
                Some(match how {
                    Reckoning::Plus => Amount::Sum(pair),
                    Reckoning::Minus => Amount::Difference(pair),
                    Reckoning::Times => Amount::Product(pair),
                    Reckoning::Divide => Amount::Quotient(pair),
                })
            }
            Syntax::Call { name, target, args } if name == "size" => {
                let example = "size(lead.products)";
                let of = match (target.as_deref(), args.as_slice()) {
                    (Some(of), []) | (None, [of]) => of,
                    _ => return self.bad_call(node, name, example, faults),
                };
                self.text_field(of, example, faults).map(|path| Amount::Size(path.to_owned()))
            }
            _ => {
                let side = self.side(node, faults)?;
                if side.is_number() {
                    return side.into_amount();
                }
                self.source.fault(faults, "expression-types", node.at, side.describe(), RECKONABLE);
                None
            }
        }
    }

    /// A field with its type; anything else is a fault.
    pub(super) fn field<'n>(&self, node: &'n Node, faults: &mut Faults) -> Option<(&'n str, FieldKind)> {
        if let Syntax::Path(path) = &node.what {
            return Some((path, self.kind(node, path, faults)?));
        }
        self.source.fault(faults, "expression-bad-call", node.at, "no field", "a field such as lead.title");
        None
    }

    pub(super) fn text_field<'n>(&self, node: &'n Node, example: &str, faults: &mut Faults) -> Option<&'n str> {
        let (path, kind) = self.field(node, faults)?;
        if kind == FieldKind::Text {
            return Some(path);
        }
        let allowed = format!("a text field, as in {example}");
        self.source.fault(faults, "expression-types", node.at, described(path, kind), allowed);
        None
    }

    pub(super) fn kind(&self, node: &Node, path: &str, faults: &mut Faults) -> Option<FieldKind> {
        if let Some(spec) = self.vocabulary.get(path) {
            return Some(spec.kind);
        }
        let names = || self.vocabulary.paths();
        let with_dash = names().find(|name| name.strip_prefix(path).is_some_and(|rest| rest.starts_with('-')));
        let hint = match with_dash {
            Some(name) => Some(format!("a name with - in it is tested as data: \"{name}: value\"")),
            None => did_you_mean(path, names())
                .or_else(|| {
                    let near = nearest(path, names().filter_map(|name| name.strip_prefix("lead.")))?;
                    Some(format!("did you mean \"lead.{near}\"?"))
                })
                .or_else(|| (!path.contains('.')).then(|| format!("a text stands in quotes: \"{path}\""))),
        };
        let allowed = format!("a known field: {}", listed(names()));
        self.source.fault(faults, "condition-unknown-field", node.at, quoted(path), allowed).hint(hint);
        None
    }

    // ---- refusals ----

    pub(super) fn unknown_function<T>(&self, node: &Node, name: &str, faults: &mut Faults) -> Option<T> {
        let hint = match name.to_lowercase().as_str() {
            "lower" | "upper" | "tolower" | "toupper" | "lowerascii" | "upperascii" | "trim" => {
                Some("leave it out: text compares without regard to case and to blanks at its ends".to_owned())
            }
            "timestamp" | "date" => Some("write the date as text: lead.custom.ends < \"2026-03-31\"".to_owned()),
            "len" | "length" | "count" => Some("did you mean \"size\"?".to_owned()),
            _ => did_you_mean(name, FUNCTIONS.into_iter()),
        };
        let found = format!("{}, an unknown function", quoted(name));
        let known = listed(FUNCTIONS.into_iter());
        self.source.fault(faults, "expression-unknown-function", node.at, found, known).hint(hint);
        None
    }

    pub(super) fn bad_call<T>(&self, node: &Node, name: &str, example: &str, faults: &mut Faults) -> Option<T> {
        let found = format!("{name} with something else than it takes");
        self.source.fault(faults, "expression-bad-call", node.at, found, format!("a call such as {example}"));
        None
    }

    pub(super) fn unsupported<T>(&self, node: &Node, what: &str, faults: &mut Faults) -> Option<T> {
        let hint = (what == "null").then(|| "has(lead.country) asks whether a field is known".to_owned());
        let allowed = "fields, numbers, texts, true, false, lists after in, and functions";
        self.source.fault(faults, "expression-unsupported", node.at, what, allowed).hint(hint);
        None
    }
}
