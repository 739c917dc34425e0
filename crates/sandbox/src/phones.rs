//! Phones on loopback: SIP user agents over UDP that ring, answer, press keys and hang up, and keep what they hear with its time.
//!
//! They speak with a real telephone exchange, in the demo and in tests alike; nothing that they do needs a privilege. What does
//! not happen within [`PATIENCE`] ends in a panic that says whose phone waited for what.
//!
//! [`PATIENCE`]: call::PATIENCE

pub mod call;
pub mod ear;
pub mod media;
pub mod phone;
pub mod rtp;
pub mod sip;
pub mod tones;
