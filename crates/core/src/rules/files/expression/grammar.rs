//! The grammar of CEL, by the crate `cel`: the only file that names it.
//!
//! Its tree is copied into one of our own, from which everything is missing that rules have no use for: maps, indexes,
//! messages, comprehensions, bytes, null.

use super::fence::DEPTH;
use super::source::ExpressionText;
use crate::rules::fault::{Faults, quoted};
use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, SelectExpr, SourceInfo, operators};
use cel::parser::Parser;

/// A part of an expression and the character at which it begins, counted from 0.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    pub at: usize,
    pub what: Syntax,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Syntax {
    /// `lead.custom.seats`.
    Path(String),
    Text(String),
    Number(f64),
    Flag(bool),
    List(Vec<Node>),
    /// `has(path)`.
    Has(Box<Node>),
    /// `name(args)` or `target.name(args)`.
    Call {
        name: String,
        target: Option<Box<Node>>,
        args: Vec<Node>,
    },
    And(Box<[Node; 2]>),
    Or(Box<[Node; 2]>),
    Not(Box<Node>),
    /// `a ? b : c`.
    Choose(Box<[Node; 3]>),
    In(Box<[Node; 2]>),
    Compare(Comparison, Box<[Node; 2]>),
    Reckon(Reckoning, Box<[Node; 2]>),
    Negate(Box<Node>),
    /// What the grammar knows and rules have no use for, in words.
    Other(&'static str),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reckoning {
    Plus,
    Minus,
    Times,
    Divide,
}

const COMPARISONS: [(&str, Comparison); 6] = [
    (operators::EQUALS, Comparison::Equal),
    (operators::NOT_EQUALS, Comparison::NotEqual),
    (operators::LESS, Comparison::Less),
    (operators::LESS_EQUALS, Comparison::LessOrEqual),
    (operators::GREATER, Comparison::Greater),
    (operators::GREATER_EQUALS, Comparison::GreaterOrEqual),
];
const RECKONINGS: [(&str, Reckoning); 4] = [
    (operators::ADD, Reckoning::Plus),
    (operators::SUBSTRACT, Reckoning::Minus),
    (operators::MULTIPLY, Reckoning::Times),
    (operators::DIVIDE, Reckoning::Divide),
];

/// What fits through the fence is at most this many rules of the grammar deep.
const RECURSION: u16 = 4 * DEPTH as u16;

/// `None` after a fault: the first place that the grammar does not understand. `fence` has let the source through.
pub(super) fn parse(source: &ExpressionText<'_>, faults: &mut Faults) -> Option<Node> {
    let parser = Parser::new().max_recursion_depth(RECURSION).error_recovery_limit(1);
    match parser.parse_with_source_info(source.text) {
        Ok((tree, places)) => Some(CelReader { places: &places }.node(&tree)),
        Err(errors) => {
            let first = errors.errors.first();
            let character = first.map_or(0, |error| character(source.text, error.pos));
            let rest: String = source.text.chars().skip(character).collect();
            let found = if rest.trim().is_empty() { "the end of it".to_owned() } else { quoted(rest.trim()) };
            let allowed = "a complete expression, such as lead.score > 90 && lead.country in [\"DE\", \"FR\"]";
            source.fault(faults, "expression-syntax", character, found, allowed);
            None
        }
    }
}

/// The crate counts lines from 1 and columns in characters.
fn character(text: &str, (line, column): (isize, isize)) -> usize {
    let before: usize =
        text.split_inclusive('\n').take(usize::try_from(line - 1).unwrap_or(0)).map(|line| line.chars().count()).sum();
    before + usize::try_from(column - 1).unwrap_or(0)
}

struct CelReader<'p> {
    places: &'p SourceInfo,
}

impl CelReader<'_> {
    fn node(&self, tree: &IdedExpr) -> Node {
        let own = self.places.offset_for(tree.id).map_or(0, |(start, _)| start as usize);
        let what = match &tree.expr {
            Expr::Ident(name) => Syntax::Path(name.clone()),
            Expr::Select(select) => return self.select(own, select),
            Expr::Literal(literal) => value(literal),
            Expr::List(list) => Syntax::List(list.elements.iter().map(|item| self.node(item)).collect()),
            Expr::Call(call) => return self.call(own, call),
            Expr::Comprehension(_) => Syntax::Other("a loop"),
            Expr::Map(_) => Syntax::Other("a map"),
            Expr::Struct(_) => Syntax::Other("a message"),
            Expr::Unspecified => Syntax::Other("nothing"),
        };
        Node { at: own, what }
    }

    /// `a.b`, which becomes one path, or `has(a.b)`, which the grammar gives as a selection too.
    fn select(&self, own: usize, select: &SelectExpr) -> Node {
        let operand = self.node(&select.operand);
        let Syntax::Path(path) = &operand.what else {
            return Node { at: operand.at, what: Syntax::Other("a part of something that is no field") };
        };
        let path = Node { at: operand.at, what: Syntax::Path(format!("{path}.{}", select.field)) };
        if select.test { Node { at: own, what: Syntax::Has(Box::new(path)) } } else { path }
    }

    fn call(&self, own: usize, call: &CallExpr) -> Node {
        let target = call.target.as_ref().map(|target| Box::new(self.node(target)));
        let args: Vec<Node> = call.args.iter().map(|arg| self.node(arg)).collect();
        // An operator stands behind its first part, which is where the whole begins.
        let at = args.first().map_or(own, |first| first.at.min(own));
        match operation(&call.func_name, args) {
            Ok(what) => Node { at, what },
            Err(args) => {
                let name = call.func_name.clone();
                Node { at: self.name_before(own, &name), what: Syntax::Call { name, target, args } }
            }
        }
    }

    /// The crate places a call at its bracket; its name stands right before.
    fn name_before(&self, bracket: usize, name: &str) -> usize {
        let start = bracket.saturating_sub(name.chars().count());
        let stands: String = self.places.source.chars().skip(start).take(bracket - start).collect();
        if stands == name { start } else { bracket }
    }
}

/// The operation of this name; the parts back if it is none.
fn operation(name: &str, parts: Vec<Node>) -> Result<Syntax, Vec<Node>> {
    let comparison = COMPARISONS.iter().find(|(sign, _)| *sign == name).map(|(_, comparison)| *comparison);
    let reckoning = RECKONINGS.iter().find(|(sign, _)| *sign == name).map(|(_, reckoning)| *reckoning);
    match name {
        operators::LOGICAL_NOT => some(parts).map(|[inner]| Syntax::Not(Box::new(inner))),
        operators::NEGATE => some(parts).map(|[inner]| Syntax::Negate(Box::new(inner))),
        operators::CONDITIONAL => some(parts).map(|parts| Syntax::Choose(Box::new(parts))),
        operators::LOGICAL_AND => some(parts).map(|parts| Syntax::And(Box::new(parts))),
        operators::LOGICAL_OR => some(parts).map(|parts| Syntax::Or(Box::new(parts))),
        operators::IN => some(parts).map(|parts| Syntax::In(Box::new(parts))),
        operators::INDEX | operators::OPT_INDEX => Ok(Syntax::Other("an index in square brackets")),
        operators::MODULO => Ok(Syntax::Other("a remainder")),
        _ => match (comparison, reckoning) {
            (Some(comparison), _) => some(parts).map(|parts| Syntax::Compare(comparison, Box::new(parts))),
            (None, Some(reckoning)) => some(parts).map(|parts| Syntax::Reckon(reckoning, Box::new(parts))),
            (None, None) => Err(parts),
        },
    }
}

fn some<const N: usize>(parts: Vec<Node>) -> Result<[Node; N], Vec<Node>> {
    parts.try_into()
}

fn value(literal: &LiteralValue) -> Syntax {
    match literal {
        LiteralValue::Boolean(flag) => Syntax::Flag(*flag.inner()),
        LiteralValue::String(text) => Syntax::Text(text.inner().to_owned()),
        #[expect(clippy::cast_precision_loss, reason = "fields hold 64-bit floats too")]
        LiteralValue::Int(number) => Syntax::Number(*number.inner() as f64),
        #[expect(clippy::cast_precision_loss, reason = "fields hold 64-bit floats too")]
        LiteralValue::UInt(number) => Syntax::Number(*number.inner() as f64),
        LiteralValue::Double(number) => Syntax::Number(*number.inner()),
        LiteralValue::Bytes(_) => Syntax::Other("bytes"),
        LiteralValue::Null => Syntax::Other("null"),
    }
}
