//! What speaks where we carry the calls ourselves.

use super::environment::{Reference, is_blank};
use super::span::span;
use anyhow::{Result, ensure};
use baton_core::rules::words::language;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::Duration;
use url::Url;

/// A phone does not ring for longer.
const LONGEST_S: u64 = 30;

#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Given")]
pub struct Speech {
    pub by: Speaker,
    /// Of one text.
    pub within: Duration,
}

#[derive(Debug, Clone)]
pub enum Speaker {
    Program(Program),
    Engine(Engine),
}

/// Spoken with over HTTP, as OpenAI's speech API is.
#[derive(Debug, Clone)]
pub struct Engine {
    /// The whole address.
    pub url: String,
    pub model: String,
    pub voice: String,
    /// By language, where another voice speaks it.
    pub voices: BTreeMap<String, String>,
    pub token: Option<Reference>,
}

/// As it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    program: Option<Program>,
    url: Option<String>,
    model: Option<String>,
    voice: Option<String>,
    #[serde(default)]
    voices: BTreeMap<String, String>,
    token: Option<Reference>,
    #[serde(default = "within", deserialize_with = "span")]
    within: Duration,
}

impl TryFrom<Given> for Speech {
    type Error = &'static str;

    fn try_from(given: Given) -> Result<Self, Self::Error> {
        let Given { program, url, model, voice, voices, token, within } = given;
        let by = match (program, url) {
            (Some(program), None) if model.is_none() && voice.is_none() && voices.is_empty() && token.is_none() => {
                Speaker::Program(program)
            }
            (Some(_), None) => return Err("model, voice, voices and token are of a url; a program has arguments"),
            (None, Some(url)) => {
                let (Some(model), Some(voice)) = (model, voice) else {
                    return Err("a url is given without model and voice, which its engine is to be asked for");
                };
                Speaker::Engine(Engine { url, model, voice, voices, token })
            }
            (Some(_), Some(_)) | (None, None) => {
                return Err("both program and url, or neither, are given; allowed: one of them");
            }
        };
        Ok(Self { by, within })
    }
}

/// Run without a shell: words on its input, one WAV on its output.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Vec<String>")]
pub struct Program {
    pub name: String,
    pub arguments: Vec<String>,
}

impl TryFrom<Vec<String>> for Program {
    type Error = &'static str;

    fn try_from(mut words: Vec<String>) -> Result<Self, Self::Error> {
        if words.first().is_none_or(|name| is_blank(name)) {
            return Err(
                "no program is named; allowed: a program and its arguments, such as [\"espeak-ng\", \"--stdout\"]",
            );
        }
        let name = words.remove(0);
        Ok(Self { name, arguments: words })
    }
}

fn within() -> Duration {
    Duration::from_secs(2)
}

impl Speech {
    pub(super) fn check(&self) -> Result<()> {
        let within_s = self.within.as_secs();
        ensure!(within_s <= LONGEST_S, "speech.within is {within_s} s; allowed: up to {LONGEST_S} s");
        match &self.by {
            Speaker::Program(_) => Ok(()),
            Speaker::Engine(engine) => engine.check(),
        }
    }

    /// Whether the words of this language would be read out by a voice that is there for others.
    pub fn lacks_voice(&self, language: &str) -> bool {
        match &self.by {
            Speaker::Program(program) => !program.arguments.iter().any(|argument| argument.contains("{language}")),
            Speaker::Engine(engine) => !engine.voices.contains_key(language),
        }
    }
}

impl Engine {
    fn check(&self) -> Result<()> {
        let Self { url, voices, .. } = self;
        let address = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        let is_whole = address.as_ref().is_some_and(|url| url.path().len() > 1);
        ensure!(
            is_whole,
            "speech.url is {url:?}; allowed: a whole address such as http://127.0.0.1:8880/v1/audio/speech"
        );
        // Whoever reads an address in a log would have it.
        let names_login = address.is_some_and(|url| !url.username().is_empty() || url.password().is_some());
        ensure!(!names_login, "speech.url holds a login; allowed: give it as speech.token");
        for name in voices.keys() {
            let hint = language::hint(name).map_or_else(String::new, |hint| format!(": {hint}"));
            ensure!(
                language::code(name) == Some(name.as_str()),
                "speech.voices names {name:?}; allowed: a language code such as de{hint}"
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> String {
        match toml::from_str::<Speech>(text) {
            Ok(speech) => speech.check().expect_err(text).to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_program_is_its_name_and_its_arguments() {
        let speech: Speech =
            toml::from_str("program = [\"espeak-ng\", \"-v\", \"de\", \"--stdout\"]\n").expect("parses");
        speech.check().expect("it is sound");
        let Speaker::Program(program) = &speech.by else { panic!("a program speaks") };
        assert_eq!((program.name.as_str(), program.arguments.len()), ("espeak-ng", 3));
        assert_eq!(speech.within, Duration::from_secs(2));
        assert!(speech.lacks_voice("de"), "it is the same for every language");
        let speech: Speech = toml::from_str("program = [\"espeak-ng\", \"-v\", \"{language}\"]\n").expect("parses");
        assert!(!speech.lacks_voice("de"));
    }

    const ENGINE: &str = "url = \"http://127.0.0.1:8880/v1/audio/speech\"\nmodel = \"kokoro\"\nvoice = \"af_heart\"\n";

    #[test]
    fn an_engine_is_its_address_and_its_voices() {
        let text = format!("{ENGINE}token = \"env:SPEECH_TOKEN\"\nvoices = {{ es = \"ef_dora\" }}\n");
        let speech: Speech = toml::from_str(&text).expect("parses");
        speech.check().expect("it is sound");
        let Speaker::Engine(engine) = &speech.by else { panic!("an engine speaks") };
        assert_eq!((engine.model.as_str(), engine.voice.as_str()), ("kokoro", "af_heart"));
        assert!(engine.token.is_some() && speech.within == Duration::from_secs(2));
        assert!(speech.lacks_voice("de") && !speech.lacks_voice("es"));
    }

    #[test]
    fn what_is_wrong_is_told_with_what_is_allowed() {
        let sound = "program = [\"flite\"]\n";
        for (text, why) in [
            (
                "program = []\n".to_owned(),
                "no program is named; allowed: a program and its arguments, such as [\"espeak-ng\"",
            ),
            ("program = [\" \", \"--stdout\"]\n".to_owned(), "no program is named"),
            ("program = \"espeak-ng --stdout\"\n".to_owned(), "expected a sequence"),
            (format!("{sound}within = \"31s\"\n"), "speech.within is 31 s; allowed: up to 30 s"),
            (format!("{sound}within = 2\n"), "expected a string"),
            (format!("{sound}within = \"2\"\n"), "\"2\" is no span; allowed: a number with s, m, h or d"),
            (format!("{sound}vioce = \"de\"\n"), "unknown field `vioce`"),
            (format!("{sound}voice = \"de\"\n"), "model, voice, voices and token are of a url"),
            (format!("{sound}{ENGINE}"), "both program and url, or neither, are given"),
            ("within = \"2s\"\n".to_owned(), "both program and url, or neither, are given"),
            (ENGINE.replace("model", "# model"), "a url is given without model and voice"),
            (ENGINE.replace("/v1/audio/speech", ""), "allowed: a whole address such as http://127.0.0.1:8880/v1/audio"),
            (ENGINE.replace("http://", "ftp://"), "speech.url is \"ftp://127.0.0.1:8880/v1/audio/speech\""),
            (ENGINE.replace("//127", "//me:x@127"), "give it as speech.token"),
            (format!("{ENGINE}voices = {{ German = \"df_eva\" }}\n"), "write \"de\" for German"),
            (
                format!("{ENGINE}voices = {{ xx = \"df_eva\" }}\n"),
                "speech.voices names \"xx\"; allowed: a language code",
            ),
        ] {
            let told = fault(&text);
            assert!(told.contains(why), "{text}: {told}");
        }
    }
}
