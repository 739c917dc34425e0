//! What a rep answers: a key, or a word in a language of theirs.
//!
//! It is listened in the language that the account speaks, or in the rep's own where they do not speak that one. A key counts
//! before a word; a word and its contrary are neither, and what is not known is not an answer.

use super::section::TwilioSection;
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

/// Yes and no.
#[derive(Debug)]
pub(super) struct Words {
    /// As `reps.csv` names the language.
    pub(super) code: &'static str,
    /// As Twilio does.
    tag: &'static str,
    yes: &'static [&'static str],
    no: &'static [&'static str],
}

static ENGLISH: Words = Words {
    code: "en",
    tag: "en-US",
    yes: &["yes", "accept", "connect"],
    no: &["no", "not", "decline", "pass", "don't", "can't", "cannot", "won't", "never"],
};

static OTHERS: [Words; 6] = [
    Words {
        code: "de",
        tag: "de-DE",
        yes: &["ja", "annehmen", "verbinden", "verbinde"],
        no: &["nein", "nicht", "kein", "keine", "ablehnen"],
    },
    Words {
        code: "es",
        tag: "es-ES",
        yes: &["sí", "si", "acepto", "aceptar", "conectar"],
        no: &["no", "nunca", "rechazo", "rechazar"],
    },
    Words {
        code: "fr",
        tag: "fr-FR",
        yes: &["oui", "accepte", "accepter", "connectez"],
        no: &["non", "pas", "jamais", "refuse", "refuser"],
    },
    Words {
        code: "it",
        tag: "it-IT",
        yes: &["sì", "si", "accetto", "accettare", "collega"],
        no: &["no", "non", "mai", "rifiuto"],
    },
    Words {
        code: "nl",
        tag: "nl-NL",
        yes: &["ja", "accepteren", "aannemen", "verbind"],
        no: &["nee", "niet", "geen", "weiger", "weigeren"],
    },
    Words {
        code: "pt",
        tag: "pt-PT",
        yes: &["sim", "aceito", "aceitar", "conectar"],
        no: &["não", "nunca", "recuso", "recusar"],
    },
];

impl Words {
    fn known(tag: &str) -> Option<&'static Self> {
        let code = language::code(tag)?;
        std::iter::once(&ENGLISH).chain(&OTHERS).find(|words| words.code == code)
    }

    /// Those of a language, by its code or tag; English where they are not known.
    pub(super) fn of(tag: &str) -> &'static Self {
        Self::known(tag).unwrap_or(&ENGLISH)
    }

    pub(super) fn hints(&self) -> String {
        [self.yes, self.no].concat().join(", ")
    }

    pub(super) fn reply(&self, digits: &str, speech: &str) -> Reply {
        let speech = speech.to_lowercase().replace('’', "'");
        // What stands before an apostrophe is a word that was shortened, in some languages: j'accepte.
        let is_one = |word: &str, words: &[&str]| {
            words.contains(&word) || word.split_once('\'').is_some_and(|(_, rest)| words.contains(&rest))
        };
        let said =
            |words: &[&str]| speech.split(|c: char| !c.is_alphanumeric() && c != '\'').any(|word| is_one(word, words));
        match (digits, said(self.yes), said(self.no)) {
            ("1", _, _) | ("", true, false) => Reply::Accepts,
            ("2", _, _) | ("", false, true) => Reply::Declines,
            ("", false, false) if speech.trim().is_empty() => Reply::Nothing,
            _ => Reply::Unclear,
        }
    }
}

/// In which language an answer is listened for, and what is one in it.
pub(super) struct Listening<'a> {
    /// As Twilio names it; `None`: its own.
    pub(super) language: Option<&'a str>,
    pub(super) words: &'static Words,
}

impl TwilioSection {
    /// To a rep who speaks these.
    pub(super) fn listens_to(&self, languages: &BTreeSet<String>) -> Listening<'_> {
        let own = self.language.as_deref();
        let code = own.map_or(Some(ENGLISH.code), language::code);
        let is_spoken = code.is_none_or(|code| languages.contains(code));
        match languages.iter().find_map(|code| Words::known(code)) {
            Some(words) if !is_spoken => Listening { language: Some(words.tag), words },
            _ => Listening { language: own, words: Words::of(own.unwrap_or(ENGLISH.code)) },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use baton_platforms::signature::{Secret, TwilioKeys};
    use baton_platforms::twilio::Pages;

    #[test]
    fn a_key_or_a_word_is_an_answer_and_nothing_else_is() {
        for (digits, speech, reply) in [
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
            assert_eq!(Words::of("en").reply(digits, speech), reply, "{digits:?} {speech:?}");
        }
    }

    #[test]
    fn a_word_is_one_in_the_language_that_is_listened_in() {
        for (code, speech, reply) in [
            ("de", "Ja, verbinden Sie uns.", Reply::Accepts),
            ("de", "Nein danke", Reply::Declines),
            ("de", "Bitte nicht verbinden", Reply::Unclear),
            ("de", "no", Reply::Unclear),
            ("es", "Sí, claro", Reply::Accepts),
            ("es", "No puedo", Reply::Declines),
            ("fr", "J’accepte", Reply::Accepts),
            ("fr", "Je n'accepte pas", Reply::Unclear),
            ("fr", "Non, pas maintenant", Reply::Declines),
            ("it", "Sì", Reply::Accepts),
            ("it", "non accetto", Reply::Unclear),
            ("nl", "Ja, graag", Reply::Accepts),
            ("nl", "nee", Reply::Declines),
            ("pt", "Sim, no momento certo", Reply::Accepts),
            ("pt", "Não", Reply::Declines),
            ("sv", "yes", Reply::Accepts),
        ] {
            assert_eq!(Words::of(code).reply("", speech), reply, "{code} {speech:?}");
        }
    }

    #[test]
    fn the_account_is_listened_in_by_whoever_speaks_its_language_and_others_in_theirs() {
        let section = |language: Option<&str>| TwilioSection {
            pages: Pages::new("https://baton.example", Secret::new("a secret of tests").expect("one"), Vec::new()),
            keys: TwilioKeys::default(),
            music: String::new(),
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
            let found = section.listens_to(&languages);
            assert_eq!((found.language, found.words.code), (language, code), "{account:?} {speaks}");
        }
    }
}
