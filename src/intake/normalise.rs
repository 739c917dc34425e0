//! One form per fact, made once at the edge: E.164, ISO codes, registrable domains, primary languages.
//!
//! Every function takes text as people, forms and models write it and returns the one form that rules compare, or
//! `None` when it cannot be sure: a fact that is not understood is unknown, never a guess. None of them panics, whatever
//! the text, and each leaves its own result as it is.

use baton_core::rules::words::placeholder::is_placeholder;
use baton_core::rules::words::shared;

/// Longest e-mail address that can be delivered (RFC 5321, 256 with the angle brackets).
const LONGEST_EMAIL: usize = 254;

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
    baton_domains::registrable(&host).map(str::to_owned)
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

/// 0 to 100. A fraction up to 1 is a share (0.86 is 86); anything else is already on the scale of 100.
///
/// `whole` tells a number written without a fraction: 1 is one of a hundred, 1.0 is all of it.
pub fn score(number: f64, whole: bool) -> Option<u8> {
    let scaled = if !whole && (0.0..=1.0).contains(&number) { number * 100.0 } else { number };
    // Between 0 and 100 after the check, so that the cast keeps the value.
    (0.0..=100.0).contains(&scaled).then(|| scaled.round() as u8)
}

/// A score in words of a model: "85", "85 %", "85/100", "0.85".
pub fn score_said(text: &str) -> Option<u8> {
    let text = text.trim();
    if let Some((points, of)) = text.split_once('/') {
        let [points, of] = [points, of].map(|text| text.trim().parse::<f64>().ok());
        return of.filter(|of| [5.0, 10.0, 100.0].contains(of)).and_then(|of| score(points? / of * 100.0, true));
    }
    let number = text.trim_end_matches('%').trim_end();
    let whole = number.len() < text.len() || !number.contains('.');
    score(number.parse().ok()?, whole)
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

#[cfg(test)]
mod tests {
    use super::*;
    use baton_core::rules::words::{headcount, language, place, postal};
    use proptest::prelude::*;

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
    fn scores_in_words_are_the_same_scores() {
        let table = [
            ("85", Some(85)),
            (" 85% ", Some(85)),
            ("85 %", Some(85)),
            ("0.85", Some(85)),
            ("85/100", Some(85)),
            ("8 / 10", Some(80)),
            ("101", None),
            ("8/0", None),
            ("high", None),
            ("NaN", None),
        ];
        for (text, expected) in table {
            assert_eq!(score_said(text), expected, "{text:?}");
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
        fn no_text_makes_a_normaliser_panic(text in "\\PC{0,60}", digits in "[+0-9()x. -]{0,30}") {
            for text in [&text, &digits] {
                let _ = (email(text), domain(text), prose(text), name(text), score_said(text));
                let _ = (place::country(text), place::subdivision(Some("US"), text), place::state_anywhere(text));
                let _ = (headcount::parse(text), language::parse(text), postal::read(Some("US"), text));
            }
        }

        #[test]
        fn what_is_normal_stays_as_it_is(text in "\\PC{0,60}", host in "[a-z]{1,9}(\\.[a-z]{2,6}){1,3}") {
            for text in [&text, &host, &format!("a@{host}"), &format!("https://{host}/x")] {
                for normalise in [email, domain, name, prose] {
                    if let Some(once) = normalise(text) {
                        prop_assert_eq!(normalise(&once), Some(once.clone()));
                    }
                }
            }
        }
    }
}
