//! From the inbox to decisions: the loop that takes committed messages in batches, gathers what may be known, decides, and
//! stores what follows, with the answer.
//!
//! Guarantees: the decision, its ledger entries, its effects and its answer are one transaction; a message that comes again
//! gets the answer that was given; a message that does not get through holds up no other. If the process dies here, the
//! inbox still has what was not decided.

pub mod answer;
mod aside;
pub mod attention;
mod batch;
pub(crate) mod call;
pub mod call_back;
mod complete;
pub mod decider;
mod delivery;
pub mod front_door;
mod lead;
pub mod meeting;
mod messages;
pub mod owner;
mod parts;
pub mod ping;
mod seconds;
mod table;
mod waiting;
