//! What routing costs over real RabbitMQ and PostgreSQL, beside the bare pipeline of the same run: leads a second, for a moment
//! and for as long as one likes, latency at a steady rate and under a backlog, that of tool calls over HTTP, transactions and
//! processor time a lead, memory. `benches/load.sh` starts both services, runs this and stops them.
//!
//! It asserts nothing about speed: figures of one machine say little about another's, but their ratio does. That nothing was done
//! twice it does assert.
#![allow(clippy::disallowed_types, reason = "the ban is for pure modules")]

mod bare;
mod cost;
mod decided;
mod events;
mod feed;
mod gappy;
mod ground;
mod ledger;
mod live;
mod null;
mod pairs;
mod processes;
mod quantiles;
mod run;
mod steady;
mod sustained;
mod tools;
mod watch;
mod worker;

use anyhow::Result;
use baton::telemetry::traces;
use clap::{Parser, ValueEnum};
use decided::Decided;
use events::{CALLERS, KINDS, MIX};
use ground::Ground;
use null::Answering;
use run::Run;
use serde_json::{Map, Value, json};
use std::path::PathBuf;
use sustained::Setting;

/// Leads that come first: they fill caches on all sides, and leave rows to sample.
const WARM: &str = "warm";
const WARM_LEADS: u64 = CALLERS * KINDS;

/// Measures what routing costs over RabbitMQ and PostgreSQL.
#[derive(Parser)]
struct Arguments {
    /// Runs this and another build of the bench in turn, and tells the ratio of each figure
    #[arg(long, value_name = "EXECUTABLE")]
    against: Option<PathBuf>,
    /// How often both sides of a comparison are run
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    pairs: u32,
    /// What to measure; everything but `prune` and `watched` if left out
    #[arg(value_enum)]
    measures: Vec<Measure>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Measure {
    /// A full queue, beside the bare pipeline
    Decided,
    /// Latency at a steady rate
    Steady,
    /// A constant number of leads in hand for a minute, with vendors that answer at once
    Sustained,
    /// The same with vendors that take their time
    SustainedSlow,
    /// The first of the two on SQLite
    SustainedSqlite,
    /// Callers on the line while background steps wait
    Live,
    /// Signed tool calls of Vapi at a steady rate, with vendors that never answer
    Tools,
    /// The same as calls of `route_lead` over MCP
    ToolsMcp,
    /// A steady rate beside the pruning of a million old leads; only where it is asked for
    Prune,
    /// The sustained run with figures read and traces told, and with nobody looking, in turn; only where it is asked for
    Watched,
}

#[tokio::main]
async fn main() -> Result<()> {
    // `cargo bench` adds an argument of its own.
    let Arguments { against, pairs, measures } =
        Arguments::parse_from(std::env::args_os().filter(|argument| argument != "--bench"));
    match against {
        None => measure(&measures, pairs).await,
        Some(other) => {
            let values = measures.iter().filter_map(ValueEnum::to_possible_value);
            let names: Vec<String> = values.map(|value| value.get_name().to_owned()).collect();
            pairs::compare(&other, pairs, &names)
        }
    }
}

/// Part by part, each with a worker of its own but for the first two; the last line is all figures as JSON.
async fn measure(asked: &[Measure], pairs: u32) -> Result<()> {
    let wants = |measure| asked.is_empty() || asked.contains(&measure);
    let run = Run::open().await?;
    let mut figures = begin(&run.ground).await?;
    queue_and_rate(&run, wants(Measure::Decided), wants(Measure::Steady), &mut figures).await?;
    for measure in [Measure::Sustained, Measure::SustainedSlow, Measure::SustainedSqlite] {
        if wants(measure) {
            let sustained = sustained::measure(&run, &setting(measure, &run.ground)).await?;
            sustained.print();
            add(&mut figures, sustained.json());
        }
    }
    if wants(Measure::Live) {
        let live = live::measure(&run).await?;
        live.print();
        add(&mut figures, live.json());
    }
    for (measure, door) in [(Measure::Tools, tools::Door::Vapi), (Measure::ToolsMcp, tools::Door::Mcp)] {
        if wants(measure) {
            let tools = tools::measure(&run, door).await?;
            tools.print();
            add(&mut figures, tools.json());
        }
    }
    if asked.contains(&Measure::Prune) {
        let prune = steady::prune::measure(&run).await?;
        prune.print();
        add(&mut figures, prune.json());
    }
    if asked.contains(&Measure::Watched) {
        let watched = sustained::watched::measure(pairs).await?;
        watched.print();
        add(&mut figures, watched.json());
    }
    println!("the vendors were asked for: {}", run.ledger.in_words());
    run.ledger.nothing_twice()?;
    println!("{}", Value::Object(figures));
    traces::end().await;
    run.ground.close().await
}

/// Of the sustained runs.
fn setting(measure: Measure, ground: &Ground) -> Setting<'_> {
    let (part, figure, answering) = match measure {
        Measure::SustainedSlow => ("slow", "sustained_slow_per_second", Answering::Slowly),
        Measure::SustainedSqlite => ("sqlite", "sustained_sqlite_per_second", Answering::AtOnce),
        _ => ("sustained", sustained::FIGURE, Answering::AtOnce),
    };
    let database = if measure == Measure::SustainedSqlite { &ground.sqlite } else { &ground.database };
    Setting { part, figure, database, answering }
}

/// Where it is measured.
async fn begin(ground: &Ground) -> Result<Map<String, Value>> {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let disk = ground.disk().await?;
    let postgres = ground.text("SELECT current_setting('server_version')").await?;
    let flushes = ground.text("SELECT 'fsync ' || current_setting('fsync') || ', synchronous_commit ' || current_setting('synchronous_commit')").await?;
    let version = env!("CARGO_PKG_VERSION");
    println!(
        "baton {version} on {cores} cores shared with RabbitMQ and PostgreSQL {postgres} ({flushes}; files on {disk})"
    );
    let mut figures = Map::new();
    let machine = json!({ "version": version, "cores": cores, "disk": disk, "postgres": postgres, "mix": MIX });
    add(&mut figures, machine);
    Ok(figures)
}

/// The warm-up, which always comes first, then what one worker is measured with: a full queue and a steady rate.
async fn queue_and_rate(run: &Run, decided: bool, steady: bool, figures: &mut Map<String, Value>) -> Result<()> {
    let worker = run.worker("baton", Answering::AtOnce).await?;
    worker.throughput(&run.ground, run.events.many(WARM, WARM_LEADS, run.now()), WARM_LEADS).await?;
    let full = if decided { Some(decided::full(run, &worker, WARM).await?) } else { None };
    let rate = if steady { Some(steady::measure(run, &worker).await?) } else { None };
    worker.stop().await;
    if let Some(full) = full {
        let decided = Decided { full, rough: decided::rough(run).await? };
        decided.print();
        add(figures, decided.json());
    }
    if let Some(rate) = rate {
        rate.print();
        add(figures, rate.json());
    }
    if decided || steady {
        let memory_mib = peak_memory_mib();
        println!("peak memory of the process, load generator included: {memory_mib} MiB");
        add(figures, json!({ "peak_memory_mib": memory_mib }));
    }
    Ok(())
}

fn add(figures: &mut Map<String, Value>, more: Value) {
    if let Value::Object(more) = more {
        figures.extend(more);
    }
}

/// `VmHWM` of this process; 0 where there is no /proc.
fn peak_memory_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").trim().parse::<u64>().ok()).map_or(0, |kib| kib / 1024)
}
