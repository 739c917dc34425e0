//! Calendars as text (RFC 5545): what people and programs really write, read into busy times with their kinds.
//!
//! Text, owner and window in, intervals out, all cut to the window. What cannot be understood makes the calendar unknown, never
//! free; so does a text that asks for more work than a person's calendar is worth. Cancelled, declined, transparent and free events
//! take no time. The conformance table is tests/it/vendors/calendar/shapes.rs, over fixtures/calendars.
//!
//! Without a library: those that exist expand rules by time zones that are years old, miss what calendars change in a series, and
//! have no bound for hostile text.

mod event;
mod freebusy;
mod lines;
mod place;
mod rule;
mod said;
mod series;
mod standing;
mod time;

pub(super) use freebusy::free_busy;
pub(super) use lines::{Property, unfolded};
pub(super) use standing::Standing;
pub(super) use time::Work;

use baton_core::domain::rep::{Busy, BusyKind};
use baton_core::domain::rota::Window;
use baton_core::domain::zone::Zone;
use chrono::{DateTime, Utc};
use event::Event;
use lines::calendars;
use place::{Places, known};
use series::Reading;
use std::collections::BTreeMap;

/// Whose calendar it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CalendarOwner {
    /// Whole days, and times without a zone, are by this clock; by the calendar's own, where it is not known.
    pub zone: Option<Zone>,
    /// Which guest's answer is the owner's.
    pub email: Option<String>,
}

/// The events of a text.
pub struct Agenda {
    parts: Vec<Part>,
}

/// Of one VCALENDAR.
struct Part {
    places: Places,
    zone: Option<Zone>,
    events: Vec<Event>,
}

impl Agenda {
    /// # Errors
    /// It is no calendar, or one of its events cannot be understood: then no time of it can be called free.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        let text = unfolded(bytes);
        let (mut parts, mut work) = (Vec::new(), Work::new());
        for calendar in calendars(&text)? {
            let places = Places::read(&calendar, &mut work)?;
            let events = calendar.children.iter().filter(|child| child.name == "VEVENT");
            let events = events.filter_map(|event| Event::read(event, &places).transpose());
            let events = events.collect::<Result<_, _>>()?;
            let zone = calendar.first("X-WR-TIMEZONE").and_then(|zone| known(zone.value));
            parts.push(Part { places, zone, events });
        }
        Ok(Self { parts })
    }

    /// When the owner is busy, by beginning; what overlaps with its own kind is one.
    ///
    /// # Errors
    /// It is not known.
    pub fn busy(&self, owner: &CalendarOwner, window: Window) -> Result<Vec<Busy>, String> {
        self.busy_within(owner, window, &mut Work::new())
    }

    /// The same of one of several texts of a calendar, within what is left to do at all of them.
    pub(super) fn busy_within(
        &self,
        owner: &CalendarOwner,
        window: Window,
        work: &mut Work,
    ) -> Result<Vec<Busy>, String> {
        if window.0 >= window.1 {
            return Ok(Vec::new());
        }
        let mut busy = Vec::new();
        for part in &self.parts {
            let mut reading = Reading {
                places: &part.places,
                zone: owner.zone.or(part.zone),
                email: owner.email.as_deref(),
                window,
                work: &mut *work,
                found: Vec::new(),
            };
            let mut series: BTreeMap<&str, Vec<&Event>> = BTreeMap::new();
            for event in &part.events {
                match event.uid.as_deref() {
                    Some(uid) => series.entry(uid).or_default().push(event),
                    None => reading.series(&[event])?,
                }
            }
            for events in series.values() {
                reading.series(events)?;
            }
            busy.extend(reading.found);
        }
        Ok(merged(busy))
    }

    /// Nothing of it takes time from then on.
    pub fn is_over(&self, at: DateTime<Utc>) -> bool {
        self.parts.iter().flat_map(|part| &part.events).all(|event| event.is_over(at.naive_utc()))
    }
}

/// The zone that a text describes, by its name.
pub(super) fn zone_of(text: &str) -> Option<Zone> {
    let text = unfolded(text.as_bytes());
    let calendars = calendars(&text).ok()?;
    let mut zones = calendars.iter().flat_map(|calendar| &calendar.children);
    zones.find_map(|zone| zone.first("TZID").and_then(|name| known(name.value)))
}

pub(super) fn merged(mut busy: Vec<Busy>) -> Vec<Busy> {
    busy.sort_by_key(|busy| (busy.from, busy.until));
    let mut merged: Vec<Busy> = Vec::with_capacity(busy.len());
    let mut last: Vec<(BusyKind, usize)> = Vec::new();
    for one in busy {
        match last.iter().position(|(kind, _)| *kind == one.kind) {
            Some(kind) if one.from <= merged[last[kind].1].until => {
                let before = &mut merged[last[kind].1];
                before.until = before.until.max(one.until);
            }
            Some(kind) => {
                last[kind].1 = merged.len();
                merged.push(one);
            }
            None => {
                last.push((one.kind, merged.len()));
                merged.push(one);
            }
        }
    }
    merged
}
