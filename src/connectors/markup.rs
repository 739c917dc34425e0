//! Plain text for places that read markup.

/// Escapes `&`, `<` and `>`, which is what HTML text needs, up to `limit` characters of the result. Cut
/// before an escape, never within one.
pub(super) fn escaped(plain: &str, limit: usize) -> String {
    let mut out = String::with_capacity(plain.len());
    let mut length = 0;
    for c in plain.chars() {
        let escape = match c {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            _ => "",
        };
        length += escape.len().max(1);
        if length > limit {
            break;
        }
        if escape.is_empty() { out.push(c) } else { out.push_str(escape) }
    }
    out
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
