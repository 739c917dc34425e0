//! Phones of ours on telephony that none of us wrote: what the demo, tests and benches call with, answer with and listen by.
//!
//! A [`phone::Phone`] is a SIP user agent on one socket of loopback, with any number of calls; each [`call::Call`] has a socket for
//! its sound, sends a tone and RFC 4733 keys, and keeps what it hears; [`ear`] says what that was. [`asterisk`] starts a private
//! instance of Debian's. Nothing needs a privilege. A phone panics where what it is to wait for does not
//! happen: a test has failed then.

pub mod asterisk;
pub mod call;
pub mod ear;
mod media;
pub mod phone;
pub mod rtp;
mod sip;
pub mod tones;
