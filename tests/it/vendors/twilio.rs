//! Twilio as the carrier: the client against its stand-in and the vendor's description, and whole handoffs of a running worker
//! that the stand-in asks what every leg hears next.

mod account;
mod back;
mod check;
mod client;
mod disorder;
mod doors;
mod front;
mod phones;
mod rep_first;
mod rooms;
mod texts;

pub use account::{ACCOUNT, AGENT, Account, OURS, OnTheLine, SECOND, TOKEN, caller_sid};
