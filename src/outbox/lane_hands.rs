//! How many steps of each lane go at once.

use baton_core::domain::effect::Lane;
use std::sync::Arc;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// Of the hands of a lane one in so many, and one at least, is for what is claimed: what is born in hand stands in line for the
/// others, and as long as there is a line nobody else would get one.
const ONE_IN: usize = 8;

/// The free hands of each lane.
pub(super) struct Lanes {
    hands: [Arc<Semaphore>; Lane::ALL.len()],
    for_claims: [Arc<Semaphore>; Lane::ALL.len()],
    freed: Notify,
}

impl Lanes {
    pub(super) fn new(each: usize) -> Self {
        let kept = (each / ONE_IN).max(usize::from(each > 1));
        let semaphores = |count| std::array::from_fn(|_| Arc::new(Semaphore::new(count)));
        Self { hands: semaphores(each - kept), for_claims: semaphores(kept), freed: Notify::new() }
    }

    /// Waits for a hand that is not kept for claims.
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
            let both = [&self.hands[lane as usize], &self.for_claims[lane as usize]].into_iter();
            both.flat_map(|hands| std::iter::from_fn(move || Arc::clone(hands).try_acquire_owned().ok())).collect()
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
        let lanes = Lanes::new(3);
        let _crm = (lanes.enter(Lane::Crm).await, lanes.enter(Lane::Crm).await);
        let free = lanes.free();
        assert!(free.iter().all(|(lane, hands)| hands.len() == if *lane == Lane::Crm { 1 } else { 3 }));
        let next = tokio::time::timeout(std::time::Duration::from_millis(20), lanes.enter(Lane::Crm)).await;
        assert!(next.is_err(), "the third waits");
    }

    /// A dead worker's calls are taken up however many come anew.
    #[tokio::test]
    async fn a_line_of_new_steps_leaves_hands_for_what_is_claimed() {
        let (lanes, mut new) = (Lanes::new(32), Vec::new());
        for _ in 0..28 {
            new.push(lanes.enter(Lane::Calls).await);
        }
        let next = tokio::time::timeout(std::time::Duration::from_millis(20), lanes.enter(Lane::Calls)).await;
        assert!(next.is_err(), "the next new call stands in line");
        let hands = |lane| lanes.free().into_iter().find(|(free, _)| *free == lane).map(|(_, hands)| hands.len());
        assert_eq!(hands(Lane::Timers), Some(32), "without a line it is one hand like the other");
        assert_eq!(hands(Lane::Calls), Some(4));
    }
}
