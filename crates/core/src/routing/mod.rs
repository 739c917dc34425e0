//! Who gets the lead, in what order, and why: one pure function from values to a value.
//!
//! [`decide()`] reads as a list of steps; each step is a module of `steps`. Nothing is looked up, awaited or drawn by lot: what
//! may be known lies in the [`Snapshot`], and the same three values give the same bytes, today and next year.

mod case;
mod considered;
mod decide;
pub mod decision;
pub mod ledger;
pub mod reason;
pub mod snapshot;
mod steps;
pub mod versions;
pub mod waits;
mod words;

#[cfg(any(test, feature = "scenario"))]
pub mod scenario;
#[cfg(test)]
mod tests;

pub use decide::decide;
pub use decision::Decision;
pub use snapshot::{Considered, Snapshot};
pub use steps::live::at as as_it_counts;
pub use steps::matching::shortlist;
pub use steps::{could_take, pool_weights};
pub use words::{local, turns};
