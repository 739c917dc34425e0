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
    /// How far the instant may lie ahead before somebody waits.
    tolerance: Duration,
    full_at: Mutex<BTreeMap<String, Instant>>,
}

impl Buckets {
    /// At least 1.
    pub fn per_second(rate: u32) -> Self {
        let interval = Duration::from_secs(1) / rate.max(1);
        Self { interval, tolerance: Duration::from_secs(1) - interval, full_at: Mutex::default() }
    }

    /// Takes a turn and returns how long to wait for it, or leaves it and returns the wait if it exceeds `patience`.
    ///
    /// # Errors
    /// The wait, longer than `patience`; no turn was taken.
    pub fn take(&self, key: &str, patience: Duration) -> Result<Duration, Duration> {
        self.take_at(Instant::now(), key, patience)
    }

    fn take_at(&self, now: Instant, key: &str, patience: Duration) -> Result<Duration, Duration> {
        let mut full_at = self.full_at.lock().expect("nothing panics while holding the buckets");
        full_at.retain(|_, at| *at > now);
        let at = full_at.get(key).copied().unwrap_or(now);
        let wait = at.saturating_duration_since(now).saturating_sub(self.tolerance);
        if wait > patience {
            return Err(wait);
        }
        full_at.insert(key.to_owned(), at + self.interval);
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
        let waits: Vec<_> = (0..6).map(|_| buckets.take_at(now, "a", PATIENCE).unwrap().as_millis()).collect();
        assert_eq!(waits, [0, 0, 0, 0, 250, 500]);
        assert_eq!(buckets.take_at(now, "b", PATIENCE), Ok(Duration::ZERO), "keys do not share");
        assert_eq!(buckets.take_at(now + Duration::from_secs(10), "a", PATIENCE), Ok(Duration::ZERO));
    }

    #[test]
    fn who_would_wait_too_long_takes_no_turn() {
        let (buckets, now) = (Buckets::per_second(1), Instant::now());
        assert_eq!(buckets.take_at(now, "a", PATIENCE), Ok(Duration::ZERO));
        assert_eq!(buckets.take_at(now, "a", PATIENCE), Ok(Duration::from_secs(1)));
        assert_eq!(buckets.take_at(now, "a", PATIENCE), Err(Duration::from_secs(2)));
        assert_eq!(buckets.take_at(now, "a", PATIENCE), Err(Duration::from_secs(2)));
    }
}
