//! From the broker and from platforms into the inbox: what an event may look like, how it becomes a domain value, and the
//! broker it comes from.
//!
//! Guarantees: whatever was acknowledged to the broker has been committed by the [`Sink`](amqp::Sink) first; a message that
//! cannot be read still has a key, so that it is stored once and can be replayed after mending; every fault of an event is
//! reported at once. Refuses to consume from a queue that could drop messages. If the process dies here, the broker
//! delivers again what was not acknowledged, and the inbox knows its key.

pub mod amqp;
pub mod envelope;
pub mod event;
pub mod fault;
mod kind;
mod lead;
pub mod normalise;
mod reader;
pub mod schema;

pub use schema::event_schema;
