//! Label values that come from outside: so many of them and no more, and none that could be a person's.

use std::collections::BTreeSet;
use std::sync::{PoisonError, RwLock};

/// For whatever is one too many, or no name.
pub(super) const OTHER: &str = "other";
/// Longer ones are no names that a person gave to a thing.
const LONGEST: usize = 64;

/// The values that one label has had so far. Each is kept as long as the process lives: they are few.
pub(super) struct Names {
    most: usize,
    known: RwLock<BTreeSet<&'static str>>,
}

impl Names {
    pub(super) fn at_most(most: usize) -> Self {
        Self { most, known: RwLock::default() }
    }

    /// The value for this name, or [`OTHER`] where there are as many already.
    pub(super) fn of(&self, name: &str) -> &'static str {
        if let Some(known) = self.known.read().unwrap_or_else(PoisonError::into_inner).get(name) {
            return known;
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= self.most {
            return known.get(name).copied().unwrap_or(OTHER);
        }
        let name: &'static str = Box::leak(name.to_owned().into_boxed_str());
        known.insert(name);
        name
    }

    /// The same for the platform in the source of an event: `retell/eu` and `Retell:eu` are `retell`. Whoever sends events writes
    /// what they like there, so that what may be a number, an address of a mail or a sentence is [`OTHER`].
    pub(super) fn of_source(&self, source: &str) -> &'static str {
        let platform = source.split(['/', ':']).next().unwrap_or_default();
        let of_names = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let is_name = platform.bytes().next().is_some_and(|first| first.is_ascii_alphabetic())
            && platform.len() <= LONGEST
            && platform.bytes().all(of_names);
        if is_name { self.of(&platform.to_ascii_lowercase()) } else { OTHER }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_no_more_values_than_were_meant() {
        let names = Names::at_most(2);
        assert_eq!([names.of("a"), names.of("b"), names.of("c"), names.of("a")], ["a", "b", OTHER, "a"]);
        assert_eq!(names.known.read().expect("nobody panics").len(), 2);
    }

    #[test]
    fn a_source_is_told_by_its_platform_and_what_may_be_a_person_is_not() {
        let names = Names::at_most(50);
        for (source, told) in [
            ("retell", "retell"),
            ("Retell/eu", "retell"),
            ("vapi:acct_1", "vapi"),
            ("front-door", "front-door"),
            ("+14155550142", OTHER),
            ("4155550142", OTHER),
            ("ada@acme.example", OTHER),
            ("Ada Lovelace", OTHER),
            ("", OTHER),
            ("/x", OTHER),
        ] {
            assert_eq!(names.of_source(source), told, "{source:?}");
        }
        assert_eq!(names.of_source(&"x".repeat(65)), OTHER);
    }
}
