//! What Baton asks of a calendar: when its owner is busy, to book a time in it, and to move or cancel what was booked.

pub mod caldav;
pub mod google;
pub mod graph;
pub mod ical;
pub mod ics;
pub mod several;

pub use ical::CalendarOwner;

use super::VendorError;
use super::http::Fleet;
use async_trait::async_trait;
use baton_core::domain::rep::{Busy, BusyKind};
use baton_core::domain::rota::Window;
use baton_core::domain::text::CallerText;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Debug, Clone, PartialEq)]
pub struct BookRequest {
    /// Made of lead, slot and attempt: the event's id is derived from it.
    pub key: String,
    /// The rep's calendar.
    pub calendar: String,
    pub from: DateTime<Utc>,
    pub until: DateTime<Utc>,
    pub attendee_email: Option<String>,
    pub attendee_name: Option<String>,
    /// Seen by the attendee.
    pub summary: CallerText,
    /// Seen by the attendee.
    pub description: CallerText,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Booked {
    /// The calendar's id of the event.
    Event { id: String },
    /// Somebody else took the time.
    Taken,
}

/// By the calendar's address; each has one at least.
pub type CalendarOwners = BTreeMap<String, Vec<CalendarOwner>>;

/// Over which a vendor tells that something in a calendar has changed, and not what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelRequest {
    /// Ours: new for every channel.
    pub id: String,
    /// Comes back with each message: the only proof that the vendor sent it.
    pub token: String,
    /// `https://…`, where the messages go.
    pub address: String,
    /// It may end earlier.
    pub until: DateTime<Utc>,
}

/// A channel that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// The vendor's name for what it watches, by which it is closed.
    pub resource: String,
    pub until: DateTime<Utc>,
}

/// A vendor that tells of changes by requests of its own.
#[async_trait]
pub trait Watches: Send + Sync {
    /// Opens a channel. Sent twice it is two of them, each with an id of its own.
    async fn watch(&self, calendar: &str, request: &ChannelRequest) -> Result<Channel, VendorError>;
    /// Class `Repeatable`: one that is not there any more is closed.
    async fn unwatch(&self, calendar: &str, id: &str, resource: &str) -> Result<(), VendorError>;
}

#[async_trait]
pub trait Calendar: Send + Sync {
    fn vendor(&self) -> &'static str;
    /// From now on it goes by what the workers of this fleet know together of its limits and credentials.
    fn joins(&self, _fleet: &Arc<Fleet>) {}
    /// Where it stands for several: each of them, by the name of its section in `baton.toml`; `[calendar]` has none.
    fn parts(&self) -> &[(String, Arc<dyn Calendar>)] {
        &[]
    }
    /// `false`: it can be read alone.
    fn takes_bookings(&self) -> bool {
        true
    }
    /// `None`: it tells of no change by itself.
    fn watches(&self) -> Option<&dyn Watches> {
        None
    }
    /// Whose calendars these are, as the rules say now: of those vendors that tell whole days without saying by whose clock, and
    /// guests without saying which of them is the owner. One of several owners is busy when any of them is.
    fn owners(&self, _owners: CalendarOwners) {}
    /// Per calendar: the busy times in the window, or why they are unknown. Every calendar asked for is in the answer.
    async fn busy(
        &self,
        calendars: &[String],
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<BTreeMap<String, Result<Vec<Busy>, String>>, VendorError>;
    /// Those of the others that cost no request more where they are asked for together with these.
    fn along(&self, _asked: &[String], _others: &[String]) -> Vec<String> {
        Vec::new()
    }
    /// Of what kind the entries are that [`Calendar::busy`] calls busy and nothing more: absences above all, in their whole length.
    /// A calendar of which the vendor has not told is left out. Costs a call for each calendar, so that it is asked where it
    /// matters; none where `busy` tells of kinds itself.
    async fn absences(
        &self,
        _calendars: &[String],
        _from: DateTime<Utc>,
        _until: DateTime<Utc>,
    ) -> BTreeMap<String, Vec<Busy>> {
        BTreeMap::new()
    }
    /// Rechecks the time, then inserts with an id of ours. Class `Repeatable`: the second insert finds the first. A meeting or an
    /// absence makes a time taken; what counts by the rules alone was weighed by them when the time was offered.
    async fn book(&self, request: &BookRequest) -> Result<Booked, VendorError>;
    /// Moves the event of this id, as [`Booked::Event`] told it, to the request's time, and tells the guest; its description becomes
    /// the request's. Class `Repeatable`: moved already is moved.
    ///
    /// # Errors
    /// `Gone`: the event is not there any more.
    async fn move_to(&self, id: &str, request: &BookRequest) -> Result<Booked, VendorError>;
    /// Takes the event of this id out of the calendar, and tells the guest with these words. One that is gone already is cancelled.
    /// Class `Repeatable`.
    async fn cancel(&self, calendar: &str, id: &str, words: &CallerText) -> Result<(), VendorError>;
    async fn check(&self) -> Result<(), VendorError>;
}

/// Whether there is room for a meeting where this is busy, and these are entries of it by their kinds; what no entry tells of is a
/// meeting.
fn leaves_room(busy: &[Busy], entries: &[Busy], (from, until): Window) -> bool {
    let is_in_the_way = |entry: &Busy| entry.kind.always_counts() && entry.meets(from, until);
    let mut untold = busy.iter().flat_map(|busy| match busy.kind {
        BusyKind::Busy => busy.beside(entries),
        BusyKind::OutOfOffice | BusyKind::Tentative | BusyKind::Focus | BusyKind::AllDay => vec![*busy],
    });
    !entries.iter().any(is_in_the_way) && !untold.any(|entry| is_in_the_way(&entry))
}
