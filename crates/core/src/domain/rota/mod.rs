//! Who works when: weekly hours in the rep's own zone, holidays and planned leave.
//!
//! Everything is computed from local wall-clock times, so a shift is what the clock on the rep's wall says, also on the
//! two days a year on which a local hour is missing or comes twice.
//!
//! A shift belongs to the day on which it begins. A holiday or a day of leave cancels the shifts that begin on it; the
//! night shift that began the evening before is worked to its end.

mod calling;
mod shifts;
mod slots;
mod status;
#[cfg(test)]
mod tests;

pub use calling::{calling_allowed, next_call_at, next_calling_time};
pub use shifts::{add_working_time, is_open, working_windows};
pub use slots::{SLOT_GRID, day_is_full, free_slots};
pub use status::{OffReason, RotaStatus, status, why_off};

use crate::domain::zone::Zone;
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// From and until, the latter exclusive.
pub type Window = (DateTime<Utc>, DateTime<Utc>);

/// How far ahead anything is searched. Sixty days: longer than any leave that a lead can wait out.
pub const HORIZON_DAYS: u64 = 60;

/// Working times of one week. A shift that ends at or before its start runs past midnight into the next day.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Week {
    /// Index 0 is Monday. Shifts of one day, by start.
    pub days: [Vec<Shift>; 7],
}

/// Hours of a place, which are nobody's own: a week by the clocks of a zone, but for the holidays of a region.
#[derive(Debug, Clone, PartialEq)]
pub struct Opening {
    pub week: String,
    /// Empty means none.
    pub holidays: String,
    pub zone: Zone,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shift {
    pub from: NaiveTime,
    pub until: NaiveTime,
}

/// `rules/hours.yaml`, checked.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Hours {
    pub weeks: BTreeMap<String, Week>,
    /// By holiday region; a rep whose region is empty has none.
    pub holidays: BTreeMap<String, BTreeSet<NaiveDate>>,
    /// Lawful calling hours in the *caller's* zone: no callback is promised or made outside.
    pub calling: Shift,
    /// The same by weekday where a place has hours of its own: `US`, `US-FL`.
    #[serde(default)]
    pub calling_in: BTreeMap<String, Week>,
}

impl Hours {
    /// The hours of a place itself, else of its country; `None` where only [`Self::calling`] holds.
    fn calling_of(&self, place: &str) -> Option<&Week> {
        let country = || self.calling_in.get(place.split('-').next()?);
        self.calling_in.get(place).or_else(country)
    }
}

impl Default for Shift {
    fn default() -> Self {
        Self { from: NaiveTime::MIN, until: NaiveTime::MIN }
    }
}
