//! A stream at a constant rate that does not wait for answers: what falls behind counts from when it was due.

pub mod prune;

use crate::feed::Feed;
use crate::ground::KIND;
use crate::quantiles::Quantiles;
use crate::run::Run;
use crate::worker::{LOOK_EVERY, PATIENCE, Worker};
use anyhow::{Context, Result, ensure};
use futures_util::StreamExt;
use lapin::BasicProperties;
use lapin::options::{BasicConsumeOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout};

const PER_SECOND: u32 = 200;
const LASTS: Duration = Duration::from_secs(20);

/// When each event or call was due to be sent.
#[derive(Clone, Copy)]
pub struct Schedule {
    began: Instant,
    per_second: u32,
}

impl Schedule {
    /// From a moment on, so that the first one is not late either.
    pub fn begin(per_second: u32) -> Self {
        Self { began: Instant::now() + LOOK_EVERY, per_second }
    }

    pub fn due(&self, number: usize) -> Instant {
        self.began + Duration::from_secs_f64(number as f64 / f64::from(self.per_second))
    }

    /// How long after it was due each of these was heard of; sorted.
    pub fn spans(&self, heard: impl IntoIterator<Item = (usize, Instant)>) -> Vec<Duration> {
        let mut spans: Vec<_> = heard.into_iter().map(|(number, at)| at - self.due(number)).collect();
        spans.sort_unstable();
        spans
    }
}

/// What was heard of a stream, by number.
pub struct Streamed {
    pub schedule: Schedule,
    pub committed: Vec<(usize, Instant)>,
    pub answered: Vec<(usize, Instant)>,
}

/// Publishes at this rate for so long, and returns when every event was answered.
pub async fn stream(
    run: &Run,
    worker: &Worker,
    per_second: u32,
    lasts: Duration,
    body: impl Fn(u64) -> Vec<u8>,
) -> Result<Streamed> {
    let consuming = worker.consume().await?;
    let feed = Feed::open(&run.ground, worker.topology()).await?;
    let channel = run.ground.connection.create_channel().await?;
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
    let schedule = Schedule::begin(per_second);
    for number in 0..count {
        let event = body(number as u64);
        sleep_until(schedule.due(number)).await;
        let properties =
            BasicProperties::default().with_reply_to(name.clone()).with_correlation_id(number.to_string().into());
        feed.publish(KIND, &event, properties).await?;
    }
    let answered = timeout(PATIENCE, listening).await.context("waiting for the answers")??;
    ensure!(answered.len() == count, "{} of {count} leads were answered", answered.len());
    consuming.end().await?;
    Ok(Streamed { schedule, committed: worker.take_committed(), answered })
}

/// Latency at a rate that is carried without effort.
pub struct Steady {
    committed: Quantiles,
    answered: Quantiles,
}

pub async fn measure(run: &Run, worker: &Worker) -> Result<Steady> {
    let body = |number| run.events.one("open", number, run.now());
    let Streamed { schedule, committed, answered } = stream(run, worker, PER_SECOND, LASTS, body).await?;
    let quantiles = |heard: Vec<(usize, Instant)>| Quantiles::of(&schedule.spans(heard));
    Ok(Steady { committed: quantiles(committed), answered: quantiles(answered) })
}

impl Steady {
    pub fn print(&self) {
        println!("{PER_SECOND} leads/s for {} s, from publishing, in ms:    p50      p99      max", LASTS.as_secs());
        println!("  decision committed                      {}", self.committed);
        println!("  answer on reply_to                      {}", self.answered);
    }

    pub fn json(&self) -> Value {
        json!({
            "open_loop_per_second": PER_SECOND, "committed_ms": self.committed.json(), "answered_ms": self.answered.json(),
        })
    }
}
