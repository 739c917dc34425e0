//! `segments:`, conditions with a name, written out wherever a rule says `segment: NAME`.
//!
//! Writing out multiplies, so it is bounded: in depth, and in the number of tests of all rules together.

pub(crate) mod read;

use crate::rules::fault::{Faults, Word};
use crate::rules::files::yaml::{Data, Node};
use crate::rules::model::condition::Condition;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

/// Tests that all uses of segments come to, written out.
const TESTS: usize = 50_000;

/// The segments of a workspace, and which of them a rule has used.
#[derive(Default)]
pub(crate) struct Segments {
    by_name: BTreeMap<String, SegmentDraft>,
    used: RefCell<BTreeSet<String>>,
    /// Tests written out so far.
    tests: Cell<usize>,
    /// Segments are being read: what one of them uses is not used by a rule yet.
    reading: bool,
}

struct SegmentDraft {
    name: Word,
    /// `None`: refused, which has been told.
    is: Option<Condition>,
    depth: usize,
}

impl Segments {
    /// The segments that no rule uses, neither by name nor within another that is used.
    pub(crate) fn unused(&self) -> impl Iterator<Item = &Word> {
        let used = self.used.borrow().clone();
        self.by_name.values().map(|entry| &entry.name).filter(move |name| !used.contains(&name.text))
    }

    fn mark(&self, name: &str, condition: &Condition) {
        let mut used = self.used.borrow_mut();
        used.insert(name.to_owned());
        condition.each_part(&mut |part| {
            if let Condition::Segment { name, .. } = part {
                used.insert(name.clone());
            }
        });
    }
}

/// `segment: NAME` or `segment: [A, B]`, any of them. `None` after a fault.
pub(crate) fn named(node: &Node, segments: &Segments, faults: &mut Faults) -> Option<Condition> {
    let words = node.words(faults);
    if words.is_empty() {
        if matches!(&node.data, Data::List(items) if items.is_empty()) {
            faults.error("condition-empty", node.at, "an empty list", "at least one segment");
        }
        return None;
    }
    let conditions: Vec<Option<Condition>> = words.iter().map(|word| one(word, segments, faults)).collect();
    let mut conditions: Vec<Condition> = conditions.into_iter().collect::<Option<_>>()?;
    if conditions.len() == 1 { conditions.pop() } else { Some(Condition::Any(conditions)) }
}

fn one(word: &Word, segments: &Segments, faults: &mut Faults) -> Option<Condition> {
    faults.name(word, "segment-unknown", "segment", segments.by_name.keys().map(String::as_str))?;
    // Of a segment that was refused, a blank: its own fault keeps it from use, and the rule is not told it had no condition.
    let blank = || Some(Condition::Segment { name: word.text.clone(), is: Box::new(Condition::Always) });
    let Some(is) = segments.by_name.get(&word.text)?.is.as_ref() else { return blank() };
    let mut size = 0;
    is.each_part(&mut |_| size += 1);
    let tests = segments.tests.get() + size;
    if tests > TESTS {
        if segments.tests.replace(usize::MAX / 2) <= TESTS {
            let found = format!("segments that come to more than {TESTS} tests, written out here");
            faults.error("segment-too-large", word.at, found, format!("{TESTS} tests in all rules together"));
        }
        return blank();
    }
    segments.tests.set(tests);
    if !segments.reading {
        segments.mark(&word.text, is);
    }
    Some(Condition::Segment { name: word.text.clone(), is: Box::new(is.clone()) })
}
