//! Calendars that are not Google's: every client against its stand-in, for every outcome, with every exchange held against the
//! vendor's contract.

mod graph;
