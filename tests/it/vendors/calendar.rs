//! Calendars that are not Google's: what is read of their text, and clients against real servers.

mod caldav;
mod ics;
mod shapes;
