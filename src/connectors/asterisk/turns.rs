//! Whose words a caller hears last, where two sentences are made ready side by side: the later one's.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Of one sentence. Its end is that of the value.
pub(super) struct Turn<'t> {
    turns: &'t Turns,
    call: String,
    number: u64,
}

#[derive(Default)]
pub(super) struct Turns {
    taken: AtomicU64,
    last: Mutex<BTreeMap<String, u64>>,
}

impl Turns {
    /// Whatever is said to this caller after it was begun later.
    pub(super) fn begin(&self, call: &str) -> Turn<'_> {
        let number = self.taken.fetch_add(1, Ordering::Relaxed);
        self.last.lock().unwrap_or_else(PoisonError::into_inner).insert(call.to_owned(), number);
        Turn { turns: self, call: call.to_owned(), number }
    }
}

impl Turn<'_> {
    /// Nothing newer is about to be said.
    pub(super) fn is_last(&self) -> bool {
        self.turns
            .last
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&self.call)
            .is_none_or(|last| *last <= self.number)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut last = self.turns.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.get(&self.call) == Some(&self.number) {
            last.remove(&self.call);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_later_sentence_is_the_one_that_is_heard() {
        let turns = Turns::default();
        let (looks, offers) = (turns.begin("a"), turns.begin("a"));
        assert!(!looks.is_last() && offers.is_last());
        assert!(turns.begin("b").is_last(), "another caller's");
        drop((looks, offers));
        assert!(turns.last.lock().expect("nobody else").is_empty());
    }
}
