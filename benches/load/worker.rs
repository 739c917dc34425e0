//! Baton as it is: the shipped workspace, the real consumer, decider and outbox; only the vendors are in-process.

use crate::events::Events;
use crate::ground::{CONTENT_TYPE, Ground, KIND};
use crate::null;
use anyhow::{Context, Result};
use async_trait::async_trait;
use baton::app::bus::{Bus, InboxSink};
use baton::app::{self, Running, Setup, workspace};
use baton::config::Limits;
use baton::deciding::answer::OutgoingAnswer;
use baton::deciding::decider::Replies;
use baton::intake::amqp::{AmqpConfig, AmqpStats, ConsumeError, Publisher, Topology, consume};
use baton::store::Store;
use baton_clock::{ScaledClock, SharedClock};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::StreamExt;
use lapin::BasicProperties;
use lapin::options::{BasicConsumeOptions, BasicPublishOptions, ConfirmSelectOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use std::path::Path;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until, timeout};

/// A working day in Europe and America: on a Sunday there would be nobody to choose from.
fn begins() -> DateTime<Utc> {
    "2026-03-03T15:00:00Z".parse().expect("an instant")
}
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// Longer than this and something is stuck.
const PATIENCE: Duration = Duration::from_secs(90);

pub struct Worker {
    running: Running,
    store: Store,
    clock: SharedClock,
    config: AmqpConfig,
    heard: Arc<Heard>,
}

/// Answers on their way to the broker, with the instant at which the decision was known to be committed.
struct Heard {
    bus: Bus,
    committed: Mutex<Vec<(usize, Instant)>>,
}

#[async_trait]
impl Replies for Heard {
    async fn reply(&self, to: &str, correlation_id: Option<&str>, answer: &OutgoingAnswer<'_>) {
        let now = Instant::now();
        if let Some(number) = correlation_id.and_then(|id| id.parse().ok()) {
            self.committed.lock().expect("instants").push((number, now));
        }
        self.bus.reply(to, correlation_id, answer).await;
    }
}

pub struct Throughput {
    pub decided_per_second: f64,
    /// From the first delivery until nothing was due and nothing in hand.
    pub steps_done_after: Duration,
    pub steps: i64,
    pub all_done_per_second: f64,
}

/// Spans from the scheduled instant of publishing.
pub struct Latencies {
    pub committed: Vec<Duration>,
    pub answered: Vec<Duration>,
}

impl Worker {
    /// A worker of the workspace in `folder`, by a clock that is this far ahead of the other ones' in the run.
    pub async fn start(ground: &Ground, topology: Topology, folder: &Path, ahead: TimeDelta) -> Result<Self> {
        let loaded = workspace::load(folder)?;
        let workspace = loaded.map_err(|faults| anyhow::anyhow!("the shipped workspace is faulty: {faults:?}"))?;
        let store = Store::open(&ground.database).await?;
        store.migrate().await?;
        let clock: SharedClock = Arc::new(ScaledClock::new(begins() + ahead, 1));
        let config = AmqpConfig { topology, ..AmqpConfig::new(&ground.amqp, true) };
        let bus = Bus {
            publisher: Arc::new(Publisher::new(config.clone())),
            exchange_events: config.topology.exchange_events.clone(),
        };
        let heard = Arc::new(Heard { bus, committed: Mutex::default() });
        let setup = Setup {
            store: store.clone(),
            workspace,
            vendors: null::vendors(),
            clock: Arc::clone(&clock),
            limits: Limits::default(),
            listener: TcpListener::bind("127.0.0.1:0").await?,
            tokens: Vec::new(),
            body_limit: 1024,
            requests_at_once: 1,
            connections: 128,
            links: None,
            replies: Some(Arc::clone(&heard) as Arc<dyn Replies>),
        };
        let running = app::start(setup).await?;
        Ok(Self { running, store, clock, config, heard })
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub async fn stop(self) {
        self.running.stop().await;
    }

    /// Consumes from now on; returns when the broker has begun to deliver.
    async fn consume(&self) -> Result<Consuming> {
        let stats = Arc::new(AmqpStats::default());
        let config = AmqpConfig { stats: Arc::clone(&stats), ..self.config.clone() };
        let sink = InboxSink { decider: Arc::clone(&self.running.decider), clock: Arc::clone(&self.clock) };
        let (stop, stopping) = watch::channel(false);
        let task = tokio::spawn(consume(config, Arc::new(sink), stopping));
        let consuming = Consuming { stop, task, stats };
        let connected = async {
            while !consuming.stats.connected.load(Relaxed) && !consuming.task.is_finished() {
                sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(PATIENCE, connected).await.context("waiting for the consumer")?;
        Ok(consuming)
    }

    /// The queue is full before the first delivery. Of `bodies`, so many are leads; the others are second events of theirs.
    pub async fn throughput(&self, ground: &Ground, bodies: Vec<Vec<u8>>, leads: u64) -> Result<Throughput> {
        const DECIDED: &str = "SELECT COUNT(*) FROM decision";
        const WAITING: &str = "SELECT COUNT(*) FROM inbox WHERE state = 'received'";
        const STEPS: &str = "SELECT COUNT(*) FROM step WHERE state = 'done'";
        let messages = bodies.len() as u64;
        let count = leads;
        let (decided, steps) = (ground.number(DECIDED).await?, ground.number(STEPS).await?);
        ground.publish(&self.config.topology, bodies).await?;
        let consuming = self.consume().await?;
        let began = Instant::now();
        let decisions = async {
            // Counting rows costs the database something: not before the last one is in the inbox.
            while consuming.stats.committed.load(Relaxed) < messages {
                sleep(LOOK_EVERY).await;
            }
            while ground.number(DECIDED).await? < decided + count as i64 {
                sleep(LOOK_EVERY).await;
            }
            while ground.number(WAITING).await? > 0 {
                sleep(LOOK_EVERY).await;
            }
            anyhow::Ok(began.elapsed())
        };
        let decisions_after = timeout(PATIENCE, decisions).await.context("waiting for the decisions")??;
        let steps_done = async {
            while self.steps_open().await? > 0 {
                sleep(LOOK_EVERY * 20).await;
            }
            anyhow::Ok(began.elapsed())
        };
        let steps_done_after = timeout(PATIENCE, steps_done).await.context("waiting for the steps")??;
        consuming.end().await?;
        Ok(Throughput {
            decided_per_second: count as f64 / decisions_after.as_secs_f64(),
            steps_done_after,
            steps: ground.number(STEPS).await? - steps,
            all_done_per_second: count as f64 / steps_done_after.as_secs_f64(),
        })
    }

    async fn steps_open(&self) -> Result<i64> {
        let open = self.store.step_stats(self.clock.now()).await?;
        Ok(open.due + open.leased)
    }

    /// A steady stream that does not wait for answers; what falls behind counts from when it was due.
    pub async fn open_loop(
        &self,
        ground: &Ground,
        events: &Events,
        per_second: u32,
        lasts: Duration,
    ) -> Result<Latencies> {
        let consuming = self.consume().await?;
        let channel = ground.connection.create_channel().await?;
        channel.confirm_select(ConfirmSelectOptions::default()).await?;
        let own = QueueDeclareOptions { exclusive: true, auto_delete: true, ..QueueDeclareOptions::default() };
        let queue = channel.queue_declare("".into(), own, FieldTable::default()).await?;
        let name = queue.name().clone();
        let options = BasicConsumeOptions { no_ack: true, exclusive: true, ..BasicConsumeOptions::default() };
        let mut answers = channel.basic_consume(name.clone(), "".into(), options, FieldTable::default()).await?;
        let count = (lasts.as_secs_f64() * f64::from(per_second)) as usize;
        let listening = tokio::spawn(async move {
            let mut answered = Vec::with_capacity(count);
            while answered.len() < count {
                let Ok(Some(Ok(delivery))) = timeout(PATIENCE, answers.next()).await else { break };
                let now = Instant::now();
                let number = delivery.properties.correlation_id().as_ref().and_then(|id| id.as_str().parse().ok());
                answered.extend(number.map(|number: usize| (number, now)));
            }
            answered
        });
        let began = Instant::now() + LOOK_EVERY;
        let due = |number: usize| began + Duration::from_secs_f64(number as f64 / f64::from(per_second));
        for number in 0..count {
            let body = events.one("open", number as u64);
            sleep_until(due(number)).await;
            let properties = BasicProperties::default()
                .with_delivery_mode(2)
                .with_content_type(CONTENT_TYPE.into())
                .with_reply_to(name.clone())
                .with_correlation_id(number.to_string().into());
            let exchange = self.config.topology.exchange_in.as_str().into();
            let options = BasicPublishOptions::default();
            let confirm = channel.basic_publish(exchange, KIND.into(), options, &body, properties).await?;
            tokio::spawn(confirm);
        }
        let answered = timeout(PATIENCE, listening).await.context("waiting for the answers")??;
        anyhow::ensure!(answered.len() == count, "{} of {count} leads were answered", answered.len());
        consuming.end().await?;
        let spans = |instants: Vec<(usize, Instant)>| {
            let mut spans: Vec<_> = instants.into_iter().map(|(number, at)| at - due(number)).collect();
            spans.sort_unstable();
            spans
        };
        let committed = std::mem::take(&mut *self.heard.committed.lock().expect("instants"));
        Ok(Latencies { committed: spans(committed), answered: spans(answered) })
    }
}

struct Consuming {
    stop: watch::Sender<bool>,
    task: JoinHandle<Result<(), ConsumeError>>,
    stats: Arc<AmqpStats>,
}

impl Consuming {
    async fn end(self) -> Result<()> {
        self.stop.send_replace(true);
        Ok(self.task.await??)
    }
}
