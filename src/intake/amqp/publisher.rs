//! Publishing with confirms, on a connection of its own: under an alarm the broker stops reading from publishers, and
//! acknowledgements must not wait behind them.

use super::AmqpConfig;
use super::connection::{AmqpError, CALL_TIMEOUT, call, close, connect};
use super::topology::TopologyError;
use baton_core::domain::trace_context::TraceContext;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{BasicProperties, Channel, Confirmation, Connection};
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use tokio::sync::Mutex;
use tokio::time::timeout;

/// AMQP's code for a message that survives a restart of the broker.
const PERSISTENT: u8 = 2;

/// One message to be published.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outgoing {
    /// Empty: the default exchange, whose routing keys are queue names.
    pub exchange: String,
    pub routing_key: String,
    pub body: Vec<u8>,
    pub content_type: String,
    /// The same message again has the same id, for whoever deduplicates.
    pub message_id: String,
    pub correlation_id: Option<String>,
    pub reply_to: Option<String>,
    /// Nobody need be bound: the right thing for events that are offered, not sent.
    pub may_be_unroutable: bool,
    /// Told in headers.
    pub trace_context: Option<TraceContext>,
}

#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// Nothing was sent.
    #[error("the broker cannot be reached")]
    Unavailable(#[source] AmqpError),
    /// Nothing was stored: no queue is bound for this key.
    #[error("no queue takes messages for {routing_key:?} on the exchange {exchange:?}")]
    Unroutable { exchange: String, routing_key: String },
    /// Nothing was stored: a queue is full, or has no leader at this moment.
    #[error(
        "the broker refused a message for {routing_key:?} on the exchange {exchange:?}: the queue is full, or elects its leader"
    )]
    Full { exchange: String, routing_key: String },
    /// It will never work as it is.
    #[error("the broker does not take this message: {why}")]
    Rejected { why: String },
    /// Sent, and the confirmation was lost: it may be stored.
    #[error("the message may or may not have reached the broker")]
    Unknown(#[source] AmqpError),
}

/// One connection, made when it is first needed and again after it broke. To be shared.
pub struct Publisher {
    config: AmqpConfig,
    live: Mutex<Option<Live>>,
    opened: AtomicU64,
}

struct Live {
    connection: Connection,
    channel: Channel,
    /// Which of the channels that were opened it is.
    made: u64,
}

impl Publisher {
    pub fn new(config: AmqpConfig) -> Self {
        Self { config, live: Mutex::new(None), opened: AtomicU64::default() }
    }

    /// Returns when the broker has stored the message (or routed it to nobody, where that is allowed). Does not repeat
    /// anything: the caller's own layer retries.
    ///
    /// # Errors
    /// By what may have happened; see [`PublishError`].
    pub async fn publish(&self, message: &Outgoing) -> Result<(), PublishError> {
        let (exchange, routing_key) = (short(&message.exchange)?, short(&message.routing_key)?);
        let properties = properties(message)?;
        let (channel, made) = self.channel().await?;
        let options = BasicPublishOptions { mandatory: !message.may_be_unroutable, ..Default::default() };
        let sending = async {
            let confirm = channel.basic_publish(exchange, routing_key, options, &message.body, properties).await?;
            confirm.await
        };
        let what = "waiting for a confirm";
        let confirmation = match timeout(CALL_TIMEOUT, sending).await {
            Ok(Ok(confirmation)) => confirmation,
            Ok(Err(source)) => {
                self.forget().await;
                return Err(judge(AmqpError::Broker { what, source }));
            }
            Err(_) => {
                self.forget().await;
                return Err(PublishError::Unknown(AmqpError::TimedOut { what }));
            }
        };
        let (exchange, routing_key) = (message.exchange.clone(), message.routing_key.clone());
        match confirmation {
            // A message that nobody takes is confirmed all the same, with the message in the confirm.
            Confirmation::Ack(None) => Ok(()),
            Confirmation::Ack(Some(_)) => Err(PublishError::Unroutable { exchange, routing_key }),
            Confirmation::Nack(_) => {
                // A channel that first published while a quorum queue had lost its leader is told no until that node is back (RabbitMQ 3.10.8).
                self.leave(made).await;
                Err(PublishError::Full { exchange, routing_key })
            }
            Confirmation::NotRequested => unreachable!("confirms were selected when the channel was opened"),
        }
    }

    /// A channel that was alive a moment ago. Whoever comes meanwhile waits for the same connection.
    async fn channel(&self) -> Result<(Channel, u64), PublishError> {
        let mut live = self.live.lock().await;
        if let Some(live) = live.as_ref()
            && live.channel.status().connected()
            && live.connection.status().connected()
        {
            return Ok((live.channel.clone(), live.made));
        }
        if let Some(old) = live.take() {
            close(&old.connection).await;
        }
        let connected = connect(&self.config, "baton publisher").await.map_err(PublishError::Unavailable)?;
        let channel = match self.prepare(&connected).await {
            Ok(channel) => channel,
            Err(error) => {
                close(&connected).await;
                return Err(error);
            }
        };
        let made = self.opened.fetch_add(1, Relaxed);
        *live = Some(Live { connection: connected, channel: channel.clone(), made });
        Ok((channel, made))
    }

    /// Declares as the consumer does, since either may come first.
    async fn prepare(&self, connection: &Connection) -> Result<Channel, PublishError> {
        if self.config.declare {
            self.config.topology.declare(connection).await.map_err(|error| match error {
                TopologyError::Refused(refused) => PublishError::Rejected { why: refused.to_string() },
                TopologyError::Outage(error) => PublishError::Unavailable(error),
            })?;
        }
        let opening = async {
            let channel = call("opening a channel", connection.create_channel()).await?;
            call("asking for confirms", channel.confirm_select(ConfirmSelectOptions::default())).await?;
            Ok(channel)
        };
        opening.await.map_err(PublishError::Unavailable)
    }

    /// The next message gets another channel. Those who wait for a confirm on this one go on: it closes itself after the last of them.
    async fn leave(&self, made: u64) {
        let mut live = self.live.lock().await;
        let Some(now) = live.as_mut().filter(|now| now.made == made) else { return };
        if let Ok(channel) = self.prepare(&now.connection).await {
            (now.channel, now.made) = (channel, self.opened.fetch_add(1, Relaxed));
            return;
        }
        if let Some(old) = live.take() {
            tokio::spawn(async move { close(&old.connection).await });
        }
    }

    /// The next message gets a new connection.
    async fn forget(&self) {
        if let Some(old) = self.live.lock().await.take() {
            tokio::spawn(async move { close(&old.connection).await });
        }
    }

    /// Closes the connection; a later message would open it again.
    pub async fn close(&self) {
        if let Some(live) = self.live.lock().await.take() {
            close(&live.connection).await;
        }
    }
}

/// The broker's own no (such as an exchange that does not exist) came before anything was stored.
fn judge(error: AmqpError) -> PublishError {
    match error.reply() {
        Some((403 | 404 | 406, why)) => PublishError::Rejected { why },
        _ => PublishError::Unknown(error),
    }
}

fn properties(message: &Outgoing) -> Result<BasicProperties, PublishError> {
    let mut properties = BasicProperties::default()
        .with_delivery_mode(PERSISTENT)
        .with_content_type(short(&message.content_type)?)
        .with_message_id(short(&message.message_id)?);
    if let Some(id) = &message.correlation_id {
        properties = properties.with_correlation_id(short(id)?);
    }
    if let Some(queue) = &message.reply_to {
        properties = properties.with_reply_to(short(queue)?);
    }
    if let Some(context) = &message.trace_context {
        let mut headers = FieldTable::default();
        for (name, value) in context.headers() {
            headers.insert(name.into(), AMQPValue::LongString(value.as_str().into()));
        }
        properties = properties.with_headers(headers);
    }
    Ok(properties)
}

/// AMQP's short strings hold 255 bytes.
fn short(text: &str) -> Result<ShortString, PublishError> {
    ShortString::try_new(text).map_err(|_| PublishError::Rejected {
        why: format!("a name or id of {} bytes, at most 255 are allowed", text.len()),
    })
}
