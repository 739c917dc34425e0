//! What users were shown a moment ago: the lead that is written and the phone that rings for it both say it.

use baton_clock::SharedClock;
use baton_core::domain::crm_id::CrmId;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Longer than a phone rings.
const REMEMBERED: TimeDelta = TimeDelta::seconds(60);

pub(super) struct Shown {
    clock: SharedClock,
    /// By record and user.
    at: Mutex<BTreeMap<(String, CrmId), DateTime<Utc>>>,
}

impl Shown {
    pub(super) fn new(clock: SharedClock) -> Self {
        Self { clock, at: Mutex::default() }
    }

    /// Whether this user was not shown this record lately; from now on they have been.
    pub(super) fn is_new(&self, record: &str, user: &CrmId) -> bool {
        let now = self.clock.now();
        let mut shown = self.at.lock().unwrap_or_else(PoisonError::into_inner);
        shown.retain(|_, at| now - *at < REMEMBERED);
        shown.insert((record.to_owned(), user.clone()), now).is_none()
    }
}
