//! How many steps of each lane go at once.

use baton_core::domain::effect::Lane;
use std::sync::Arc;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// The free hands of each lane.
pub(super) struct Lanes {
    hands: [Arc<Semaphore>; Lane::ALL.len()],
    freed: Notify,
}

impl Lanes {
    pub(super) fn new(each: usize) -> Self {
        Self { hands: std::array::from_fn(|_| Arc::new(Semaphore::new(each))), freed: Notify::new() }
    }

    /// Waits for a hand.
    pub(super) async fn enter(&self, lane: Lane) -> OwnedSemaphorePermit {
        let permit = Arc::clone(&self.hands[lane as usize]).acquire_owned().await;
        permit.expect("the lanes are never closed")
    }

    /// Gives a hand back.
    pub(super) fn leave(&self, hand: OwnedSemaphorePermit) {
        drop(hand);
        self.freed.notify_one();
    }

    /// Waits until a hand has been given back since the last wait.
    pub(super) async fn freed(&self) {
        self.freed.notified().await;
    }

    /// Every hand that is free now, lane by lane.
    pub(super) fn free(&self) -> Vec<(Lane, Vec<OwnedSemaphorePermit>)> {
        let hands = |lane: Lane| {
            std::iter::from_fn(move || Arc::clone(&self.hands[lane as usize]).try_acquire_owned().ok()).collect()
        };
        let lanes = Lane::ALL.into_iter().map(|lane| (lane, hands(lane)));
        lanes.filter(|(_, hands): &(Lane, Vec<_>)| !hands.is_empty()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_full_lane_holds_up_nobody_else() {
        let lanes = Lanes::new(2);
        let _crm = (lanes.enter(Lane::Crm).await, lanes.enter(Lane::Crm).await);
        let free = lanes.free();
        assert_eq!(free.len(), Lane::ALL.len() - 1);
        assert!(free.iter().all(|(lane, hands)| *lane != Lane::Crm && hands.len() == 2));
        let next = tokio::time::timeout(std::time::Duration::from_millis(20), lanes.enter(Lane::Crm)).await;
        assert!(next.is_err(), "the third waits");
    }
}
