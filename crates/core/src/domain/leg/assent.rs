//! Whether a rep takes a call, by what they said: in English, German and Spanish, whichever they speak.
//!
//! Nothing is guessed: what says both, or neither, or goes on as no answer does, is asked for once more. The words stand in
//! `assent.txt`.

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

/// Words of a phrase, and what it says.
type Phrase = (Vec<String>, Assent);

/// The longest first.
static PHRASES: LazyLock<Vec<Phrase>> = LazyLock::new(|| {
    let mut phrases: Vec<Phrase> = include_str!("assent.txt").lines().flat_map(phrases_of).collect();
    phrases.sort_by_key(|(words, _)| std::cmp::Reverse(words.len()));
    phrases
});

fn phrases_of(line: &str) -> Vec<Phrase> {
    let mut parts = line.trim().splitn(2, ' ');
    let sense = match parts.next() {
        Some("yes") => Assent::Yes,
        Some("no") => Assent::No,
        Some("unsure") => Assent::Unclear,
        _ => return Vec::new(),
    };
    let (_language, phrases) = parts.next().unwrap_or_default().trim_start().split_once(' ').unwrap_or_default();
    phrases.split('|').map(|phrase| (words(phrase), sense)).collect()
}

/// What a rep says to the question whether they take the call.
pub fn assent(said: &str) -> Assent {
    let words = words(said);
    if words.len() > MOST_WORDS {
        return Assent::Unclear;
    }
    let (mut heard, mut at) = (None, 0);
    while at < words.len() {
        let Some((phrase, sense)) = PHRASES.iter().find(|(phrase, _)| words[at..].starts_with(phrase)) else {
            at += 1;
            continue;
        };
        if heard.is_some_and(|before| before != *sense) {
            return Assent::Unclear;
        }
        heard = Some(*sense);
        at += phrase.len();
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
        'á' | 'à' | 'â' | 'ä' => 'a',
        'é' | 'è' | 'ê' => 'e',
        'í' | 'ì' | 'î' => 'i',
        'ó' | 'ò' | 'ô' | 'ö' => 'o',
        'ú' | 'ù' | 'û' | 'ü' => 'u',
        'ñ' => 'n',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reps_are_understood_in_three_languages() {
        let yes = ["Yes, connect them.", "yeah sure", "OK!", "No problem, put her through", "I'll take it", "Why not?"];
        let ja = ["Ja.", "Ja, gerne", "Kein Problem, stellen Sie durch", "natürlich", "Warum nicht"];
        let si = ["Sí, pásamelo", "si", "Claro que sí", "Vale, adelante", "¡Por supuesto!"];
        for said in yes.iter().chain(&ja).chain(&si) {
            assert_eq!(assent(said), Assent::Yes, "{said}");
        }
        let no = ["No.", "not now", "No, sorry, I'm busy", "I can't", "No thanks", "Please don't connect"];
        let nein = ["Nein", "jetzt nicht", "Nein, später", "Ich kann nicht"];
        let tampoco = ["No", "ahora no", "No puedo, más tarde", "no, gracias"];
        for said in no.iter().chain(&nein).chain(&tampoco) {
            assert_eq!(assent(said), Assent::No, "{said}");
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
