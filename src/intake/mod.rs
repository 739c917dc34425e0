//! From the broker and from platforms into the inbox, and from the inbox to decisions: what an event may look like, how it
//! becomes a domain value, the broker it comes from, and the loop that decides.
//!
//! Guarantees: whatever was acknowledged to the broker has been committed by the [`Sink`](amqp::Sink) first; a message that
//! cannot be read still has a key, so that it is stored once and can be replayed after mending; every fault of an event is
//! reported at once. Refuses to consume from a queue that could drop messages. If the process dies here, the broker
//! delivers again what was not acknowledged, and the inbox knows its key.

pub mod ahead;
pub mod amqp;
pub mod answer;
mod aside;
mod batch;
mod call;
mod complete;
pub mod decider;
pub mod envelope;
pub mod event;
pub mod fault;
mod lead;
mod messages;
pub mod normalise;
pub mod owner;
mod reader;
pub mod schema;
mod waiting;

pub use schema::event_schema;
