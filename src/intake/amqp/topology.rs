//! What must lie in the broker so that no lead is lost, and the proof that it does.

use super::connection::{AmqpError, call};
use lapin::options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, Connection, ExchangeKind};

/// Routing keys that reach the queue.
pub const BINDINGS: [&str; 6] = ["lead.#", "call.#", "slot.#", "rep.#", "contact.#", "outcome.#"];
/// Deliveries of one message before it is dead-lettered; explicit, because the default differs between broker versions.
const DELIVERY_LIMIT: i64 = 50;

/// Names in the broker. Tests use their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topology {
    /// Topic exchange that events are published to.
    pub exchange_in: String,
    /// Quorum queue behind it.
    pub queue: String,
    /// Fanout exchange for what was delivered too often.
    pub dead_exchange: String,
    pub dead_queue: String,
    /// Topic exchange for our own events.
    pub exchange_events: String,
    /// Messages in the queue before publishers are refused: a guard for the broker's disk.
    pub max_length: i64,
}

impl Default for Topology {
    fn default() -> Self {
        Self {
            exchange_in: "baton.in".into(),
            queue: "baton.leads".into(),
            dead_exchange: "baton.dlx".into(),
            dead_queue: "baton.dead".into(),
            exchange_events: "baton.events".into(),
            max_length: 1_000_000,
        }
    }
}

/// Why the consumer does not start: an operator must mend the broker or the configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConsumeError {
    #[error(
        "the {what} {name:?} does not exist: create it, or let Baton do so with `declare = true` under [amqp] (broker: {reply})"
    )]
    Missing { what: &'static str, name: String, reply: String },
    #[error(
        "the {what} {name:?} is not what Baton needs and could lose leads: {reply}. Expected: {expected}. A policy does not \
         count, since it cannot be seen from here. Drain and delete it, then start once with `declare = true` under [amqp]"
    )]
    Unsafe { what: &'static str, name: String, expected: String, reply: String },
    #[error(
        "the account may not prove that the {what} {name:?} is safe: {reply}. Grant it the `configure` permission on the \
         names of Baton"
    )]
    NotPermitted { what: &'static str, name: String, reply: String },
    #[error("the broker does not let us in: {reply}. Check user, password and virtual host of the AMQP address")]
    Login { reply: String },
    #[error(transparent)]
    Address(AmqpError),
}

/// An operator's matter, or an outage that passes.
#[derive(Debug, thiserror::Error)]
pub enum TopologyError {
    #[error(transparent)]
    Refused(#[from] ConsumeError),
    #[error(transparent)]
    Outage(#[from] AmqpError),
}

/// One thing in the broker.
enum BrokerEntity<'t> {
    Exchange { name: &'t str, kind: ExchangeKind },
    Queue { name: &'t str, arguments: FieldTable },
}

impl Topology {
    fn items(&self) -> [BrokerEntity<'_>; 5] {
        [
            BrokerEntity::Exchange { name: &self.exchange_in, kind: ExchangeKind::Topic },
            BrokerEntity::Exchange { name: &self.exchange_events, kind: ExchangeKind::Topic },
            BrokerEntity::Exchange { name: &self.dead_exchange, kind: ExchangeKind::Fanout },
            BrokerEntity::Queue { name: &self.dead_queue, arguments: dead_arguments() },
            BrokerEntity::Queue { name: &self.queue, arguments: self.arguments() },
        ]
    }

    /// Quorum, and nothing dropped: what is delivered too often goes to the dead queue and stays here until it has arrived
    /// there (at-least-once, which silently is at-most-once unless a full queue refuses), and a full queue refuses.
    fn arguments(&self) -> FieldTable {
        let mut arguments = FieldTable::default();
        arguments.insert("x-queue-type".into(), text("quorum"));
        arguments.insert("x-delivery-limit".into(), AMQPValue::LongLongInt(DELIVERY_LIMIT));
        arguments.insert("x-dead-letter-exchange".into(), text(&self.dead_exchange));
        arguments.insert("x-dead-letter-strategy".into(), text("at-least-once"));
        arguments.insert("x-overflow".into(), text("reject-publish"));
        arguments.insert("x-max-length".into(), AMQPValue::LongLongInt(self.max_length));
        arguments
    }

    /// Creates what is missing and proves the rest.
    pub(super) async fn declare(&self, connection: &Connection) -> Result<(), TopologyError> {
        for item in self.items() {
            item.declare(connection).await?;
        }
        let channel = call("opening a channel", connection.create_channel()).await?;
        bind(&channel, &self.dead_queue, &self.dead_exchange, "").await?;
        for key in BINDINGS {
            bind(&channel, &self.queue, &self.exchange_in, key).await?;
        }
        Ok(())
    }

    /// Proves that everything exists with the properties it must have. Bindings cannot be seen over AMQP.
    pub(super) async fn verify(&self, connection: &Connection) -> Result<(), TopologyError> {
        for item in self.items() {
            item.exists(connection).await?;
            // Declaring again what exists changes nothing, and fails if any property differs.
            item.declare(connection).await?;
        }
        Ok(())
    }
}

fn text(text: &str) -> AMQPValue {
    AMQPValue::LongString(text.into())
}

fn dead_arguments() -> FieldTable {
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), text("quorum"));
    arguments
}

async fn bind(channel: &Channel, queue: &str, exchange: &str, key: &str) -> Result<(), AmqpError> {
    let binding = channel.queue_bind(
        queue.into(),
        exchange.into(),
        key.into(),
        QueueBindOptions::default(),
        FieldTable::default(),
    );
    call("binding a queue", binding).await
}

impl BrokerEntity<'_> {
    fn what(&self) -> &'static str {
        match self {
            Self::Exchange { .. } => "exchange",
            Self::Queue { .. } => "queue",
        }
    }

    fn name(&self) -> &str {
        match self {
            Self::Exchange { name, .. } | Self::Queue { name, .. } => name,
        }
    }

    /// As an operator would have to write it.
    fn expected(&self) -> String {
        match self {
            Self::Exchange { kind, .. } => format!("durable, {kind:?}").to_lowercase(),
            Self::Queue { arguments, .. } => {
                let pairs = arguments.inner().iter().map(|(key, value)| match value {
                    AMQPValue::LongString(text) => format!("{key} = {text}"),
                    AMQPValue::LongLongInt(number) => format!("{key} = {number}"),
                    other => format!("{key} = {other:?}"),
                });
                format!("durable, {}", pairs.collect::<Vec<_>>().join(", "))
            }
        }
    }

    async fn exists(&self, connection: &Connection) -> Result<(), TopologyError> {
        self.on_a_channel(connection, true).await
    }

    async fn declare(&self, connection: &Connection) -> Result<(), TopologyError> {
        self.on_a_channel(connection, false).await
    }

    /// Each on a channel of its own: a refusal closes the channel.
    async fn on_a_channel(&self, connection: &Connection, passive: bool) -> Result<(), TopologyError> {
        let channel = call("opening a channel", connection.create_channel()).await?;
        let declared = match self {
            Self::Exchange { name, kind } => {
                let options = ExchangeDeclareOptions { passive, durable: true, ..Default::default() };
                let declaring = channel.exchange_declare((*name).into(), kind.clone(), options, FieldTable::default());
                call("declaring an exchange", declaring).await
            }
            Self::Queue { name, arguments } => {
                let options = QueueDeclareOptions { passive, durable: true, ..Default::default() };
                let declaring = channel.queue_declare((*name).into(), options, arguments.clone());
                call("declaring a queue", declaring).await.map(|_| ())
            }
        };
        declared.map_err(|error| self.judge(error))?;
        // Closing is best effort: the channel goes with the connection at the latest.
        let _closed = call("closing a channel", channel.close(200, "done".into())).await;
        Ok(())
    }

    fn judge(&self, error: AmqpError) -> TopologyError {
        let (what, name) = (self.what(), self.name().to_owned());
        match error.reply() {
            Some((404, reply)) => ConsumeError::Missing { what, name, reply }.into(),
            Some((403, reply)) => ConsumeError::NotPermitted { what, name, reply }.into(),
            Some((406, reply)) => ConsumeError::Unsafe { what, name, expected: self.expected(), reply }.into(),
            _ => TopologyError::Outage(error),
        }
    }
}
