//! The text of an expression and its place in its file.

use crate::rules::fault::{At, Fault, Faults};

/// Where an expression stands in its file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin {
    pub at: At,
    /// Characters from `at` to the text; `None` if the text runs over several lines, and its first place has to do.
    pub inset: Option<u32>,
}

impl Origin {
    /// The place of a character of the expression. Escapes in a quoted text before it are not counted.
    pub(super) fn place(&self, character: usize) -> At {
        let inset = self.inset.map_or(0, |inset| inset + u32::try_from(character).unwrap_or(0));
        At { column: self.at.column + inset, ..self.at }
    }
}

/// The text under examination; every fault of it is told through this, by character.
pub(super) struct ExpressionText<'s> {
    pub text: &'s str,
    pub origin: Origin,
}

impl ExpressionText<'_> {
    pub(super) fn fault<'f>(
        &self,
        faults: &'f mut Faults,
        code: &'static str,
        character: usize,
        found: impl Into<String>,
        allowed: impl Into<String>,
    ) -> &'f mut Fault {
        faults.error(code, self.origin.place(character), found, allowed)
    }
}
