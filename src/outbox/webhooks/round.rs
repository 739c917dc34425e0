//! One commit of a webhook's task: what has ended is written down, and what is due is taken.

use crate::connectors::webhook::Webhook;
use crate::outbox::duty::Duty;
use crate::store::{DeliveryRow, Store, TriedDelivery, with};
use baton_clock::SharedClock;
use std::sync::Arc;
use std::time::Duration;

/// A lease is longer than a try may take by this much: from the claim to the end that is stored.
const LEASE_BEYOND: Duration = Duration::from_secs(15);

/// What tasks of webhooks work with.
#[derive(Clone)]
pub(super) struct Means {
    pub store: Store,
    pub clock: SharedClock,
    pub duty: Duty,
}

/// What is to be written down.
#[derive(Default)]
pub(super) struct Ends {
    pub tried: Vec<TriedDelivery>,
    /// Taken and not begun, with their fences.
    pub unbegun: Vec<(String, i64)>,
}

/// What came of a round.
#[derive(Default)]
pub(super) struct Taken {
    pub deliveries: Vec<DeliveryRow>,
    /// As many as were asked for: there may be more.
    pub more: bool,
    /// By now the webhook is disabled.
    pub disabled: bool,
}

impl Ends {
    pub(super) fn is_empty(&self) -> bool {
        self.tried.is_empty() && self.unbegun.is_empty()
    }
}

impl Means {
    /// Takes so many at most.
    pub(super) async fn round(&self, webhook: &Webhook, ends: Ends, limit: usize) -> Taken {
        let (lease, clock) = (webhook.timeout() + LEASE_BEYOND, Arc::clone(&self.clock));
        let round = with((webhook.name().to_owned(), ends), move |tx, (webhook, ends)| {
            let clock = Arc::clone(&clock);
            Box::pin(async move {
                // When the transaction has begun: a lease does not run while its delivery waits for the database.
                let now = clock.now();
                let ended = tx.deliveries_end(webhook, &ends.tried, now).await?;
                tx.deliveries_give_back(&ends.unbegun).await?;
                Ok((ended, tx.deliveries_claim(now, webhook, lease, limit).await?))
            })
        });
        let webhook = webhook.name();
        let (ended, deliveries) = match self.store.write("webhook.round", round).await {
            Ok(both) => both,
            Err(error) => {
                tracing::error!(webhook, %error, "no delivery could be taken or written down: what is in hand comes again");
                return Taken::default();
            }
        };
        for delivery in &ended.lost {
            tracing::warn!(webhook, %delivery, "another worker has the delivery: this try does not count");
        }
        if ended.disabled {
            tracing::error!(
                webhook,
                "a webhook is disabled: what is for it is kept, until it is enabled by `baton webhooks enable`"
            );
        }
        Taken { more: limit > 0 && deliveries.len() == limit, deliveries, disabled: ended.disabled }
    }
}
