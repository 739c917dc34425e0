//! What routing costs over real RabbitMQ and PostgreSQL, beside the bare pipeline of the same run: leads a second, latency at
//! a steady rate, memory. `benches/load.sh` starts both services, runs this and stops them.
//!
//! It asserts nothing about speed: figures of one machine say little about another's, but their ratio does.
#![allow(clippy::disallowed_types, reason = "the ban is for pure modules")]

mod bare;
mod events;
mod gappy;
mod ground;
mod null;
mod worker;

use anyhow::Result;
use bare::Bare;
use chrono::{DateTime, TimeDelta, Utc};
use events::{CALLERS, Events, KINDS, MIX, SECOND_EVERY};
use ground::Ground;
use serde_json::json;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use worker::{Throughput, Worker};

/// Leads of each timed run.
const LEADS: u64 = 3_000;
const PER_SECOND: u32 = 200;
const LASTS: Duration = Duration::from_secs(20);

/// Two workers whose clocks differ, a workspace in which every second calendar cell is empty, calls that are told of twice, and
/// a platform whose clock is off.
async fn rough(ground: &Ground, events: &Events, now: DateTime<Utc>) -> Result<Throughput> {
    let folder = tempfile::tempdir()?;
    gappy::copy(Path::new(env!("CARGO_MANIFEST_DIR")), folder.path())?;
    let topology = ground.topology("rough");
    let one = Worker::start(ground, topology.clone(), folder.path(), TimeDelta::milliseconds(1_500)).await?;
    let other = Worker::start(ground, topology, folder.path(), TimeDelta::milliseconds(-1_500)).await?;
    let through = one.throughput(ground, events.rough("rough", LEADS, now), LEADS).await?;
    one.stop().await;
    other.stop().await;
    Ok(through)
}

#[tokio::main]
async fn main() -> Result<()> {
    let ground = Ground::open().await?;
    let events = Events::new();
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR"));
    let worker = Worker::start(&ground, ground.topology("baton"), shipped, TimeDelta::zero()).await?;
    // Fills caches on all sides, and leaves leads to sample rows from.
    worker.throughput(&ground, events.many("warm", CALLERS * KINDS), CALLERS * KINDS).await?;
    let bare = Arc::new(Bare::prepare(&ground, "warm").await?);
    let floor = ground.topology("bare");
    ground.publish(&floor, events.many("bare", LEADS)).await?;
    let before = bare.run(&ground, &floor, LEADS).await?;
    let through = worker.throughput(&ground, events.many("full", LEADS), LEADS).await?;
    ground.publish(&floor, events.many("bare", LEADS)).await?;
    let after = bare.run(&ground, &floor, LEADS).await?;
    let latencies = worker.open_loop(&ground, &events, PER_SECOND, LASTS).await?;
    let now = worker.now();
    worker.stop().await;
    let rough = rough(&ground, &events, now).await?;

    let floor = f64::midpoint(before, after);
    let ratio = through.decided_per_second / floor;
    let committed = Quantiles::of(&latencies.committed);
    let answered = Quantiles::of(&latencies.answered);
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let (disk, memory_mib) = (ground.disk().await?, peak_memory_mib());
    let postgres = ground.text("SELECT current_setting('server_version')").await?;
    let flushes = ground.text("SELECT 'fsync ' || current_setting('fsync') || ', synchronous_commit ' || current_setting('synchronous_commit')").await?;
    println!(
        "baton {} on {cores} cores shared with RabbitMQ and PostgreSQL {postgres} ({flushes}; files on {disk})",
        env!("CARGO_PKG_VERSION")
    );
    println!("{LEADS} leads in the queue ({MIX}), vendors in-process, {} KiB of rows a lead", bare.bytes() / 1024);
    println!("  bare pipeline       {floor:8.0} leads/s   ({before:.0} before, {after:.0} after)");
    println!(
        "  Baton, decided      {:8.0} leads/s   {ratio:.2} of the bare pipeline (goal 0.50)",
        through.decided_per_second
    );
    println!(
        "  Baton, steps done   {:8.0} leads/s   {} steps, all done after {:.1} s",
        through.all_done_per_second,
        through.steps,
        through.steps_done_after.as_secs_f64()
    );
    println!(
        "  Baton, rough        {:8.0} leads/s   {:.2} of the above: every second calendar cell empty, one call in \
         {SECOND_EVERY} told of twice,\n                                         the clocks of platform and workers off",
        rough.decided_per_second,
        rough.decided_per_second / through.decided_per_second
    );
    println!("{PER_SECOND} leads/s for {} s, from publishing, in ms:    p50      p99      max", LASTS.as_secs());
    println!("  decision committed                      {committed}");
    println!("  answer on reply_to                      {answered}");
    println!("peak memory of the process, load generator included: {memory_mib} MiB");
    let line = json!({
        "version": env!("CARGO_PKG_VERSION"), "cores": cores, "disk": disk, "postgres": postgres, "leads": LEADS, "mix": MIX,
        "row_bytes": bare.bytes(), "bare_per_second": floor, "bare_before": before, "bare_after": after,
        "decided_per_second": through.decided_per_second, "ratio": ratio,
        "rough_per_second": rough.decided_per_second,
        "steps": through.steps, "steps_done_after_s": through.steps_done_after.as_secs_f64(),
        "open_loop_per_second": PER_SECOND, "committed_ms": committed.json(), "answered_ms": answered.json(),
        "peak_memory_mib": memory_mib,
    });
    println!("{line}");
    ground.close().await
}

/// Milliseconds.
struct Quantiles {
    p50: f64,
    p99: f64,
    max: f64,
}

impl Quantiles {
    /// Of sorted spans.
    fn of(spans: &[Duration]) -> Self {
        let at = |permille: usize| spans.get((spans.len() * permille / 1000).min(spans.len().saturating_sub(1)));
        let ms = |span: Option<&Duration>| span.map_or(f64::NAN, |span| span.as_secs_f64() * 1000.0);
        Self { p50: ms(at(500)), p99: ms(at(990)), max: ms(spans.last()) }
    }

    fn json(&self) -> serde_json::Value {
        json!({ "p50": self.p50, "p99": self.p99, "max": self.max })
    }
}

impl std::fmt::Display for Quantiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:8.1} {:8.1} {:8.1}", self.p50, self.p99, self.max)
    }
}

/// `VmHWM` of this process; 0 where there is no /proc.
fn peak_memory_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").trim().parse::<u64>().ok()).map_or(0, |kib| kib / 1024)
}
