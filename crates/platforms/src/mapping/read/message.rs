//! One message of a mapping, and what only its parts together can be wrong in.

use super::places::{part_of_id, place_at};
use super::{answer, row, text, when};
use crate::answer::Answer;
use crate::mapping::paths::WAYS;
use crate::mapping::{Means, Message, Row};
use crate::phrase::Phrase;
use baton_core::rules::fault::{At, Faults, quoted};
use baton_core::rules::words::values;
use baton_core::rules::yaml::{Data, Node, Section};

pub(crate) const MEANS: [(&str, Means); 6] = [
    ("lead", Means::Lead),
    ("call-ended", Means::CallEnded),
    ("slot-chosen", Means::SlotChosen),
    ("rep-answer", Means::RepAnswer),
    ("nothing", Means::Nothing),
    ("refused", Means::Refused),
];

pub(super) fn read(node: &Node, faults: &mut Faults) -> Message {
    let told = faults.count();
    let mut section = node.section(faults);
    section.require("name", faults);
    let name = text(&mut section, "name", faults).unwrap_or_default();
    let means = section.require("means", faults).and_then(|node| node.word(faults));
    let means = means.and_then(|word| faults.choice(&word, "platform-unknown-choice", &MEANS));
    let each = place_at(&mut section, "each", false, faults);
    let in_each = section.get("each").is_some();
    let mut message = Message {
        name,
        means: means.unwrap_or(Means::Nothing),
        live: flag(&mut section, "live", false, faults),
        // Of what is not known any key may be the right one.
        opens: !matches!(means, Some(Means::Lead) | None) || flag(&mut section, "opens", true, faults),
        each,
        when: section.get("when").map(|node| when(node, in_each, faults)).unwrap_or_default(),
        time: section.get("time").map(|node| Row { path: "time".to_owned(), ways: row::ways(node, in_each, faults) }),
        id: section.get("id").map(|node| id(node, in_each, faults)).unwrap_or_default(),
        rows: rows(&mut section, means, in_each, faults),
        facts: match means {
            Some(Means::Lead) | None => section.get("facts").map(|node| row::facts(node, in_each, faults)),
            Some(Means::CallEnded | Means::SlotChosen | Means::RepAnswer | Means::Nothing | Means::Refused) => None,
        }
        .unwrap_or_default(),
        remedy: text(&mut section, "remedy", faults),
        answer: section.get("answer").map_or_else(Answer::default, |node| answer::read(node, in_each, faults)),
    };
    if means == Some(Means::Refused) {
        section.require("remedy", faults);
    }
    section.finish(faults);
    keep_out_of_facts(&mut message);
    if faults.count() == told {
        check(&message, node.at, faults);
    }
    message
}

/// What the message reads by name is no fact a second time: of a body that is all facts, the call's id is none.
fn keep_out_of_facts(message: &mut Message) {
    let read: Vec<String> = message.places().map(|place| place.written.clone()).collect();
    for facts in &mut message.facts {
        let object = facts.place.written.trim_end_matches('/');
        let members = read.iter().filter_map(|place| place.strip_prefix(object)?.strip_prefix('/'));
        let direct = members.filter(|member| !member.is_empty() && !member.contains('/'));
        facts.without.extend(direct.map(|member| member.replace("~1", "/").replace("~0", "~")));
    }
}

/// Under the key of what the message means; nothing has no rows, and of what is not known any key may be the right one.
fn rows(section: &mut Section<'_>, means: Option<Means>, each: bool, faults: &mut Faults) -> Vec<Row> {
    let (key, means) = match means {
        Some(Means::Lead) => ("lead", Means::Lead),
        Some(means @ (Means::CallEnded | Means::SlotChosen | Means::RepAnswer)) => ("event", means),
        Some(Means::Nothing | Means::Refused) => return Vec::new(),
        None => {
            let _ = (section.get("lead"), section.get("event"));
            return Vec::new();
        }
    };
    section.require(key, faults).map(|node| row::rows(node, means, each, faults)).unwrap_or_default()
}

fn id(node: &Node, each: bool, faults: &mut Faults) -> Vec<Phrase> {
    match &node.data {
        Data::List(parts) => parts.iter().filter_map(|part| part_of_id(part, each, faults)).collect(),
        Data::Empty | Data::Text(_) | Data::Map(_) => part_of_id(node, each, faults).into_iter().collect(),
    }
}

fn flag(section: &mut Section<'_>, key: &'static str, usual: bool, faults: &mut Faults) -> bool {
    let word = section.get(key).and_then(|node| node.word(faults));
    word.and_then(|word| faults.read(&word, "platform-unknown-choice", values::FLAG, values::flag)).unwrap_or(usual)
}

fn check(message: &Message, at: At, faults: &mut Faults) {
    let has = |path: &str| message.rows.iter().any(|row| row.path == path);
    let name = quoted(&message.name);
    for path in message.means.required().iter().filter(|path| !has(path)) {
        let found = format!("{name} does not say {path}");
        faults.error("platform-row-missing", at, found, format!("a row {path}: where it stands in the request"));
    }
    let reachable = message.live || !message.opens || !message.facts.is_empty() || WAYS.iter().any(|way| has(way));
    if message.means == Means::Lead && !reachable {
        let found = format!("{name} brings leads whom nobody could call or write to");
        let allowed = format!("a row {}, or facts, or `live: true`", WAYS.join(", "));
        faults.error("platform-unreachable", at, found, allowed);
    }
    if message.live && !message.opens {
        let found = format!("{name} is live, and begins no lead");
        faults
            .error("platform-live-opens", at, found, "one of them: `live: true`, or `opens: false`")
            .hint(Some("whoever waits on the line would wait for the decision of a lead that is not there".to_owned()));
    }
    if matches!(message.means, Means::Lead | Means::RepAnswer) && message.live && !message.answer.says() {
        let found = format!("{name} is live, and its answer says nothing");
        faults
            .error("platform-answer-silent", at, found, "{say} somewhere in `answer`, or no `answer`")
            .hint(Some("whoever is on the line waits for words, which stand where {say} does".to_owned()));
    }
    if !message.id.is_empty() && message.id.iter().all(|part| part.places().next().is_none()) {
        let found = format!("the id of {name} is the same for every request");
        faults.error("platform-bad-id", at, found, "a place of the request in it, such as {/call/id}");
    }
}
