//! What a rep answers: a key, or a word in a language of theirs.
//!
//! It is listened in the language that the account speaks, or in the rep's own where they do not speak that one; always in that of
//! the whisper, where it is not the workspace's. A key counts
//! before a word; a word and its contrary are neither, and what is not known is not an answer.

use super::section::TwilioSection;
use baton_core::domain::leg::assent::{Assent, assent_in};
use baton_core::rules::words::language;
use std::collections::BTreeSet;

/// What a rep pressed or said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reply {
    Accepts,
    Declines,
    Unclear,
    Nothing,
}

const ENGLISH: &str = "en";

/// Languages that are listened in: as `reps.csv` names them, and as Twilio does.
const TAGS: [(&str, &str); 7] = [
    (ENGLISH, "en-US"),
    ("de", "de-DE"),
    ("es", "es-ES"),
    ("fr", "fr-FR"),
    ("it", "it-IT"),
    ("nl", "nl-NL"),
    ("pt", "pt-PT"),
];

fn known(language: &str) -> Option<(&'static str, &'static str)> {
    let code = language::code(language)?;
    TAGS.into_iter().find(|(known, _)| *known == code)
}

/// Whose words count in a language, by its code or tag: English ones where its own are not known.
fn code_of(language: &str) -> &'static str {
    known(language).map_or(ENGLISH, |(code, _)| code)
}

/// What was pressed, or said in this language.
pub(super) fn reply(language: &str, digits: &str, speech: &str) -> Reply {
    match (digits, assent_in(code_of(language), speech)) {
        ("1", _) | ("", Assent::Yes) => Reply::Accepts,
        ("2", _) | ("", Assent::No) => Reply::Declines,
        ("", _) if speech.trim().is_empty() => Reply::Nothing,
        _ => Reply::Unclear,
    }
}

/// Whether a voice of Twilio speaks this language, and we know what is said in it.
pub(super) fn is_heard(language: &str) -> bool {
    known(language).is_some()
}

/// In which language an answer is listened for, and whose words are one.
pub(super) struct Listening<'a> {
    /// As Twilio names it; `None`: its own.
    pub(super) language: Option<&'a str>,
    pub(super) code: &'static str,
}

impl TwilioSection {
    /// To a rep who speaks these.
    fn listens_to(&self, languages: &BTreeSet<String>) -> Listening<'_> {
        let own = self.language.as_deref();
        let code = own.map_or(Some(ENGLISH), language::code);
        let is_spoken = code.is_none_or(|code| languages.contains(code));
        match languages.iter().find_map(|code| known(code)) {
            Some((code, tag)) if !is_spoken => Listening { language: Some(tag), code },
            _ => Listening { language: own, code: code_of(own.unwrap_or(ENGLISH)) },
        }
    }

    /// In which language words are spoken: as the account does, if they are in the workspace's own language.
    pub(super) fn speaks(&self, language: &str, ours: &str) -> Option<&str> {
        let own = self.language.as_deref();
        if self.is_own(language, ours) { own } else { known(language).map(|(_, tag)| tag).or(own) }
    }

    /// What the account speaks is the workspace's language, whatever it is called; one that does not say speaks English.
    fn is_own(&self, language: &str, ours: &str) -> bool {
        language == ours && (self.language.is_some() || language == ENGLISH)
    }

    /// To whoever has just heard words in this language.
    pub(super) fn listens_after(&self, language: &str, ours: &str, languages: &BTreeSet<String>) -> Listening<'_> {
        match known(language).filter(|_| !self.is_own(language, ours)) {
            Some((code, tag)) => Listening { language: Some(tag), code },
            None => self.listens_to(languages),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use baton_core::domain::leg::assent::answers_in;
    use baton_platforms::signature::{Secret, TwilioKeys};
    use baton_platforms::twilio::Pages;

    #[test]
    fn a_key_or_a_word_is_an_answer_and_nothing_else_is() {
        for (digits, speech, expected) in [
            ("1", "", Reply::Accepts),
            ("1", "no", Reply::Accepts),
            ("2", "", Reply::Declines),
            ("3", "", Reply::Unclear),
            ("", "Yes, connect them!", Reply::Accepts),
            ("", "I accept.", Reply::Accepts),
            ("", "No.", Reply::Declines),
            ("", "decline", Reply::Declines),
            ("", "I do not accept", Reply::Unclear),
            ("", "Don’t connect them", Reply::Unclear),
            ("", "I can't accept", Reply::Unclear),
            ("", "I can't", Reply::Declines),
            ("", "yesterday", Reply::Unclear),
            ("", "who is this", Reply::Unclear),
            ("", " ", Reply::Nothing),
            ("", "", Reply::Nothing),
        ] {
            assert_eq!(reply("en", digits, speech), expected, "{digits:?} {speech:?}");
        }
    }

    #[test]
    fn a_language_has_its_words_and_one_without_has_those_of_english() {
        assert_eq!(reply("de-AT", "", "Ja"), Reply::Accepts);
        assert_eq!(reply("sv", "", "yes"), Reply::Accepts);
        assert!(TAGS.iter().all(|(code, _)| !answers_in(code).is_empty()));
    }

    #[test]
    fn the_account_is_listened_in_by_whoever_speaks_its_language_and_others_in_theirs() {
        let section = |language: Option<&str>| TwilioSection {
            pages: Pages::new("https://baton.example", Secret::new("a secret of tests").expect("one"), Vec::new()),
            keys: TwilioKeys::default(),
            music: String::new(),
            agent: None,
            agent_within: std::time::Duration::from_secs(20),
            language: language.map(str::to_owned),
        };
        for (account, speaks, language, code) in [
            (None, "", None, "en"),
            (None, "de en", None, "en"),
            (None, "de", Some("de-DE"), "de"),
            (Some("en-GB"), "en", Some("en-GB"), "en"),
            (Some("en-GB"), "nl fr", Some("fr-FR"), "fr"),
            (Some("de-AT"), "de", Some("de-AT"), "de"),
            (Some("de-AT"), "sv", Some("de-AT"), "de"),
            (Some("sv-SE"), "sv", Some("sv-SE"), "en"),
        ] {
            let section = section(account);
            let languages = speaks.split_whitespace().map(str::to_owned).collect();
            let found = section.listens_after("en", "en", &languages);
            assert_eq!((found.language, found.code), (language, code), "{account:?} {speaks}");
            assert_eq!(section.speaks("en", "en"), account, "our own words are spoken as ever");
            let found = section.listens_after("de", "en", &languages);
            assert_eq!((found.language, found.code, section.speaks("de", "en")), (Some("de-DE"), "de", Some("de-DE")));
        }
        assert_eq!(section(Some("de-AT")).speaks("en", "de"), Some("en-US"));
        assert_eq!(section(None).speaks("de", "de"), Some("de-DE"));
        assert!(is_heard("es") && !is_heard("pl"));
    }
}
