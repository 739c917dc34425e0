//! The calendars of a workspace, and whether they are those that its roster names.

mod caldav;
mod google;
mod ics;
mod microsoft;

use crate::config::{self, Config};
use crate::connectors::Calendar;
use crate::connectors::calendar::several::{Several, home};
use crate::outbox::Vendors;
use anyhow::{Result, bail};
use baton_clock::SharedClock;
use baton_core::domain::address::CalendarAddress;
use baton_core::rules::RuleSet;
use std::sync::Arc;

/// `None`: no section.
///
/// # Errors
/// A secret cannot be resolved, or an address or key is not of its form.
pub(super) fn connect(config: &Config, clock: &SharedClock) -> Result<Option<Arc<dyn Calendar>>> {
    let mut parts: Vec<(String, Arc<dyn Calendar>)> = Vec::new();
    for (name, calendar) in config.calendars() {
        let section = config::calendar_section(name);
        let connected = match calendar {
            config::Calendar::Google(google) => google.connect(&section, clock)?,
            config::Calendar::Microsoft(microsoft) => microsoft.connect(&section, clock)?,
            config::Calendar::Caldav(caldav) => caldav.connect(&section, clock)?,
            config::Calendar::Ics(ics) => ics.connect(&section, clock)?,
        };
        parts.push((name.to_owned(), connected));
    }
    if parts.is_empty() {
        return Ok(None);
    }
    Ok(Some(Arc::new(Several::new(parts))))
}

/// The names of the connections at which calendars can be, and whether meetings can be booked there; empty where nothing is connected.
#[derive(Debug, Clone)]
pub(super) struct CalendarNames(Vec<(String, bool)>);

impl From<&Config> for CalendarNames {
    fn from(config: &Config) -> Self {
        let books = |calendar: &config::Calendar| !matches!(calendar, config::Calendar::Ics(_));
        Self(config.calendars().map(|(name, calendar)| (name.to_owned(), books(calendar))).collect())
    }
}

impl From<&Vendors> for CalendarNames {
    fn from(vendors: &Vendors) -> Self {
        let parts = |calendar: &Arc<dyn Calendar>| match calendar.parts() {
            [] => vec![(String::new(), calendar.takes_bookings())],
            parts => parts.iter().map(|(name, part)| (name.clone(), part.takes_bookings())).collect(),
        };
        Self(vendors.calendar.as_ref().map(parts).unwrap_or_default())
    }
}

impl CalendarNames {
    /// Whether every calendar of the roster is at one of them, and the first of each rep takes bookings. Where nothing is connected, nobody says yet what will be.
    ///
    /// # Errors
    /// One is at none, or meetings cannot be booked in it.
    pub(super) fn hold(&self, rules: &RuleSet) -> Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        for rep in rules.reps.values() {
            for (place, written) in rep.calendar.iter().flat_map(|cell| CalendarAddress::each(cell)).enumerate() {
                match home(self.0.iter().map(|(name, _)| name.as_str()), written) {
                    Err(why) => bail!("rules/reps.csv, calendar of {}: {written}: {why}", rep.id),
                    Ok((at, _)) if place == 0 && !self.0[at].1 => bail!(
                        "rules/reps.csv, calendar of {}: {written} is a feed, in which nothing can be booked: write a calendar of \
                         another vendor before it",
                        rep.id
                    ),
                    Ok(_) => {}
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use baton_core::routing::scenario::scenario;

    const GOOGLE: &str = "vendor = \"google\"\nclient_email = \"a@b.example\"\nprivate_key = \"env:K\"\n";

    #[test]
    fn a_calendar_of_the_roster_is_at_a_connection_of_the_file() {
        let held = |sections: &[&str], cell: &str| {
            let toml: String = sections.iter().map(|section| format!("[{section}]\n{GOOGLE}")).collect();
            let config: Config = toml::from_str(&toml).expect("a configuration");
            let rules = scenario().rep("ben", |rep| rep.calendar = Some(cell.to_owned())).rules;
            CalendarNames::from(&config).hold(&rules).map_err(|why| why.to_string())
        };
        let dav = "calendars.dav";
        assert_eq!(held(&["calendar"], "ben@acme.example"), Ok(()));
        assert_eq!(held(&["calendar", dav], "ben@acme.example; dav:ben@acme.example"), Ok(()));
        assert_eq!(held(&[dav], "ben@acme.example"), Ok(()), "the only one there is");
        let told = held(&["calendar", dav], "ben@acme.example;davs:ben@acme.example").expect_err("there is none");
        assert_eq!(
            told,
            "rules/reps.csv, calendar of ben: davs:ben@acme.example: there is no [calendars.davs] in baton.toml"
        );
        let told = held(&[dav, "calendars.other"], "ben@acme.example").expect_err("it could be either");
        assert!(told.ends_with("no [calendar]: write NAME: before the address"), "{told}");
        assert_eq!(held(&[], "davs:ben@acme.example"), Ok(()));
    }

    #[test]
    fn meetings_are_booked_in_no_feed() {
        let feeds = "[calendars.feeds]\nvendor = \"ics\"\n[calendars.feeds.feeds]\nben = \"env:F\"\n";
        let toml = format!("[calendar]\n{GOOGLE}{feeds}");
        let config: Config = toml::from_str(&toml).expect("a configuration");
        let held = |cell: &str| {
            let rules = scenario().rep("ben", |rep| rep.calendar = Some(cell.to_owned())).rules;
            CalendarNames::from(&config).hold(&rules).map_err(|why| why.to_string())
        };
        assert_eq!(held("ben@acme.example;feeds:ben"), Ok(()));
        let told = held("feeds:ben").expect_err("nothing can be booked there");
        assert!(told.contains("feeds:ben is a feed, in which nothing can be booked"), "{told}");
    }
}
