//! The database itself: where it lies, how it is opened, brought to this version's form, and whether it is well.

mod migrate;
mod open;
mod place;
mod pulse;

pub(in crate::store) use open::Way;
pub use place::WorkerLock;
pub(in crate::store) use pulse::Pulse;
