//! From `[speech]` to what speaks, and the languages of reps in which nothing is said.

use crate::config::{self, Config};
use crate::connectors::http::Secret;
use crate::connectors::speech::{HttpSpeech, HttpVoice, ProgramSpeech, Speech};
use crate::render::Templates;
use anyhow::{Context, Result};
use baton_core::domain::rep::Rep;
use baton_core::rules::RuleSet;
use baton_core::rules::fault::listed;
use baton_core::rules::model::set::HandoffRules;
use std::collections::BTreeMap;
use std::sync::Arc;

/// # Errors
/// The token cannot be resolved, or the address is not of its form.
pub(super) fn speaker(settings: &config::Speech) -> Result<Arc<dyn Speech>> {
    let within = settings.within;
    let speaker: Arc<dyn Speech> = match &settings.by {
        config::Speaker::Program(program) => {
            Arc::new(ProgramSpeech::new(program.name.clone(), program.arguments.clone(), within))
        }
        config::Speaker::Engine(engine) => {
            let token = engine.token.as_ref().map(|token| token.secret("speech.token")).transpose()?;
            let voice = HttpVoice {
                url: engine.url.clone(),
                model: engine.model.clone(),
                voice: engine.voice.clone(),
                voices: engine.voices.clone(),
                token: token.map(Secret::new),
                within,
            };
            Arc::new(HttpSpeech::new(voice).context("setting up speech")?)
        }
    };
    Ok(speaker)
}

/// Whom of the reps whose phones ring nobody addresses in a language of theirs: there are no words in it, or no voice for them.
pub fn unspoken(config: &Config, rules: &RuleSet, templates: &Templates) -> Vec<String> {
    let ours = rules.handoff.language.as_str();
    let said = if templates.whispers_in(ours, ours) { ours } else { HandoffRules::ENGLISH };
    let (mut wordless, mut voiceless) = (BTreeMap::new(), BTreeMap::new());
    for rep in rules.reps.values().filter(|rep| rep.active && !rep.phones.is_empty()) {
        let Some(first) = rep.languages.first().filter(|_| config.telephony.is_some()) else { continue };
        if rep.languages.contains(said) {
            continue;
        }
        match rep.languages.iter().find(|language| templates.whispers_in(language, ours)) {
            None => note(&mut wordless, first, rep),
            Some(theirs) if config.speech.as_ref().is_some_and(|speech| speech.lacks_voice(theirs)) => {
                note(&mut voiceless, theirs, rep);
            }
            Some(_) => {}
        }
    }
    let wordless = wordless.into_iter().map(|(language, reps)| {
        format!(
            "no words of your own in templates/whisper/{language}/ring.hbs: the whisper is in {said} for {}, and rules/reps.csv \
             does not say that they speak it; write them there (once whisper/ring.hbs is changed, a copy of what came with Baton \
             is not said)",
            listed(reps.into_iter())
        )
    });
    let voiceless = voiceless.into_iter().map(|(language, reps)| {
        format!(
            "[speech] has no voice for {language}, in which the whisper is for {}: add {{language}} to the program's arguments, \
             or {language} to voices",
            listed(reps.into_iter())
        )
    });
    wordless.chain(voiceless).collect()
}

fn note<'a>(by_language: &mut BTreeMap<&'a str, Vec<&'a str>>, language: &'a str, rep: &'a Rep) {
    by_language.entry(language).or_default().push(rep.id.as_str());
}

#[cfg(test)]
mod tests {
    use super::*;
    use baton_core::routing::scenario::scenario;
    use std::collections::BTreeSet;

    const TELEPHONY: &str = "[telephony]\nmode = \"agent\"\ncommands = \"http://127.0.0.1:1\"\n";

    #[test]
    fn languages_without_words_or_without_a_voice_are_told_with_those_who_speak_them() {
        let speaks =
            |languages: &[&str]| -> BTreeSet<String> { languages.iter().map(|one| (*one).to_owned()).collect() };
        let mut rules = scenario()
            .rep("ben", |rep| rep.languages = speaks(&["fr", "it"]))
            .rep("cy", |rep| rep.languages = speaks(&["da", "de"]))
            .rules;
        let templates = Templates::built_in();
        let told =
            |toml: &str, rules: &RuleSet| unspoken(&toml::from_str(toml).expect("a configuration"), rules, &templates);
        let speech = |program: &str| format!("{TELEPHONY}[speech]\nprogram = {program}\n");
        let without = told(&speech("[\"espeak-ng\"]"), &rules);
        let [words, voice] = &without[..] else { panic!("{without:?}") };
        assert!(
            words.starts_with("no words of your own in templates/whisper/fr/ring.hbs: the whisper is in en for ben, "),
            "{words}"
        );
        assert!(voice.starts_with("[speech] has no voice for de, in which the whisper is for cy: "), "{voice}");
        let with = told(&speech("[\"espeak-ng\", \"-v\", \"{language}\"]"), &rules);
        assert!(with.len() == 1 && with[0] == *words, "{with:?}");
        assert_eq!(told(TELEPHONY, &rules), with, "a platform has voices of its own");
        assert_eq!(told("", &rules), Vec::<String>::new(), "no phone rings");
        rules.handoff.language = "fr".to_owned();
        assert_eq!(told(TELEPHONY, &rules), with, "nobody has written them");
    }
}
