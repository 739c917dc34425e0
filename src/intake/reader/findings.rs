//! What is wrong with an event: faults, which refuse it, and notes, which go with it.

use crate::intake::fault::{EventFault, nearest};
use std::cell::{Cell, RefCell};

/// Most findings of a kind that are kept: an event of thousands of strange fields is told by its first.
const MOST_TOLD: usize = 64;
/// Most unknown names of one event for which the nearest known one is sought.
const MOST_SOUGHT: u32 = 32;

/// What was found so far, over all objects of one event.
#[derive(Debug, Default)]
pub(in crate::intake) struct Findings {
    pub faults: RefCell<Vec<EventFault>>,
    pub notes: RefCell<Vec<EventFault>>,
    /// A lead is read: what is wrong with it is noted, and counts as unknown.
    pub(super) lenient: Cell<bool>,
    sought: Cell<u32>,
    left_out: Cell<usize>,
}

impl Findings {
    /// A note in a lead, a fault in anything else.
    pub(crate) fn fault(&self, pointer: String, found: String, allowed: impl Into<String>, hint: Option<String>) {
        if self.lenient.get() {
            return self.note(pointer, found, allowed, Some(hint.unwrap_or_else(|| KEPT_OUT.to_owned())));
        }
        self.refuse(pointer, found, allowed, hint);
    }

    /// A fault, also in a lead.
    pub(crate) fn refuse(&self, pointer: String, found: String, allowed: impl Into<String>, hint: Option<String>) {
        self.add(&self.faults, EventFault { pointer, found, allowed: allowed.into(), hint });
    }

    pub(super) fn note(&self, pointer: String, found: String, allowed: impl Into<String>, hint: Option<String>) {
        self.add(&self.notes, EventFault { pointer, found, allowed: allowed.into(), hint });
    }

    fn add(&self, to: &RefCell<Vec<EventFault>>, finding: EventFault) {
        if to.borrow().len() < MOST_TOLD {
            to.borrow_mut().push(finding);
        } else {
            self.left_out.set(self.left_out.get() + 1);
        }
    }

    /// From here on nothing but [`Findings::refuse`] refuses, and what was found so far is only noted: a lead begins.
    pub(crate) fn be_lenient(&self) {
        self.lenient.set(true);
        for fault in self.faults.take() {
            self.fault(fault.pointer, fault.found, fault.allowed, fault.hint);
        }
    }

    /// All faults and all notes, and how many more there were.
    pub(crate) fn into_told(self) -> (Vec<EventFault>, Vec<EventFault>) {
        let (mut faults, mut notes) = (self.faults.into_inner(), self.notes.into_inner());
        if self.left_out.get() > 0 {
            let told = if faults.is_empty() { &mut notes } else { &mut faults };
            let found = format!("{} more of this kind", self.left_out.get());
            told.push(EventFault { pointer: String::new(), found, allowed: "none of them".to_owned(), hint: None });
        }
        (faults, notes)
    }

    /// The known name nearest to this one; the search is given up where an event has very many names that nobody knows.
    pub(super) fn nearest<'n>(&self, name: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
        self.sought.set(self.sought.get() + 1);
        if self.sought.get() > MOST_SOUGHT { None } else { nearest(name, known) }
    }
}

pub(super) const KEPT_OUT: &str = "kept out: it counts as unknown";
