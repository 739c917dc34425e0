//! Text from outside made fit for print: one line, no control or invisible characters, no more than so many of them.

use baton_core::domain::text::is_unseen;

/// Blanks, line ends and control characters become one blank; characters that nobody can see are dropped; the rest is
/// cut to `max` characters.
pub(super) fn one_line(text: &str, max: usize) -> String {
    let mut line = String::with_capacity(text.len().min(max * 4));
    for c in text.chars().filter(|c| !is_unseen(*c)) {
        if c.is_whitespace() || c.is_control() {
            if !line.is_empty() && !line.ends_with(' ') {
                line.push(' ');
            }
        } else {
            line.push(c);
        }
    }
    cut(line.trim_end(), max)
}

/// At most `max` characters, the last of them `…` when something was cut; breaks between words where that costs less
/// than a quarter of the text.
pub(super) fn cut(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    let kept: String = text.chars().take(max.saturating_sub(1)).collect();
    let at_word = kept.rfind(char::is_whitespace).filter(|at| *at * 4 >= kept.len() * 3).unwrap_or(kept.len());
    format!("{}…", kept[..at_word].trim_end())
}

/// The first sentence, without its full stop.
pub(super) fn first_sentence(text: &str) -> &str {
    sentences(text).first().map_or("", |s| s.trim_end_matches(['.', '!', '?']).trim())
}

/// Sentences with their marks. A mark ends a sentence only before a blank, so `3.5` and `acme.com` stay whole.
pub(super) fn sentences(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    for (at, c) in text.char_indices() {
        let end = at + c.len_utf8();
        if matches!(c, '.' | '!' | '?' | '…') && text[end..].starts_with(char::is_whitespace) {
            parts.push(text[start..end].trim());
            start = end;
        }
    }
    parts.push(text[start..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}

/// Rendered text: no blanks at line ends, never two empty lines in a row, none at either end.
pub(super) fn tidy(text: &str) -> String {
    let mut lines: Vec<&str> = Vec::new();
    for line in text.lines().map(str::trim_end) {
        if !line.is_empty() || lines.last().is_some_and(|last| !last.is_empty()) {
            lines.push(line);
        }
    }
    while lines.last().is_some_and(|last| last.is_empty()) {
        lines.pop();
    }
    lines.join("\n")
}

/// A link from outside: `http` or `https` with a host and without credentials, else nothing.
pub(super) fn link(text: &str) -> Option<String> {
    /// Longest link that mail clients and chats take.
    const MAX: usize = 2000;
    let url = url::Url::parse(text.trim()).ok()?;
    let plain = matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none();
    // A `|` would end the address in a card's links, and a `*` is changed there.
    let link = url.to_string().replace('|', "%7C").replace('*', "%2A");
    (plain && url.has_host() && link.len() <= MAX).then_some(link)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_drops_what_cannot_be_seen_and_joins_lines() {
        assert_eq!(one_line("  Dana\r\nBcc: x@y\t\u{202E}evil\u{200B}\u{0} ", 80), "Dana Bcc: x@y evil");
        assert_eq!(one_line("\u{1F469}\u{200D}\u{1F4BB}", 80), "\u{1F469}\u{200D}\u{1F4BB}");
    }

    #[test]
    fn cut_counts_characters_and_breaks_between_words() {
        assert_eq!(cut("äöü", 3), "äöü");
        assert_eq!(cut("äöüß", 3), "äö…");
        assert_eq!(cut("one two three four", 16), "one two three…");
        assert_eq!(cut("x".repeat(50).as_str(), 10).chars().count(), 10);
    }

    #[test]
    fn sentences_end_before_a_blank_only() {
        assert_eq!(sentences("Needs 3.5 seats. See acme.com! Now"), ["Needs 3.5 seats.", "See acme.com!", "Now"]);
        assert_eq!(first_sentence("Wants a demo. Soon."), "Wants a demo");
        assert_eq!(first_sentence(""), "");
    }

    #[test]
    fn links_are_web_addresses_without_tricks() {
        assert_eq!(
            link("https://calls.example.com/t/1?a=b|c").as_deref(),
            Some("https://calls.example.com/t/1?a=b%7Cc")
        );
        for bad in ["javascript:alert(1)", "https://user:pw@example.com/", "file:///etc/passwd", "/relative", ""] {
            assert_eq!(link(bad), None, "{bad}");
        }
        assert_eq!(link("https://example.com/<!channel>\"").as_deref(), Some("https://example.com/%3C!channel%3E%22"));
    }
}
