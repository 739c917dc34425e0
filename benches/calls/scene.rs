//! Everything that a run needs: the services that were started for it, phones, and a worker.

use crate::floor;
use crate::worker::{REPS, Worker, digits};
use anyhow::{Context, Result};
use baton::connectors::http::{Limits, VendorHttp};
use baton::intake::amqp::Topology;
use baton::store::Store;
use baton_phones::asterisk::Asterisk;
use baton_phones::phone::Phone;
use baton_phones::rtp::Sound;
use lapin::options::BasicPublishOptions;
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties};
use serde_json::Value;
use sqlx::PgPool;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::time::Instant;

pub const CALLER: f64 = 440.0;
pub const AGENT: f64 = 620.0;
pub const REP: f64 = 880.0;
/// As Asterisk's music on hold is in `tests/telephony/asterisk.sh`.
pub const HOLD: f64 = 300.0;

pub struct Scene {
    /// Before all that it uses.
    _worker: Worker,
    pub callers: Phone,
    pub agent: Phone,
    /// By which all reps answer.
    pub desk: Phone,
    /// That the script rings.
    pub script: Phone,
    pub asterisk: Asterisk,
    pub ari: VendorHttp,
    pub pool: PgPool,
    exchange: String,
    channel: Channel,
    _broker: Connection,
}

#[expect(clippy::disallowed_methods, reason = "the environment names the services of a run")]
fn variable(name: &str) -> Result<String> {
    std::env::var(name).with_context(|| format!("{name} is not set: run benches/calls.sh, which starts what is needed"))
}

pub fn ari_key(asterisk: &Asterisk) -> String {
    format!("baton:{}", asterisk.password)
}

/// A client for what listens there.
pub fn door(address: impl std::fmt::Display) -> Result<VendorHttp> {
    let limits = Limits { timeout: Duration::from_secs(5), per_second: 100_000, concurrency: 256 };
    VendorHttp::new("bench", &format!("http://{address}"), limits).context("setting up a client")
}

impl Scene {
    pub async fn open() -> Result<Self> {
        let (folder, database) = (PathBuf::from(variable("BATON_BENCH_FOLDER")?), variable("BATON_BENCH_POSTGRES")?);
        let amqp = variable("BATON_BENCH_AMQP")?;
        let callers = Phone::plugged_in("the callers", Sound::Tone(CALLER)).await;
        let agent = Phone::plugged_in("the agent", Sound::Tone(AGENT)).await;
        let desk = Phone::plugged_in("the reps", Sound::Tone(REP)).await;
        let script = Phone::plugged_in("the script", Sound::Nothing).await;
        let others = [("trunk", &callers), ("agent", &agent), (floor::NAME, &script)];
        let others = others.into_iter().map(|(name, phone)| (name.to_owned(), phone.port()));
        let phones: Vec<_> = others.chain((1..=REPS).map(|rep| (digits(rep), desk.port()))).collect();
        let installed = PathBuf::from(variable("BATON_BENCH_ASTERISK_FOLDER")?);
        let starter = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/telephony/asterisk.sh");
        let asterisk = Asterisk::start(&starter, &installed, &folder.join("asterisk"), &phones)?;
        Store::open(&database).await?.migrate().await?;
        let pool = PgPool::connect(&database).await.context("connecting to PostgreSQL")?;
        let ari = door(asterisk.ari)?;
        let speech = Path::new(&variable("BATON_BENCH_SPEECH_FOLDER")?).join("bin/espeak-ng");
        let worker = Worker::start(&folder.join("worker"), &asterisk, &ari, [&database, &amqp], &speech).await?;
        let broker =
            Connection::connect(&amqp, ConnectionProperties::default()).await.context("connecting to RabbitMQ")?;
        let channel = broker.create_channel().await?;
        let exchange = Topology::default().exchange_in;
        let scene = Self {
            _worker: worker,
            callers,
            agent,
            desk,
            script,
            asterisk,
            ari,
            pool,
            exchange,
            channel,
            _broker: broker,
        };
        floor::begin(&scene).await?;
        Ok(scene)
    }

    /// The instant at which it left.
    pub async fn publishes(&self, event: &Value) -> Result<Instant> {
        let body = event.to_string().into_bytes();
        let properties = BasicProperties::default().with_delivery_mode(2);
        let properties = properties.with_content_type("application/cloudevents+json".into());
        let (exchange, options) = (self.exchange.as_str().into(), BasicPublishOptions::default());
        let at = Instant::now();
        let sent = self.channel.basic_publish(exchange, "lead.qualified".into(), options, &body, properties).await?;
        sent.await.context("publishing an event")?;
        Ok(at)
    }

    pub async fn postgres(&self) -> Result<String> {
        Ok(sqlx::query_scalar("SELECT current_setting('server_version')").fetch_one(&self.pool).await?)
    }

    pub async fn statuses(&self) -> Result<Vec<(String, i64)>> {
        let counted = "SELECT status, COUNT(*) FROM lead GROUP BY status ORDER BY status";
        Ok(sqlx::query_as(counted).fetch_all(&self.pool).await?)
    }
}
