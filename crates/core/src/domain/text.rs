//! Words for the caller and words for the rep are different types: what is meant for one can never be sent to the other.

use serde::{Deserialize, Serialize};

/// May be spoken or sent to the caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CallerText(pub String);

/// For the rep alone: scores, objections, who the caller seems to be. There is no way from here to [`CallerText`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RepText(pub String);

/// Never printed: it is made of personal data.
impl std::fmt::Debug for RepText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "[{} characters for the rep]", self.0.chars().count())
    }
}
