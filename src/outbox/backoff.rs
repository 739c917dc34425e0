//! When a failed step is tried again: full jitter, stored in the row.

use baton_clock::jitter;
use chrono::{DateTime, TimeDelta, Utc};
use std::time::Duration;

const BASE_MS: f64 = 500.0;
const CAP_MS: f64 = 60_000.0;

/// Between nothing and `BASE × 2^attempts`, at most `CAP`; never sooner than the vendor asked for.
pub(super) fn next_attempt(now: DateTime<Utc>, attempts: u32, vendor_asks: Option<Duration>) -> DateTime<Utc> {
    let ceiling = (BASE_MS * 2f64.powi(attempts.min(20) as i32)).min(CAP_MS);
    let own = TimeDelta::milliseconds((ceiling * jitter()) as i64);
    let asked = vendor_asks.and_then(|span| TimeDelta::from_std(span).ok()).unwrap_or_default();
    now + own.max(asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_longer_each_time_but_never_over_a_minute_and_obeys_the_vendor() {
        let now = DateTime::<Utc>::UNIX_EPOCH;
        for attempts in 0..40 {
            let own = next_attempt(now, attempts, None) - now;
            assert!(own <= TimeDelta::seconds(60), "attempt {attempts}: {own}");
            let asked = next_attempt(now, attempts, Some(Duration::from_secs(90))) - now;
            assert_eq!(asked, TimeDelta::seconds(90));
        }
    }
}
