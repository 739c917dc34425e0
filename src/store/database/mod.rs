//! The database itself: where it lies, how it is opened and brought to this version's form, whether it is well, and how a
//! transaction runs on it.

mod copy;
mod health;
mod migrate;
mod open;
mod place;
mod pulse;
mod purge;
mod together;
mod transaction;
mod way;

pub use copy::{Holdings, examine, take_place};
pub use place::{WorkerLock, sqlite_file};
pub(super) use together::numbered_after;
pub(super) use transaction::Access;
pub use transaction::{Store, Tx, with};
