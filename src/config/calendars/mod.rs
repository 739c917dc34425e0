//! Calendars: one section for each vendor's account.

mod microsoft;

pub use microsoft::MicrosoftCalendar;
