//! What rules would do, tried before anybody calls: a made-up world to decide in.
//!
//! Pure: leads, rules and a world in; decisions and their comparison out. Reading files is `cli`'s business.
#![deny(clippy::disallowed_types)]

pub mod coverage;
pub mod expectations;
mod why;
pub mod world;

#[cfg(test)]
mod tests;
