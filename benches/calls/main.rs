//! How long people wait on the phone: a real worker over RabbitMQ and PostgreSQL, a real Asterisk, and phones of ours as callers,
//! agent and reps. From the event to the INVITE on the wire, beside a script that makes one committed transaction and originates
//! over ARI, in turn with it; from the key that accepts to sound in both directions; and where nobody accepts, from the first ring
//! until the caller is back with the agent. `benches/calls.sh` starts everything, runs this and stops it.
//!
//! It asserts nothing about speed. Every call that does not go as it should is counted and told.

mod floor;
#[path = "../load/quantiles.rs"]
mod quantiles;
mod report;
mod scene;
mod talk;
mod worker;

use anyhow::Result;
use clap::Parser;
use report::Report;
use scene::Scene;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinError;
use tokio::time::{Instant, sleep_until};

/// Calls that come first and do not count: they fill caches, and leave rows to look among.
const WARM: usize = 20;
/// Of those for whom nobody accepts: each lasts for most of a minute.
const NOBODY_EVERY: Duration = Duration::from_millis(500);

/// Measures how long callers and reps wait.
#[derive(Parser)]
struct Arguments {
    /// Calls that are joined
    #[arg(long, default_value_t = 1000)]
    calls: usize,
    /// How many of them come in a second
    #[arg(long, default_value_t = 5.0)]
    per_second: f64,
    /// Calls for which nobody accepts, two a second
    #[arg(long, default_value_t = 100)]
    nobody: usize,
}

#[tokio::main]
async fn main() -> Result<()> {
    // `cargo bench` adds an argument of its own.
    let arguments = Arguments::parse_from(std::env::args_os().filter(|argument| argument != "--bench"));
    let Arguments { calls, per_second, nobody } = arguments;
    let scene = Arc::new(Scene::open().await?);
    let mut report = Report::begin(&scene).await?;
    let (every, all) = (Duration::from_secs_f64(1.0 / per_second), WARM + calls);
    // In turn: half of the time between two calls lies between a call and the script.
    let later = Instant::now() + every / 2;
    let scripts = tokio::spawn(come(all, later, every, {
        let scene = Arc::clone(&scene);
        move |number| floor::rings(Arc::clone(&scene), number)
    }));
    let joined = come(all, later - every / 2, every, |number| talk::joined(Arc::clone(&scene), number)).await;
    report.joined = joined.into_iter().skip(WARM).filter_map(|ended| report.failed.unless(ended)).collect();
    report.floor = scripts.await?.into_iter().skip(WARM).filter_map(|ended| report.failed.unless(ended)).collect();
    let nobody =
        come(nobody, Instant::now(), NOBODY_EVERY, |number| talk::nobody(Arc::clone(&scene), all + number)).await;
    report.back = nobody.into_iter().filter_map(|ended| report.failed.unless(ended)).collect();
    report.statuses = scene.statuses().await?;
    report.print(&arguments);
    Ok(())
}

/// What became of each, in their order.
type Ended<T> = Result<Result<T>, JoinError>;

/// So many, one after the other at a constant rate, whatever becomes of those before.
async fn come<T, F>(count: usize, from: Instant, every: Duration, one: impl Fn(usize) -> F) -> Vec<Ended<T>>
where
    T: Send + 'static,
    F: Future<Output = Result<T>> + Send + 'static,
{
    let mut coming = Vec::with_capacity(count);
    for number in 0..count {
        sleep_until(from + every * number as u32).await;
        coming.push(tokio::spawn(one(number)));
    }
    let mut ended = Vec::with_capacity(count);
    for one in coming {
        ended.push(one.await);
    }
    ended
}
