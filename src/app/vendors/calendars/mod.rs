//! From the sections of calendars to their clients.

mod caldav;
mod ics;
