//! What time it is where a vendor is, as its answers say.

use chrono::{DateTime, Utc};
use reqwest::header::HeaderMap;
use std::cell::Cell;
use std::time::Duration;
use tokio::time::Instant;

tokio::task_local! {
    static HEARD: Cell<Option<(DateTime<Utc>, Instant)>>;
}

/// The time by the last answer to a future's calls (`Date`, in whole seconds), and how long ago that came; `None`: none said it.
pub async fn hearing_the_time<T>(calls: impl Future<Output = T>) -> (T, Option<(DateTime<Utc>, Duration)>) {
    let listening = async {
        let outcome = calls.await;
        let heard = HEARD.with(|heard| heard.get());
        (outcome, heard.map(|(at, since)| (at, since.elapsed())))
    };
    HEARD.scope(Cell::new(None), listening).await
}

pub(super) fn note_date(headers: &HeaderMap) {
    let date = headers.get("date").and_then(|value| value.to_str().ok());
    let Some(at) = date.and_then(|date| DateTime::parse_from_rfc2822(date).ok()) else { return };
    // Outside such a future nobody asks.
    let _noted = HEARD.try_with(|heard| heard.set(Some((at.to_utc(), Instant::now()))));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_last_date_of_its_own_calls_is_heard() {
        let with =
            |date: &str| -> HeaderMap { HeaderMap::from_iter([("date".parse().unwrap(), date.parse().unwrap())]) };
        let calls = async {
            note_date(&with("Mon, 23 Nov 2026 08:59:59 GMT"));
            note_date(&with("Mon, 23 Nov 2026 09:00:00 GMT"));
            note_date(&with("soon"));
            7
        };
        let (outcome, heard) = hearing_the_time(calls).await;
        let (at, ago) = heard.expect("a time");
        assert_eq!((outcome, at.to_rfc3339().as_str()), (7, "2026-11-23T09:00:00+00:00"));
        assert!(ago < Duration::from_secs(60));
        note_date(&with("Mon, 23 Nov 2026 09:00:00 GMT"));
        assert_eq!(hearing_the_time(async {}).await.1, None);
    }
}
