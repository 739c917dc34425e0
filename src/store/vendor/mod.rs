//! What is kept of the vendors: what they said, and when; and what the workers know together of their limits.

mod budget;
mod mirror;
mod polled;

pub use budget::{Budgets, TokenLease};
pub use mirror::Mirrored;
pub use polled::{MirrorPoll, mirror_row};
