//! The services under the run: a database and broker names of its own, gone afterwards.

use anyhow::{Context, Result};
use baton::intake::amqp::{AmqpConfig, Outgoing, Publisher, Topology};
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions, ExchangeDeleteOptions, QueueDeleteOptions};
use lapin::{BasicProperties, Confirmation, Connection, ConnectionProperties};
use sqlx::{AssertSqlSafe, PgPool};
use std::path::Path;
use std::sync::Mutex;
use tempfile::TempDir;

/// Unconfirmed messages at most while a queue is filled.
const WINDOW: usize = 512;

pub struct Ground {
    pub amqp: String,
    pub database: String,
    /// Address of an embedded store of the run's own.
    pub sqlite: String,
    /// A way around the store, to count and to sample.
    pub pool: PgPool,
    pub connection: Connection,
    server: PgPool,
    folder: TempDir,
    name: String,
    topologies: Mutex<Vec<Topology>>,
}

/// The first of these variables that is set.
#[expect(clippy::disallowed_methods, reason = "the environment names the services of a run")]
pub fn variable(names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
}

impl Ground {
    pub async fn open() -> Result<Self> {
        const HINT: &str = "is set: run benches/load.sh, which starts both services";
        let amqp = variable(&["BATON_BENCH_AMQP", "BATON_TEST_AMQP"]);
        let amqp = amqp.with_context(|| format!("neither BATON_BENCH_AMQP nor BATON_TEST_AMQP {HINT}"))?;
        let url = variable(&["BATON_BENCH_POSTGRES", "BATON_TEST_POSTGRES"]);
        let url = url.with_context(|| format!("neither BATON_BENCH_POSTGRES nor BATON_TEST_POSTGRES {HINT}"))?;
        let server = PgPool::connect(&url).await.context("connecting to PostgreSQL")?;
        let name = format!("baton_bench_{}", std::process::id());
        sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&server).await?;
        let mut database = url::Url::parse(&url).context("reading the address of PostgreSQL")?;
        database.set_path(&name);
        let pool = PgPool::connect(database.as_str()).await.context("connecting to the run's own database")?;
        let connection = Connection::connect(&amqp, ConnectionProperties::default()).await;
        let connection = connection.context("connecting to RabbitMQ")?;
        let topologies = Mutex::default();
        let folder = match variable(&["BATON_BENCH_FOLDER"]) {
            Some(parent) => tempfile::tempdir_in(parent),
            None => tempfile::tempdir(),
        };
        let folder = folder.context("making a folder for the embedded store")?;
        let sqlite = format!("sqlite:{}", folder.path().join("baton.db").display());
        Ok(Self { amqp, database: database.into(), sqlite, pool, connection, server, folder, name, topologies })
    }

    /// Names of its own in the broker; created with the first message.
    pub fn topology(&self, part: &str) -> Topology {
        let own = |what: &str| format!("{}.{part}.{what}", self.name);
        let topology = Topology {
            exchange_in: own("in"),
            queue: own("leads"),
            dead_exchange: own("dlx"),
            dead_queue: own("dead"),
            exchange_events: own("events"),
            max_length: 1_000_000,
        };
        self.topologies.lock().expect("topologies").push(topology.clone());
        topology
    }

    /// Fills a queue; returns when every message is confirmed.
    pub async fn publish(&self, topology: &Topology, bodies: Vec<Vec<u8>>) -> Result<()> {
        let publisher = Publisher::new(AmqpConfig { topology: topology.clone(), ..AmqpConfig::new(&self.amqp, true) });
        let mut bodies = bodies.into_iter();
        // The first one through Baton's own publisher, which declares the queue as Baton needs it.
        if let Some(body) = bodies.next() {
            publisher.publish(&outgoing(topology, body)).await.context("publishing the first event")?;
        }
        publisher.close().await;
        let channel = self.connection.create_channel().await?;
        channel.confirm_select(ConfirmSelectOptions::default()).await?;
        let properties = BasicProperties::default().with_delivery_mode(2).with_content_type(CONTENT_TYPE.into());
        let mut confirms = std::collections::VecDeque::with_capacity(WINDOW);
        for body in bodies {
            if confirms.len() == WINDOW
                && let Some(confirm) = confirms.pop_front()
            {
                settled(confirm).await?;
            }
            let exchange = topology.exchange_in.as_str().into();
            let options = BasicPublishOptions::default();
            confirms.push_back(channel.basic_publish(exchange, KIND.into(), options, &body, properties.clone()).await?);
        }
        for confirm in confirms {
            settled(confirm).await?;
        }
        channel.close(200, "done".into()).await?;
        Ok(())
    }

    /// Drops what `open` and `topology` made.
    pub async fn close(self) -> Result<()> {
        let channel = self.connection.create_channel().await?;
        for topology in self.topologies.into_inner().expect("topologies") {
            for queue in [topology.queue, topology.dead_queue] {
                channel.queue_delete(queue.into(), QueueDeleteOptions::default()).await?;
            }
            for exchange in [topology.exchange_in, topology.exchange_events, topology.dead_exchange] {
                channel.exchange_delete(exchange.into(), ExchangeDeleteOptions::default()).await?;
            }
        }
        self.folder.close().context("removing the embedded store")?;
        self.pool.close().await;
        sqlx::query(AssertSqlSafe(format!("DROP DATABASE {} WITH (FORCE)", self.name))).execute(&self.server).await?;
        Ok(())
    }

    pub async fn number(&self, sql: &'static str) -> Result<i64> {
        Ok(sqlx::query_scalar(sql).fetch_one(&self.pool).await?)
    }

    pub async fn text(&self, sql: &'static str) -> Result<String> {
        Ok(sqlx::query_scalar(sql).fetch_one(&self.pool).await?)
    }

    /// File system under the database's files; the broker's lie beside them where `load.sh` started both.
    pub async fn disk(&self) -> Result<String> {
        let folder = self.text("SELECT current_setting('data_directory')").await?;
        let mounts = std::fs::read_to_string("/proc/mounts").unwrap_or_default();
        let here = mounts.lines().filter_map(|line| {
            let mut words = line.split(' ').skip(1);
            let (point, kind) = (words.next()?, words.next()?);
            Path::new(&folder).starts_with(point).then_some((point.len(), kind))
        });
        let known = Path::new(&folder).is_dir().then(|| here.max().map(|(_, kind)| kind.to_owned())).flatten();
        Ok(known.unwrap_or_else(|| "unknown (not on this machine)".to_owned()))
    }
}

pub const KIND: &str = "lead.qualified";
pub const CALL_KIND: &str = "call.event";
pub const CONTENT_TYPE: &str = "application/cloudevents+json";

fn outgoing(topology: &Topology, body: Vec<u8>) -> Outgoing {
    Outgoing {
        exchange: topology.exchange_in.clone(),
        routing_key: KIND.into(),
        body,
        content_type: CONTENT_TYPE.into(),
        ..Outgoing::default()
    }
}

async fn settled(confirm: impl Future<Output = lapin::Result<Confirmation>>) -> Result<()> {
    anyhow::ensure!(confirm.await?.is_ack(), "the broker refused an event");
    Ok(())
}
