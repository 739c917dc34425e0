//! What is kept of the vendors: what they said, and when; and what the workers know together of their limits and
//! of the channels over which they tell of changes.

mod budget;
mod channel;
mod mirror;
mod polled;

pub use budget::{Budgets, TokenLease};
pub use channel::CalendarChannel;
pub use mirror::Mirrored;
pub use polled::{MirrorPoll, mirror_row};
