//! One test's own part of a shared broker, a worker on it, and an inbox that fails on cue.

use crate::eventually::SOON;
use crate::store::server::variable;
use async_trait::async_trait;
use baton::intake::amqp::{
    AmqpConfig, AmqpStats, ConsumeError, Delivered, Outgoing, Publisher, Sink, SinkError, Topology, consume,
};
use lapin::options::{ConfirmSelectOptions, QueueDeclareOptions, QueueDeleteOptions};
use lapin::types::FieldTable;
use lapin::{Channel, Connection, ConnectionProperties};
use std::collections::BTreeSet;
use std::fs::File;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicU32, AtomicU64};
use std::sync::{Arc, Mutex};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

pub fn environment(name: &str) -> Option<String> {
    let value = variable(name);
    if value.is_none() {
        let ci = variable("CI").as_deref() == Some("true");
        assert!(!ci, "{name} is not set: in CI every service is there (see tests/services.sh)");
        eprintln!("SKIPPED, NOTHING WAS TESTED: {name} is not set (see tests/services.sh)");
    }
    value
}

/// One test's own names on the shared broker.
pub struct Broker {
    pub config: AmqpConfig,
    connection: Connection,
    // Held for the test: tests that restart the broker hold it alone.
    _turn: File,
}

/// `None`: skipped, and said so.
pub async fn broker(alone: bool) -> Option<Broker> {
    let url = environment("BATON_TEST_AMQP")?;
    let turn = File::create(concat!(env!("CARGO_TARGET_TMPDIR"), "/amqp.lock")).expect("a lock file");
    let turn = tokio::task::spawn_blocking(move || {
        if alone { turn.lock() } else { turn.lock_shared() }.expect("the lock");
        turn
    });
    let turn = turn.await.expect("no panic");
    let unique: [u8; 6] = baton_clock::random_bytes();
    let own = |name: &str| format!("test-{unique:02x?}-{name}").replace(['[', ']', ',', ' '], "");
    let topology = Topology {
        exchange_in: own("in"),
        queue: own("leads"),
        dead_exchange: own("dlx"),
        dead_queue: own("dead"),
        exchange_events: own("events"),
        max_length: 1_000,
    };
    let connection = Connection::connect(&url, ConnectionProperties::default()).await.expect("the broker answers");
    Some(Broker { config: AmqpConfig { topology, ..AmqpConfig::new(url, true) }, connection, _turn: turn })
}

impl Broker {
    pub async fn channel(&self) -> Channel {
        let channel = self.connection.create_channel().await.expect("a channel");
        channel.confirm_select(ConfirmSelectOptions::default()).await.expect("confirms");
        channel
    }

    pub fn publisher(&self) -> Publisher {
        Publisher::new(self.config.clone())
    }

    pub fn event(&self, n: usize) -> Outgoing {
        Outgoing {
            exchange: self.config.topology.exchange_in.clone(),
            routing_key: "lead.qualified".into(),
            body: format!("{{\"id\":\"{n}\"}}").into_bytes(),
            content_type: "application/cloudevents+json".into(),
            message_id: n.to_string(),
            ..Outgoing::default()
        }
    }

    pub async fn publish(&self, numbers: std::ops::Range<usize>) {
        let publisher = self.publisher();
        for n in numbers {
            publisher.publish(&self.event(n)).await.expect("published");
        }
        publisher.close().await;
    }

    /// Declares everything, without consuming.
    pub async fn prepare(&self) {
        let mut worker = self.consume(Inbox::new());
        eventually("consuming", || worker.stats.connected.load(Relaxed)).await;
        worker.stop().await;
    }

    pub fn consume(&self, inbox: Arc<Inbox>) -> Worker {
        let stats = Arc::new(AmqpStats::default());
        let config = AmqpConfig { stats: Arc::clone(&stats), ..self.config.clone() };
        let (stop, stopping) = watch::channel(false);
        let task = tokio::spawn(consume(config, inbox, stopping));
        Worker { stop, task: Some(task), stats }
    }

    /// Messages that lie in a queue and are not being consumed.
    pub async fn ready_in(&self, queue: &str) -> u32 {
        let channel = self.channel().await;
        let options = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
        let found =
            channel.queue_declare(queue.into(), options, FieldTable::default()).await.expect("the queue exists");
        found.message_count()
    }

    pub async fn clean_up(&self) {
        let channel = self.channel().await;
        for queue in [&self.config.topology.queue, &self.config.topology.dead_queue] {
            let _gone = channel.queue_delete(queue.as_str().into(), QueueDeleteOptions::default()).await;
        }
        let names = &self.config.topology;
        for exchange in [&names.exchange_in, &names.dead_exchange, &names.exchange_events] {
            let _gone = channel.exchange_delete(exchange.as_str().into(), Default::default()).await;
        }
    }
}

pub struct Worker {
    pub stop: watch::Sender<bool>,
    task: Option<JoinHandle<Result<(), ConsumeError>>>,
    pub stats: Arc<AmqpStats>,
}

impl Worker {
    pub async fn ended(&mut self) -> Result<(), ConsumeError> {
        let task = self.task.take().expect("ends once");
        tokio::time::timeout(SOON, task).await.expect("ends in time").expect("no panic")
    }

    pub async fn stop(&mut self) {
        self.stop.send_replace(true);
        self.ended().await.expect("stopped");
    }
}

/// Remembers what was committed, and fails as often as it is told to.
pub struct Inbox {
    pub batches: Mutex<Vec<Vec<Delivered>>>,
    pub failures_left: AtomicU32,
    pub not_ready_left: AtomicU32,
    /// Commits wait for it, where there is one.
    pub gate: Option<Notify>,
}

impl Inbox {
    pub fn new() -> Arc<Self> {
        Self::failing(0, 0)
    }

    pub fn failing(commits: u32, not_ready: u32) -> Arc<Self> {
        Arc::new(Self {
            batches: Mutex::default(),
            failures_left: AtomicU32::new(commits),
            not_ready_left: AtomicU32::new(not_ready),
            gate: None,
        })
    }

    pub fn all(&self) -> Vec<Delivered> {
        self.batches.lock().expect("batches").concat()
    }

    pub fn distinct(&self) -> BTreeSet<Vec<u8>> {
        self.all().into_iter().map(|delivered| delivered.body).collect()
    }
}

fn one_less(counter: &AtomicU32) -> bool {
    counter.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).is_ok()
}

#[async_trait]
impl Sink for Inbox {
    async fn commit(&self, batch: Vec<Delivered>) -> Result<(), SinkError> {
        if let Some(gate) = &self.gate {
            gate.notified().await;
        }
        if one_less(&self.failures_left) {
            return Err(SinkError("the database is away".into()));
        }
        self.batches.lock().expect("batches").push(batch);
        Ok(())
    }

    async fn ready(&self) -> bool {
        !one_less(&self.not_ready_left)
    }
}

pub async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    crate::eventually::eventually(what, || std::future::ready(holds())).await;
}

pub fn count(counter: &AtomicU64) -> u64 {
    counter.load(Relaxed)
}
