//! What is kept for a while only is forgotten at the start and every hour, whoever used it last.
//!
//! Every worker does so: whatever one has forgotten, the next does not find. If the process dies here, the next hour does it.

use crate::store::{Store, with};
use baton_clock::SharedClock;
use std::time::Duration;
use tokio::sync::watch;

/// In the clock's time.
const EVERY: Duration = Duration::from_secs(3600);

/// Until told to stop.
pub(super) async fn keep(store: Store, clock: SharedClock, mut stopping: watch::Receiver<bool>) {
    loop {
        let forgetting = with(clock.now(), |tx, now| {
            Box::pin(async move {
                tx.acts_forget(*now).await?;
                tx.carrier_legs_forget(*now).await?;
                tx.lives_forget(*now).await?;
                tx.texts_forget(*now).await?;
                tx.workers_forget(*now).await?;
                tx.transfers_forget(*now).await
            })
        });
        if let Err(error) = store.write("tidy", forgetting).await {
            tracing::warn!(%error, "what has had its time could not be forgotten: in an hour again");
        }
        tokio::select! {
            () = tokio::time::sleep(clock.real(EVERY)) => {}
            _ = stopping.wait_for(|stop| *stop) => return,
        }
    }
}
