//! Places and texts with places, as words of the file.

use crate::phrase::Phrase;
use crate::pointer::{Part, Place};
use baton_core::rules::fault::{Faults, Word, quoted};
use baton_core::rules::yaml::{Node, Section};

const PLACE: &str = "a place: /call/id in the body, header:x-call-id, query:call_id, item:/id under `each`";
const PLACEHOLDER: &str = "{/call/id} or another place; in an answer also {say}, {status} and {transfer_to}";

/// The place that hangs on a key.
pub(super) fn place_at(section: &mut Section<'_>, key: &'static str, each: bool, faults: &mut Faults) -> Option<Place> {
    let word = section.get(key).and_then(|node| node.word(faults))?;
    place(&word, each, faults)
}

/// `each`: there are items to look into.
pub(super) fn place(word: &Word, each: bool, faults: &mut Faults) -> Option<Place> {
    let place = Place::read(&word.text);
    if place.is_none() {
        faults.error("platform-bad-place", word.at, quoted(&word.text), PLACE).hint(place_meant(&word.text));
    }
    place.filter(|place| is_there(place, word, each, faults))
}

/// A place, or a text with places.
pub(super) fn phrase(word: &Word, each: bool, faults: &mut Faults) -> Option<Phrase> {
    if word.text.contains('{') {
        filled(word, each, faults).and_then(|phrase| without_say(phrase, word, faults))
    } else {
        place(word, each, faults).map(Phrase::of)
    }
}

/// A text with places; a place alone is a text like any other.
pub(super) fn filled(word: &Word, each: bool, faults: &mut Faults) -> Option<Phrase> {
    match Phrase::read(&word.text) {
        Ok(phrase) => {
            let places: Vec<&Place> = phrase.places().collect();
            places.into_iter().all(|place| is_there(place, word, each, faults)).then_some(phrase)
        }
        Err(found) => {
            let found = quoted(&format!("{{{found}}}"));
            faults.error("platform-bad-placeholder", word.at, found, PLACEHOLDER);
            None
        }
    }
}

/// Parts of an id: what begins like a place is one.
pub(super) fn part_of_id(node: &Node, each: bool, faults: &mut Faults) -> Option<Phrase> {
    let word = node.word(faults)?;
    if Place::read(&word.text).is_some() {
        return phrase(&word, each, faults);
    }
    filled(&word, each, faults).and_then(|phrase| without_say(phrase, &word, faults))
}

fn without_say(phrase: Phrase, word: &Word, faults: &mut Faults) -> Option<Phrase> {
    let of_answers = phrase.is_for_answers();
    if of_answers {
        let allowed = "a place: what is said is known when the answer is written, not before";
        faults.error("platform-bad-placeholder", word.at, quoted(&word.text), allowed);
    }
    (!of_answers).then_some(phrase)
}

fn is_there(place: &Place, word: &Word, each: bool, faults: &mut Faults) -> bool {
    let lost = matches!(place.part, Part::Item(_)) && !each;
    if lost {
        let allowed = "item:… only where the message says `each: /list`";
        faults.error("platform-bad-place", word.at, quoted(&place.written), allowed);
    }
    !lost
}

/// How to write a path that was written as programs write it: `message.call.id`, `$.call.id`, `call/id`.
fn place_meant(text: &str) -> Option<String> {
    let path = text.trim().trim_start_matches('$').trim_start_matches('.');
    let plain = !path.is_empty() && path.chars().all(|c| c.is_alphanumeric() || "._-/[]".contains(c));
    let steps = path.replace('[', ".").replace(']', "").replace('.', "/");
    plain.then(|| format!("write /{steps}"))
}
