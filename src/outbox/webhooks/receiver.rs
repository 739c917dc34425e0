//! One webhook: what is due for it, a few at a time.

use super::again::{NOTHING_FOR, next_try};
use crate::connectors::webhook::{Answered, Webhook};
use crate::outbox::duty::Duty;
use crate::store::{DeliveryCounted, DeliveryEnd, DeliveryRow, Store, StoreError, TriedDelivery, with};
use baton_clock::SharedClock;
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Tries under way at once, of one worker: what a slow receiver is asked at most.
const AT_ONCE: usize = 4;
/// How often it is looked for what is due, in the clock's own time: second tries, and what other workers kept. What is kept here
/// is taken up at once.
const POLL: Duration = Duration::from_secs(1);
/// Real time between two looks at least.
const SHORTEST_POLL: Duration = Duration::from_millis(25);
/// A lease is longer than a try may take by this much: from the claim to the end that is stored.
const LEASE_BEYOND: Duration = Duration::from_secs(15);
/// What is under way when the worker stops may end within this, in real time.
const LAST_TRIES_WITHIN: Duration = Duration::from_millis(2500);

/// How often it is looked for what was kept long enough, in the clock's own time.
const TIDY: Duration = Duration::from_secs(3600);
/// What was delivered is kept for the log, and longer than its step may come again (7 days), which would keep it anew.
const DELIVERED_KEPT: TimeDelta = TimeDelta::days(8);
/// What was not: somebody may enable the webhook, and have it all.
const UNDELIVERED_KEPT: TimeDelta = TimeDelta::days(30);
const FORGOTTEN_AT_ONCE: usize = 1000;

pub(super) struct Receiver {
    pub webhook: Arc<Webhook>,
    wake: Notify,
}

/// What its task works with.
#[derive(Clone)]
pub(super) struct Round {
    pub store: Store,
    pub clock: SharedClock,
    pub duty: Duty,
}

impl Receiver {
    pub(super) fn new(webhook: &Arc<Webhook>) -> Self {
        Self { webhook: Arc::clone(webhook), wake: Notify::new() }
    }

    /// Something was kept for it.
    pub(super) fn wake(&self) {
        self.wake.notify_one();
    }

    /// Delivers what is due until told to stop; then what is under way may end.
    pub(super) async fn deliver(self: Arc<Self>, round: Round, mut stop: watch::Receiver<bool>) {
        let mut under_way = JoinSet::new();
        let mut tidy_due = Instant::now();
        // The last look brought as many as there were hands for.
        let mut hands_full = false;
        while !*stop.borrow() {
            if round.duty.why_not().is_some() {
                tokio::select! {
                    () = round.duty.resumed() => {}
                    _ = stop.changed() => {}
                }
                continue;
            }
            if tidy_due <= Instant::now() {
                tidy_due = Instant::now() + round.clock.real(TIDY);
                round.tidy(&stop).await;
            }
            while under_way.try_join_next().is_some() {}
            let free = AT_ONCE.saturating_sub(under_way.len());
            if free > 0 {
                let claimed = self.claim(&round, free).await;
                hands_full = claimed.len() == free;
                for delivery in claimed {
                    under_way.spawn(Arc::clone(&self).attempt(round.clone(), delivery));
                }
            }
            let pause = round.clock.real(POLL).max(SHORTEST_POLL);
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.wake.notified() => {}
                // A hand is free, and there may be more for it. Otherwise nobody asks the database for nothing.
                Some(_ended) = under_way.join_next(), if hands_full => {}
                _ = stop.changed() => {}
            }
        }
        let last = async { while under_way.join_next().await.is_some() {} };
        if tokio::time::timeout(LAST_TRIES_WITHIN, last).await.is_err() {
            tracing::warn!(
                webhook = self.webhook.name(),
                "stopping with deliveries under way: their leases bring them back"
            );
        }
    }

    async fn claim(&self, round: &Round, limit: usize) -> Vec<DeliveryRow> {
        let (lease, clock) = (self.webhook.timeout() + LEASE_BEYOND, Arc::clone(&round.clock));
        let claim = with(self.webhook.name().to_owned(), move |tx, webhook| {
            // When the transaction has begun: a lease does not run while its delivery waits for the database.
            Box::pin(tx.deliveries_claim(clock.now(), webhook, lease, limit))
        });
        round.store.write("webhook.claim", claim).await.unwrap_or_else(|error| {
            tracing::error!(webhook = self.webhook.name(), %error, "due deliveries could not be claimed");
            Vec::new()
        })
    }

    async fn attempt(self: Arc<Self>, round: Round, delivery: DeliveryRow) {
        let (webhook, now) = (&self.webhook, round.clock.now());
        let timeout = webhook.timeout();
        if delivery.lease_until - now < TimeDelta::from_std(timeout).unwrap_or_default() {
            // It has waited so long for its turn that it is better taken up anew: two workers never make a try at once.
            return;
        }
        let sending = webhook.send(&delivery.event_id, now, &delivery.body);
        let sent = tokio::time::timeout(round.clock.real(timeout), sending).await;
        let answer = sent.unwrap_or_else(|_| Err(webhook.too_slow()));
        let now = round.clock.now();
        let tried = self.tried(&delivery, answer, now);
        let (delivery, outcome) = (tried.id.clone(), tried.outcome.clone());
        if tried.end != DeliveryEnd::Delivered {
            tracing::warn!(webhook = webhook.name(), %delivery, %outcome, "an event was not delivered to a webhook");
        }
        self.told(&delivery, round.end(tried, now).await);
    }

    /// What a try means for its delivery.
    fn tried(&self, delivery: &DeliveryRow, answer: Result<Answered, String>, now: DateTime<Utc>) -> TriedDelivery {
        let (outcome, asked) = match &answer {
            Ok(Answered { status, .. }) if (300..400).contains(status) => {
                (format!("HTTP {status}, and no redirect is followed"), None)
            }
            Ok(Answered { status, retry_after, .. }) => (format!("HTTP {status}"), *retry_after),
            Err(why) => (why.clone(), None),
        };
        let end = match &answer {
            Ok(answer) if answer.is_success() => DeliveryEnd::Delivered,
            Ok(answer) if answer.is_gone() => {
                DeliveryEnd::Gone { why: format!("{outcome}: its receiver wants nothing more") }
            }
            _ => match next_try(now, delivery.attempts, asked) {
                Some(run_at) => DeliveryEnd::Again { run_at },
                None => DeliveryEnd::GivenUp {
                    nothing_since: now - NOTHING_FOR,
                    why: format!("nothing was delivered for {} days, and at last: {outcome}", NOTHING_FOR.num_days()),
                },
            },
        };
        let (id, webhook) = (delivery.id.clone(), self.webhook.name().to_owned());
        TriedDelivery { id, webhook, fence: delivery.fence, outcome, end }
    }

    fn told(&self, delivery: &str, counted: Result<DeliveryCounted, StoreError>) {
        let webhook = self.webhook.name();
        match counted {
            Ok(DeliveryCounted::Counted) => {}
            Ok(DeliveryCounted::Lost) => {
                tracing::warn!(webhook, delivery, "another worker has the delivery: this try does not count");
            }
            Ok(DeliveryCounted::Disabled) => tracing::error!(
                webhook,
                delivery,
                "a webhook is disabled: what is for it is kept, until it is enabled by `baton webhooks enable`"
            ),
            Err(error) => {
                tracing::error!(webhook, delivery, %error, "the end of a delivery could not be stored: it is tried again");
            }
        }
    }
}

impl Round {
    async fn end(&self, tried: TriedDelivery, now: DateTime<Utc>) -> Result<DeliveryCounted, StoreError> {
        let end = with(tried, move |tx, tried| Box::pin(tx.delivery_end(tried, now)));
        self.store.write("webhook.end", end).await
    }

    /// Forgets what was kept long enough, of every webhook: also of one that `baton.toml` no longer has.
    async fn tidy(&self, stop: &watch::Receiver<bool>) {
        let now = self.clock.now();
        while !*stop.borrow() {
            let forget = self.store.write("webhook.forget", move |tx| {
                Box::pin(tx.deliveries_forget(now - DELIVERED_KEPT, now - UNDELIVERED_KEPT, FORGOTTEN_AT_ONCE))
            });
            match forget.await {
                Ok(forgotten) if forgotten == FORGOTTEN_AT_ONCE as u64 => {}
                Ok(_) => return,
                Err(error) => {
                    tracing::warn!(%error, "old deliveries to webhooks could not be forgotten: they are later");
                    return;
                }
            }
        }
    }
}
