use std::fmt;

/// What a platform and Baton both know, or the platform's public key. Never empty, without blanks at its ends, and never
/// printed.
#[derive(Clone)]
pub struct Secret(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a secret is empty: anybody could sign with it")]
pub struct EmptySecret;

impl Secret {
    /// Blanks and line breaks at the ends are of the file that it was read from.
    ///
    /// # Errors
    /// There is nothing else.
    pub fn new(text: &str) -> Result<Self, EmptySecret> {
        let text = text.trim();
        if text.is_empty() { Err(EmptySecret) } else { Ok(Self(text.to_owned())) }
    }

    pub(super) fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}
