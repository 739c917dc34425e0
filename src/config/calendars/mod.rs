//! Where the reps' calendars are: `[calendar]`, and `[calendars.NAME]` where there is more than one vendor, or one twice.

mod caldav;
mod google;
mod ics;
mod microsoft;

pub use caldav::CaldavCalendar;
pub use google::GoogleCalendar;
pub use ics::IcsFeeds;
pub use microsoft::MicrosoftCalendar;

use super::Config;
use super::environment::{Reference, Worth};
use anyhow::{Result, ensure};
use serde::{Deserialize, Deserializer};

#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "vendor", rename_all = "snake_case")]
pub enum Calendar {
    Google(GoogleCalendar),
    Microsoft(MicrosoftCalendar),
    Caldav(CaldavCalendar),
    Ics(IcsFeeds),
}

impl Calendar {
    fn references(&self) -> Vec<(&'static str, &Reference, Worth)> {
        match self {
            Self::Google(google) => google.references(),
            Self::Microsoft(microsoft) => microsoft.references(),
            Self::Caldav(caldav) => caldav.references(),
            Self::Ics(ics) => ics.references(),
        }
    }
}

/// `[calendar]` need not say its vendor, and is Google's then.
///
/// # Errors
/// It is no section of a calendar.
pub(crate) fn google_unless_said<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Calendar>, D::Error> {
    let mut section = toml::Table::deserialize(deserializer)?;
    section.entry("vendor").or_insert_with(|| toml::Value::String("google".to_owned()));
    let calendar = Calendar::deserialize(toml::Value::Table(section));
    calendar.map(Some).map_err(|error| serde::de::Error::custom(error.message()))
}

impl Config {
    /// Every section of a calendar, by its NAME; `[calendar]` has none.
    pub fn calendars(&self) -> impl Iterator<Item = (&str, &Calendar)> {
        let first = self.calendar.iter().map(|calendar| ("", calendar));
        first.chain(self.calendars.iter().map(|(name, calendar)| (name.as_str(), calendar)))
    }

    pub(super) fn check_calendars(&self) -> Result<()> {
        for name in self.calendars.keys() {
            let is_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
            ensure!(
                !name.is_empty() && name.bytes().all(is_word),
                "calendars.{name:?}: reps.csv writes this name before an address, as in NAME:priya@acme.example; allowed: letters, \
                 digits, - and _"
            );
        }
        Ok(())
    }

    /// Every secret of a calendar, by the name of its key.
    pub(super) fn references_of_calendars(&self) -> impl Iterator<Item = (String, &Reference, Worth)> {
        self.calendars().flat_map(|(name, calendar)| {
            let section = calendar_section(name);
            let references = calendar.references().into_iter();
            references.map(move |(key, reference, worth)| (format!("{section}.{key}"), reference, worth))
        })
    }
}

/// As `baton.toml` calls it.
pub fn calendar_section(name: &str) -> String {
    if name.is_empty() { "calendar".to_owned() } else { format!("calendars.{name}") }
}
