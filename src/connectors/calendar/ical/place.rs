//! By which clock a time is meant: a zone's by its name, one that the text itself describes, the owner's.
//!
//! A name that is known stands above what the text says of it: programs write descriptions that are old or wrong, and people see
//! the zone that is named. A name that nobody knows, and the text does not describe, is not known: never UTC, never a guess.

use super::lines::{Component, Property};
use super::rule::{Rule, Span};
use super::time::{Stamp, Work, utc_offset};
use baton_core::domain::zone::Zone;
use baton_core::rules::words::zone;
use chrono::{DateTime, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta, TimeZone, Utc};
use std::collections::BTreeMap;

/// Years for which a described zone's changes are worked out.
const DESCRIBED: (i32, i32) = (1970, 2100);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Wherever the owner is.
    Owner,
    Zone(Zone),
    /// By its number among those that the text describes.
    Described(usize),
    Unknown,
}

/// What somebody else's wall clock shows, or a whole day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment {
    pub at: NaiveDateTime,
    pub is_day: bool,
    pub place: Place,
}

impl Moment {
    /// By this clock, where the text is no day and says no offset.
    pub(super) fn read(place: Place, text: &str) -> Option<Self> {
        let Stamp { at, is_day, is_utc } = Stamp::read(text)?;
        let place = match (is_utc, is_day) {
            (true, _) => Place::Zone(Zone::UTC),
            (false, true) => Place::Owner,
            (false, false) => place,
        };
        Some(Self { at, is_day, place })
    }
}

/// A change of offset, by the clock that it ends.
struct Change {
    at: NaiveDateTime,
    before: i32,
    after: i32,
}

#[derive(Default)]
pub(super) struct Places {
    named: BTreeMap<String, Place>,
    described: Vec<Vec<Change>>,
}

impl Places {
    /// Those that a calendar describes under names that say nothing by themselves.
    pub(super) fn read(calendar: &Component<'_>, work: &mut Work) -> Result<Self, String> {
        let mut places = Self::default();
        for zone in calendar.children.iter().filter(|child| child.name == "VTIMEZONE") {
            let Some(name) = zone.first("TZID").map(|property| property.value.trim()) else { continue };
            let location = zone.first("X-LIC-LOCATION").and_then(|location| known(location.value));
            let place = match known(name).or(location) {
                Some(zone) => Place::Zone(zone),
                None => {
                    let mut changes = Vec::new();
                    for observance in &zone.children {
                        changes.extend(changes_of(observance, work)?);
                    }
                    changes.sort_by_key(|change: &Change| change.at);
                    if changes.is_empty() {
                        continue;
                    }
                    places.described.push(changes);
                    Place::Described(places.described.len() - 1)
                }
            };
            places.named.entry(name.to_owned()).or_insert(place);
        }
        Ok(places)
    }

    /// By which clock the values of a property are, and they themselves. A name without quotes may have a colon, and its rest then
    /// stands before them.
    pub(super) fn clock<'t>(&self, property: &Property<'t>) -> (Place, &'t str) {
        let (rest, values) = property.value.rsplit_once(':').unwrap_or(("", property.value));
        let place = match property.param("TZID") {
            None => Place::Owner,
            Some(name) if rest.is_empty() => self.named(name),
            Some(name) => self.named(&format!("{name}:{rest}")),
        };
        (place, values)
    }

    /// The one time of a property.
    pub(super) fn moment(&self, property: &Property<'_>) -> Option<Moment> {
        let (place, value) = self.clock(property);
        Moment::read(place, value)
    }

    fn named(&self, name: &str) -> Place {
        self.named.get(name.trim()).copied().or_else(|| known(name).map(Place::Zone)).unwrap_or(Place::Unknown)
    }

    /// The instant; of a time that the clock skips, the one that it would be had it not been put forward; of one that it shows
    /// twice, the first. `None`: the place is not known.
    pub(super) fn instant(&self, place: Place, at: NaiveDateTime, owner: Option<Zone>) -> Option<DateTime<Utc>> {
        let offset = match place {
            Place::Zone(zone) => offset_of(zone, at),
            Place::Owner => offset_of(owner?, at),
            Place::Described(number) => described_offset(self.described.get(number)?, at),
            Place::Unknown => return None,
        };
        Some(at.checked_sub_signed(TimeDelta::seconds(offset.into()))?.and_utc())
    }

    /// What the clock there shows then.
    pub(super) fn wall(&self, place: Place, at: DateTime<Utc>, owner: Option<Zone>) -> Option<NaiveDateTime> {
        match place {
            Place::Zone(zone) => Some(at.with_timezone(&zone).naive_local()),
            Place::Owner => Some(at.with_timezone(&owner?).naive_local()),
            Place::Described(number) => {
                let changes = self.described.get(number)?;
                let shifted = |offset: i32| at.naive_utc().checked_add_signed(TimeDelta::seconds(offset.into()));
                let is_passed = |change: &Change| shifted(change.before).is_some_and(|wall| change.at <= wall);
                let passed = changes[..changes.partition_point(is_passed)].last();
                shifted(passed.map_or(changes.first()?.before, |change| change.after))
            }
            Place::Unknown => None,
        }
    }
}

/// A zone by any name that programs give it. `/mozilla.org/20050126_1/Europe/Berlin` ends in one.
pub(super) fn known(name: &str) -> Option<Zone> {
    let name = name.trim().trim_matches('"');
    if ["tzone://microsoft/utc", "coordinated universal time"].contains(&name.to_ascii_lowercase().as_str()) {
        return Some(Zone::UTC);
    }
    let country = name.contains("(US").then_some("US");
    zone::parse(name, country).or_else(|| {
        let parts: Vec<&str> = name.strip_prefix('/')?.split('/').collect();
        (1..=3).rev().find_map(|count| parts.get(parts.len().checked_sub(count)?..)?.join("/").parse().ok())
    })
}

fn changes_of(observance: &Component<'_>, work: &mut Work) -> Result<Vec<Change>, String> {
    let offset = |name: &str| observance.first(name).and_then(|property| utc_offset(property.value));
    let begins = observance.first("DTSTART").and_then(|property| Stamp::read(property.value));
    let (Some(before), Some(after), Some(begins)) = (offset("TZOFFSETFROM"), offset("TZOFFSETTO"), begins) else {
        return Ok(Vec::new());
    };
    let begins = begins.at;
    let mut times = vec![begins];
    let rdates = observance.all("RDATE").flat_map(|property| property.value.split(','));
    times.extend(rdates.filter_map(|value| Stamp::read(value.split('/').next()?)).map(|stamp| stamp.at));
    for rule in observance.all("RRULE") {
        let rule = Rule::read(rule.value)?;
        let last =
            rule.until.map(|until| if until.is_utc { until.at + TimeDelta::seconds(before.into()) } else { until.at });
        let year = |year: i32| NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or(begins.date()).and_time(NaiveTime::MIN);
        times.extend(rule.times(begins, Span { from: year(DESCRIBED.0), until: year(DESCRIBED.1), last }, work)?);
    }
    times.sort_unstable();
    times.dedup();
    Ok(times.into_iter().map(|at| Change { at, before, after }).collect())
}

fn described_offset(changes: &[Change], at: NaiveDateTime) -> i32 {
    let Some(passed) = changes[..changes.partition_point(|change| change.at <= at)].last() else {
        return changes.first().map_or(0, |change| change.before);
    };
    let skipped = TimeDelta::seconds((passed.after - passed.before).into());
    if at - passed.at < skipped { passed.before } else { passed.after }
}

fn offset_of(zone: Zone, at: NaiveDateTime) -> i32 {
    match zone.offset_from_local_datetime(&at) {
        LocalResult::Single(offset) | LocalResult::Ambiguous(offset, _) => offset.fix().local_minus_utc(),
        // The clock was put forward over it: what it showed a day before goes on.
        LocalResult::None => {
            let before = at.checked_sub_signed(TimeDelta::days(1)).unwrap_or(at);
            zone.offset_from_utc_datetime(&before).fix().local_minus_utc()
        }
    }
}
