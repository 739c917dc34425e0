//! `when:`, one expression in the syntax of CEL, for what conditions as data cannot say: `lead.custom.seats * 12 > 1000`.
//!
//! Only the grammar is CEL's, and only `grammar` names the crate: an expression is read once, checked against the
//! vocabulary and kept as a [`Term`](crate::rules::model::expression::Term).
//!
//! Three gates, each of which lets nothing through that the next could stumble over: `fence` counts before anything is
//! parsed, `grammar` parses, `check` knows the fields and types. What comes out cannot fail, it can only be undecided.

mod check;
mod fence;
mod grammar;
mod sides;
mod source;

pub(crate) use source::Origin;

use crate::rules::fault::Faults;
use crate::rules::files::vocabulary::Vocabulary;
use crate::rules::model::expression::Expression;
use sides::Checker;
use source::ExpressionText;

/// Reads and checks one expression. `None` after a fault.
pub(crate) fn read(source: &str, origin: Origin, vocabulary: &Vocabulary, faults: &mut Faults) -> Option<Expression> {
    let source = ExpressionText { text: source, origin };
    fence::check(&source, faults)?;
    let syntax = grammar::parse(&source, faults)?;
    let means = Checker { source: &source, vocabulary }.term(&syntax, faults)?;
    Some(Expression { source: source.text.trim().to_owned(), means })
}

#[cfg(test)]
mod tests;
