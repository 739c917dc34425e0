//! Bodies of notes and tasks: HTML, made of escaped text and our marker.

use crate::connectors::markup::escaped_with;

/// Characters of a body, tags and escapes included.
pub(super) const BODY_LIMIT: usize = 65_536;
const CUT_MARK: &str = "…";

/// By which a note or task is found again. Closed by a bracket, so that no key is taken for the beginning of another.
pub(super) fn marker(key: &str) -> String {
    format!("[baton:{key}]")
}

/// Plain text as HTML, cut to the limit, with the marker as its last line.
pub(super) fn html(text: &str, key: &str) -> String {
    let end = format!("<br><br>{}", marker(key));
    let room = BODY_LIMIT - end.chars().count() - CUT_MARK.chars().count();
    let (body, is_whole) = escaped_with(text, room, escape);
    let cut = if is_whole { "" } else { CUT_MARK };
    body + cut + &end
}

fn escape(c: char) -> Option<&'static str> {
    match c {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '"' => Some("&quot;"),
        '\'' => Some("&#39;"),
        '\n' => Some("<br>"),
        '\r' => Some(""),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_is_escaped_and_marked() {
        let body = html("Said: <script>\n\"5 & up\"", "ab12");
        assert_eq!(body, "Said: &lt;script&gt;<br>&quot;5 &amp; up&quot;<br><br>[baton:ab12]");
    }

    proptest! {
        #[test]
        fn every_body_fits_and_keeps_its_marker(text in "[&<>\"'\na-zß]{0,200}", times in 1usize..600) {
            let body = html(&text.repeat(times), "ab12");
            prop_assert!(body.chars().count() <= BODY_LIMIT);
            prop_assert!(body.ends_with("[baton:ab12]"));
            let tags = body.replace("<br>", "");
            prop_assert!(!tags.contains(['<', '>', '"', '\'']));
        }
    }
}
