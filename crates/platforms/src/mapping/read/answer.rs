//! The shape of an answer.

use super::places::{filled, place_at};
use crate::answer::{Answer, PLAIN_TEXT, Shape, TWIML};
use crate::phrase::Phrase;
use baton_core::rules::fault::{Faults, quoted};
use baton_core::rules::yaml::{Data, Node};
use serde_json::Value;

/// What answers may be, for messages.
const ALLOWED: &str = "one of json, twiml, text; or each, into and entry; or the word none";

pub(super) fn read(node: &Node, in_each: bool, faults: &mut Faults) -> Answer {
    if let Data::Text(word) = &node.data {
        if word != "none" {
            faults.error("platform-bad-answer", node.at, quoted(word), ALLOWED);
        }
        return Answer::None;
    }
    let told = faults.count();
    let mut section = node.section(faults);
    let json = section.get("json").map(|node| Answer::Json(shape(node, in_each, faults)));
    let mut text = |key, kind, faults: &mut Faults| {
        let phrase =
            section.get(key).and_then(|node| node.word(faults)).and_then(|word| filled(&word, in_each, faults));
        phrase.map(|phrase| Answer::Text { kind, phrase })
    };
    let (twiml, plain) = (text("twiml", TWIML, faults), text("text", PLAIN_TEXT, faults));
    let each = place_at(&mut section, "each", false, faults);
    let into = section.get("into").and_then(|node| node.word(faults)).map(|word| word.text);
    let entry = section.get("entry").map(|node| shape(node, true, faults));
    section.finish(faults);
    let listed = entry.map(|entry| {
        let into = into.iter().flat_map(|path| path.split('/')).filter(|step| !step.is_empty()).map(str::to_owned);
        Answer::Each { each: each.clone(), into: into.collect(), entry }
    });
    let misses_list = matches!(listed, Some(Answer::Each { each: None, .. })) && !in_each;
    let mut answers = [json, twiml, plain, listed].into_iter().flatten();
    match (answers.next(), answers.next()) {
        (Some(answer), None) if !misses_list => answer,
        (first, second) => {
            if faults.count() == told {
                let found = match (first, second) {
                    (Some(_), Some(_)) => "two answers in one",
                    (Some(_), None) => "`entry` without a list: neither the answer nor the message says `each`",
                    (None, _) => "an answer without a shape",
                };
                faults.error("platform-bad-answer", node.at, found, ALLOWED);
            }
            Answer::None
        }
    }
}

/// Any shape of JSON; texts may have places in them.
fn shape(node: &Node, each: bool, faults: &mut Faults) -> Shape {
    match &node.data {
        Data::Empty => Shape::Value(Value::Null),
        Data::Text(text) if node.inset == Some(0) && is_json_word(text) => {
            Shape::Value(serde_json::from_str(text).unwrap_or(Value::Null))
        }
        Data::Text(_) => {
            let phrase = node.word(faults).and_then(|word| filled(&word, each, faults));
            Shape::Text(phrase.unwrap_or(Phrase(Vec::new())))
        }
        Data::List(items) => Shape::List(items.iter().map(|item| shape(item, each, faults)).collect()),
        Data::Map(entries) => {
            Shape::Map(entries.iter().map(|(key, node)| (key.text.clone(), shape(node, each, faults))).collect())
        }
    }
}

/// A number or a flag, written without quotes.
pub(super) fn is_json_word(text: &str) -> bool {
    serde_json::from_str::<Value>(text).is_ok_and(|value| value.is_boolean() || value.is_number())
}
