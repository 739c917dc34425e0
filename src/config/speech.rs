//! What speaks where we carry the calls ourselves.

use super::environment::is_blank;
use super::span::span;
use anyhow::{Result, ensure};
use serde::Deserialize;
use std::time::Duration;

/// A phone does not ring for longer.
const LONGEST_S: u64 = 30;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Speech {
    pub program: Program,
    /// Of one text.
    #[serde(default = "within", deserialize_with = "span")]
    pub within: Duration,
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
        assert_eq!((speech.program.name.as_str(), speech.program.arguments.len()), ("espeak-ng", 3));
        assert_eq!(speech.within, Duration::from_secs(2));
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
            (format!("{sound}voice = \"de\"\n"), "unknown field `voice`"),
        ] {
            let told = fault(&text);
            assert!(told.contains(why), "{text}: {told}");
        }
    }
}
