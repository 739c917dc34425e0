//! How long what a dead worker held lies until it is taken up.

use crate::store::server::Db;
use baton_clock::{Clock, SystemClock};
use chrono::{DateTime, Utc};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;
use tokio::task::JoinHandle;

pub fn now() -> DateTime<Utc> {
    SystemClock.now()
}

/// Steps that a caller or a timer waits for; the others may queue behind their vendor's pace.
const URGENT: &str = "'timer', 'instruct', 'hold', 'ring', 'whisper', 'join', 'dial_lead', 'ask', 'hang_up', 'end_call', \
                      'leave_agent', 'find_slots', 'book', 'move_meeting', 'cancel_meeting'";

/// Since when a worker is up, in microseconds; 0 while none is.
#[derive(Default)]
pub struct Up(AtomicI64);

impl Up {
    pub fn set(&self, up: bool) {
        self.0.store(if up { now().timestamp_micros() } else { 0 }, Ordering::Relaxed);
    }
}

/// How long steps lay unclaimed after their lease had ended.
#[derive(Debug, Clone, Copy, Default)]
pub struct Lain {
    /// Urgent steps, while a worker was up that could have taken them.
    pub with_a_worker: Duration,
    /// Urgent steps, the time in which no worker was up included.
    pub urgent: Duration,
    pub any: Duration,
}

/// Looks at the leases while the worker dies and comes back.
pub struct LeaseWatch {
    stop: Arc<AtomicBool>,
    looking: JoinHandle<Lain>,
}

pub fn watch(db: Db, up: Arc<Up>) -> LeaseWatch {
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    let looking = tokio::spawn(async move {
        let mut longest = Lain::default();
        while !stopped.load(Ordering::Relaxed) {
            tokio::time::sleep(Duration::from_millis(50)).await;
            let (up_since, now) = (up.0.load(Ordering::Relaxed), now().timestamp_micros());
            let oldest = async |of: &str| {
                db.number(format!("SELECT COALESCE(MIN(lease_until), {now}) FROM step WHERE state = 'leased' AND {of}"))
                    .await
            };
            let urgent = now - oldest(&format!("kind IN ({URGENT})")).await;
            longest.urgent = longest.urgent.max(micros(urgent));
            longest.any = longest.any.max(micros(now - oldest("1 = 1").await));
            if up_since > 0 {
                longest.with_a_worker = longest.with_a_worker.max(micros(urgent.min(now - up_since)));
            }
        }
        longest
    });
    LeaseWatch { stop, looking }
}

fn micros(number: i64) -> Duration {
    Duration::from_micros(u64::try_from(number).unwrap_or_default())
}

impl LeaseWatch {
    pub async fn stop(self) -> Lain {
        self.stop.store(true, Ordering::Relaxed);
        self.looking.await.expect("the watch")
    }
}
