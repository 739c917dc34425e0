//! When a delivery that failed is tried again, and for how long: as Standard Webhooks recommends, over three days and a little.
//! And when its receiver is asked for anything again.

use crate::connectors::webhook::Answered;
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

/// The same of all that is for it: nothing is sent meanwhile, and nothing else would tell that it is well again.
const RESTS_AT_MOST: TimeDelta = TimeDelta::hours(1);
/// Whoever is asked too often may not say for how long.
const RESTS_FOR: Duration = Duration::from_secs(30);

/// A webhook that has failed for as long as this, with nothing delivered in between, is disabled.
pub(super) const NOTHING_FOR: TimeDelta = TimeDelta::days(3);

/// Workers that may be killed, one after the other, with the same delivery in hand: it may be what kills them. Between two there
/// is a lease, so that hours of nothing but dying are outlived by what is innocent.
pub(super) const LOST_AT_MOST: u32 = 500;

/// After the `attempts`-th try, counted from 1; `None`: that was the last.
pub(super) fn next_try(now: DateTime<Utc>, attempts: u32, receiver_asks: Option<Duration>) -> Option<DateTime<Utc>> {
    let wait_s = WAITS_S.get(usize::try_from(attempts).ok()?.checked_sub(1)?)?;
    let longer_ms = (*wait_s as f64 * 1000.0 * JITTER * jitter()) as i64;
    let own = TimeDelta::seconds(*wait_s) + TimeDelta::milliseconds(longer_ms);
    let asked = receiver_asks.and_then(|span| TimeDelta::from_std(span).ok()).unwrap_or_default();
    Some(now + own.max(asked.min(ASKED_AT_MOST)))
}

/// Until when a receiver that has answered so is sent nothing at all; `None`: its answer was about one delivery.
pub(super) fn rests_until(now: DateTime<Utc>, answered: &Answered) -> Option<DateTime<Utc>> {
    let span = match (answered.status, answered.retry_after) {
        (429 | 503, Some(asked)) => asked,
        (429, None) => RESTS_FOR,
        _ => return None,
    };
    Some(now + TimeDelta::from_std(span).map_or(RESTS_AT_MOST, |span| span.min(RESTS_AT_MOST)))
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

    #[test]
    fn a_receiver_rests_when_it_says_so_and_an_hour_at_most() {
        let now = DateTime::<Utc>::UNIX_EPOCH;
        let rests = |status, asked_s: Option<u64>| {
            let retry_after = asked_s.map(Duration::from_secs);
            rests_until(now, &Answered { status, retry_after, said: String::new() })
                .map(|until| (until - now).num_seconds())
        };
        assert_eq!((rests(429, Some(90)), rests(503, Some(90))), (Some(90), Some(90)));
        assert_eq!(rests(429, Some(24 * 3600)), Some(3600));
        assert_eq!(
            (rests(429, None), rests(503, None)),
            (Some(30), None),
            "too many is too many, whatever it leaves out"
        );
        assert_eq!((rests(500, Some(90)), rests(200, Some(90))), (None, None));
    }
}
