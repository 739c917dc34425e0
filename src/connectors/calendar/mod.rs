//! What Baton asks of a calendar: when its owner is busy, and to book a time in it.

pub mod caldav;
pub mod google;
pub mod ical;
pub mod ics;

pub use ical::CalendarOwner;

use super::VendorError;
use async_trait::async_trait;
use baton_core::domain::rep::Busy;
use baton_core::domain::text::CallerText;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

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

#[async_trait]
pub trait Calendar: Send + Sync {
    fn vendor(&self) -> &'static str;
    /// Whose calendars these are, as the rules say now: of those vendors that tell whole days without saying by whose clock, and
    /// guests without saying which of them is the owner.
    fn owners(&self, _owners: BTreeMap<String, CalendarOwner>) {}
    /// Per calendar: the busy times in the window, or why they are unknown. Every calendar asked for is in the answer.
    async fn busy(
        &self,
        calendars: &[String],
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<BTreeMap<String, Result<Vec<Busy>, String>>, VendorError>;
    /// When the owners of these calendars are out of office, as far as the vendor has told: only what [`Calendar::busy`] calls
    /// busy, by its name. Costs a call for each calendar, so that it is asked of those who are busy now.
    async fn absences(
        &self,
        calendars: &[String],
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> BTreeMap<String, Vec<Busy>>;
    /// Rechecks the time, then inserts with an id of ours. Class `Repeatable`: the second insert finds the first.
    async fn book(&self, request: &BookRequest) -> Result<Booked, VendorError>;
    async fn check(&self) -> Result<(), VendorError>;
}
