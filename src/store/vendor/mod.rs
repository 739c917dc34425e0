//! What is kept of the vendors: what they said, and when; and what the workers know together of their limits.

mod budget;
mod mirror;

pub use budget::{Budgets, TokenLease};
pub use mirror::Mirrored;
