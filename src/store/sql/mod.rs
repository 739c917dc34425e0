//! Between our words and a database's: where the two engines speak differently, how a row becomes a value and a value a row, and
//! whose fault a failure is.

pub(in crate::store) mod dialect;
pub(in crate::store) mod error;
pub(in crate::store) mod row;
mod verdict;
