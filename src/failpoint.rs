//! Where a test makes this process die: `BATON_KILL_AT=POINT:N` kills it, as `kill -9` does, the N-th time that a crash point
//! of that name (`fail::fail_point!`) is reached; `BATON_CLOCK_OFF_MS=N` puts its clock so many milliseconds ahead, or behind if
//! negative. Compiled in with the feature `failpoints` only, which no build that ships has.

use crate::config;
use anyhow::{Context, Result, ensure};
use baton_clock::{SharedClock, SteeredClock, SystemClock};
use chrono::TimeDelta;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Every crash point there is, in the order in which a lead meets them.
pub const POINTS: [&str; 9] = [
    "before_commit",
    "after_commit",
    "after_inbox_commit",
    "after_decision_commit",
    "after_claim",
    "after_sent_mark",
    "after_response",
    "before_finish",
    "after_finish",
];

/// Sets the trap that the environment asks for, if it does.
///
/// # Errors
/// It asks for a point that there is not, or not for the N-th time.
pub fn arm() -> Result<()> {
    let Some(asked) = config::crash_point() else { return Ok(()) };
    let allowed =
        || format!("BATON_KILL_AT is {asked:?}; allowed: POINT:N, where POINT is one of {}", POINTS.join(", "));
    let (point, nth) = asked.split_once(':').with_context(allowed)?;
    let nth: u32 = nth.parse().with_context(allowed)?;
    ensure!(nth > 0 && POINTS.contains(&point), allowed());
    let reached = AtomicU32::new(0);
    fail::cfg_callback(point, move || {
        if reached.fetch_add(1, Ordering::Relaxed) + 1 == nth {
            die();
        }
    })
    .map_err(|why| anyhow::anyhow!("setting the crash point {point}: {why}"))
}

/// The machine's clock, as wrong as the environment asks.
///
/// # Errors
/// It asks for no number.
pub fn machine_clock() -> Result<SharedClock> {
    let machine = SteeredClock::new(Arc::new(SystemClock));
    if let Some(asked) = config::clock_off_ms() {
        let off = asked.parse().with_context(|| format!("BATON_CLOCK_OFF_MS is {asked:?}; allowed: a whole number"))?;
        machine.steer(TimeDelta::milliseconds(off));
    }
    Ok(Arc::new(machine))
}

/// No destructor runs, no buffer is flushed, nothing is said goodbye to.
fn die() {
    use rustix::process::{Signal, getpid, kill_process};
    if let Err(error) = kill_process(getpid(), Signal::KILL) {
        panic!("the process could not kill itself: {error}");
    }
    // The signal is delivered before the call returns to this thread; nothing after it runs.
}
