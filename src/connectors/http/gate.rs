//! Limits our own rate before the vendor does: being refused costs a turn as well, and at some vendors the next minutes.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;
use tokio::time::Instant;

/// Buckets of one rate, one per key (an account, a channel). A bucket holds one second's worth.
///
/// This is the generic cell rate algorithm: per key only the instant at which the bucket will be full again.
pub struct Buckets {
    interval: Duration,
    full_at: Mutex<BTreeMap<String, Instant>>,
}

impl Buckets {
    /// At least 1.
    pub fn per_second(rate: u32) -> Self {
        Self { interval: Duration::from_secs(1) / rate.max(1), full_at: Mutex::default() }
    }

    /// Takes a turn and returns how long to wait for it, or leaves it and returns the wait if it exceeds `patience`. The rate is
    /// that of so many workers together (at least 1), each of which takes its part of it.
    ///
    /// # Errors
    /// The wait, longer than `patience`; no turn was taken.
    pub fn take(&self, key: &str, patience: Duration, workers: u32) -> Result<Duration, Duration> {
        self.take_at(Instant::now(), key, patience, workers)
    }

    fn take_at(&self, now: Instant, key: &str, patience: Duration, workers: u32) -> Result<Duration, Duration> {
        let interval = self.interval * workers;
        // How far the instant may lie ahead before somebody waits.
        let tolerance = Duration::from_secs(1).saturating_sub(interval);
        let mut full_at = self.full_at.lock().expect("nothing panics while holding the buckets");
        full_at.retain(|_, at| *at > now);
        let at = full_at.get(key).copied().unwrap_or(now);
        let wait = at.saturating_duration_since(now).saturating_sub(tolerance);
        if wait > patience {
            return Err(wait);
        }
        full_at.insert(key.to_owned(), at + interval);
        Ok(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(1);

    #[test]
    fn a_second_is_for_the_taking_and_then_turns_come_evenly() {
        let (buckets, now) = (Buckets::per_second(4), Instant::now());
        let waits: Vec<_> = (0..6).map(|_| buckets.take_at(now, "a", PATIENCE, 1).unwrap().as_millis()).collect();
        assert_eq!(waits, [0, 0, 0, 0, 250, 500]);
        assert_eq!(buckets.take_at(now, "b", PATIENCE, 1), Ok(Duration::ZERO), "keys do not share");
        assert_eq!(buckets.take_at(now + Duration::from_secs(10), "a", PATIENCE, 1), Ok(Duration::ZERO));
    }

    #[test]
    fn who_would_wait_too_long_takes_no_turn() {
        let (buckets, now) = (Buckets::per_second(1), Instant::now());
        assert_eq!(buckets.take_at(now, "a", PATIENCE, 1), Ok(Duration::ZERO));
        assert_eq!(buckets.take_at(now, "a", PATIENCE, 1), Ok(Duration::from_secs(1)));
        assert_eq!(buckets.take_at(now, "a", PATIENCE, 1), Err(Duration::from_secs(2)));
        assert_eq!(buckets.take_at(now, "a", PATIENCE, 1), Err(Duration::from_secs(2)));
    }

    #[test]
    fn workers_together_take_what_one_may_take() {
        let now = Instant::now();
        let within = |span_s: u64, workers: u32| {
            let (buckets, span) = (Buckets::per_second(4), Duration::from_secs(span_s));
            (0..1000).take_while(|_| buckets.take_at(now, "a", span, workers).is_ok()).count()
        };
        assert_eq!((within(0, 1), within(10, 1)), (4, 44));
        assert_eq!((within(0, 2), within(10, 2)), (2, 22));
        assert_eq!((within(0, 4), within(10, 4)), (1, 11));
        assert_eq!((within(0, 8), within(10, 8)), (1, 6), "a worker's part is half a turn a second");
    }
}
