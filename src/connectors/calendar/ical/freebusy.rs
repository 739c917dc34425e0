//! What a server tells as free and busy times, where it tells nothing better.
//!
//! Servers lose the days of all-day events in it: a period without length at midnight is one of those, and makes the whole unknown.

use super::event::{Extent, period};
use super::lines::{calendars, unfolded};
use super::place::Places;
use super::time::Work;
use baton_core::domain::rep::{Busy, BusyKind};
use baton_core::domain::rota::Window;
use baton_core::domain::zone::Zone;
use chrono::{NaiveTime, TimeDelta};

/// # Errors
/// It is no answer to that question, or days are lost in it.
pub(in crate::connectors::calendar) fn free_busy(bytes: &[u8], (from, until): Window) -> Result<Vec<Busy>, String> {
    let text = unfolded(bytes);
    let not_read = || "a period of its free and busy times is not understood".to_owned();
    let mut found = Vec::new();
    for calendar in calendars(&text)? {
        let places = Places::read(&calendar, &mut Work::new())?;
        let told = calendar.children.iter().filter(|child| child.name == "VFREEBUSY");
        for property in told.flat_map(|told| told.all("FREEBUSY")) {
            let kind = match property.param("FBTYPE").unwrap_or("BUSY").to_ascii_uppercase().as_str() {
                "FREE" => continue,
                "BUSY-UNAVAILABLE" => BusyKind::OutOfOffice,
                "BUSY-TENTATIVE" => BusyKind::Tentative,
                _ => BusyKind::Busy,
            };
            let (place, values) = places.clock(property);
            for value in values.split(',') {
                let (start, extent) = period(place, value).ok_or_else(not_read)?;
                let instant = |place, at| places.instant(place, at, Some(Zone::UTC)).ok_or_else(not_read);
                let begins = instant(start.place, start.at)?;
                let ends = match extent {
                    Extent::Until(end) => instant(end.place, end.at)?,
                    Extent::Lasts(length) => begins + length.at_most(),
                    Extent::Days(days) => begins + TimeDelta::days(days),
                };
                if begins == ends && start.at.time() == NaiveTime::MIN {
                    return Err("its free and busy times have lost how long a whole day is".to_owned());
                }
                let (begins, ends) = (begins.max(from), ends.min(until));
                if begins < ends {
                    found.push(Busy { from: begins, until: ends, kind });
                }
            }
        }
    }
    Ok(found)
}
