//! *Rules*: which release decides, since when and in which workers; its files, what a check says of them, what a change of release
//! moved, which rules leads came by; and what would become of a lead.
//!
//! Guarantees: looking changes nothing. Nothing of a *what if* is stored, counts for anybody's turn or reaches a vendor; what was sent
//! for it is forgotten with the answer. What takes a while goes on beside the threads that decide, one piece at a time.

mod bench;
pub(super) mod check;
pub(super) mod coverage;
pub(super) mod diff;
pub(super) mod file;
pub(super) mod live;
mod told;
pub(super) mod what_if;

pub(super) use bench::Bench;
