//! The broker's three ends: messages into the inbox, answers to whoever asked, our own events and commands out.

use crate::connectors::agent::Wire;
use crate::connectors::{LegStatus, VendorError};
use crate::deciding::answer::OutgoingAnswer;
use crate::deciding::decider::{Decider, Replies};
use crate::intake::amqp::{Delivered, Outgoing, PublishError, Publisher, Sink, SinkError};
use crate::intake::event::{key_of, kind_of, lead_id_of_key};
use crate::outbox::EventSink;
use crate::store::{Arrival, InboxMessage};
use crate::telemetry::traces::{DoorSpan, current};
use async_trait::async_trait;
use baton_clock::SharedClock;
use baton_core::domain::effect::Class;
use baton_core::domain::id::LegId;
use chrono::{DateTime, Utc};
use serde_json::Value;
use std::sync::Arc;

const VENDOR: &str = "rabbitmq";
const JSON: &str = "application/json";
/// Under what commands to the voice platform are published.
pub(super) const COMMAND: &str = "handoff.command";

/// Deliveries become inbox rows.
pub struct InboxSink {
    pub decider: Arc<Decider>,
    pub clock: SharedClock,
    /// Where they lay.
    pub queue: String,
}

impl InboxSink {
    fn message(&self, delivered: Delivered, received_at: DateTime<Utc>) -> (DoorSpan, InboxMessage) {
        let Delivered { body, routing_key: _, reply_to, correlation_id, trace_context, redelivered: _ } = delivered;
        let key = key_of(&body);
        let span = DoorSpan::of_message(&self.queue, trace_context, || lead_id_of_key(&key));
        let kind = kind_of(&body).map_or("unknown", |kind| kind.as_str()).to_owned();
        let trace_context = span.kept.clone();
        (span, InboxMessage { key, kind, body, received_at, reply_to, correlation_id, trace_context })
    }
}

#[async_trait]
impl Sink for InboxSink {
    async fn commit(&self, batch: Vec<Delivered>) -> Result<(), SinkError> {
        let received_at = self.clock.now();
        let came = batch.into_iter().map(|delivered| self.message(delivered, received_at));
        let (mut spans, messages): (Vec<DoorSpan>, Vec<InboxMessage>) = came.unzip();
        match self.decider.take(messages).await {
            Ok(known) => {
                let again =
                    spans.iter_mut().zip(known).filter(|(_, known)| matches!(known, Arrival::Same | Arrival::Differs));
                again.for_each(|(span, _)| span.repeats());
                Ok(())
            }
            Err(error) => {
                spans.iter_mut().for_each(|span| span.fails("database"));
                Err(SinkError(Box::new(error)))
            }
        }
    }

    async fn ready(&self) -> bool {
        self.decider.is_ready().await
    }
}

/// What Baton sends over the broker.
pub struct Bus {
    pub publisher: Arc<Publisher>,
    pub exchange_events: String,
}

impl Bus {
    /// A message on our own exchange.
    fn event(&self, topic: &str, id: &str, body: &Value) -> Outgoing {
        Outgoing {
            exchange: self.exchange_events.clone(),
            routing_key: topic.to_owned(),
            body: body.to_string().into_bytes(),
            content_type: JSON.to_owned(),
            message_id: id.to_owned(),
            trace_context: current(),
            ..Outgoing::default()
        }
    }
}

fn vendor_error(error: PublishError) -> VendorError {
    let why = error.to_string();
    match error {
        PublishError::Unavailable(_) | PublishError::Full { .. } => VendorError::retry(VENDOR, why),
        PublishError::Unroutable { .. } | PublishError::Rejected { .. } => VendorError::needs_person(VENDOR, why),
        PublishError::Unknown(_) => VendorError::Unknown { vendor: VENDOR, why },
    }
}

#[async_trait]
impl EventSink for Bus {
    async fn publish(&self, topic: &str, id: &str, body: &Value) -> Result<(), VendorError> {
        let offered = Outgoing { may_be_unroutable: true, ..self.event(topic, id, body) };
        self.publisher.publish(&offered).await.map_err(vendor_error)
    }
}

#[async_trait]
impl Replies for Bus {
    /// To the asker's own queue. An asker who is gone has no queue, and nobody is told.
    async fn reply(&self, to: &str, correlation_id: Option<&str>, answer: &OutgoingAnswer<'_>) {
        let Ok(body) = serde_json::to_vec(answer) else { return };
        let message = Outgoing {
            routing_key: to.to_owned(),
            body,
            content_type: JSON.to_owned(),
            message_id: correlation_id.unwrap_or_default().to_owned(),
            correlation_id: correlation_id.map(str::to_owned),
            may_be_unroutable: true,
            ..Outgoing::default()
        };
        if let Err(error) = self.publisher.publish(&message).await {
            tracing::warn!(%error, "an answer could not be sent: the same event again gets the same answer");
        }
    }
}

/// Commands to the voice platform, published as `handoff.command`. A repeated command has the same message id, and a ring
/// the leg's: the platform carries each out once.
#[async_trait]
impl Wire for Bus {
    fn ring_class(&self) -> Class {
        Class::Keyed
    }

    /// A command nobody is bound for reaches no voice platform: that is a failure, not an offer.
    async fn send(&self, _operation: &'static str, id: &str, command: Value) -> Result<(), VendorError> {
        let sent = self.event(COMMAND, id, &command);
        self.publisher.publish(&sent).await.map_err(vendor_error)
    }

    async fn status(&self, _leg: &LegId) -> Result<LegStatus, VendorError> {
        Err(VendorError::needs_person(VENDOR, "a leg cannot be read over the broker"))
    }
}
