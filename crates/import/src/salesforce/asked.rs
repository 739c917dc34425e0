//! What an entry asks, as one tree, however it was written there.

/// What one entry asks. Every test in it is answered with yes or no there: an empty field is an answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Criteria {
    All(Vec<Criteria>),
    Any(Vec<Criteria>),
    Not(Box<Criteria>),
    Test(Criterion),
}

/// One field against one value, as written there.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Criterion {
    pub line: u32,
    /// `Lead.Country`, or `Country` in a formula.
    pub field: String,
    pub operation: Operation,
    /// `notEqual`, `notContain`, `excludes`.
    pub negated: bool,
    pub value: String,
    /// A value of a formula is one text, whatever is in it; a value of a criterion may be a list.
    pub list: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    Equals,
    Contains,
    StartsWith,
    Includes,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Operation {
    /// The sign of a comparison by size; `None` for the others.
    pub(super) fn sign(self) -> Option<&'static str> {
        match self {
            Self::Less => Some("<"),
            Self::LessOrEqual => Some("<="),
            Self::Greater => Some(">"),
            Self::GreaterOrEqual => Some(">="),
            Self::Equals | Self::Contains | Self::StartsWith | Self::Includes => None,
        }
    }
}

impl Criteria {
    pub(super) fn each_test<'a>(&'a self, visit: &mut dyn FnMut(&'a Criterion)) {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.each_test(visit)),
            Self::Not(inner) => inner.each_test(visit),
            Self::Test(criterion) => visit(criterion),
        }
    }
}

pub(super) fn all(mut parts: Vec<Criteria>) -> Criteria {
    if parts.len() == 1 { parts.swap_remove(0) } else { Criteria::All(parts) }
}

pub(super) fn any(mut parts: Vec<Criteria>) -> Criteria {
    if parts.len() == 1 { parts.swap_remove(0) } else { Criteria::Any(parts) }
}

/// Deeper than anybody writes by hand.
pub(super) const DEEPEST: u32 = 32;
