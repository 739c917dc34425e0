//! The task of one webhook. It goes in rounds, each of them one commit; more is taken than there are hands for, so that no hand
//! waits for the database.

use super::again::LOST_AT_MOST;
use super::receiver::Receiver;
use super::round::{Ends, Means, Taken};
use crate::store::{DeliveryRow, TriedDelivery};
use chrono::TimeDelta;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Tries under way at once, of one worker: what a slow receiver is asked at most.
const AT_ONCE: usize = 16;
/// With those that are next: what comes again, and no sooner than its lease lapses, when the worker is killed.
const IN_HAND: usize = 2 * AT_ONCE;
/// How often it is looked for what is due, in the clock's own time: second tries, and what other workers kept. What is kept here
/// is taken up at once.
const POLL: Duration = Duration::from_secs(1);
/// Real time between two rounds at least: what ends meanwhile shares one commit.
const BETWEEN_ROUNDS: Duration = Duration::from_millis(50);
/// What is left of a lease when a try has taken as long as it may.
const TO_WRITE_DOWN: TimeDelta = TimeDelta::seconds(2);
/// What is under way when the worker stops may end within this, in real time.
const LAST_TRIES_WITHIN: Duration = Duration::from_millis(2500);

pub(super) struct Task {
    receiver: Arc<Receiver>,
    means: Means,
    /// Taken, and not begun.
    next: VecDeque<DeliveryRow>,
    under_way: JoinSet<TriedDelivery>,
    /// What the next round writes down.
    ends: Ends,
    /// One at a time.
    rounds: JoinSet<Taken>,
    round_began: Instant,
    /// There is something to take, or there may be.
    look: bool,
    /// A receiver has said that it wants nothing for now, and that is not being written down yet: nothing is begun until then.
    hushed: bool,
}

impl Task {
    pub(super) fn new(receiver: &Arc<Receiver>, means: Means) -> Self {
        Self {
            receiver: Arc::clone(receiver),
            means,
            next: VecDeque::new(),
            under_way: JoinSet::new(),
            ends: Ends::default(),
            rounds: JoinSet::new(),
            round_began: Instant::now(),
            look: true,
            hushed: false,
        }
    }

    /// Delivers what is due until told to stop; then what has not begun is given back at once, and what is under way may end.
    pub(super) async fn run(mut self, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            self.begin_next();
            let (round_at, between_rounds) = (self.round_at(), self.rounds.is_empty());
            tokio::select! {
                Some(tried) = self.under_way.join_next() => {
                    // After a panic the lease brings it back.
                    if let Ok(tried) = tried {
                        self.has_ended(tried);
                    }
                }
                Some(taken) = self.rounds.join_next() => self.has_taken(taken.unwrap_or_default()),
                () = self.receiver.woken() => self.look = true,
                () = tokio::time::sleep_until(round_at), if between_rounds => self.begin_round(),
                _ = stop.changed() => {}
            }
        }
        self.wind_up().await;
    }

    fn is_on_duty(&self) -> bool {
        self.means.duty.why_not().is_none()
    }

    /// How many more may be taken.
    fn room(&self) -> usize {
        IN_HAND.saturating_sub(self.under_way.len() + self.next.len())
    }

    fn round_at(&self) -> Instant {
        let soon = !self.ends.is_empty() || (self.look && self.room() > 0);
        let pause = if soon { BETWEEN_ROUNDS } else { self.means.clock.real(POLL).max(BETWEEN_ROUNDS) };
        self.round_began + pause
    }

    fn begin_round(&mut self) {
        self.round_began = Instant::now();
        (self.look, self.hushed) = (false, false);
        let limit = if self.is_on_duty() { self.room() } else { 0 };
        let ends = std::mem::take(&mut self.ends);
        if limit == 0 && ends.is_empty() {
            return;
        }
        let (receiver, means) = (Arc::clone(&self.receiver), self.means.clone());
        self.rounds.spawn(async move { means.round(&receiver.webhook, ends, limit).await });
    }

    fn has_taken(&mut self, taken: Taken) {
        self.look |= taken.more;
        self.next.extend(taken.deliveries);
        if taken.disabled || self.hushed {
            self.put_back();
        }
    }

    fn has_ended(&mut self, tried: TriedDelivery) {
        let hushes =
            tried.fails.as_ref().is_some_and(|fails| fails.rests_until.is_some() || fails.nothing_since.is_none());
        self.ends.tried.push(tried);
        if hushes {
            self.hushed = true;
            self.put_back();
        }
    }

    fn put_back(&mut self) {
        self.ends.unbegun.extend(self.next.drain(..).map(|delivery| (delivery.id, delivery.fence)));
    }

    fn begin_next(&mut self) {
        if !self.is_on_duty() {
            self.put_back();
        }
        while self.under_way.len() < AT_ONCE
            && let Some(delivery) = self.next.pop_front()
        {
            self.begin(delivery);
        }
    }

    fn begin(&mut self, delivery: DeliveryRow) {
        let now = self.means.clock.now();
        let timeout = TimeDelta::from_std(self.receiver.webhook.timeout()).unwrap_or_default();
        if delivery.lease_until - now < timeout + TO_WRITE_DOWN {
            // It has waited so long for its turn that it is better taken anew: two workers never make a try at once.
            self.ends.unbegun.push((delivery.id, delivery.fence));
        } else if delivery.lost >= LOST_AT_MOST {
            self.ends.tried.push(self.receiver.deadly(delivery, now));
        } else {
            self.under_way.spawn(Arc::clone(&self.receiver).attempt(Arc::clone(&self.means.clock), delivery));
        }
    }

    async fn wind_up(mut self) {
        // A round that is under way may bring more.
        while let Some(taken) = self.rounds.join_next().await {
            self.next.extend(taken.unwrap_or_default().deliveries);
        }
        self.put_back();
        self.write_down().await;
        let last = async {
            while let Some(tried) = self.under_way.join_next().await {
                self.ends.tried.extend(tried);
            }
        };
        if tokio::time::timeout(LAST_TRIES_WITHIN, last).await.is_err() {
            let webhook = self.receiver.webhook.name();
            tracing::warn!(webhook, "stopping with deliveries under way: their leases bring them back");
        }
        self.write_down().await;
    }

    async fn write_down(&mut self) {
        let ends = std::mem::take(&mut self.ends);
        if !ends.is_empty() {
            self.means.round(&self.receiver.webhook, ends, 0).await;
        }
    }
}
