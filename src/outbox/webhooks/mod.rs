//! Our own events on their way to whoever else asked for them.
//!
//! Guarantees: an event is kept for every webhook that asks for its topic before its step has ended, and before the broker is
//! spoken to; from then on it is tried until it is delivered or given up, by any worker that has the webhook in its `baton.toml`,
//! one at a time, under a lease. At least once: a try whose end could not be stored is made again, under the same id, and counts
//! for nothing. Each webhook has a task and hands of its own, so that one that is slow or dead holds up nothing else. A receiver
//! that asks for a rest is left alone by every worker; one that has failed for three days, however it failed, is disabled. Where
//! no webhook is configured there is no task and no statement.

mod again;
mod receiver;
mod round;
mod task;
mod tidy;

use super::duty::Duty;
use super::group::{GroupCommit, Place};
use super::parts::{OutboxParts, retry};
use crate::connectors::VendorError;
use crate::connectors::webhook::Webhook;
use crate::store::{NewDelivery, Store, with};
use crate::telemetry::traces::current;
use baton_core::domain::effect::Topic;
use receiver::Receiver;
use round::Means;
use serde_json::Value;
use std::sync::Arc;
use task::Task;
use tokio::sync::watch;
use tokio::task::JoinSet;

pub(super) struct Webhooks {
    receivers: Vec<Arc<Receiver>>,
    /// Events that are about to be kept: many in one commit.
    line: Arc<GroupCommit<Vec<NewDelivery>, bool>>,
}

impl Webhooks {
    pub(super) fn new(webhooks: &[Arc<Webhook>]) -> Self {
        Self {
            receivers: webhooks.iter().map(|webhook| Arc::new(Receiver::new(webhook))).collect(),
            line: Arc::default(),
        }
    }

    /// Whether anybody asks for this topic.
    pub(super) fn want(&self, topic: Topic) -> bool {
        self.wanting(topic).next().is_some()
    }

    fn wanting(&self, topic: Topic) -> impl Iterator<Item = &Arc<Receiver>> {
        self.receivers.iter().filter(move |receiver| receiver.webhook.wants(topic))
    }

    /// Keeps an event for everybody who asks for its topic. Class `Repeatable`: what is kept already stays as it is.
    ///
    /// # Errors
    /// It could not be stored.
    pub(super) async fn keep(
        &self,
        parts: &OutboxParts,
        topic: Topic,
        id: &str,
        event: &Value,
    ) -> Result<(), VendorError> {
        let (body, created_at, trace_context) = (event.to_string(), parts.clock.now(), current());
        let deliveries: Vec<NewDelivery> = self
            .wanting(topic)
            .map(|receiver| NewDelivery {
                webhook: receiver.webhook.name().to_owned(),
                event_id: id.to_owned(),
                topic: topic.as_str(),
                body: body.clone(),
                created_at,
                trace_context: trace_context.clone(),
            })
            .collect();
        if deliveries.is_empty() {
            return Ok(());
        }
        let store = parts.store.clone();
        let kept = self.line.add(Place::default(), deliveries, move |all| keep_all(store.clone(), all)).await;
        if kept != Some(true) {
            return Err(retry("the event could not be kept for webhooks"));
        }
        self.wanting(topic).for_each(|receiver| receiver.wake());
        Ok(())
    }

    /// Delivers to all of them until told to stop.
    pub(super) async fn deliver(&self, parts: &OutboxParts, duty: &Duty, stop: &watch::Receiver<bool>) {
        let mut all = JoinSet::new();
        let means = Means { store: parts.store.clone(), clock: Arc::clone(&parts.clock), duty: duty.clone() };
        for receiver in &self.receivers {
            all.spawn(Task::new(receiver, means.clone()).run(stop.clone()));
        }
        if !self.receivers.is_empty() {
            all.spawn(tidy::hourly(means, stop.clone()));
        }
        while all.join_next().await.is_some() {}
    }
}

async fn keep_all(store: Store, all: Vec<Vec<NewDelivery>>) -> Vec<bool> {
    let count = all.len();
    let all: Vec<NewDelivery> = all.into_iter().flatten().collect();
    let kept = store.write("webhook.keep", with(all, |tx, all| Box::pin(tx.deliveries_insert(all)))).await;
    if let Err(error) = &kept {
        tracing::error!(%error, "events could not be kept for webhooks: their steps come again");
    }
    vec![kept.is_ok(); count]
}
