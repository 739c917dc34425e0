//! What the service manager is told, as systemd documents it (sd_notify): that the worker is ready, that it stops, and, as often
//! as it asks, that leads are still decided.
//!
//! Guarantees: no word of it holds the worker up or ends it. A worker that stands still although its database takes writes says
//! nothing more, and is ended and started anew; one whose database is away goes on saying that it lives.

use crate::config::{self, ServiceManager};
use crate::deciding::decider::Decider;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::UnixDatagram;
use tokio::sync::watch;
use tokio::time::{interval, timeout};

/// Whoever does not take a word by then gets none.
const TOLD_WITHIN: Duration = Duration::from_secs(1);
/// Longer than a batch takes that waits for locks as often as it may: thirty times a round in which nothing comes.
const STANDS_STILL_AFTER: Duration = Duration::from_secs(60);

/// `None`: nobody asked to be told.
pub(super) struct Service(Option<(UnixDatagram, Option<Duration>)>);

impl Service {
    pub(super) fn of_environment() -> Self {
        let Some(ServiceManager { socket, watchdog }) = config::service_manager() else { return Self(None) };
        let connected = UnixDatagram::unbound().and_then(|us| us.connect(&socket).map(|()| us));
        match connected {
            Ok(us) => Self(Some((us, watchdog))),
            Err(error) => {
                tracing::warn!(%error, socket = %socket.display(), "the service manager is told nothing");
                Self(None)
            }
        }
    }

    pub(super) async fn is_ready(&self, address: &str) {
        self.tell(&format!("READY=1\nSTATUS=takes leads on {address}")).await;
    }

    pub(super) async fn stops(&self) {
        self.tell("STOPPING=1\nSTATUS=finishes what is in hand").await;
    }

    /// Says that leads are decided, for as long as they are and until the worker stops.
    pub(super) async fn watches(self: Arc<Self>, decider: Arc<Decider>, mut stopping: watch::Receiver<bool>) {
        let Some((_, Some(within))) = &self.0 else { return };
        // A quarter of it, so that whoever has recovered says so before they are ended; an interval of nothing is none.
        let mut turn = interval((*within / 4).max(Duration::from_millis(10)));
        loop {
            tokio::select! {
                _ = turn.tick() => {}
                _stop = stopping.changed() => return,
            }
            if lives(decider.turned_ago(), may_decide(&decider)).await {
                self.tell("WATCHDOG=1").await;
            } else {
                tracing::error!(
                    "no lead is decided although the database takes writes: the service manager is to end this"
                );
            }
        }
    }

    async fn tell(&self, what: &str) {
        let Some((socket, _)) = &self.0 else { return };
        match timeout(TOLD_WITHIN, socket.send(what.as_bytes())).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the service manager was not told"),
            Err(_) => tracing::warn!("the service manager does not listen"),
        }
    }
}

/// Whether leads are decided, or something is in the way that a new start would not mend. Who has turned lately is asked nothing else.
async fn lives(turned_ago: Duration, may_decide: impl Future<Output = bool>) -> bool {
    turned_ago < STANDS_STILL_AFTER || !may_decide.await
}

/// Whether nothing is in the way of deciding.
async fn may_decide(decider: &Decider) -> bool {
    decider.held_up_by().is_none() && decider.is_ready().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::{pending, ready};

    #[tokio::test]
    async fn who_stands_still_although_nothing_is_in_the_way_does_not_live() {
        let (turns, still) = (STANDS_STILL_AFTER - Duration::from_millis(1), STANDS_STILL_AFTER);
        assert!(lives(turns, pending()).await, "the database is not asked about one that turns");
        assert!(lives(still, ready(false)).await, "it waits for its database");
        assert!(!lives(still, ready(true)).await);
    }
}
