//! Words for the caller and words for the rep are different types: what is meant for one can never be sent to the other.

use serde::{Deserialize, Serialize};

/// Direction overrides and marks, zero-width blanks and tag characters: they can make a text read as something else.
/// Joiners (U+200C, U+200D) are none, since some scripts need them.
pub fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{061C}' | '\u{180E}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{2069}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

/// A text from outside without them, for places that show it to people as it is.
pub fn visible(text: &str) -> String {
    text.chars().filter(|c| !is_unseen(*c)).collect()
}

/// May be spoken or sent to the caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CallerText(pub String);

/// For the rep alone: scores, objections, who the caller seems to be. There is no way from here to [`CallerText`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RepText(pub String);

/// What a rep hears, for whoever speaks it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whisper {
    pub say: RepText,
    /// In which the words are written: a lower-case primary tag, such as `en`.
    pub language: String,
}

/// Never printed: it is made of personal data.
impl std::fmt::Debug for RepText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "[{} characters for the rep]", self.0.chars().count())
    }
}
