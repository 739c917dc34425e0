//! Baton as it is: a workspace, the real consumer, decider and outbox; only the vendors are in-process.

use crate::ground::Ground;
use crate::null::{self, Answering};
use crate::run::Run;
use crate::tools;
use anyhow::{Context, Result};
use async_trait::async_trait;
use baton::app::bus::{Bus, InboxSink};
use baton::app::{self, Running, Setup, workspace};
use baton::config::{Keep, KeptFor, Limits};
use baton::deciding::answer::OutgoingAnswer;
use baton::deciding::decider::Replies;
use baton::intake::amqp::{AmqpConfig, AmqpStats, ConsumeError, Publisher, Topology, consume};
use baton::render::caller::Stopgap;
use baton::store::Store;
use baton::web::Listener;
use baton_clock::{SharedClock, SteeredClock};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

pub const LOOK_EVERY: Duration = Duration::from_millis(5);
/// Longer than this and something is stuck.
pub const PATIENCE: Duration = Duration::from_secs(90);
/// All sentences that hold whatever is decided.
const STOPGAPS: [Stopgap; 7] = [
    Stopgap::PassedOn,
    Stopgap::SayAgain,
    Stopgap::NotReached,
    Stopgap::HowToReach,
    Stopgap::TakingDown,
    Stopgap::Booking,
    Stopgap::Goodbye,
];
const UNBROKEN: &str = "nothing panics while holding the instants";

pub struct Worker {
    running: Running,
    store: Store,
    clock: SharedClock,
    config: AmqpConfig,
    heard: Arc<Heard>,
    promises: BTreeSet<String>,
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
            self.committed.lock().expect(UNBROKEN).push((number, now));
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

impl Worker {
    /// A worker of the workspace in `folder`, by a clock that is this far ahead of the run's.
    pub async fn start(
        run: &Run,
        database: &str,
        topology: Topology,
        folder: &Path,
        answering: Answering,
        ahead: TimeDelta,
    ) -> Result<Self> {
        let loaded = workspace::load(folder)?;
        let workspace = loaded.map_err(|faults| anyhow::anyhow!("the shipped workspace is faulty: {faults:?}"))?;
        let company = workspace.checked.rules.handoff.company.as_deref();
        let promises = STOPGAPS.map(|what| workspace.templates.stopgap(what, company).0).into();
        let store = Store::open(database).await?;
        store.migrate().await?;
        let steered = SteeredClock::new(run.clock.clone());
        steered.steer(ahead);
        let clock: SharedClock = Arc::new(steered);
        let config = AmqpConfig { topology, ..AmqpConfig::new(&run.ground.amqp, true) };
        let bus = Bus {
            publisher: Arc::new(Publisher::new(config.clone())),
            exchange_events: config.topology.exchange_events.clone(),
        };
        let heard = Arc::new(Heard { bus, committed: Mutex::default() });
        let setup = Setup {
            store: store.clone(),
            workspace,
            vendors: null::vendors(answering, &run.ledger),
            clock: Arc::clone(&clock),
            limits: Limits::default(),
            keep: forever(),
            listener: Listener::on_port("127.0.0.1:0").await?,
            tokens: tools::tokens(),
            // As `baton.toml` has it where it says nothing.
            body_limit: 256 * 1024,
            requests_at_once: 256,
            connections: 512,
            links: None,
            platforms: tools::sections(),
            twilio: None,
            public_url: String::new(),
            replies: Some(Arc::clone(&heard) as Arc<dyn Replies>),
            broker: None,
            metrics: run.metrics,
            console: true,
            shadow: None,
        };
        let running = app::start(setup).await?;
        Ok(Self { running, store, clock, config, heard, promises })
    }

    /// Where it serves over HTTP.
    pub fn address(&self) -> SocketAddr {
        self.running.address.parse().expect("it listens on a port")
    }

    /// What is said to a caller where nothing says what was decided.
    pub fn promises(&self) -> BTreeSet<String> {
        self.promises.clone()
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub fn topology(&self) -> &Topology {
        &self.config.topology
    }

    pub async fn stop(self) {
        self.running.stop().await;
    }

    /// Of every event with a numeric correlation id, when its decision was committed; since the last call.
    pub fn take_committed(&self) -> Vec<(usize, Instant)> {
        std::mem::take(&mut *self.heard.committed.lock().expect(UNBROKEN))
    }

    /// Consumes from now on; returns when the broker has begun to deliver.
    pub async fn consume(&self) -> Result<Consuming> {
        let stats = Arc::new(AmqpStats::default());
        let config = AmqpConfig { stats: Arc::clone(&stats), ..self.config.clone() };
        let sink = InboxSink {
            decider: Arc::clone(&self.running.decider),
            clock: Arc::clone(&self.clock),
            queue: self.config.topology.queue.clone(),
        };
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
            while consuming.taken() < messages {
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
        self.idle().await?;
        let steps_done_after = began.elapsed();
        consuming.end().await?;
        Ok(Throughput {
            decided_per_second: count as f64 / decisions_after.as_secs_f64(),
            steps_done_after,
            steps: ground.number(STEPS).await? - steps,
            all_done_per_second: count as f64 / steps_done_after.as_secs_f64(),
        })
    }

    /// Waits until nothing is due and nothing in hand.
    pub async fn idle(&self) -> Result<()> {
        let idle = async {
            loop {
                let open = self.store.step_stats(self.clock.now()).await?;
                if open.due + open.leased == 0 {
                    return anyhow::Ok(());
                }
                sleep(LOOK_EVERY * 20).await;
            }
        };
        timeout(PATIENCE, idle).await.context("waiting for the steps")?
    }
}

pub struct Consuming {
    stop: watch::Sender<bool>,
    task: JoinHandle<Result<(), ConsumeError>>,
    stats: Arc<AmqpStats>,
}

impl Consuming {
    /// Messages that are in the inbox for sure; those of the last commit are a moment behind.
    pub fn taken(&self) -> u64 {
        self.stats.committed.load(Relaxed)
    }

    pub async fn end(self) -> Result<()> {
        self.stop.send_replace(true);
        Ok(self.task.await??)
    }
}

/// Nothing is pruned but by whoever measures that.
fn forever() -> Keep {
    let forever = KeptFor::Forever;
    Keep {
        inbox: forever,
        quarantine: forever,
        transcripts: forever,
        briefings: forever,
        steps: forever,
        timeline: forever,
        decisions: forever,
        releases: forever,
        deliveries: forever,
        mirror: forever,
        leads: forever,
    }
}
