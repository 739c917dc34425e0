//! One form per fact, made once at the edge: E.164, ISO codes, registrable domains, primary languages.
//!
//! Every function takes text as people, forms and models write it and returns the one form that rules compare, or
//! `None` when it cannot be sure: a fact that is not understood is unknown, never a guess. None of them panics, whatever
//! the text, and each leaves its own result as it is.

use crate::domain::phone::PhoneE164;
use crate::rules::{place, shared};
use std::str::FromStr;

/// Longest e-mail address that can be delivered (RFC 5321, 256 with the angle brackets).
const LONGEST_EMAIL: usize = 254;
/// Longer than any way of writing a phone number; what is longer is prose.
const LONGEST_PHONE: usize = 40;

/// E.164. `region` is the country whose national form may be meant, as alpha-2.
///
/// A number that carries its own country code is taken even if the numbering plan does not list it (plans age, private
/// ones exist); a national one must be valid in its country, since otherwise the country was guessed wrongly.
pub fn phone(text: &str, region: Option<&str>) -> Option<PhoneE164> {
    let text = text.trim();
    let text = text.strip_prefix("tel:").unwrap_or(text);
    if text.len() > LONGEST_PHONE || text.chars().any(char::is_alphabetic) && !has_extension(text) {
        return None;
    }
    let region = region.and_then(|code| phonenumber::country::Id::from_str(code).ok());
    let international = text.strip_prefix("00").map(|rest| format!("+{rest}"));
    let text = international.as_deref().unwrap_or(text);
    if let Ok(number) = phonenumber::parse(region, text)
        && number.is_valid()
    {
        let digits = format!("+{}{}", number.code().value(), number.national());
        return PhoneE164::new(digits).ok();
    }
    let bare: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')' | '/' | '\u{a0}')).collect();
    PhoneE164::new(bare).ok()
}

/// `+1 415 555 0142 ext. 12`: the only letters that a number may contain.
fn has_extension(text: &str) -> bool {
    let lower = text.to_lowercase();
    let letters: String = lower.chars().filter(|c| c.is_alphabetic()).collect();
    matches!(letters.as_str(), "ext" | "x" | "extension")
}

/// A deliverable-looking address in lower case. Says nothing about whether it exists.
pub fn email(text: &str) -> Option<String> {
    let text = text.trim().trim_start_matches('<').trim_end_matches('>');
    let text = text.strip_prefix("mailto:").unwrap_or(text).to_lowercase();
    let (local, host) = text.rsplit_once('@')?;
    let odd = |c: char| !(c.is_alphanumeric() || "!#$%&'*+/=?^_`{|}~.-".contains(c));
    if local.is_empty() || local.starts_with('.') || local.ends_with('.') || local.contains("..") || local.contains(odd)
    {
        return None;
    }
    let address = format!("{local}@{}", host_name(host)?);
    (address.len() <= LONGEST_EMAIL).then_some(address)
}

/// The registrable domain (`example.co.uk`) of a website, a host or an e-mail address.
///
/// Shared mail domains are kept: which ones are shared is a matter of rules, and `routing` leaves them out of matching.
pub fn domain(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    let rest = text.split_once("://").map_or(text.as_str(), |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let host = authority.rsplit('@').next().unwrap_or(authority);
    let host = host.split(':').next().unwrap_or(host);
    let host = host_name(host)?;
    // What lies on sites.google.com is no page of Google's own.
    if shared::is_of_many(&host) {
        return Some(host);
    }
    psl::domain_str(&host).map(str::to_owned)
}

/// A host name of at least two labels in ASCII form; no addresses.
fn host_name(text: &str) -> Option<String> {
    match url::Host::parse(text.trim_end_matches('.')).ok()? {
        url::Host::Domain(name) => {
            let plain = |label: &str| {
                !label.is_empty()
                    && !label.starts_with('-')
                    && !label.ends_with('-')
                    && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            };
            (name.contains('.') && name.split('.').all(plain)).then_some(name)
        }
        url::Host::Ipv4(_) | url::Host::Ipv6(_) => None,
    }
}

/// Upper case without blanks and hyphens: `SW1A1AA`, `94105`, `1008001`. Two to twelve letters and digits.
pub fn postal(text: &str) -> Option<String> {
    let code = place::postal(text);
    let plain = code.len() >= 2 && code.len() <= 12 && code.bytes().all(|b| b.is_ascii_alphanumeric());
    (plain && code.bytes().any(|b| b.is_ascii_digit())).then_some(code)
}

/// 0 to 100. A fraction up to 1 is a share (0.86 is 86); anything else is already on the scale of 100.
///
/// `whole` tells a number written without a fraction: 1 is one of a hundred, 1.0 is all of it.
pub fn score(number: f64, whole: bool) -> Option<u8> {
    let scaled = if !whole && (0.0..=1.0).contains(&number) { number * 100.0 } else { number };
    // Between 0 and 100 after the check, so that the cast keeps the value.
    (0.0..=100.0).contains(&scaled).then(|| scaled.round() as u8)
}

/// A name on one line: trimmed, inner blanks single, control characters dropped.
pub fn name(text: &str) -> Option<String> {
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty()).collect();
    let name = words.join(" ");
    (!name.is_empty() && !is_placeholder(&name)).then_some(name)
}

/// Running text: trimmed, control characters other than line breaks dropped.
pub fn prose(text: &str) -> Option<String> {
    let kept: String = text.chars().filter(|c| !c.is_control() || *c == '\n').collect();
    let kept = kept.trim();
    (!kept.is_empty() && !is_placeholder(kept)).then(|| kept.to_owned())
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn phones_become_e164() {
        let table = [
            ("+1 415 555 0142", None, Some("+14155550142")),
            ("(415) 555-0142", Some("US"), Some("+14155550142")),
            ("415.555.0142", Some("CA"), Some("+14155550142")),
            ("1-415-555-0142 ext. 12", Some("US"), Some("+14155550142")),
            ("tel:+14155550142", None, Some("+14155550142")),
            ("+44 (0)20 7946 0123", None, Some("+442079460123")),
            ("020 7946 0123", Some("GB"), Some("+442079460123")),
            ("0044 20 7946 0123", None, Some("+442079460123")),
            ("030 23125 042", Some("DE"), Some("+493023125042")),
            ("+49 30 23125 042", Some("US"), Some("+493023125042")),
            ("03-1234-5678", Some("JP"), Some("+81312345678")),
            // The plan does not know area code 555, the number carries its country all the same.
            ("+1 555 123 0000", None, Some("+15551230000")),
            ("(415) 555-0142", None, None),
            ("12345", Some("US"), None),
            ("anonymous", Some("US"), None),
            ("call me maybe", None, None),
            ("", None, None),
        ];
        for (text, region, expected) in table {
            assert_eq!(phone(text, region).as_ref().map(PhoneE164::as_str), expected, "{text:?} in {region:?}");
        }
    }

    #[test]
    fn emails_are_lower_case_and_look_deliverable() {
        let table = [
            (" Dana.Whitfield@Northwind-Foods.example ", Some("dana.whitfield@northwind-foods.example")),
            ("<mailto:a+b@example.org>", Some("a+b@example.org")),
            ("mailto:a+b@example.org", Some("a+b@example.org")),
            ("<jo@example.org>", Some("jo@example.org")),
            ("käthe@müller.example", Some("käthe@xn--mller-kva.example")),
            ("dana at northwind dot com", None),
            ("dana@localhost", None),
            ("dana@192.0.2.7", None),
            ("a@b@example.org", None),
            ("a\r\nBcc: x@example.org", None),
            ("@example.org", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(email(text).as_deref(), expected, "{text:?}");
        }
    }

    #[test]
    fn domains_are_registrable() {
        let table = [
            ("https://www.Northwind-Foods.example/about?x=1", Some("northwind-foods.example")),
            ("shop.example.co.uk", Some("example.co.uk")),
            ("dana@mail.example.com", Some("example.com")),
            ("example.com:8443", Some("example.com")),
            ("https://user:secret@example.com/", Some("example.com")),
            ("müller.de", Some("xn--mller-kva.de")),
            ("gmail.com", Some("gmail.com")),
            ("co.uk", None),
            ("localhost", None),
            ("192.0.2.7", None),
            ("[2001:db8::1]", None),
            ("we have no site", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(domain(text).as_deref(), expected, "{text:?}");
        }
    }

    #[test]
    fn postal_codes_have_no_blanks() {
        let table = [
            ("sw1a 1aa", Some("SW1A1AA")),
            ("94105", Some("94105")),
            ("100-8001", Some("1008001")),
            (" 10115 ", Some("10115")),
            ("02139-1234", Some("021391234")),
            ("downtown", None),
            ("7", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(postal(text).as_deref(), expected, "{text:?}");
        }
    }

    #[test]
    fn scores_are_percent() {
        let table = [
            (0.86, false, Some(86)),
            (86.0, true, Some(86)),
            (86.4, false, Some(86)),
            (1.0, false, Some(100)),
            (1.0, true, Some(1)),
            (0.0, true, Some(0)),
            (100.0, true, Some(100)),
            (100.4, false, None),
            (-1.0, true, None),
            (f64::NAN, false, None),
        ];
        for (number, whole, expected) in table {
            assert_eq!(score(number, whole), expected, "{number} whole: {whole}");
        }
    }

    #[test]
    fn names_are_trimmed_and_placeholders_are_nobody() {
        assert_eq!(name("  Dana \t  Whitfield\n").as_deref(), Some("Dana Whitfield"));
        assert_eq!(name("山田 太郎").as_deref(), Some("山田 太郎"));
        assert_eq!(name("Not provided"), None);
        assert_eq!(name(" \u{0} "), None);
        assert_eq!(prose("two\nlines\u{7} ").as_deref(), Some("two\nlines"));
        assert_eq!(prose("N/A"), None);
    }

    proptest! {
        #[test]
        fn no_text_makes_a_normaliser_panic(text in "\\PC{0,60}", digits in "[+0-9()x. -]{0,30}", region in "(US|DE|JP|XX|)") {
            for text in [&text, &digits] {
                let _ = (phone(text, Some(&region)), phone(text, None), postal(text), prose(text));
                let _ = (place::country(text), place::subdivision(Some("US"), text), place::state_anywhere(text));
                let _ = (super::super::headcount::parse(text), crate::rules::language::parse(text));
            }
        }

        #[test]
        fn what_is_normal_stays_as_it_is(text in "\\PC{0,60}", host in "[a-z]{1,9}(\\.[a-z]{2,6}){1,3}") {
            for text in [&text, &host, &format!("a@{host}"), &format!("https://{host}/x")] {
                for normalise in [email, domain, postal, name, prose] {
                    if let Some(once) = normalise(text) {
                        prop_assert_eq!(normalise(&once), Some(once.clone()));
                    }
                }
            }
        }

        #[test]
        fn a_number_with_its_country_keeps_its_digits(national in "[2-9][0-9]{2}[2-9][0-9]{6}") {
            let number = phone(&format!("+1 {national}"), Some("DE"));
            let expected = format!("+1{national}");
            prop_assert_eq!(number.as_ref().map(PhoneE164::as_str), Some(expected.as_str()));
        }
    }
}
