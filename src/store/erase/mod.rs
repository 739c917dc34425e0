//! Forgetting a person who asks for it: whatever tells of them goes, in every table; ids, times, sums, turns and verdicts stay.
//!
//! Guarantees: what was asked for is stored before anything goes, and goes on wherever it stopped, whoever does it; a lead whose
//! caller is on the line is left alone until the call has ended; what a worker has in hand meanwhile ends under a fence that does
//! not count, and the tables are looked through until nothing is found. A message of the person that comes again is answered, and
//! brings nothing back; what comes later than the request is a new lead.
//!
//! `person` is whom it is about, `sought` how they are found in texts, `documents` what stays of what is stored, `record` the row of
//! an erasure; `search`, `lead`, `named`, `written` and `loose` are statements, `vendors` what is left to people; `sweep` goes through
//! the tables, and `run` puts it all together.

mod documents;
mod lead;
mod loose;
mod named;
mod person;
mod record;
mod run;
mod search;
mod sought;
mod sweep;
mod vendors;
mod written;

pub use documents::ERASED_MESSAGE;
pub use person::Person;
pub use record::{AtVendor, Erasure, ErasureRequest, ErasureState};
pub use run::Preview;
pub use sought::ReadsMail;
