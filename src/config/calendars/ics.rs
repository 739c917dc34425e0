//! Calendars that are published as files.

use crate::config::environment::{Reference, Worth};
use serde::Deserialize;
use std::collections::BTreeMap;

/// They are read and nothing is booked in them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IcsFeeds {
    /// Addresses by the names that reps.csv calls them by. Whoever knows an address can read the calendar.
    pub feeds: BTreeMap<String, Reference>,
}

impl IcsFeeds {
    pub(super) fn references(&self) -> Vec<(&'static str, &Reference, Worth)> {
        self.feeds.values().map(|address| ("feeds", address, Worth::TheirSecret)).collect()
    }
}
