//! One connection: deliveries in small batches, committed, then acknowledged.

use super::connection::{AmqpError, CALL_TIMEOUT, call, close, connect};
use super::sink::{Delivered, Sink, SinkError};
use super::topology::{ConsumeError, Topology, TopologyError};
use super::{AmqpConfig, AmqpStats};
use crate::intake::envelope::structured;
use crate::telemetry::figures;
use baton_core::domain::trace_context::{TRACEPARENT, TRACESTATE, TraceContext};
use futures_util::StreamExt;
use lapin::message::Delivery;
use lapin::options::{BasicAckOptions, BasicCancelOptions, BasicConsumeOptions, BasicQosOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{Channel, Connection, Consumer};
use std::collections::BTreeMap;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout, timeout_at};

/// Unacknowledged deliveries at most. The client buffers without a bound: without this, memory has none either.
const PREFETCH: u16 = 256;
/// Deliveries of one commit at most.
const BATCH: usize = 50;
/// How long the first delivery of a batch waits for company, where it comes close behind the last ones. One that comes alone waits
/// for nobody.
const GATHER: Duration = Duration::from_millis(5);
const CLOSE_BEHIND: Duration = Duration::from_millis(20);
/// How often it is looked how many messages wait in the broker.
const LOOK_EVERY: Duration = Duration::from_secs(15);

/// Why a session ended, other than by a stop.
#[derive(Debug, thiserror::Error)]
pub(super) enum Interrupted {
    #[error(transparent)]
    Refused(ConsumeError),
    #[error(transparent)]
    Broker(#[from] AmqpError),
    #[error("the consumer ended: the broker cancelled it, or the connection is gone")]
    Ended,
    #[error(transparent)]
    Commit(#[from] SinkError),
}

impl From<TopologyError> for Interrupted {
    fn from(error: TopologyError) -> Self {
        match error {
            TopologyError::Refused(refused) => Self::Refused(refused),
            TopologyError::Outage(error) => Self::Broker(error),
        }
    }
}

/// One connection from its beginning to its end. `Ok` means stopped; `proven` is set once the topology is known to be safe.
pub(super) async fn session(
    config: &AmqpConfig,
    sink: &dyn Sink,
    stop: &mut watch::Receiver<bool>,
    proven: &mut bool,
) -> Result<(), Interrupted> {
    let connection = tokio::select! {
        connected = connect(config, "baton intake") => connected.map_err(login)?,
        () = stopped(stop) => return Ok(()),
    };
    // Kept until the connection is closed: a channel that is dropped closes itself, and the library takes a connection that is
    // closed meanwhile for an error of ours.
    let mut begun = begin(config, &connection).await;
    let consumed = match &mut begun {
        Ok(session) => {
            *proven = true;
            config.stats.connected.store(true, Relaxed);
            figures::broker_connected(true);
            tracing::info!(queue = %config.topology.queue, "consuming");
            let looks = session.looks.clone();
            Some(tokio::select! {
                ended = session.run(sink, stop, &config.stats) => ended,
                // It goes on until the session ends.
                () = look_at_queues(&looks, &config.topology) => Err(Interrupted::Ended),
            })
        }
        Err(_) => None,
    };
    close(&connection).await;
    match (consumed, begun) {
        (Some(consumed), _) => consumed,
        (None, begun) => begun.map(drop),
    }
}

/// A refused login or virtual host will not mend itself.
fn login(error: AmqpError) -> TopologyError {
    match (&error, error.reply()) {
        (AmqpError::Address { .. }, _) => TopologyError::Refused(ConsumeError::Address(error)),
        (_, Some((403 | 530, reply))) => TopologyError::Refused(ConsumeError::Login { reply }),
        _ => TopologyError::Outage(error),
    }
}

/// Whether the broker lets us in, and all lies there as it must. Nothing is created.
///
/// # Errors
/// What is to be mended, or that it cannot be reached.
pub async fn prove(config: &AmqpConfig) -> Result<(), TopologyError> {
    let connection = connect(config, "baton doctor").await.map_err(login)?;
    let proven = config.topology.verify(&connection).await;
    close(&connection).await;
    proven
}

async fn begin(config: &AmqpConfig, connection: &Connection) -> Result<Session, Interrupted> {
    if config.declare {
        config.topology.declare(connection).await?;
    } else {
        config.topology.verify(connection).await?;
    }
    let channel = call("opening a channel", connection.create_channel()).await?;
    call("setting the prefetch", channel.basic_qos(PREFETCH, BasicQosOptions::default())).await?;
    let looks = call("opening a channel", connection.create_channel()).await?;
    let queue = config.topology.queue.as_str();
    let (options, arguments) = (BasicConsumeOptions::default(), FieldTable::default());
    let consuming = channel.basic_consume(queue.into(), "".into(), options, arguments);
    let consumer = call("consuming", consuming).await?;
    Ok(Session { channel, looks, consumer, last_at: None, stopping: false, ended: false })
}

/// How many messages wait, now and then, for as long as there is a session. A broker that does not tell is left alone: whether it
/// is well, the consumer finds out.
async fn look_at_queues(looks: &Channel, topology: &Topology) {
    loop {
        for queue in [topology.queue.as_str(), topology.dead_queue.as_str()] {
            let options = QueueDeclareOptions { passive: true, durable: true, ..Default::default() };
            let looking = looks.queue_declare(queue.into(), options, FieldTable::default());
            if let Ok(found) = call("looking at a queue", looking).await {
                figures::queue_holds(queue, found.message_count());
            }
        }
        sleep(LOOK_EVERY).await;
    }
}

struct Session {
    channel: Channel,
    /// For looks at queues: a refusal closes the channel that it is told on.
    looks: Channel,
    consumer: Consumer,
    /// When the last delivery came.
    last_at: Option<Instant>,
    /// The consumer was cancelled by us: what is buffered is still worked off.
    stopping: bool,
    ended: bool,
}

impl Session {
    async fn run(
        &mut self,
        sink: &dyn Sink,
        stop: &mut watch::Receiver<bool>,
        stats: &AmqpStats,
    ) -> Result<(), Interrupted> {
        while let Some(batch) = self.batch(stop).await? {
            let count = batch.len() as u64;
            stats.delivered.fetch_add(count, Relaxed);
            let Some(last) = batch.last().map(|delivery| delivery.acker.clone()) else { continue };
            sink.commit(batch.into_iter().map(delivered).collect()).await?;
            stats.committed.fetch_add(count, Relaxed);
            // One consumer on this channel, batches in order: everything up to the last is ours and committed.
            let acked = call("acknowledging", last.ack(BasicAckOptions { multiple: true })).await?;
            // `false` is no error to the client: the channel is gone, and these come again.
            let counter = if acked { &stats.acked } else { &stats.acks_lost };
            counter.fetch_add(count, Relaxed);
        }
        Ok(())
    }

    /// Waits for a delivery, then a moment for more where others have just come. `None` when stopped and nothing is left.
    async fn batch(&mut self, stop: &mut watch::Receiver<bool>) -> Result<Option<Vec<Delivery>>, Interrupted> {
        let Some(first) = self.first(stop).await? else { return Ok(None) };
        let mut batch = vec![first];
        let now = Instant::now();
        let has_company = self.last_at.is_some_and(|last| now < last + CLOSE_BEHIND);
        let until = if has_company { now + GATHER } else { now };
        while batch.len() < BATCH {
            match timeout_at(until, self.consumer.next()).await {
                Ok(Some(delivery)) => batch.push(delivery.map_err(lost)?),
                Ok(None) if self.stopping => {
                    self.ended = true;
                    break;
                }
                Ok(None) => return Err(Interrupted::Ended),
                Err(_) => break,
            }
        }
        self.last_at = Some(Instant::now());
        Ok(Some(batch))
    }

    async fn first(&mut self, stop: &mut watch::Receiver<bool>) -> Result<Option<Delivery>, Interrupted> {
        if !self.stopping {
            tokio::select! {
                delivery = self.consumer.next() => return delivery.ok_or(Interrupted::Ended)?.map(Some).map_err(lost),
                () = stopped(stop) => {}
            }
            self.stopping = true;
            let cancelling = self.channel.basic_cancel(self.consumer.tag(), BasicCancelOptions::default());
            call("cancelling the consumer", cancelling).await?;
        }
        if self.ended {
            return Ok(None);
        }
        // Cancelled: what the client has buffered still comes, then the end.
        match timeout(CALL_TIMEOUT, self.consumer.next()).await {
            Ok(Some(delivery)) => delivery.map(Some).map_err(lost),
            Ok(None) | Err(_) => Ok(None),
        }
    }
}

fn lost(source: lapin::Error) -> Interrupted {
    AmqpError::Broker { what: "receiving", source }.into()
}

fn delivered(delivery: Delivery) -> Delivered {
    let Delivery { data, routing_key, redelivered, properties, .. } = delivery;
    let mut headers = properties.headers().as_ref().map(texts).unwrap_or_default();
    let state = headers.get(TRACESTATE).map(String::as_str);
    let trace_context = headers.get(TRACEPARENT).and_then(|parent| TraceContext::read(parent, state));
    if let Some(kind) = properties.content_type() {
        headers.insert("content-type".to_owned(), kind.to_string());
    }
    Delivered {
        body: structured(data, &headers),
        routing_key: routing_key.to_string(),
        reply_to: plain(properties.reply_to().as_ref()),
        correlation_id: plain(properties.correlation_id().as_ref()),
        trace_context,
        redelivered,
    }
}

/// Headers that hold text.
fn texts(table: &FieldTable) -> BTreeMap<String, String> {
    let text = |value: &AMQPValue| match value {
        AMQPValue::LongString(text) => Some(String::from_utf8_lossy(text.as_bytes()).into_owned()),
        AMQPValue::ShortString(text) => Some(text.to_string()),
        _ => None,
    };
    table.inner().iter().filter_map(|(name, value)| Some((name.to_string(), text(value)?))).collect()
}

/// Properties are the sender's: one with control characters, which no database takes, counts as absent.
fn plain(text: Option<&ShortString>) -> Option<String> {
    text.map(ToString::to_string).filter(|text| !text.is_empty() && !text.contains(char::is_control))
}

/// A sender that is gone means stop.
pub(super) async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _either = stop.wait_for(|stop| *stop).await;
}
