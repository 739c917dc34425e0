//! Calendars on a server of CalDAV.

use crate::config::environment::{Reference, Worth};
use serde::Deserialize;

/// One login, and the calendars that it sees.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaldavCalendar {
    /// As programs of calendars are given it: `https://dav.acme.example`.
    pub url: String,
    pub username: String,
    /// Where people sign in with a second factor: an app password.
    pub password: Reference,
}

impl CaldavCalendar {
    pub(super) fn references(&self) -> Vec<(&'static str, &Reference, Worth)> {
        vec![("password", &self.password, Worth::TheirSecret)]
    }
}
