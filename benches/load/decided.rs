//! A full queue, beside the bare pipeline before and after it; and the same where everything is a little off.

use crate::bare::Bare;
use crate::events::{MIX, SECOND_EVERY};
use crate::gappy;
use crate::null::Answering;
use crate::run::{Run, shipped};
use crate::worker::{Throughput, Worker};
use anyhow::Result;
use chrono::TimeDelta;
use serde_json::{Value, json};
use std::sync::Arc;

/// Leads of each timed run.
const LEADS: u64 = 3_000;

/// Leads a second of the bare pipeline, and of Baton in between.
pub struct Full {
    row_bytes: usize,
    before: f64,
    after: f64,
    through: Throughput,
}

pub async fn full(run: &Run, worker: &Worker, warm: &str) -> Result<Full> {
    let Run { ground, events, .. } = run;
    let bare = Arc::new(Bare::prepare(ground, warm).await?);
    let floor = ground.topology("bare");
    ground.publish(&floor, events.many("bare", LEADS, run.now())).await?;
    let before = bare.run(ground, &floor, LEADS).await?;
    let through = worker.throughput(ground, events.many("full", LEADS, run.now()), LEADS).await?;
    ground.publish(&floor, events.many("bare", LEADS, run.now())).await?;
    let after = bare.run(ground, &floor, LEADS).await?;
    Ok(Full { row_bytes: bare.bytes(), before, after, through })
}

/// Two workers whose clocks differ, a workspace in which every second calendar cell is empty, calls that are told of twice, and
/// a platform whose clock is off.
pub async fn rough(run: &Run) -> Result<Throughput> {
    let folder = tempfile::tempdir()?;
    gappy::copy(shipped(), folder.path())?;
    let topology = run.ground.topology("rough");
    let start = |ahead_ms| {
        Worker::start(
            run,
            &run.ground.database,
            topology.clone(),
            folder.path(),
            Answering::AtOnce,
            TimeDelta::milliseconds(ahead_ms),
        )
    };
    let one = start(1_500).await?;
    let other = start(-1_500).await?;
    let through = one.throughput(&run.ground, run.events.rough("rough", LEADS, run.now()), LEADS).await?;
    one.stop().await;
    other.stop().await;
    Ok(through)
}

pub struct Decided {
    pub full: Full,
    pub rough: Throughput,
}

impl Decided {
    /// Of the bare pipeline.
    fn floor(&self) -> f64 {
        f64::midpoint(self.full.before, self.full.after)
    }

    fn ratio(&self) -> f64 {
        self.full.through.decided_per_second / self.floor()
    }

    pub fn print(&self) {
        let Self { full: Full { row_bytes, before, after, through }, rough } = self;
        println!("{LEADS} leads in the queue ({MIX}), vendors in-process, {} KiB of rows a lead", row_bytes / 1024);
        println!("  bare pipeline       {:8.0} leads/s   ({before:.0} before, {after:.0} after)", self.floor());
        println!(
            "  Baton, decided      {:8.0} leads/s   {:.2} of the bare pipeline (goal 0.50)",
            through.decided_per_second,
            self.ratio()
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
    }

    pub fn json(&self) -> Value {
        let Full { row_bytes, before, after, through } = &self.full;
        json!({
            "leads": LEADS, "row_bytes": row_bytes, "bare_per_second": self.floor(), "bare_before": before,
            "bare_after": after, "decided_per_second": through.decided_per_second, "ratio": self.ratio(),
            "rough_per_second": self.rough.decided_per_second,
            "steps": through.steps, "steps_done_after_s": through.steps_done_after.as_secs_f64(),
        })
    }
}
