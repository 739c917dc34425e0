//! The vendors that hold calendars, each with its own health: one that is silent keeps no other waiting.

use crate::connectors::Calendar;
use crate::connectors::calendar::several;
use crate::facts::health::Health;
use std::collections::BTreeSet;
use std::sync::Arc;

pub(in crate::facts) struct Connection {
    /// Of `[calendars.NAME]`; empty: of `[calendar]`.
    name: String,
    pub calendar: Arc<dyn Calendar>,
    /// The background asks for all calendars, so that nothing that was not asked needs to be kept.
    pub health: Health<()>,
}

/// A calendar as it is written in the roster, and as its vendor knows it.
pub(super) type Sought<'c> = (&'c str, &'c str);

impl Connection {
    /// One for each vendor behind it.
    pub(in crate::facts) fn all(calendar: Option<Arc<dyn Calendar>>) -> Vec<Self> {
        let Some(calendar) = calendar else { return Vec::new() };
        let connection = |name: &str, calendar: &Arc<dyn Calendar>| Self {
            name: name.to_owned(),
            calendar: Arc::clone(calendar),
            health: Health::default(),
        };
        match calendar.parts() {
            [] => vec![connection("", &calendar)],
            parts => parts.iter().map(|(name, calendar)| connection(name, calendar)).collect(),
        }
    }

    pub(in crate::facts) fn vendor(&self) -> &'static str {
        self.calendar.vendor()
    }

    pub(super) fn may_be_asked(&self) -> bool {
        self.health.may_be_asked(self.vendor()).is_ok()
    }
}

/// # Errors
/// There is no such connection.
pub(super) fn home<'c>(all: &[Connection], written: &'c str) -> Result<(usize, &'c str), String> {
    several::home(all.iter().map(|connection| connection.name.as_str()), written)
}

/// Those of these calendars that are at one connection, by its place.
pub(super) fn sought_at<'c>(all: &[Connection], place: usize, calendars: &BTreeSet<&'c str>) -> Vec<Sought<'c>> {
    let at = |written: &&'c str| match home(all, written) {
        Ok((at, address)) if at == place => Some((*written, address)),
        Ok(_) | Err(_) => None,
    };
    calendars.iter().filter_map(at).collect()
}

pub(super) fn addresses(sought: &[Sought<'_>]) -> Vec<String> {
    sought.iter().map(|(_, address)| (*address).to_owned()).collect()
}
