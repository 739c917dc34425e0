//! Text that goes into queries: literals escaped, ids by pattern, identifiers from nowhere else.

use chrono::{DateTime, SecondsFormat, Utc};

/// A SOQL string literal with its quotes, whose value is exactly `text`.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", escape(text))
}

/// A literal for `LIKE` that fits whatever contains `text`.
pub(super) fn containing(text: &str) -> String {
    format!("'%{}%'", escape(text).replace('_', "\\_").replace('%', "\\%"))
}

/// A literal for `LIKE` that fits whatever begins with `text`.
pub(super) fn beginning(text: &str) -> String {
    format!("'{}%'", escape(text).replace('_', "\\_").replace('%', "\\%"))
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\'' => out.push_str("\\'"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

/// An instant as a literal: without quotes, in UTC.
pub(super) fn at(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// An id as Salesforce makes them: 15 letters and digits, or 18 with the checksum.
pub(super) fn is_id(text: &str) -> bool {
    matches!(text.len(), 15 | 18) && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// The object that an id belongs to, by its prefix, among those that we read.
pub(super) fn object_of(id: &str) -> Option<&'static str> {
    if !is_id(id) {
        return None;
    }
    match &id[..3] {
        "00Q" => Some("Lead"),
        "003" => Some("Contact"),
        "001" => Some("Account"),
        _ => None,
    }
}

/// A field's API name, as rule files may declare one: `Tier__c`. Anything else never reaches a query.
pub(super) fn is_field(text: &str) -> bool {
    text.len() <= 80
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Reads one literal the way the vendor's grammar does; `None` if the text is not exactly one.
    fn value_of(literal: &str) -> Option<String> {
        let mut chars = literal.strip_prefix('\'')?.chars();
        let mut value = String::new();
        loop {
            match chars.next()? {
                '\'' => return chars.next().is_none().then_some(value),
                '\\' => match chars.next()? {
                    'n' => value.push('\n'),
                    'r' => value.push('\r'),
                    't' => value.push('\t'),
                    'u' => {
                        let digits: String = chars.by_ref().take(4).collect();
                        value.push(char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?);
                    }
                    c @ ('\\' | '\'' | '_' | '%') => value.push(c),
                    _ => return None,
                },
                c => value.push(c),
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_makes_exactly_one_literal(text in any::<String>()) {
            prop_assert_eq!(value_of(&literal(&text)), Some(text.clone()));
            prop_assert_eq!(value_of(&containing(&text)), Some(format!("%{text}%")));
            prop_assert_eq!(value_of(&beginning(&text)), Some(format!("{text}%")));
            prop_assert!(!literal(&text).contains('\n'));
        }

        #[test]
        fn hostile_text_makes_exactly_one_literal(text in "['\\\\%_\" a-c\n\u{0}\u{7f}]{0,40}") {
            prop_assert_eq!(value_of(&literal(&text)), Some(text));
        }
    }

    #[test]
    fn ids_and_fields_by_pattern() {
        assert_eq!(object_of("00Q000000000001"), Some("Lead"));
        for id in ["00Q", "00Q000000000001' OR", "005000000000001AAA", "00Qäääää"] {
            assert_eq!(object_of(id), None, "{id}");
        }
        assert!(is_field("Tier__c") && !is_field("Id FROM Lead") && !is_field("") && !is_field("_x"));
    }
}
