//! Rows: a path of the event, and where its value stands.

use super::places::{phrase, place};
use super::when;
use crate::mapping::conversion::CONVERSIONS;
use crate::mapping::paths::is_custom;
use crate::mapping::{FactsAt, Means, Origin, Row, Way};
use baton_core::rules::fault::{Faults, Word, did_you_mean, listed, quoted};
use baton_core::rules::yaml::{Data, Node, Section};
use serde_json::Value;

/// Everything under `lead:` or `event:`.
pub(super) fn rows(node: &Node, means: Means, each: bool, faults: &mut Faults) -> Vec<Row> {
    let entries = node.map(faults);
    entries.iter().filter_map(|(path, node)| row(path, node, means, each, faults)).collect()
}

fn row(path: &Word, node: &Node, means: Means, each: bool, faults: &mut Faults) -> Option<Row> {
    let known = means.paths().contains(&path.text.as_str()) || means == Means::Lead && is_custom(&path.text);
    if !known {
        let names = means.paths().iter().copied();
        let more = if means == Means::Lead { "; or custom.NAME, of letters, digits and _" } else { "" };
        let hint = match path.text.as_str() {
            "call.live" => Some("write `live: true` beside the message's name".to_owned()),
            "call.opens" => Some("write `opens: false` beside the message's name".to_owned()),
            text => did_you_mean(text, names.clone()),
        };
        faults
            .error("platform-unknown-path", path.at, quoted(&path.text), format!("{}{more}", listed(names)))
            .hint(hint);
    }
    let ways = ways(node, each, faults);
    known.then(|| Row { path: path.text.clone(), ways })
}

/// One way to a value, or several in a list.
pub(super) fn ways(node: &Node, each: bool, faults: &mut Faults) -> Vec<Way> {
    match &node.data {
        Data::List(items) => items.iter().flat_map(|item| way(item, each, faults)).collect(),
        Data::Empty | Data::Text(_) | Data::Map(_) => way(node, each, faults),
    }
}

/// A section may name several places, which are as many ways.
fn way(node: &Node, each: bool, faults: &mut Faults) -> Vec<Way> {
    let Data::Map(_) = node.data else {
        let plain = |from| Way { from, when: Vec::new(), words: Vec::new(), conversion: None };
        return from(node, each, faults).map(plain).into_iter().collect();
    };
    let mut section = node.section(faults);
    let at = section.get("at");
    let value = section.get("value");
    if at.is_some() == value.is_some() {
        let found = if at.is_some() { "both `at` and `value`" } else { "neither `at` nor `value`" };
        let allowed = "at: PLACE, or a list of places; or value: a text that is always the same";
        faults.error("platform-bad-row", node.at, found, allowed);
    }
    let when = section.get("when").map(|node| when(node, each, faults)).unwrap_or_default();
    let words = section.get("words").map(|node| words(node, faults)).unwrap_or_default();
    let conversion = section.get("as").and_then(|node| node.word(faults));
    let conversion = conversion.and_then(|word| faults.choice(&word, "platform-unknown-conversion", &CONVERSIONS));
    section.finish(faults);
    let froms: Vec<Origin> = match (at, value) {
        (Some(Node { data: Data::List(items), .. }), _) => {
            items.iter().filter_map(|node| from(node, each, faults)).collect()
        }
        (Some(node), _) => from(node, each, faults).into_iter().collect(),
        (None, Some(node)) => vec![constant(node, faults)],
        (None, None) => Vec::new(),
    };
    froms.into_iter().map(|from| Way { from, when: when.clone(), words: words.clone(), conversion }).collect()
}

fn from(node: &Node, each: bool, faults: &mut Faults) -> Option<Origin> {
    let word = node.word(faults)?;
    let phrase = phrase(&word, each, faults)?;
    Some(Origin::Phrase { written: word.text, phrase })
}

/// A text as it was written, or a list of them.
fn constant(node: &Node, faults: &mut Faults) -> Origin {
    Origin::Constant(match &node.data {
        Data::List(_) => node.words(faults).into_iter().map(|word| Value::from(word.text)).collect(),
        Data::Empty | Data::Text(_) | Data::Map(_) => node.word(faults).map(|word| Value::from(word.text)).into(),
    })
}

fn words(node: &Node, faults: &mut Faults) -> Vec<(String, String)> {
    let entries = node.map(faults);
    let own = |(theirs, node): &(Word, Node)| Some((theirs.text.clone(), node.word(faults)?.text));
    entries.iter().filter_map(own).collect()
}

/// `facts:`, one or a list of them.
pub(super) fn facts(node: &Node, each: bool, faults: &mut Faults) -> Vec<FactsAt> {
    match &node.data {
        Data::List(items) => items.iter().filter_map(|item| facts_at(item, each, faults)).collect(),
        Data::Empty | Data::Text(_) | Data::Map(_) => facts_at(node, each, faults).into_iter().collect(),
    }
}

fn facts_at(node: &Node, each: bool, faults: &mut Faults) -> Option<FactsAt> {
    if !matches!(node.data, Data::Map(_)) {
        let place = place(&node.word(faults)?, each, faults)?;
        return Some(FactsAt { place, name: None, member: None, without: Vec::new() });
    }
    let mut section = node.section(faults);
    let at = section.require("at", faults).and_then(|node| node.word(faults));
    let name = member(&mut section, "name", faults);
    let member = member(&mut section, "member", faults);
    let without = section.get("without").map(|node| node.words(faults)).unwrap_or_default();
    section.finish(faults);
    let without = without.into_iter().map(|word| word.text).collect();
    Some(FactsAt { place: place(&at?, each, faults)?, name, member, without })
}

fn member(section: &mut Section<'_>, key: &'static str, faults: &mut Faults) -> Option<String> {
    section.get(key).and_then(|node| node.word(faults)).map(|word| word.text)
}
