//! Whether a rep takes a call, by what they said: in seven languages, in any of them or in the one that is listened in.
//!
//! Nothing is guessed: what says both, or neither, or goes on as no answer does, is asked for once more. The words stand in
//! `assent.txt`, and nowhere else.

use std::sync::LazyLock;

/// More than an answer has; a mailbox that greets has more.
const MOST_WORDS: usize = 15;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Assent {
    Yes,
    No,
    /// To be asked for once more, and then no acceptance.
    Unclear,
}

struct Phrase {
    language: &'static str,
    written: &'static str,
    words: Vec<String>,
    sense: Assent,
}

static PHRASES: LazyLock<Vec<Phrase>> =
    LazyLock::new(|| include_str!("assent.txt").lines().flat_map(phrases_of).collect());

fn phrases_of(line: &'static str) -> Vec<Phrase> {
    let (sense, rest) = line.split_once(' ').unwrap_or_default();
    let sense = match sense {
        "yes" => Assent::Yes,
        "no" => Assent::No,
        "unsure" => Assent::Unclear,
        _ => return Vec::new(),
    };
    let (language, phrases) = rest.trim_start().split_once(' ').unwrap_or_default();
    let written = phrases.split('|').map(str::trim);
    written.map(|written| Phrase { language, written, words: words(written), sense }).collect()
}

/// What a rep says to the question whether they take the call, in whichever language.
pub fn assent(said: &str) -> Assent {
    heard(said, |_| true)
}

/// The same where one language is listened in, by its code: a yes of another is none.
pub fn assent_in(language: &str, said: &str) -> Assent {
    heard(said, |phrase| phrase.language == language)
}

/// What says yes or no in a language, for whoever has to expect it; nothing where its words are not known.
pub fn answers_in(language: &str) -> Vec<&'static str> {
    let answers = PHRASES.iter().filter(|phrase| phrase.language == language && phrase.sense != Assent::Unclear);
    answers.map(|phrase| phrase.written).collect()
}

/// A phrase within a longer one does not count; of two that cross each other both do.
fn heard(said: &str, is_known: impl Fn(&Phrase) -> bool) -> Assent {
    let words = words(said);
    if words.len() > MOST_WORDS {
        return Assent::Unclear;
    }
    let (mut heard, mut until) = (None, 0);
    for at in 0..words.len() {
        let begun = PHRASES.iter().filter(|phrase| is_known(phrase) && words[at..].starts_with(&phrase.words));
        let Some(longest) = begun.max_by_key(|phrase| phrase.words.len()) else { continue };
        if at + longest.words.len() <= until {
            continue;
        }
        if heard.is_some_and(|before| before != longest.sense) {
            return Assent::Unclear;
        }
        (heard, until) = (Some(longest.sense), at + longest.words.len());
    }
    heard.unwrap_or(Assent::Unclear)
}

/// What counts where an agent says that a rep has accepted, or not, and with which words; `None`: to be asked for once more.
/// Nobody is connected whose own words do not say so.
pub fn weighed(accepts: bool, said: Option<&str>) -> Option<bool> {
    match (accepts, said.map(assent)) {
        (true, None | Some(Assent::Yes)) => Some(true),
        (true, Some(Assent::No)) | (false, None | Some(Assent::No | Assent::Unclear)) => Some(false),
        (true, Some(Assent::Unclear)) | (false, Some(Assent::Yes)) => None,
    }
}

/// In small letters without accents and signs.
fn words(text: &str) -> Vec<String> {
    let plain = text.to_lowercase().chars().filter(|c| !matches!(c, '\'' | '’')).map(bare).collect::<String>();
    let words = plain.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_owned).collect()
}

fn bare(c: char) -> char {
    match c {
        'á' | 'à' | 'â' | 'ä' | 'ã' => 'a',
        'é' | 'è' | 'ê' => 'e',
        'í' | 'ì' | 'î' => 'i',
        'ó' | 'ò' | 'ô' | 'ö' => 'o',
        'ú' | 'ù' | 'û' | 'ü' => 'u',
        'ç' => 'c',
        'ñ' => 'n',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reps_are_understood_in_whichever_language_they_speak() {
        let yes = ["Yes, connect them.", "yeah sure", "OK!", "No problem, put her through", "I'll take it", "Why not?"];
        let ja = ["Ja.", "Ja, gerne", "Kein Problem, stellen Sie durch", "natürlich", "Warum nicht"];
        let si = ["Sí, pásamelo", "si", "Claro que sí", "Vale, adelante", "¡Por supuesto!"];
        let oui = ["Oui, passez-le-moi", "D’accord", "Sì, volentieri", "Ja, graag", "Geen probleem", "Sim, está bem"];
        for said in yes.iter().chain(&ja).chain(&si).chain(&oui) {
            assert_eq!(assent(said), Assent::Yes, "{said}");
        }
        let no = ["No.", "not now", "No, sorry, I'm busy", "I can't", "No thanks", "Please don't connect"];
        let nein = ["Nein", "jetzt nicht", "Nein, später", "Ich kann nicht"];
        let tampoco = ["No", "ahora no", "No puedo, más tarde", "no, gracias"];
        let non = ["Non, pas maintenant", "Non posso", "Nee, nu niet", "Agora não"];
        for said in no.iter().chain(&nein).chain(&tampoco).chain(&non) {
            assert_eq!(assent(said), Assent::No, "{said}");
        }
    }

    #[test]
    fn a_word_is_one_in_the_language_that_is_listened_in() {
        for (code, said, sense) in [
            ("de", "Ja, verbinden Sie uns.", Assent::Yes),
            ("de", "Nein danke", Assent::No),
            ("de", "Bitte nicht verbinden", Assent::Unclear),
            ("de", "no", Assent::Unclear),
            ("es", "Sí, claro", Assent::Yes),
            ("es", "No puedo", Assent::No),
            ("es", "ja", Assent::Unclear),
            ("fr", "J’accepte", Assent::Yes),
            ("fr", "Je n'accepte pas", Assent::Unclear),
            ("fr", "Non, pas maintenant", Assent::No),
            ("it", "Sì", Assent::Yes),
            ("it", "non accetto", Assent::Unclear),
            ("nl", "Ja, graag", Assent::Yes),
            ("nl", "nee", Assent::No),
            ("pt", "Sim, no momento certo", Assent::Yes),
            ("pt", "Não", Assent::No),
        ] {
            assert_eq!(assent_in(code, said), sense, "{code} {said:?}");
        }
    }

    /// Else the order of the lines would decide.
    #[test]
    fn no_phrase_says_one_thing_in_a_language_and_another_in_the_next() {
        for phrase in PHRASES.iter() {
            let otherwise = PHRASES.iter().find(|other| other.words == phrase.words && other.sense != phrase.sense);
            assert!(otherwise.is_none(), "{} of {}", phrase.written, phrase.language);
        }
    }

    #[test]
    fn what_says_neither_or_both_is_asked_for_once_more() {
        let greeting =
            "Yes, you have reached the mailbox of Priya Nair, please leave your name and number after the tone";
        let unclear =
            ["", "who is it?", "hm", "yesterday", "yes... no", "ja, aber nicht jetzt", "sí, pero luego", greeting];
        for said in unclear {
            assert_eq!(assent(said), Assent::Unclear, "{said}");
        }
    }

    #[test]
    fn an_agent_connects_nobody_against_their_words() {
        assert_eq!(weighed(true, None), Some(true), "the agent has understood them");
        assert_eq!(weighed(true, Some("ja, gern")), Some(true));
        assert_eq!(weighed(true, Some("not now")), Some(false));
        assert_eq!(weighed(true, Some("who?")), None);
        assert_eq!(weighed(false, Some("who?")), Some(false));
        assert_eq!(weighed(false, Some("yes")), None, "one of the two is wrong");
        assert_eq!(weighed(false, None), Some(false));
    }
}
