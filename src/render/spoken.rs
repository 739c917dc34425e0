//! Words for the ear: what may be spoken, how long it takes, and how to make it shorter.

use super::clean;

/// A whisper lasts 12 s at most, since the caller waits meanwhile; 2.6 words a second is a calm voice.
pub(super) const MAX_WORDS: usize = 31;
const WORDS_PER_10_SECONDS: usize = 26;

/// Words as a voice would need them: a number counts its digits, a long word more than once.
pub(super) fn words(text: &str) -> usize {
    text.split_whitespace().map(word).sum()
}

fn word(token: &str) -> usize {
    /// Letters that a voice says in the time of one average word, with room.
    const LETTERS: usize = 12;
    let letters = token.chars().filter(|c| c.is_alphanumeric()).count();
    let digits = token.chars().filter(char::is_ascii_digit).count();
    if letters == 0 { 0 } else { digits.max(letters.div_ceil(LETTERS)) }
}

/// How long the text takes to say, in tenths of a second.
pub(super) fn tenths(text: &str) -> usize {
    words(text) * 100 / WORDS_PER_10_SECONDS
}

/// Cuts to `max` words, between words, and not after a word that asks for another one.
pub(super) fn cut(text: &str, max: usize) -> String {
    const OPEN_ENDED: [&str; 16] =
        ["a", "an", "and", "as", "at", "before", "by", "for", "from", "in", "of", "on", "or", "the", "to", "with"];
    let mut kept: Vec<&str> = Vec::new();
    let (mut spent, mut is_cut) = (0, false);
    for token in text.split_whitespace() {
        spent += word(token);
        if spent > max {
            is_cut = true;
            break;
        }
        kept.push(token);
    }
    while is_cut && kept.len() > 1 && kept.last().is_some_and(|last| OPEN_ENDED.contains(last)) {
        kept.pop();
    }
    kept.join(" ").trim_end_matches([',', ';', ':', '-']).to_owned()
}

/// At most [`MAX_WORDS`] words. The last sentence says what to press and always stays; the others go from the end, and
/// one that does not fit as a whole is cut only if nothing else would be left.
pub(super) fn fit(text: &str) -> String {
    let sentences = clean::sentences(text);
    let Some((last, first)) = sentences.split_last() else { return String::new() };
    if words(text) <= MAX_WORDS {
        return sentences.join(" ");
    }
    let budget = MAX_WORDS.saturating_sub(words(last));
    let mut kept: Vec<String> = Vec::new();
    let mut spent = 0;
    for sentence in first {
        spent += words(sentence);
        if spent > budget {
            if kept.is_empty() && budget > 0 {
                kept.push(format!("{}.", cut(sentence, budget).trim_end_matches('.')));
            }
            break;
        }
        kept.push((*sentence).to_owned());
    }
    kept.push(cut(last, MAX_WORDS));
    kept.join(" ")
}

/// What a voice can say: markup and symbols that engines read as tags or spell out become blanks or words.
pub(super) fn escape(text: &str) -> String {
    escape_abroad(&text.replace('&', " and ").replace('@', " at "))
}

/// The same where a voice says "and" and "at" in a language of its own.
pub(super) fn escape_abroad(text: &str) -> String {
    let mut spoken = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' | '>' | '*' | '_' | '`' | '#' | '|' | '{' | '}' | '[' | ']' | '\\' | '~' | '^' => spoken.push(' '),
            c if c.is_control() => spoken.push(' '),
            c => spoken.push(c),
        }
    }
    spoken.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_and_long_words_take_longer() {
        assert_eq!(words("Score 82."), 3);
        assert_eq!(words("– , ."), 0);
        assert_eq!(words("Betriebshaftpflichtversicherung"), 3);
        assert_eq!(tenths(&"word ".repeat(26)), 100);
    }

    #[test]
    fn a_long_whisper_keeps_its_beginning_and_what_to_press() {
        let text = format!("Dana, Northwind. {}. Score 82. Press 1 to take the call.", "very ".repeat(60));
        assert_eq!(fit(&text), "Dana, Northwind. Press 1 to take the call.");
        let text = format!("{}. Press 1.", "long ".repeat(60));
        assert_eq!(words(&fit(&text)), MAX_WORDS);
        assert!(fit(&text).ends_with("long. Press 1."));
    }

    #[test]
    fn a_cut_does_not_end_in_the_air() {
        assert_eq!(cut("before the end of the quarter", 5), "before the end");
        assert_eq!(cut("Acme, of Los Angeles", 1), "Acme");
        assert_eq!(cut("stay with", 2), "stay with", "nothing was cut");
    }

    #[test]
    fn markup_is_not_spoken() {
        let said = "R&D <break time=\"9s\"/> *now*\r\n#1";
        assert_eq!(escape(said), "R and D break time=\"9s\"/ now 1");
        assert_eq!(escape_abroad(said), "R&D break time=\"9s\"/ now 1");
    }

    proptest! {
        #[test]
        fn a_whisper_never_takes_more_than_its_time(text in "[a-zA-Z0-9 .,!?äß-]{0,600}") {
            prop_assert!(words(&fit(&text)) <= MAX_WORDS);
        }
    }
}
