//! The language a caller speaks, as a primary tag: one table for leads, reps, pools and imports.
//!
//! A language that is not in it is unknown, since a wrong guess would send the caller to a rep who does not understand them.

use crate::rules::words::place::{self, fold};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Codes of countries that people write for a language and that are none. (`uk`, `se` and `kr` are languages: not of these.)
#[rustfmt::skip]
const OF_COUNTRIES: [(&str, &str); 22] = [
    ("jp", "ja"), ("cz", "cs"), ("dk", "da"), ("gr", "el"), ("cn", "zh"), ("at", "de"), ("us", "en"), ("gb", "en"), ("au", "en"),
    ("nz", "en"), ("ua", "uk"), ("vn", "vi"), ("il", "he"), ("ir", "fa"), ("mx", "es"), ("pk", "ur"), ("ph", "tl"), ("rs", "sr"),
    ("kz", "kk"), ("al", "sq"), ("by", "be"), ("eg", "ar"),
];

/// By code or folded name: the tag.
static LANGUAGES: LazyLock<BTreeMap<String, &'static str>> = LazyLock::new(|| {
    let mut names = BTreeMap::new();
    for (tag, line) in lines() {
        names.extend(line.split(';').map(|name| (fold(name), tag)));
        let codes = line.split(';').next().unwrap_or_default();
        names.extend(codes.split(' ').map(|code| (code.to_owned(), tag)));
        names.insert(tag.to_owned(), tag);
    }
    names
});

/// Tag, and what follows: further codes, then names.
fn lines() -> impl Iterator<Item = (&'static str, &'static str)> {
    let lines = include_str!("languages.txt").lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_once(' '))
}

/// The primary tag of `en-US`, `pt_BR`, `deu`, `German`, `Español` or `English (US)`.
pub fn parse(text: &str) -> Option<&'static str> {
    if text.len() > LONGEST {
        return None;
    }
    let bare = text.split('(').next().unwrap_or(text);
    find(text).or_else(|| find(bare)).or_else(|| code(text)).or_else(|| {
        // "English - US", "Spanish, Mexico": a language and where it is spoken.
        let (name, spoken_in) = bare.split_once([',', '-', '/'])?;
        place::country(spoken_in).and_then(|_| find(name))
    })
}

/// Longer than any name of a language.
const LONGEST: usize = 60;

/// The primary tag of a code, with or without region and script: `en`, `nb`, `deu`, `zh-Hant-TW`, `pt_BR`. Names are none.
pub fn code(text: &str) -> Option<&'static str> {
    let text = text.trim();
    if text.contains(char::is_whitespace) {
        return None;
    }
    let primary = text.split(['-', '_']).next()?;
    let shaped = (2..=3).contains(&primary.len()) && primary.bytes().all(|byte| byte.is_ascii_alphabetic());
    shaped.then(|| find(primary))?
}

/// How to write a language that somebody wrote as a name or by a country: `write "en" for English`.
pub fn hint(text: &str) -> Option<String> {
    let text = text.trim();
    let of_country =
        || OF_COUNTRIES.iter().find(|(country, _)| country.eq_ignore_ascii_case(text)).map(|(_, tag)| *tag);
    let tag = parse(text).or_else(of_country)?;
    (tag != text.to_lowercase()).then(|| format!("write \"{tag}\" for {text}"))
}

fn find(name: &str) -> Option<&'static str> {
    LANGUAGES.get(&fold(name)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_from_tags_and_names() {
        let table = [
            ("en", Some("en")),
            ("en-US", Some("en")),
            ("de_AT", Some("de")),
            ("zh-Hant-TW", Some("zh")),
            ("deu", Some("de")),
            ("German", Some("de")),
            ("Español", Some("es")),
            ("nb-NO", Some("no")),
            ("日本語", Some("ja")),
            ("English (US)", Some("en")),
            ("Portuguese (Brazil)", Some("pt")),
            ("Spanish - Mexico", Some("es")),
            ("Urdu", Some("ur")),
            ("Norwegian Bokmål", Some("no")),
            ("Bahasa Indonesia", Some("id")),
            ("tagalog", Some("tl")),
            ("English, Spanish", None),
            ("Klingon", None),
            ("english please", None),
            ("xx-YY", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(parse(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_name_is_met_with_its_tag() {
        assert_eq!(hint("German").as_deref(), Some("write \"de\" for German"));
        assert_eq!(hint("EN"), None, "it is one already");
        assert_eq!(hint("Klingon"), None);
    }

    #[test]
    fn codes_are_met_with_what_they_stand_for() {
        let table = [
            ("en", Some("en")),
            ("NB", Some("no")),
            ("nn-NO", Some("no")),
            ("iw", Some("he")),
            ("in", Some("id")),
            ("deu", Some("de")),
            ("ur-PK", Some("ur")),
            ("zh_CN", Some("zh")),
            ("jp", None),
            ("cz", None),
            ("dk", None),
            ("German", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(code(text), expected, "{text:?}");
        }
        assert_eq!(hint("jp").as_deref(), Some("write \"ja\" for jp"));
        assert_eq!(hint("CZ").as_deref(), Some("write \"cs\" for CZ"));
    }

    #[test]
    fn every_language_has_one_line_and_every_name_one_language() {
        let mut seen = BTreeMap::new();
        let mut count = 0;
        for (tag, line) in lines() {
            count += 1;
            let names = line.split(';').skip(1).map(fold);
            let codes = line.split(';').next().unwrap_or_default().split(' ').map(str::to_owned);
            for name in names.chain(codes).chain([tag.to_owned()]) {
                let before = seen.insert(name.clone(), tag);
                assert!(before.is_none_or(|before| before == tag), "{name} of {before:?} and {tag}");
                assert_eq!(parse(&name), Some(tag), "{name}");
            }
            assert_eq!(code(tag), Some(tag));
        }
        // The codes of ISO 639-1, but for those that stand with another: nb, nn, tw.
        assert_eq!(count, 182);
    }
}
