//! What stands where nothing is known.

/// What forms and models write when they know nothing: it must not reach a rule or a briefing as if it were a fact.
pub fn is_placeholder(text: &str) -> bool {
    const NOTHING: [&str; 10] = [
        "unknown",
        "n/a",
        "none",
        "null",
        "undefined",
        "not provided",
        "not specified",
        "not mentioned",
        "not available",
        "-",
    ];
    NOTHING.iter().any(|nothing| text.trim().eq_ignore_ascii_case(nothing))
}
