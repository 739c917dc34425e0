//! The shape of a template that has a title: its first line is the title (subject, card header), the rest is the text.

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Notice {
    pub title: String,
    /// May be empty.
    pub body: String,
}

impl Notice {
    /// From rendered, tidied text.
    pub(super) fn parse(text: &str) -> Self {
        let (title, body) = text.split_once('\n').unwrap_or((text, ""));
        Self { title: title.trim().to_owned(), body: body.trim().to_owned() }
    }

    /// The text's paragraphs, for layouts that mark them up.
    pub(super) fn paragraphs(&self) -> Vec<String> {
        self.body.split("\n\n").map(str::trim).filter(|p| !p.is_empty()).map(str::to_owned).collect()
    }
}
