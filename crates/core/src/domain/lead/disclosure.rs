//! What a caller was told of the call: that an AI speaks with them, and that it is recorded.

use super::ConsentSaid;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What is known to have been told; `None` is unknown, and counts as not told.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Disclosure {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ai: Option<ConsentSaid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recording: Option<ConsentSaid>,
}

/// Of what a caller may have to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisclosureKind {
    /// That an AI speaks with them.
    Ai,
    /// That the call is recorded.
    Recording,
}

impl DisclosureKind {
    pub const ALL: [Self; 2] = [Self::Ai, Self::Recording];
}

impl Disclosure {
    pub fn of(&self, kind: DisclosureKind) -> Option<ConsentSaid> {
        match kind {
            DisclosureKind::Ai => self.ai,
            DisclosureKind::Recording => self.recording,
        }
    }

    /// Whether something of what is asked for was not told, or nobody knows that it was.
    pub fn lacks(&self, asked: &BTreeSet<DisclosureKind>) -> bool {
        asked.iter().any(|kind| self.of(*kind).is_none_or(|said| !said.given))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_knows_to_have_been_told_is_lacking() {
        let (ai, both) = (BTreeSet::from([DisclosureKind::Ai]), BTreeSet::from(DisclosureKind::ALL));
        let told = |ai: Option<bool>, recording: Option<bool>| {
            let said = |given: Option<bool>| given.map(ConsentSaid::from);
            Disclosure { ai: said(ai), recording: said(recording) }
        };
        assert!(!Disclosure::default().lacks(&BTreeSet::new()), "nothing is asked for");
        for (told, of_ai, of_both) in [
            (told(None, None), true, true),
            (told(Some(false), Some(true)), true, true),
            (told(Some(true), None), false, true),
            (told(Some(true), Some(true)), false, false),
        ] {
            assert_eq!((told.lacks(&ai), told.lacks(&both)), (of_ai, of_both), "{told:?}");
        }
    }

    #[test]
    fn what_an_earlier_version_stored_is_read_and_nothing_is_written_of_nothing() {
        let text = serde_json::to_string(&Disclosure::default()).expect("JSON");
        assert_eq!(text, "{}");
        assert_eq!(serde_json::from_str::<Disclosure>(&text).expect("a disclosure"), Disclosure::default());
    }
}
