//! What is kept of the vendors: what they said, and when.

mod mirror;

pub use mirror::Mirrored;
