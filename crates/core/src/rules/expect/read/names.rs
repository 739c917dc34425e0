//! Names in a test, looked up in the rules that it is about.

use super::RuleTestReader;
use crate::domain::id::{PoolId, RepId, TerritoryId, TierId};
use crate::rules::expect::REASONS;
use crate::rules::fault::Word;
use crate::rules::files::yaml::{Data, Node};
use std::collections::{BTreeMap, BTreeSet};

/// What says that there is no territory or no route.
const NONE: &str = "none";

impl RuleTestReader<'_> {
    pub(super) fn rep(&mut self, word: &Word) -> Option<RepId> {
        let names = self.rules.reps.keys().map(RepId::as_str);
        let name = self.faults.name(word, "test-unknown-rep", "rep", names)?;
        RepId::new(name).ok()
    }

    /// Whoever is rung, in order; nothing, `none` or an empty list says that nobody is.
    pub(super) fn ring(&mut self, node: &Node) -> Vec<RepId> {
        if let Data::Empty = node.data {
            return Vec::new();
        }
        let words = node.words(self.faults);
        if let [word] = words.as_slice()
            && word.text == NONE
        {
            return Vec::new();
        }
        words.iter().filter_map(|word| self.rep(word)).collect()
    }

    pub(super) fn pool(&mut self, word: &Word) -> Option<PoolId> {
        let names = self.rules.pools.keys().map(PoolId::as_str);
        let name = self.faults.name(word, "test-unknown-pool", "pool", names)?;
        PoolId::new(name).ok()
    }

    pub(super) fn tier(&mut self, word: &Word) -> Option<TierId> {
        let names = self.rules.tiers.iter().map(|tier| tier.name.as_str());
        let name = self.faults.name(word, "test-unknown-tier", "tier", names)?;
        TierId::new(name).ok()
    }

    pub(super) fn territory(&mut self, word: &Word) -> Option<Option<TerritoryId>> {
        if word.text == NONE {
            return Some(None);
        }
        let territories = &self.rules.territories;
        let named = territories.accounts().iter().filter_map(|account| account.territory.as_ref());
        let rows = territories.rows().iter().map(|row| &row.territory);
        let names: BTreeSet<&str> = rows.chain(named).map(TerritoryId::as_str).collect();
        let name = self.faults.name(word, "test-unknown-territory", "territory", names.iter().copied())?;
        Some(TerritoryId::new(name).ok())
    }

    pub(super) fn route(&mut self, word: &Word) -> Option<Option<String>> {
        if word.text == NONE {
            return Some(None);
        }
        let names = self.rules.routes.iter().map(|route| route.name.as_str());
        let name = self.faults.name(word, "test-unknown-route", "route", names)?;
        Some(Some(name.to_owned()))
    }

    pub(super) fn rejected(&mut self, node: &Node) -> BTreeMap<RepId, &'static str> {
        let mut rejected = BTreeMap::new();
        let choices = REASONS.map(|reason| (reason, reason));
        for (rep, reason) in node.map(self.faults) {
            let reason =
                reason.word(self.faults).and_then(|word| self.faults.choice(&word, "test-unknown-reason", &choices));
            if let (Some(rep), Some(reason)) = (self.rep(rep), reason) {
                rejected.insert(rep, reason);
            }
        }
        rejected
    }
}
