//! RabbitMQ: one supervised consumer that acknowledges after the commit, and a publisher with confirms.
//!
//! Guarantees: a delivery is acknowledged only after [`Sink::commit`] said that it is stored; no queue is consumed from that
//! could drop messages; whatever breaks (connection, channel, consumer, database), the consumer comes back with full jitter.
//! Never negatively acknowledges: that would spend the queue's delivery limit, and on newer brokers loop for ever. The
//! client's own recovery stays off, since it hides every outage from us. If the process dies, the broker delivers again
//! whatever was not acknowledged.

mod ask;
mod connection;
mod consumer;
mod publisher;
mod session;
mod sink;
mod topology;

pub use ask::{Reply, ask};
pub use connection::AmqpError;
pub use consumer::consume;
pub use publisher::{Outgoing, PublishError, Publisher};
pub use session::prove;
pub use sink::{Delivered, Sink, SinkError};
pub use topology::{BINDINGS, ConsumeError, Topology, TopologyError};

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};

/// How to reach the broker, and what lies there.
#[derive(Clone)]
pub struct AmqpConfig {
    /// `amqp://` or `amqps://`, or several for the nodes of one broker, with commas between them; holds the password.
    pub url: String,
    /// Create exchanges and queues; otherwise they are proven to be what they must be.
    pub declare: bool,
    pub topology: Topology,
    pub stats: Arc<AmqpStats>,
}

impl AmqpConfig {
    pub fn new(url: impl Into<String>, declare: bool) -> Self {
        Self { url: url.into(), declare, topology: Topology::default(), stats: Arc::default() }
    }
}

impl fmt::Debug for AmqpConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AmqpConfig")
            .field("url", &"…")
            .field("declare", &self.declare)
            .field("topology", &self.topology)
            .finish_non_exhaustive()
    }
}

/// What the consumer has done since the start; for metrics.
#[derive(Debug, Default)]
pub struct AmqpStats {
    /// Connections that were made, or tried in vain: of several addresses the next takes the next turn.
    pub connections: AtomicU64,
    /// Consuming at this moment.
    pub connected: AtomicBool,
    pub delivered: AtomicU64,
    pub committed: AtomicU64,
    pub acked: AtomicU64,
    /// Committed, but the connection was gone before the acknowledgement: they come again and are known.
    pub acks_lost: AtomicU64,
    pub commits_failed: AtomicU64,
    /// Sessions that ended otherwise than by a stop.
    pub interruptions: AtomicU64,
}
