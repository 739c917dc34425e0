//! Reps as they stand while handoffs move: held in the database, changed here, and stored once.

use crate::store::{RepState, StoreError};
use baton_core::domain::id::RepId;
use std::collections::BTreeMap;

#[derive(Default)]
pub(super) struct Phones {
    stored: BTreeMap<RepId, RepState>,
    now: BTreeMap<RepId, RepState>,
}

impl Phones {
    pub(super) fn has(&self, rep: &RepId) -> bool {
        self.now.contains_key(rep)
    }

    /// Reps who are held from now on.
    pub(super) fn add(&mut self, held: BTreeMap<RepId, RepState>) {
        self.stored.extend(held.clone());
        self.now.extend(held);
    }

    /// # Errors
    /// The rep is not held: a change would be lost without a word.
    pub(super) fn of(&mut self, rep: &RepId) -> Result<&mut RepState, StoreError> {
        self.now.get_mut(rep).ok_or_else(|| StoreError::NotFound { what: "state of rep", id: rep.to_string() })
    }

    pub(super) fn changed(&self) -> Vec<RepState> {
        self.now
            .iter()
            .filter(|(rep, state)| self.stored.get(*rep) != Some(*state))
            .map(|(_, state)| state.clone())
            .collect()
    }
}
