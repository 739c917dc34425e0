//! How the caller sounds, in a closed list of words.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    Calm,
    Frustrated,
    Confused,
    Hesitant,
    Enthusiastic,
}

/// What platforms and models say for each. Positive, neutral and negative are none of them: a mood about the matter is no tone.
const HEARD: [(Tone, &[&str]); 5] = [
    (Tone::Calm, &["calm", "relaxed", "composed", "patient", "serene", "unhurried", "peaceful"]),
    (
        Tone::Frustrated,
        &["frustrated", "frustration", "annoyed", "angry", "irritated", "upset", "impatient", "exasperated", "furious"],
    ),
    (Tone::Confused, &["confused", "confusion", "puzzled", "perplexed", "bewildered", "lost"]),
    (Tone::Hesitant, &["hesitant", "hesitation", "hesitating", "unsure", "uncertain", "reluctant", "doubtful", "wary"]),
    (
        Tone::Enthusiastic,
        &["enthusiastic", "enthusiasm", "excited", "excitement", "eager", "keen", "delighted", "thrilled"],
    ),
];

/// With one of these in it, a text may say the opposite of its other words.
const TURNS: [&str; 12] =
    ["not", "no", "never", "isn", "wasn", "doesn", "didn", "don", "without", "less", "hardly", "neither"];

impl Tone {
    pub const ALL: [Self; 5] = [Self::Calm, Self::Frustrated, Self::Confused, Self::Hesitant, Self::Enthusiastic];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Calm => "calm",
            Self::Frustrated => "frustrated",
            Self::Confused => "confused",
            Self::Hesitant => "hesitant",
            Self::Enthusiastic => "enthusiastic",
        }
    }

    /// The one tone that a text names; `None` where it names none, two, or the lack of one.
    pub fn heard(text: &str) -> Option<Self> {
        let text = text.to_lowercase();
        let words: Vec<&str> = text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).collect();
        if words.iter().any(|word| TURNS.contains(word)) {
            return None;
        }
        let named = |(_, heard): &&(Self, &[&str])| words.iter().any(|word| heard.contains(word));
        let mut tones = HEARD.iter().filter(named).map(|(tone, _)| *tone);
        let first = tones.next()?;
        tones.next().is_none().then_some(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_the_one_tone_that_it_names() {
        let table = [
            ("calm", Some(Tone::Calm)),
            (" Frustrated ", Some(Tone::Frustrated)),
            ("angry and upset", Some(Tone::Frustrated)),
            ("seems UNSURE", Some(Tone::Hesitant)),
            ("very excited!", Some(Tone::Enthusiastic)),
            ("puzzled", Some(Tone::Confused)),
            ("not frustrated", None),
            ("isn't calm", None),
            ("doesn't sound calm", None),
            ("calm, then angry", None),
            ("positive", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(Tone::heard(text), expected, "{text:?}");
        }
        for tone in Tone::ALL {
            assert_eq!(Tone::heard(tone.as_str()), Some(tone));
        }
    }
}
