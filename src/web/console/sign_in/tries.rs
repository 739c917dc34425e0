//! Wrong tokens, counted: after a few nobody signs in for the rest of a minute. Whoever is in stays in.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

const AT_MOST: u32 = 20;
const WITHIN: Duration = Duration::from_secs(60);

/// Of one worker: since when they are counted, and how many there were.
#[derive(Default)]
pub(in crate::web::console) struct Tries(Mutex<Option<(Instant, u32)>>);

impl Tries {
    pub(super) fn are_used_up(&self, now: Instant) -> bool {
        self.lock().is_some_and(|(since, wrong)| now - since < WITHIN && wrong >= AT_MOST)
    }

    pub(super) fn count(&self, now: Instant) {
        let mut tries = self.lock();
        let running = tries.filter(|(since, _)| now - *since < WITHIN);
        *tries = Some(running.map_or((now, 1), |(since, wrong)| (since, wrong + 1)));
    }

    fn lock(&self) -> MutexGuard<'_, Option<(Instant, u32)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_tokens_are_taken_a_few_times_a_minute() {
        let (tries, now) = (Tries::default(), Instant::now());
        for _ in 0..AT_MOST {
            assert!(!tries.are_used_up(now));
            tries.count(now);
        }
        assert!(tries.are_used_up(now));
        assert!(!tries.are_used_up(now + WITHIN));
    }
}
