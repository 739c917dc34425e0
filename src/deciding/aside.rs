//! Messages that do not get through: whose fault that is, and what becomes of them.
//!
//! Guarantees: a fault of the database's, known or not, leaves a message waiting in the inbox, and everything is tried again
//! when the database is well; only what fails alone, twice, with the database well, or cannot be read at all, is put aside. A
//! panic is a failure like any other, and its message the only one that suffers. "Quarantined" is said when it is stored. If the
//! process dies here, the inbox has whatever was not decided.

use super::answer::Answer;
use super::delivery::Delivery;
use crate::store::{InboxRow, Store, StoreError, with};
use crate::telemetry::figures;
use baton_clock as clock;
use futures_util::FutureExt;
use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// First and longest rest while the database is not well, in real time; the actual one is a random share of it, at least half.
const REST: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(5));

/// How long nothing is decided, since the database is not well.
#[derive(Default)]
pub(super) struct Rest(Mutex<Resting>);

#[derive(Default)]
struct Resting {
    failures: u32,
    until: Option<Instant>,
    /// Messages that wait although others are decided, by key.
    stuck: BTreeMap<String, Stuck>,
}

struct Stuck {
    failures: u32,
    again_at: Instant,
    /// Why the database does not take it; `None`: it waits for its lead.
    cause: Option<&'static str>,
}

/// A random share, at least half, of what doubles with every failure.
fn rest_after(failures: u32) -> Duration {
    let (first, longest) = REST;
    let span = first.saturating_mul(2u32.saturating_pow(failures)).min(longest);
    span.mul_f64(0.5 + clock::jitter() / 2.0)
}

impl Rest {
    fn now(&self) -> MutexGuard<'_, Resting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Until when, if it goes on.
    pub(super) fn until(&self) -> Option<Instant> {
        self.now().until
    }

    fn begin(&self) {
        let mut resting = self.now();
        resting.until = Some(Instant::now() + rest_after(resting.failures));
        resting.failures = resting.failures.saturating_add(1);
    }

    fn end(&self) {
        let mut resting = self.now();
        (resting.failures, resting.until) = (0, None);
    }

    /// A message waits although others are decided.
    pub(super) fn holds(&self, key: &str, cause: Option<&'static str>) {
        let mut resting = self.now();
        let failures = resting.stuck.get(key).map_or(0, |stuck| stuck.failures.saturating_add(1));
        let again_at = Instant::now() + rest_after(failures);
        resting.stuck.insert(key.to_owned(), Stuck { failures, again_at, cause });
    }

    pub(super) fn lets_go<'k>(&self, keys: impl Iterator<Item = &'k String>) {
        let mut resting = self.now();
        for key in keys {
            resting.stuck.remove(key);
        }
    }

    /// How many messages wait although others are decided.
    pub(super) fn count_stuck(&self) -> usize {
        self.now().stuck.len()
    }

    /// Why the database does not take some of them, if it does not.
    pub(super) fn cause(&self) -> Option<&'static str> {
        self.now().stuck.values().find_map(|stuck| stuck.cause)
    }

    /// Those of the messages that wait whose time has come; `all`: they are all that wait, and no other is stuck any more.
    pub(super) fn due(&self, rows: Vec<InboxRow>, all: bool) -> Vec<InboxRow> {
        let mut resting = self.now();
        if all {
            let waiting: BTreeSet<&String> = rows.iter().map(|row| &row.key).collect();
            resting.stuck.retain(|key, _| waiting.contains(key));
        }
        let now = Instant::now();
        let due = |row: &InboxRow| resting.stuck.get(&row.key).is_none_or(|stuck| stuck.again_at <= now);
        rows.into_iter().filter(due).collect()
    }
}

/// What becomes of a message that failed.
pub(super) struct Setbacks {
    store: Store,
    delivery: Arc<Delivery>,
    pub rest: Rest,
}

impl Setbacks {
    pub(super) fn new(store: Store, delivery: Arc<Delivery>) -> Self {
        Self { store, delivery, rest: Rest::default() }
    }

    /// A message that has failed alone, twice: the database's fault leaves it waiting, one of its own puts it aside. That others have
    /// stored something a moment ago does not do to blame it: a write is tried.
    pub(super) async fn failed_twice(&self, row: &InboxRow, error: &StoreError) {
        if error.is_transient() {
            self.waits(row, error);
        } else if self.is_well(self.store.takes_a_write_now().await, error) {
            self.quarantine(row, error.to_string()).await;
        }
    }

    pub(super) fn waits(&self, row: &InboxRow, error: &StoreError) {
        if error.is_outage() {
            self.rest.holds(&row.key, Some(error.in_words()));
        }
        tracing::error!(inbox.key = %row.key, %error, "a message waits in the inbox and is tried again");
    }

    /// Asked after a failure. Whatever is in hand stays in the inbox if it is not.
    pub(super) async fn is_database_well(&self, error: &StoreError) -> bool {
        self.is_well(self.store.takes_writes().await, error)
    }

    fn is_well(&self, tried: Result<(), &'static str>, error: &StoreError) -> bool {
        let Err(cause) = tried else { return true };
        tracing::error!(%error, cause, "the database is not well: messages wait in the inbox until it is");
        self.rest.begin();
        false
    }

    /// Looks whether the database is well again, and rests on if it is not.
    pub(super) async fn wake(&self) {
        match self.store.takes_writes().await {
            Ok(()) => {
                self.rest.end();
                tracing::info!("the database is well again: what waits in the inbox is decided");
            }
            Err(cause) => {
                tracing::warn!(cause, "the database is still not well");
                self.rest.begin();
            }
        }
    }

    pub(super) async fn quarantine(&self, row: &InboxRow, why: String) {
        let aside = with((row.key.clone(), row.body.clone(), why.clone()), |tx, (key, body, why)| {
            Box::pin(tx.inbox_quarantine(key, body, why))
        });
        match self.store.write("inbox.quarantine", aside).await {
            Ok(true) => {
                self.rest.lets_go([&row.key].into_iter());
                figures::quarantined(source_in(&row.key));
                tracing::error!(
                    inbox.key = %row.key,
                    "a message was quarantined: see `baton quarantine show`, mend it, and send it again or replay it"
                );
                self.delivery.deliver(row, &Answer::Quarantined { event: row.key.clone(), why });
            }
            // Another worker has handled it, or its sender has sent it corrected.
            Ok(false) => {}
            Err(error) => tracing::error!(%error, "a quarantine could not be stored: the message is tried again"),
        }
    }
}

/// The source in the key of a message; empty where it has none.
pub(super) fn source_in(key: &str) -> &str {
    key.split_once(' ').map_or("", |(source, _)| source)
}

/// Runs work of ours whose panic must not end whoever runs it.
pub(super) async fn caught<T>(work: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|panic| Err(panicked(&*panic)))
}

/// What a panic said; where it happened stands in the log beside it.
pub(super) fn panicked(panic: &(dyn Any + Send)) -> StoreError {
    let said = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    StoreError::Panicked { why: said.unwrap_or("it panicked without a word").to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rests_grow_up_to_the_longest_and_end_when_the_database_is_well() {
        let rest = Rest::default();
        assert_eq!(rest.until(), None);
        for _ in 0..50 {
            rest.begin();
            let left = rest.until().expect("it rests") - Instant::now();
            assert!(left <= REST.1, "{left:?}");
        }
        assert!(rest.until().expect("it rests") - Instant::now() > REST.1 / 4, "many failures, a long rest");
        rest.end();
        assert_eq!(rest.until(), None);
    }

    #[tokio::test]
    async fn a_panic_is_an_error_that_says_what_was_said() {
        let words = |text: &'static str| async move { if text.is_empty() { Ok(()) } else { panic!("{text}") } };
        assert!(caught(words("")).await.is_ok());
        let error = caught(words("no such balance")).await.expect_err("a panic");
        assert!(error.to_string().contains("no such balance"), "{error}");
        assert!(!error.is_transient(), "the message is to blame if it happens again");
    }
}
