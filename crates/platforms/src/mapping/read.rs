//! From YAML to a mapping, or to every fault at once.

mod answer;
mod live;
mod message;
mod places;
mod proof;
mod row;
mod when;

pub(super) use live::METHODS;
pub(super) use message::MEANS;
pub(super) use proof::{ALGORITHMS, ENCODINGS, KEYS};

use super::{BodyKind, Mapping, Message};
use baton_core::rules::fault::{At, Fault, Faults, listed, quoted};
use baton_core::rules::yaml::{self, Node, Section};
use places::place_at;
use when::when;

/// The version of the file's shape.
pub(super) const VERSION: &str = "1";
pub(super) const BODIES: [(&str, BodyKind); 2] = [("json", BodyKind::Json), ("form", BodyKind::Form)];
/// Places in a mapping are told in this file, until it is known how the file is called.
const FILE: &str = "platforms";
/// Longest name of a mapping.
const LONGEST_NAME: usize = 40;

impl Mapping {
    /// `path` is that of the file, whose name without its end is the mapping's.
    ///
    /// # Errors
    /// Everything that is wrong with it; never an empty list.
    pub fn read(path: &str, text: &str) -> Result<Self, Vec<Fault>> {
        let mut faults = Faults::default();
        let name = name(path, &mut faults);
        let mapping = yaml::parse(FILE, text, &mut faults).map(|root| mapping(name, &root, &mut faults));
        let mut faults = faults.into_sorted();
        for fault in &mut faults {
            path.clone_into(&mut fault.path);
        }
        match mapping {
            Some(mapping) if faults.is_empty() => Ok(mapping),
            _ => Err(faults),
        }
    }
}

fn name(path: &str, faults: &mut Faults) -> String {
    let file = path.rsplit('/').next().unwrap_or(path);
    let name = file.strip_suffix(".yaml").or_else(|| file.strip_suffix(".yml")).unwrap_or(file);
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    if name.is_empty() || name.len() > LONGEST_NAME || !name.chars().all(plain) {
        let allowed = format!("small letters, digits, - and _, at most {LONGEST_NAME}, and .yaml: acme-voice.yaml");
        faults.error("platform-bad-name", At::start_of(FILE), quoted(file), allowed).hint(Some(
            "the file's name is that of the platform: it stands in addresses and in the source of each event"
                .to_owned(),
        ));
    }
    name.to_owned()
}

fn mapping(name: String, root: &Node, faults: &mut Faults) -> Mapping {
    let mut section = root.section(faults);
    version(&mut section, faults);
    let about = text(&mut section, "about", faults).unwrap_or_default();
    let proofs = section.get("proof").map(|node| proof::read(node, faults)).unwrap_or_default();
    let body = section.get("body").and_then(|node| node.word(faults));
    let body = body.and_then(|word| faults.choice(&word, "platform-unknown-choice", &BODIES));
    let account = place_at(&mut section, "account", false, faults);
    let live = section.get("live").and_then(|node| live::read(node, faults));
    let messages = messages(&mut section, faults);
    section.finish(faults);
    Mapping { name, about, proofs, body, account, live, messages }
}

fn version(section: &mut Section<'_>, faults: &mut Faults) {
    let word = section.require("version", faults).and_then(|node| node.word(faults));
    if let Some(word) = word
        && word.text != VERSION
    {
        faults.error("version-unknown", word.at, quoted(&word.text), VERSION);
    }
}

fn messages(section: &mut Section<'_>, faults: &mut Faults) -> Vec<Message> {
    let Some(node) = section.require("messages", faults) else { return Vec::new() };
    let nodes = node.list(faults);
    if nodes.is_empty() && matches!(node.data, yaml::Data::List(_)) {
        faults.error("platform-without-messages", node.at, "no message", "at least one message (`- name: …`)");
    }
    let mut messages: Vec<Message> = Vec::new();
    for node in nodes {
        let message = message::read(node, faults);
        refuse_second(&message, &messages, node.at, faults);
        messages.push(message);
    }
    messages
}

/// Of two messages that ask for the same, the second never fits; of two with one name, events would have one id.
fn refuse_second(message: &Message, before: &[Message], at: At, faults: &mut Faults) {
    if message.name.is_empty() {
        return; // told already
    }
    let same = |other: &&Message| other.each == message.each && other.when == message.when;
    if before.iter().any(|other| other.name == message.name) {
        let names = before.iter().map(|other| other.name.as_str());
        let found = format!("{} a second time", quoted(&message.name));
        faults.error("platform-message-twice", at, found, format!("a name of its own, beside {}", listed(names)));
    } else if let Some(other) = before.iter().find(same) {
        let found = format!("{} asks in `when` for what {} asks for", quoted(&message.name), quoted(&other.name));
        faults
            .error("platform-message-twice", at, found, "a `when` of its own")
            .hint(Some("the first message that fits counts: this one would never be looked at".to_owned()));
    }
}

fn text(section: &mut Section<'_>, key: &'static str, faults: &mut Faults) -> Option<String> {
    section.get(key).and_then(|node| node.word(faults)).map(|word| word.text.trim().to_owned())
}

#[cfg(test)]
mod tests;
