//! How much of the org's requests of a day is used up. They are shared with everything in the house that speaks to it: above
//! [`SHORT_PERMILLE`] what can wait waits, so that what cannot still gets through.

use super::errors::VENDOR;
use baton_clock::SharedClock;
use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::HeaderMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Of the requests that are allowed in 24 h.
const SHORT_PERMILLE: u64 = 800;
/// What was seen longer ago is not known any more: the window rolls, and one request that could wait finds out.
const SEEN_FOR: TimeDelta = TimeDelta::minutes(15);

pub(super) struct Usage {
    clock: SharedClock,
    seen: Mutex<Option<Seen>>,
}

#[derive(Clone, Copy)]
struct Seen {
    is_short: bool,
    at: DateTime<Utc>,
}

impl Usage {
    pub(super) fn new(clock: SharedClock) -> Self {
        Self { clock, seen: Mutex::new(None) }
    }

    /// Reads what an answer says of it, if it does.
    pub(super) fn note(&self, headers: &HeaderMap) {
        let header = headers.get("sforce-limit-info").and_then(|value| value.to_str().ok());
        let Some((used, allowed)) = header.and_then(usage) else { return };
        let is_short = used.saturating_mul(1000) >= allowed.saturating_mul(SHORT_PERMILLE);
        if is_short && !self.is_short() {
            tracing::warn!(vendor = VENDOR, used, allowed, "the org's daily API requests are nearly used up");
        }
        self.saw(is_short);
    }

    /// A request was refused for it.
    pub(super) fn used_up(&self) {
        self.saw(true);
    }

    pub(super) fn is_short(&self) -> bool {
        let now = self.clock.now();
        self.seen().is_some_and(|seen| seen.is_short && now - seen.at < SEEN_FOR)
    }

    fn saw(&self, is_short: bool) {
        *self.seen() = Some(Seen { is_short, at: self.clock.now() });
    }

    fn seen(&self) -> MutexGuard<'_, Option<Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Used and allowed, out of `api-usage=18/100000`, which may be followed by a package's own.
fn usage(header: &str) -> Option<(u64, u64)> {
    let (used, rest) = header.strip_prefix("api-usage=")?.split_once('/')?;
    let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    Some((used.parse().ok()?, digits.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_read_whoever_else_is_counted_in_it() {
        assert_eq!(usage("api-usage=18/100000"), Some((18, 100_000)));
        assert_eq!(usage("api-usage=25/5000; per-app-api-usage=17/250(appName=sample)"), Some((25, 5000)));
        assert_eq!(usage("something else"), None);
    }
}
