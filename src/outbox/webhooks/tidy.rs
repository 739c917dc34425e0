//! What was kept long enough is forgotten: of every webhook at once, also of one that `baton.toml` no longer has.

use super::round::Means;
use chrono::TimeDelta;
use std::time::Duration;
use tokio::sync::watch;

/// In the clock's own time.
const EVERY: Duration = Duration::from_secs(3600);
/// What was delivered is kept for the log, and longer than its step may come again (7 days), which would keep it anew.
const DELIVERED_KEPT: TimeDelta = TimeDelta::days(8);
/// What was not: somebody may enable the webhook, and have it all.
const UNDELIVERED_KEPT: TimeDelta = TimeDelta::days(30);
const FORGOTTEN_AT_ONCE: usize = 1000;

/// Tidies every hour until told to stop.
pub(super) async fn hourly(means: Means, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        if means.duty.why_not().is_none() {
            tidy(&means, &stop).await;
        }
        tokio::select! {
            () = tokio::time::sleep(means.clock.real(EVERY)) => {}
            _ = stop.changed() => {}
        }
    }
}

async fn tidy(means: &Means, stop: &watch::Receiver<bool>) {
    let now = means.clock.now();
    while !*stop.borrow() {
        let forget = means.store.write("webhook.forget", move |tx| {
            Box::pin(tx.deliveries_forget(now - DELIVERED_KEPT, now - UNDELIVERED_KEPT, FORGOTTEN_AT_ONCE))
        });
        match forget.await {
            Ok(forgotten) if forgotten >= FORGOTTEN_AT_ONCE as u64 => {}
            Ok(_) => return,
            Err(error) => {
                tracing::warn!(%error, "old deliveries to webhooks could not be forgotten: they are later");
                return;
            }
        }
    }
}
