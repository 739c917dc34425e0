//! How long whoever calls a vendor will wait for the answer.
//!
//! A turn that comes too late is not taken: it would be lost to those who still have the time, and where many wait, every one
//! of them would give up on a turn it had taken from another.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::Instant;

tokio::task_local! {
    static WITHIN: Within;
}

struct Within {
    by: Instant,
    /// Something was written already: turning back now would look as if nothing had been.
    written: Arc<AtomicBool>,
}

/// The instant has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotInTime {
    /// Something was sent that may have been done; else nothing was, as far as whoever sends notes it.
    pub written: bool,
}

/// Ends the calls of a future at an instant, and has them wait for no turn that leaves them too little time before it.
///
/// # Errors
/// There was no answer by then.
pub async fn answered_by<T>(by: Instant, calls: impl Future<Output = T>) -> Result<T, NotInTime> {
    let written = Arc::new(AtomicBool::new(false));
    let within = Within { by, written: Arc::clone(&written) };
    let answered = tokio::time::timeout_at(by, WITHIN.scope(within, calls)).await;
    answered.map_err(|_elapsed| NotInTime { written: written.load(Ordering::Relaxed) })
}

/// From now on what is sent may be done.
pub(in crate::connectors) fn has_written() {
    // Outside such a future nobody asks.
    let _noted = WITHIN.try_with(|within| within.written.store(true, Ordering::Relaxed));
}

/// Whether something was.
pub(super) fn is_written() -> bool {
    WITHIN.try_with(|within| within.written.load(Ordering::Relaxed)).unwrap_or(false)
}

/// How long a call may wait for its turn: half of what is left to it, at most `timeout`.
pub(super) fn patience(timeout: Duration) -> Duration {
    let left = WITHIN.try_with(|within| match within.written.load(Ordering::Relaxed) {
        true => timeout,
        false => within.by.saturating_duration_since(Instant::now()) / 2,
    });
    left.map_or(timeout, |left| left.min(timeout))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(10);

    #[tokio::test]
    async fn half_of_the_time_is_for_the_answer_until_something_is_written() {
        assert_eq!(patience(TIMEOUT), TIMEOUT, "nobody has set a time");
        let now = Instant::now();
        assert_eq!(answered_by(now + 4 * TIMEOUT, async { patience(TIMEOUT) }).await, Ok(TIMEOUT));
        let ended = answered_by(now, async {
            let before = patience(TIMEOUT);
            has_written();
            (before, patience(TIMEOUT))
        });
        assert_eq!(ended.await, Ok((Duration::ZERO, TIMEOUT)));
        let never = std::future::pending::<()>;
        assert_eq!(answered_by(now, never()).await, Err(NotInTime { written: false }));
        let written = answered_by(now, async {
            has_written();
            never().await;
        });
        assert_eq!(written.await, Err(NotInTime { written: true }));
    }
}
