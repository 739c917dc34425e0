//! When a delivery that failed is tried again, and for how long: as Standard Webhooks recommends, over three days and a little.

use baton_clock::jitter;
use chrono::{DateTime, TimeDelta, Utc};
use std::time::Duration;

const MINUTES: i64 = 60;
const HOURS: i64 = 60 * MINUTES;

/// Between one try and the next, at least. After the last of them nothing more is tried: 77 h and a half after the first.
const WAITS_S: [i64; 11] = [
    5,
    5 * MINUTES,
    30 * MINUTES,
    2 * HOURS,
    5 * HOURS,
    10 * HOURS,
    12 * HOURS,
    12 * HOURS,
    12 * HOURS,
    12 * HOURS,
    12 * HOURS,
];
/// By up to a tenth longer, so that what failed together does not come back together.
const JITTER: f64 = 0.1;
/// A receiver may ask for this much, and no more: an event that comes next week is of no use to it.
const ASKED_AT_MOST: TimeDelta = TimeDelta::hours(24);

/// A webhook to which nothing was delivered for as long as this, when an event is given up, is disabled.
pub(super) const NOTHING_FOR: TimeDelta = TimeDelta::days(3);

/// After the `attempts`-th try, counted from 1; `None`: that was the last.
pub(super) fn next_try(now: DateTime<Utc>, attempts: u32, receiver_asks: Option<Duration>) -> Option<DateTime<Utc>> {
    let wait_s = WAITS_S.get(usize::try_from(attempts).ok()?.checked_sub(1)?)?;
    let longer_ms = (*wait_s as f64 * 1000.0 * JITTER * jitter()) as i64;
    let own = TimeDelta::seconds(*wait_s) + TimeDelta::milliseconds(longer_ms);
    let asked = receiver_asks.and_then(|span| TimeDelta::from_std(span).ok()).unwrap_or_default();
    Some(now + own.max(asked.min(ASKED_AT_MOST)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_tried_for_three_days_and_longer_apart_each_time() {
        let now = DateTime::<Utc>::UNIX_EPOCH;
        let (mut at, mut tries) = (now, 1);
        while let Some(next) = next_try(at, tries, None) {
            let least = TimeDelta::seconds(WAITS_S[tries as usize - 1]);
            let waited = next - at;
            assert!(least <= waited && waited <= least + least / 10, "after try {tries}: {waited}");
            (at, tries) = (next, tries + 1);
        }
        assert_eq!(tries, 12);
        assert!(at - now > NOTHING_FOR && at - now < TimeDelta::hours(86), "{}", at - now);
        assert_eq!(next_try(now, 13, Some(Duration::from_secs(1))), None, "nobody asks for more");
        assert_eq!(next_try(now, 0, None), None);
    }

    #[test]
    fn a_receiver_is_given_the_time_that_it_asks_for_within_a_day() {
        let now = DateTime::<Utc>::UNIX_EPOCH;
        let after = |asked_s| next_try(now, 1, Some(Duration::from_secs(asked_s))).expect("another") - now;
        assert_eq!(after(90), TimeDelta::seconds(90));
        assert_eq!(after(365 * 24 * 3600), TimeDelta::hours(24));
        assert!(after(1) >= TimeDelta::seconds(5), "asking cannot make it sooner");
    }
}
