//! What a worker decides with.

use super::delivery::Replies;
use crate::facts::Facts;
use crate::outbox::Outbox;
use crate::release::Current;
use crate::store::{Mover, Store};
use baton_clock::SharedClock;
use std::sync::Arc;
use std::time::Duration;

pub struct DeciderParts {
    pub store: Store,
    pub facts: Arc<Facts>,
    pub release: Current,
    pub outbox: Arc<Outbox>,
    pub clock: SharedClock,
    pub worker: String,
    pub lease: Duration,
    /// Told of every answer: `reply_to` over AMQP.
    pub replies: Option<Arc<dyn Replies>>,
}

impl DeciderParts {
    pub(super) fn mover(&self) -> Mover {
        Mover { worker: self.worker.clone(), lease: self.lease, now: self.clock.now() }
    }
}
