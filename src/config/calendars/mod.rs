//! Calendars: one section for each vendor's account.

mod caldav;
mod ics;

pub use caldav::CaldavCalendar;
pub use ics::IcsFeeds;
