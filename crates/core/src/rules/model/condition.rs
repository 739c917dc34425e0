//! Conditions as data, with three outcomes: a field that is missing makes a condition *undecided*, never "no match".

use crate::rules::model::expression::Expression;
use crate::rules::model::field::Looked;
use crate::rules::model::truth::{Test, Truth, combine};
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
    pub verdict: Truth,
    /// Fields that left it open.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
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

impl Condition {
    /// Decides by Kleene's three-valued logic: `lookup` gives what is known of a field, `None` where nothing is.
    ///
    /// The second value names the fields that left it open, each once, in order; empty unless undecided.
    pub fn evaluate(&self, lookup: &dyn Fn(&str) -> Option<Looked>) -> (Truth, Vec<String>) {
        match self {
            Self::Always => (Truth::Yes, Vec::new()),
            Self::All(parts) => combine(parts.iter().map(|part| part.evaluate(lookup)), Truth::No),
            Self::Any(parts) => combine(parts.iter().map(|part| part.evaluate(lookup)), Truth::Yes),
            Self::Not(inner) => {
                let (verdict, missing) = inner.evaluate(lookup);
                (verdict.negated(), missing)
            }
            Self::Field { field, test } => match test.verdict(lookup(field).as_ref()) {
                Truth::Undecided => (Truth::Undecided, vec![field.clone()]),
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

#[cfg(test)]
mod tests;
