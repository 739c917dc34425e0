//! Where a test makes this process die: `BATON_KILL_AT=POINT:N` kills it, as `kill -9` does, the N-th time that a crash point
//! of that name (`fail::fail_point!`) is reached. Compiled in with the feature `failpoints` only, which no build that ships has.

use crate::config;
use anyhow::{Context, Result, ensure};
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

/// No destructor runs, no buffer is flushed, nothing is said goodbye to.
fn die() {
    use rustix::process::{Signal, getpid, kill_process};
    if let Err(error) = kill_process(getpid(), Signal::KILL) {
        panic!("the process could not kill itself: {error}");
    }
    // The signal is delivered before the call returns to this thread; nothing after it runs.
}
