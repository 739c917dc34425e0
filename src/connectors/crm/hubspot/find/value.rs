//! Properties: their names, and what their text means.

use baton_core::domain::lead::FieldValue;
use chrono::{DateTime, Utc};

/// RFC 3339, or milliseconds since 1970: HubSpot has used both for one property.
pub(in crate::connectors::crm::hubspot) fn instant(text: &str) -> Option<DateTime<Utc>> {
    let in_ms = || DateTime::from_timestamp_millis(text.parse().ok()?);
    DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc()).or_else(in_ms)
}

/// A property's internal name. Anything else never reaches a request.
pub(in crate::connectors::crm::hubspot) fn is_property(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    !text.is_empty() && text.len() <= 100 && text.bytes().all(allowed)
}

pub(super) fn value_as(kind: &str, text: &str) -> FieldValue {
    let parsed = match kind {
        "number" => text.parse().ok().map(FieldValue::Number),
        "bool" => text.parse().ok().map(FieldValue::Flag),
        _ => None,
    };
    parsed.unwrap_or_else(|| FieldValue::Text(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_take_the_type_of_their_property() {
        assert_eq!(value_as("number", "1200"), FieldValue::Number(1200.0));
        assert_eq!(value_as("string", "94107"), FieldValue::Text("94107".to_owned()));
        assert_eq!(value_as("bool", "true"), FieldValue::Flag(true));
        assert_eq!(value_as("number", "many"), FieldValue::Text("many".to_owned()));
        assert_eq!(instant("1767225600000"), instant("2026-01-01T00:00:00.000Z"));
        assert!(is_property("industry_group") && !is_property("a,b") && !is_property(""));
    }
}
