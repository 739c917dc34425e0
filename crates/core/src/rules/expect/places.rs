//! Where ownership rules and ladders stand, which checked rules do not remember.

use crate::rules::compile::SourceFile;
use crate::rules::fault::Faults;
use crate::rules::files::yaml::{self, Data, Node};
use crate::rules::{HANDOFF, ROUTING};
use std::collections::BTreeMap;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Places {
    /// Line in `routing.yaml` of each rule of ownership, in order.
    pub ownership: Vec<u32>,
    /// Line in `handoff.yaml` of each ladder.
    pub ladders: BTreeMap<String, u32>,
}

/// From the files that the rules were compiled from.
pub fn places(files: &[SourceFile]) -> Places {
    let mut places = Places::default();
    if let Some(Data::List(rules)) = under(files, ROUTING, "ownership").map(|node| node.data) {
        places.ownership = rules.iter().map(|rule| rule.at.line).collect();
    }
    if let Some(Data::Map(ladders)) = under(files, HANDOFF, "ladders").map(|node| node.data) {
        places.ladders = ladders.into_iter().map(|(name, _)| (name.text, name.at.line)).collect();
    }
    places
}

fn under(files: &[SourceFile], path: &'static str, key: &str) -> Option<Node> {
    let file = files.iter().find(|file| file.path == path)?;
    let root = yaml::parse(path, &file.text, &mut Faults::default())?;
    let Data::Map(entries) = root.data else { return None };
    entries.into_iter().find(|(word, _)| word.text == key).map(|(_, node)| node)
}
