//! Plain text for places that read markup.

/// Escapes `&`, `<` and `>`, which is what HTML text needs, up to `limit` characters of the result.
pub(super) fn escaped(plain: &str, limit: usize) -> String {
    let escape = |c| match c {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        _ => None,
    };
    escaped_with(plain, limit, escape).0
}

/// What `escape` writes for each character (`None`: the character itself), up to `limit` characters of the result, and whether
/// that is all of it. Cut before an escape, never within one.
pub(super) fn escaped_with(plain: &str, limit: usize, escape: fn(char) -> Option<&'static str>) -> (String, bool) {
    let mut out = String::with_capacity(plain.len());
    let mut length = 0;
    for c in plain.chars() {
        let piece = escape(c);
        length += piece.map_or(1, str::len);
        if length > limit {
            return (out, false);
        }
        match piece {
            Some(piece) => out.push_str(piece),
            None => out.push(c),
        }
    }
    (out, true)
}

/// What shows on one line: runs of blanks, line breaks and control characters as one blank.
pub(super) fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_control() || c.is_whitespace())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn nothing_of_markup_is_left_and_no_escape_is_cut(text in "[<&>aä;]{0,60}", limit in 0_usize..80) {
            let shown = escaped(&text, limit);
            prop_assert!(shown.chars().count() <= limit);
            prop_assert!(!shown.contains(['<', '>']));
            let plain = shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
            prop_assert!(text.starts_with(&plain));
            prop_assert!(limit < text.len() * 5 || plain == text);
        }
    }
}
