//! A worker as it is run for good: restored, upgraded, and on servers that die.

mod failover;
mod leads;
mod recover;
mod upgrade;
pub mod way;
