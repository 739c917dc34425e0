//! The nouns: what a lead, a rep, a pool, a briefing *is*, and when a rep is at work.
//!
//! Pure. Imports only std, chrono, chrono-tz, serde and thiserror; nothing here reads a clock, a file or a socket.
//! Whatever can be constructed here is valid: text from outside becomes a value through one fallible constructor.

pub mod account;
pub mod address;
pub mod briefing;
pub mod crm_id;
pub mod effect;
pub mod id;
pub mod known;
pub mod lead;
pub mod leg;
pub mod outcome;
pub mod phone;
pub mod rep;
pub mod rota;
pub mod scope;
pub mod text;
pub mod trace_context;
pub mod whereabouts;
pub mod zone;
