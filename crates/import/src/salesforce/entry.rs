//! An entry of an assignment rule as it stands there, and what the queues and users that entries name are called here.

use super::asked::Criteria;
use super::criteria;
use super::xml::{child_text, line};
use crate::{Imported, RepIds, rep_slug, slug};
use roxmltree::Node;
use std::collections::{BTreeMap, BTreeSet};

pub(super) struct RuleEntry {
    pub line: u32,
    /// `None`: takes everything.
    pub asked: Option<Result<Criteria, String>>,
    /// The entry as it was, for people.
    pub was: String,
    pub to: Result<To, String>,
}

/// Names of theirs.
#[derive(Clone)]
pub(super) enum To {
    Queue(String),
    User(String),
    /// Nobody is assigned, and no later entry is asked.
    Stop,
}

impl RuleEntry {
    pub(super) fn of(node: Node) -> Self {
        Self { line: line(node), asked: criteria::of_entry(node), was: criteria::in_words(node), to: target(node) }
    }
}

fn target(node: Node) -> Result<To, String> {
    let to = child_text(node, "assignedTo");
    match child_text(node, "assignedToType").as_str() {
        _ if to.is_empty() => Ok(To::Stop),
        "Queue" if !queue_slug(&to).is_empty() => Ok(To::Queue(to)),
        "User" if !rep_slug(&to).is_empty() => Ok(To::User(to)),
        kind => Err(format!("assigned to {to:?} of type {kind:?}; a queue or a user can be said")),
    }
}

/// Ours for theirs: two queues or people stay two, whatever they are called.
pub(super) struct Names {
    pub queues: BTreeMap<String, String>,
    users: RepIds,
}

impl Names {
    pub(super) fn of(entries: &[RuleEntry], imported: &mut Imported) -> Self {
        let targets = || entries.iter().filter_map(|entry| Some((entry.line, entry.to.as_ref().ok()?)));
        let users = targets().filter_map(|(_, to)| match to {
            To::User(theirs) => Some(theirs.as_str()),
            To::Queue(_) | To::Stop => None,
        });
        let mut names = Self { queues: BTreeMap::new(), users: RepIds::of(users) };
        let mut told = BTreeSet::new();
        for (line, to) in targets() {
            match to {
                To::Queue(theirs) if !names.queues.contains_key(theirs) => {
                    let plain = queue_slug(theirs);
                    let taken: BTreeSet<&String> = names.queues.values().collect();
                    let mut numbered = (2u32..).map(|number| format!("{plain}-{number}"));
                    let ours = if taken.contains(&plain) {
                        numbered.find(|name| !taken.contains(name)).expect("numbers do not end")
                    } else {
                        plain.clone()
                    };
                    if ours != plain {
                        let found = format!("queue {theirs:?} is pool {ours:?}: another queue is {plain:?} already");
                        imported.note(line, found, "rename the pool if you like");
                    }
                    names.queues.insert(theirs.clone(), ours);
                }
                To::User(theirs) if names.users.is_shared(theirs) && told.insert(theirs.to_lowercase()) => {
                    let found = format!(
                        "user {theirs:?} is rep {:?}: somebody else's address begins alike",
                        names.users.get(theirs)
                    );
                    imported.note(line, found, "give the rep this id in rules/reps.csv");
                }
                To::Queue(_) | To::User(_) | To::Stop => {}
            }
        }
        names
    }

    pub(super) fn user(&self, theirs: &str) -> &str {
        self.users.get(theirs)
    }
}

fn queue_slug(theirs: &str) -> String {
    slug(&theirs.replace('_', " "), '-')
}
