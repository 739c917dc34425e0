//! Calendars that are not Google's: what is read of their text, and every client against real servers or its stand-in, with every
//! exchange of the latter held against the vendor's contract.

mod caldav;
mod channels;
pub mod facts;
mod graph;
mod ics;
mod none;
mod several;
mod shapes;
