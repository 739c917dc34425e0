//! The words of the pages, in the languages that there are: one file each, with the same keys.
//!
//! What rules, decisions and refusals say is in English, as everywhere.

use super::form::{Form, cookie};
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use serde_json::Value;
use std::sync::LazyLock;

const COOKIE: &str = "baton_lang";

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::web) enum Language {
    En,
    De,
    Es,
}

static WORDS: LazyLock<[Value; 3]> = LazyLock::new(|| {
    [include_str!("words/en.toml"), include_str!("words/de.toml"), include_str!("words/es.toml")]
        .map(|text| toml::from_str(text).expect("our own words are sound, as a test says"))
});

impl Language {
    pub(in crate::web) const ALL: [Self; 3] = [Self::En, Self::De, Self::Es];

    pub(in crate::web) fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::De => "de",
            Self::Es => "es",
        }
    }

    /// `de`, and `de-AT` as well.
    fn named(tag: &str) -> Option<Self> {
        let code = tag.split('-').next().unwrap_or_default().trim();
        Self::ALL.into_iter().find(|language| language.code().eq_ignore_ascii_case(code))
    }

    /// As it is asked for now, or was before, or as the browser is set.
    pub(in crate::web) fn asked(uri: &Uri, headers: &HeaderMap) -> Self {
        let before = || cookie(headers, COOKIE).and_then(Self::named);
        let browsers = || headers.get(header::ACCEPT_LANGUAGE).and_then(|told| preferred(told.to_str().ok()?));
        chosen(uri.query()).or_else(before).or_else(browsers).unwrap_or(Self::En)
    }

    /// An object.
    pub(super) fn words(self) -> &'static Value {
        &WORDS[self as usize]
    }

    pub(in crate::web) fn word(self, key: &str) -> &'static str {
        self.words()[key].as_str().unwrap_or_default()
    }

    /// Keeps it for a year.
    pub(super) fn cookie(self) -> HeaderValue {
        let told = format!("{COOKIE}={}; Path=/console; Max-Age=31536000; SameSite=Lax", self.code());
        HeaderValue::try_from(told).expect("a cookie of ours is ASCII")
    }
}

/// `?lang=de`.
pub(super) fn chosen(query: Option<&str>) -> Option<Language> {
    Language::named(Form::read(query?.as_bytes()).text("lang"))
}

/// The first one of the highest weight that there is.
fn preferred(accept: &str) -> Option<Language> {
    let mut best: Option<(f32, Language)> = None;
    for part in accept.split(',') {
        let (tag, weight) =
            part.split_once(";q=").map_or((part, 1.0), |(tag, q)| (tag, q.trim().parse().unwrap_or(0.0)));
        if let Some(language) = Language::named(tag.trim())
            && weight > best.map_or(0.0, |(highest, _)| highest)
        {
            best = Some((weight, language));
        }
    }
    best.map(|(_, language)| language)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn all_languages_have_the_same_words() {
        let keys = |language: Language| -> BTreeSet<&String> {
            let words = language.words().as_object().expect("a table");
            assert!(words.values().all(|word| word.as_str().is_some_and(|word| !word.is_empty())), "{language:?}");
            words.keys().collect()
        };
        assert!(keys(Language::En).len() > 50);
        assert_eq!(keys(Language::En), keys(Language::De));
        assert_eq!(keys(Language::En), keys(Language::Es));
    }

    #[test]
    fn the_highest_weight_of_those_that_there_are_counts() {
        for (accept, language) in [
            ("de-AT,de;q=0.9,en;q=0.8", Some(Language::De)),
            ("fr, es;q=0.3, en;q=0.7", Some(Language::En)),
            ("es;q=0.9,de;q=0.9", Some(Language::Es)),
            ("fr,*;q=0.5", None),
            ("", None),
        ] {
            assert_eq!(preferred(accept), language, "{accept}");
        }
    }
}
