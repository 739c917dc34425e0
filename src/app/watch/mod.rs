//! What looks after a worker beside its work.

pub mod keep;
