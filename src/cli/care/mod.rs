//! For whoever answers for what is kept: what people and tokens have changed.

mod audit;

pub(super) use audit::Audit;
