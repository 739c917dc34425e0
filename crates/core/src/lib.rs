//! What Baton decides with. Values in, values out: no runtime, no socket, no database, no clock, no chance.
//!
//! [`domain`] holds the nouns, [`rules`] what people wrote, checked; [`routing`] decides who gets a lead, [`handoff`] what
//! happens next on a call; [`rehearsal`] tries rules on made-up leads before anybody calls. They import each other downwards,
//! and nothing else that could act: `Cargo.toml` has nothing to act with.
#![warn(unreachable_pub)]
#![deny(clippy::disallowed_types)]

pub mod domain;
pub mod handoff;
pub mod rehearsal;
pub mod routing;
pub mod rules;
