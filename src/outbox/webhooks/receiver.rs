//! One webhook: how a delivery is tried, and what the answer means.

use super::again::{NOTHING_FOR, next_try, rests_until};
use crate::connectors::webhook::{Answered, Webhook};
use crate::store::{DeliveryEnd, DeliveryRow, Failure, TriedDelivery};
use crate::telemetry::traces::within;
use baton_clock::SharedClock;
use chrono::{DateTime, Utc};
use std::sync::Arc;
use tokio::sync::Notify;

pub(super) struct Receiver {
    pub webhook: Arc<Webhook>,
    wake: Notify,
}

impl Receiver {
    pub(super) fn new(webhook: &Arc<Webhook>) -> Self {
        Self { webhook: Arc::clone(webhook), wake: Notify::new() }
    }

    /// Something was kept for it.
    pub(super) fn wake(&self) {
        self.wake.notify_one();
    }

    pub(super) async fn woken(&self) {
        self.wake.notified().await;
    }

    /// One try.
    pub(super) async fn attempt(self: Arc<Self>, clock: SharedClock, delivery: DeliveryRow) -> TriedDelivery {
        let webhook = &self.webhook;
        let sending = webhook.send(&delivery.event_id, clock.now(), &delivery.body);
        let sending = within(delivery.trace_context.clone(), sending);
        let sent = tokio::time::timeout(clock.real(webhook.timeout()), sending).await;
        let answer = sent.unwrap_or_else(|_| Err(webhook.too_slow()));
        let tried = judged(&delivery, answer, clock.now());
        if tried.end != DeliveryEnd::Delivered {
            let (webhook, delivery, outcome) = (webhook.name(), &tried.id, &tried.outcome);
            tracing::warn!(webhook, %delivery, %outcome, "an event was not delivered to a webhook");
        }
        tried
    }

    /// No try: too many workers have died with it.
    pub(super) fn deadly(&self, delivery: DeliveryRow, at: DateTime<Utc>) -> TriedDelivery {
        let outcome = format!("{} workers were stopped or killed while they were at it", delivery.lost);
        tracing::error!(webhook = self.webhook.name(), delivery = %delivery.id, %outcome, "an event is given up");
        TriedDelivery { id: delivery.id, fence: delivery.fence, at, outcome, end: DeliveryEnd::GivenUp, fails: None }
    }
}

/// What a try means for its delivery, and for its webhook.
fn judged(delivery: &DeliveryRow, answer: Result<Answered, String>, at: DateTime<Utc>) -> TriedDelivery {
    let tried =
        |outcome, end, fails| TriedDelivery { id: delivery.id.clone(), fence: delivery.fence, at, outcome, end, fails };
    let (outcome, asked, rests_until) = match answer {
        Ok(answer) if answer.is_success() => {
            return tried(format!("HTTP {}", answer.status), DeliveryEnd::Delivered, None);
        }
        Ok(answer) if answer.is_gone() => {
            let outcome = format!("HTTP {}", answer.status);
            let why = format!("{outcome}: its receiver wants nothing more");
            let fails = Failure { rests_until: None, nothing_since: None, why };
            return tried(outcome, DeliveryEnd::Again { run_at: at }, Some(fails));
        }
        Ok(Answered { status, .. }) if (300..400).contains(&status) => {
            (format!("HTTP {status}, and no redirect is followed"), None, None)
        }
        Ok(answer) => (format!("HTTP {}", answer.status), answer.retry_after, rests_until(at, &answer)),
        Err(why) => (why, None, None),
    };
    let next = next_try(at, delivery.attempts.saturating_add(1), asked);
    let end = next.map_or(DeliveryEnd::GivenUp, |run_at| DeliveryEnd::Again { run_at });
    let why = format!("nothing was delivered for {} days, and at last: {outcome}", NOTHING_FOR.num_days());
    tried(outcome, end, Some(Failure { rests_until, nothing_since: Some(at - NOTHING_FOR), why }))
}
