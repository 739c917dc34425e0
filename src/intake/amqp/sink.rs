//! What the broker delivers, and where it goes.

use async_trait::async_trait;
use baton_core::domain::trace_context::TraceContext;

/// One message, not yet acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    /// In structured form, whichever came.
    pub body: Vec<u8>,
    pub routing_key: String,
    pub reply_to: Option<String>,
    pub correlation_id: Option<String>,
    pub trace_context: Option<TraceContext>,
    /// The broker has delivered it before, here or elsewhere.
    pub redelivered: bool,
}

#[derive(Debug, thiserror::Error)]
#[error("the batch was not committed")]
pub struct SinkError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Where deliveries go: the inbox.
#[async_trait]
pub trait Sink: Send + Sync {
    /// Commits all of them, in one transaction; a message that is stored already is no error. Whatever cannot be understood is
    /// stored as it is: a batch must fail only when the database does, since every failure spends one of the queue's
    /// deliveries. Runs to its end: it is never cancelled.
    ///
    /// # Errors
    /// Nothing was committed, or it is not known.
    async fn commit(&self, batch: Vec<Delivered>) -> Result<(), SinkError>;

    /// Whether a commit would work now. Asked after a failed one, before anything is fetched again, so that an outage of the
    /// database costs each message one delivery and not all it has.
    async fn ready(&self) -> bool {
        true
    }
}
