//! Who gets the lead, in what order, and why: one pure function from values to a value.
//!
//! [`decide()`] reads as a list of steps; each step is a module here. Nothing is looked up, awaited or drawn by lot: what
//! may be known lies in the [`Snapshot`], and the same three values give the same bytes, today and next year.
#![deny(clippy::disallowed_types)]

mod availability;
mod candidates;
mod case;
mod considered;
mod decide;
pub mod decision;
mod degraded;
pub mod ledger;
mod live;
mod matching;
mod ownership;
mod placement;
mod plan;
mod pools;
mod preference;
mod routes;
pub mod snapshot;
mod territory;
mod tiers;
mod words;

#[cfg(test)]
pub(crate) mod scenario;
#[cfg(test)]
mod tests;

pub use candidates::pool_weights;
pub use considered::Considered;
pub use decide::decide;
pub use decision::Decision;
pub use live::at as as_it_counts;
pub use matching::shortlist;
pub use snapshot::Snapshot;
pub use words::{local, turns};
