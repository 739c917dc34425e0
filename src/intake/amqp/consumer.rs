//! The supervised consumer: one session after the other, whatever ends them.

use super::AmqpConfig;
use super::session::{Interrupted, session, stopped};
use super::sink::Sink;
use super::topology::ConsumeError;
use crate::telemetry::figures;
use baton_clock as clock;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

/// First and longest wait before reconnecting; the actual one is a random share of it.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(15));
/// Whoever has consumed this long has recovered: the next wait is short again.
const RECOVERED_AFTER: Duration = Duration::from_secs(30);

/// Consumes until `stop` is true (or its sender gone), through every outage.
///
/// # Errors
/// The first look at the broker shows something that an operator must mend. Once it has consumed, the same is logged as an
/// error and tried again: a broker that restarts says many things.
pub async fn consume(
    config: AmqpConfig,
    sink: Arc<dyn Sink>,
    mut stop: watch::Receiver<bool>,
) -> Result<(), ConsumeError> {
    let mut failures: u32 = 0;
    let mut proven = false;
    figures::broker_connected(false);
    while !*stop.borrow() {
        let began = Instant::now();
        let committed_before = config.stats.acked.load(Relaxed);
        let ended = session(&config, sink.as_ref(), &mut stop, &mut proven).await;
        config.stats.connected.store(false, Relaxed);
        figures::broker_connected(false);
        let Err(interrupted) = ended else { break };
        config.stats.interruptions.fetch_add(1, Relaxed);
        if !matches!(interrupted, Interrupted::Commit(_)) {
            figures::broker_lost();
        }
        match interrupted {
            Interrupted::Refused(refused) if !proven => return Err(refused),
            Interrupted::Refused(refused) => {
                tracing::error!(error = %refused, "the broker changed: nothing is consumed until it is mended");
            }
            Interrupted::Commit(error) => {
                config.stats.commits_failed.fetch_add(1, Relaxed);
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "nothing is consumed until commits work again"
                );
                wait_until_ready(sink.as_ref(), &mut stop).await;
            }
            other => tracing::warn!(error = &other as &dyn std::error::Error, "the broker is lost: connecting again"),
        }
        let worked = config.stats.acked.load(Relaxed) > committed_before || began.elapsed() >= RECOVERED_AFTER;
        failures = if worked { 1 } else { failures.saturating_add(1) };
        pause(backoff(failures), &mut stop).await;
    }
    Ok(())
}

/// Full jitter: any share of the doubling wait, so that workers do not come back all at once.
fn backoff(failures: u32) -> Duration {
    let (first, longest) = BACKOFF;
    let doubled = first.saturating_mul(2u32.saturating_pow(failures.saturating_sub(1)));
    doubled.min(longest).mul_f64(clock::jitter())
}

async fn pause(span: Duration, stop: &mut watch::Receiver<bool>) {
    tokio::select! {
        () = sleep(span) => {}
        () = stopped(stop) => {}
    }
}

async fn wait_until_ready(sink: &dyn Sink, stop: &mut watch::Receiver<bool>) {
    let mut failures = 0;
    while !*stop.borrow() && !sink.ready().await {
        failures += 1;
        pause(backoff(failures), stop).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_are_never_longer() {
        for failures in [0, 1, 2, 10, u32::MAX] {
            let (first, longest) = BACKOFF;
            let bound = first.saturating_mul(1 << failures.saturating_sub(1).min(10)).min(longest);
            for _ in 0..50 {
                assert!(backoff(failures) <= bound, "{failures}");
            }
        }
    }
}
