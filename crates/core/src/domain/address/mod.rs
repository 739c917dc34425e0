//! Where a rep is reached, as rosters write it.

mod calendar;
mod chat;

pub use calendar::CalendarAddress;
pub use chat::{ChatAddress, is_channel};
