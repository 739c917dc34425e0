//! Values as people write them into a criterion: lists, amounts, days, checkboxes, websites.

use super::asked::Criterion;
use chrono::NaiveDate;

/// The values of a criterion. A comma parts them, unless it stands in quotes; what is compared by size is one value.
pub(super) fn of(criterion: &Criterion) -> Vec<String> {
    let whole = criterion.value.trim();
    if whole.is_empty() {
        return Vec::new();
    }
    if !criterion.list || criterion.operation.sign().is_some() {
        return vec![unquoted(whole)];
    }
    let mut values = vec![String::new()];
    let mut quoted = false;
    for letter in whole.chars() {
        match letter {
            '"' => quoted = !quoted,
            ',' if !quoted => values.push(String::new()),
            letter => values.last_mut().expect("one is there from the start").push(letter),
        }
    }
    values.into_iter().map(|value| value.trim().to_owned()).filter(|value| !value.is_empty()).collect()
}

/// The same of a field that holds numbers: the commas of `1,000` are its own.
pub(super) fn numbers(criterion: &Criterion) -> Vec<String> {
    let whole = criterion.value.trim();
    if has_thousands(whole) { vec![whole.to_owned()] } else { of(criterion) }
}

fn unquoted(text: &str) -> String {
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text).to_owned()
}

/// `1,000` and `2,500,000`: one number, not several.
fn has_thousands(text: &str) -> bool {
    let mut groups = text.split(',');
    let digits = |group: &str, longest: std::ops::RangeInclusive<usize>| {
        longest.contains(&group.len()) && group.bytes().all(|byte| byte.is_ascii_digit())
    };
    let first = groups.next().is_some_and(|group| digits(group, 1..=3) && !group.starts_with('0'));
    let mut rest = groups.peekable();
    first && rest.peek().is_some() && rest.all(|group| digits(group, 3..=3))
}

/// A number, with or without its currency and thousands: `50000`, `EUR 50,000`, `$1,000.50`, `1.000.000`.
pub(super) fn amount(text: &str) -> Option<f64> {
    let text = text.trim();
    let currency = |c: char| c.is_alphabetic() || c.is_whitespace() || matches!(c, '$' | '€' | '£' | '¥' | '₹');
    let digits = text.trim_matches(currency);
    // Three letters at most: EUR and CHF, not words.
    if text.chars().filter(|c| c.is_alphabetic()).count() > 3 {
        return None;
    }
    let plain = match (digits.rfind(','), digits.rfind('.')) {
        (Some(comma), Some(point)) if comma > point => digits.replace('.', "").replace(',', "."),
        (Some(_), Some(_)) => digits.replace(',', ""),
        (Some(_), None) if has_thousands(digits.trim_start_matches('-')) => digits.replace(',', ""),
        (Some(_), None) => digits.replace(',', "."),
        (None, Some(_)) if digits.matches('.').count() > 1 => digits.replace('.', ""),
        (None, _) => digits.to_owned(),
    };
    let number = plain.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-'));
    plain.parse::<f64>().ok().filter(|amount| number && amount.is_finite())
}

/// A checkbox; metadata and people write it in both ways.
pub(super) fn flag(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "1" | "true" => Some(true),
        "0" | "false" => Some(false),
        _ => None,
    }
}

/// A day; `None` also where the order of day and month leaves two.
pub(super) fn date(text: &str) -> Option<NaiveDate> {
    let text = text.trim();
    let day = text.split(['T', ' ']).next().unwrap_or(text);
    if let Ok(date) = NaiveDate::parse_from_str(day, "%Y-%m-%d") {
        return Some(date);
    }
    let written = |format| NaiveDate::parse_from_str(day, format).ok().filter(|date| date > &NaiveDate::default());
    match (written("%m/%d/%Y"), written("%d/%m/%Y")) {
        (Some(date), None) | (None, Some(date)) => Some(date),
        (Some(date), Some(other)) => (date == other).then_some(date),
        (None, None) => written("%d.%m.%Y"),
    }
}

/// Written as a day is, whether or not it can be only one.
pub(super) fn looks_like_date(text: &str) -> bool {
    let day = text.trim().split(['T', ' ']).next().unwrap_or_default();
    let parts: Vec<&str> = day.split(['-', '/', '.']).collect();
    parts.len() == 3
        && parts.iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
        && parts.iter().any(|part| part.len() == 4)
}

/// `TODAY`, `LAST_N_DAYS:30`, `NEXT MONTH`: a day that moves with the calendar.
pub(super) fn is_relative(text: &str) -> bool {
    let word = relative(text);
    let plain = word.split(':').next().unwrap_or_default();
    matches!(plain, "TODAY" | "YESTERDAY" | "TOMORROW")
        || ["LAST_", "NEXT_", "THIS_"].iter().any(|start| plain.starts_with(start))
        || plain.ends_with("_AGO")
}

/// A span that holds today whole: what was made just now lies in it. Whether the last days do is not said here.
pub(super) fn holds_today(text: &str) -> bool {
    let word = relative(text);
    word == "TODAY" || word.starts_with("THIS_")
}

fn relative(text: &str) -> String {
    text.trim().to_uppercase().replace(' ', "_")
}

/// `www.tern.example` and `https://tern.example/about` are `tern.example`.
pub(super) fn site(text: &str) -> String {
    let lower = text.trim().to_lowercase();
    let bare = lower.split_once("://").map_or(lower.as_str(), |(_, rest)| rest);
    let bare = bare.strip_prefix("www.").unwrap_or(bare);
    bare.split(['/', '?', '#']).next().unwrap_or(bare).to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::asked::Operation;
    use super::*;

    fn listed(value: &str) -> Vec<String> {
        let (field, operation) = ("Lead.Company".to_owned(), Operation::Equals);
        of(&Criterion { line: 1, field, operation, negated: false, value: value.to_owned(), list: true })
    }

    #[test]
    fn a_comma_parts_values_unless_it_belongs_to_one() {
        assert_eq!(listed("\"Hale, Moss & Co\",Tern Ltd"), ["Hale, Moss & Co", "Tern Ltd"]);
        assert_eq!(listed("Iraq,\"Iran, Islamic Republic of\""), ["Iraq", "Iran, Islamic Republic of"]);
        assert_eq!(listed("941,942"), ["941", "942"]);
        assert_eq!(listed("94105,94107"), ["94105", "94107"]);
        assert_eq!(listed(" a ,, b "), ["a", "b"]);
    }

    #[test]
    fn amounts_are_read_with_their_currency() {
        for (text, wanted) in [
            ("50000", Some(50_000.0)),
            ("EUR 50000", Some(50_000.0)),
            ("$1,000.50", Some(1_000.5)),
            ("1.000.000 €", Some(1_000_000.0)),
            ("1.234,5", Some(1_234.5)),
            ("2,500,000", Some(2_500_000.0)),
            ("0,5", Some(0.5)),
            ("-3", Some(-3.0)),
            ("many", None),
            ("A", None),
            ("12-13", None),
        ] {
            assert_eq!(amount(text), wanted, "{text}");
        }
    }

    #[test]
    fn days_are_read_where_they_can_be_only_one() {
        for (text, wanted) in [
            ("2026-12-31", Some("2026-12-31")),
            ("2026-12-31T00:00:00Z", Some("2026-12-31")),
            ("12/31/2026", Some("2026-12-31")),
            ("31.12.2026", Some("2026-12-31")),
            ("4/4/2026", Some("2026-04-04")),
            ("5/6/2026", None),
            ("12/31/26", None),
        ] {
            assert_eq!(date(text).map(|date| date.to_string()).as_deref(), wanted, "{text}");
        }
        assert!(looks_like_date("5/6/2026") && !looks_like_date("10.0.0.1") && !looks_like_date("Q1-2026"));
        for word in ["TODAY", "next n days:60", "LAST_N_DAYS:30", "THIS_FISCAL_QUARTER", "N_DAYS_AGO:5"] {
            assert!(is_relative(word), "{word}");
        }
        assert!(holds_today("this week") && !holds_today("LAST_N_DAYS:30") && !holds_today("LAST_WEEK"));
    }

    #[test]
    fn websites_are_domains() {
        for text in ["www.tern.example", "https://tern.example/about?x=1", "HTTP://WWW.tern.example"] {
            assert_eq!(site(text), "tern.example", "{text}");
        }
    }
}
