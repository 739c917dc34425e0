//! How old what decisions go by is, and which vendors are left alone: for the figures.

use super::Facts;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use std::sync::PoisonError;

/// What is known of what is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// When the calendar was seen that has not been seen for longest, or since when it could not be; `None`: none was asked for yet,
    /// or none is connected.
    pub calendars_at: Option<DateTime<Utc>>,
    /// When the CRM last told this worker of an account, or since when it has told of none; `None`: none is connected.
    pub crm_at: Option<DateTime<Utc>>,
    /// Each vendor that is asked before a decision, and whether it is silent or has failed a moment ago.
    pub resting: Vec<(&'static str, bool)>,
}

impl Facts {
    pub fn seen(&self) -> Seen {
        let calendars_at = self.views().values().map(|view| view.seen_at).min();
        let crm = self.crm.as_ref().map(|crm| (crm.vendor(), self.crm_health.is_failing()));
        // Of a vendor that is connected twice, the one that does worse.
        let mut calendars: BTreeMap<&'static str, bool> = BTreeMap::new();
        for connection in &self.connections {
            *calendars.entry(connection.vendor()).or_default() |= connection.health.is_failing();
        }
        let crm_at = *self.told_at.lock().unwrap_or_else(PoisonError::into_inner);
        Seen { calendars_at, crm_at, resting: crm.into_iter().chain(calendars).collect() }
    }

    pub(super) fn crm_has_told(&self) {
        *self.told_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(self.clock.now());
    }
}
