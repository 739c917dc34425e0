//! For whoever answers for what is kept: people who ask to be forgotten.

mod erase;

pub(super) use erase::Erase;
