//! A time zone by its name in the tz database, and what its clocks show.
//!
//! The names are those that crate `chrono-tz` knows; its rules are as old as the crate and are never asked. Offsets come from
//! the tz database that the shell installs once at start, else from the one that is built in. So [`Zone`] is the only way
//! from UTC to local time and back: the crate's own type does not leave this file (`tests/architecture.rs` holds it).

mod posix;
mod table;
#[cfg(test)]
mod tests;
mod tzif;

pub use table::{BUILT_IN, Database, InUse, Installed, differs_from, in_use, install};

use chrono::{FixedOffset, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeZone};
use chrono_tz::{TZ_VARIANTS, Tz};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Zone(Tz);

/// No zone of the tz database has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no time zone")]
pub struct UnknownZone(String);

impl Zone {
    pub const UTC: Self = Self(Tz::UTC);

    /// For a name that stands in the code.
    ///
    /// # Panics
    /// There is no such zone.
    pub fn named(name: &str) -> Self {
        name.parse().unwrap_or_else(|unknown| panic!("{unknown}"))
    }

    /// `America/New_York`.
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// Every zone that can be named, other spellings included.
    pub fn all() -> impl Iterator<Item = Self> {
        TZ_VARIANTS.iter().map(|tz| Self(*tz))
    }

    /// Where the zone stands in the table of rules.
    fn index(self) -> usize {
        self.0 as usize
    }

    fn shown(self, at: &tzif::OffsetSpan) -> ZoneOffset {
        ZoneOffset { zone: self, fixed: at.offset, abbreviation: table::rules(self).abbreviation(at) }
    }
}

impl FromStr for Zone {
    type Err = UnknownZone;

    fn from_str(name: &str) -> Result<Self, UnknownZone> {
        name.parse().map(Self).map_err(|_unknown: chrono_tz::ParseError| UnknownZone(name.to_owned()))
    }
}

impl Ord for Zone {
    fn cmp(&self, other: &Self) -> Ordering {
        self.name().cmp(other.name())
    }
}

impl PartialOrd for Zone {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// How far a zone's clocks are from UTC at one moment; shown as its abbreviation, `CEST` or `-03`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ZoneOffset {
    zone: Zone,
    fixed: FixedOffset,
    abbreviation: &'static str,
}

impl Offset for ZoneOffset {
    fn fix(&self) -> FixedOffset {
        self.fixed
    }
}

impl fmt::Display for ZoneOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.abbreviation)
    }
}

impl fmt::Debug for ZoneOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.fixed, self.abbreviation)
    }
}

impl TimeZone for Zone {
    type Offset = ZoneOffset;

    fn from_offset(offset: &ZoneOffset) -> Self {
        offset.zone
    }

    fn offset_from_local_date(&self, local: &NaiveDate) -> LocalResult<ZoneOffset> {
        self.offset_from_local_datetime(&local.and_time(NaiveTime::MIN))
    }

    fn offset_from_local_datetime(&self, local: &NaiveDateTime) -> LocalResult<ZoneOffset> {
        table::rules(*self).at_local(local.and_utc().timestamp()).map(|span| self.shown(span))
    }

    fn offset_from_utc_date(&self, utc: &NaiveDate) -> ZoneOffset {
        self.offset_from_utc_datetime(&utc.and_time(NaiveTime::MIN))
    }

    fn offset_from_utc_datetime(&self, utc: &NaiveDateTime) -> ZoneOffset {
        self.shown(table::rules(*self).at(utc.and_utc().timestamp()))
    }
}
