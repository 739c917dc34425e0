//! How many of each lane go at once, and what makes room for decisions.

use crate::store::{Claim, StepRow};
use baton_core::domain::effect::Lane;
use chrono::TimeDelta;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

/// A step whose deadline is this far away gives way to decisions: mail, CRM, a meeting for somebody who is no longer on the line.
const CAN_WAIT: TimeDelta = TimeDelta::minutes(3);

/// How many leads wait to be decided, and so what may go on meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pace {
    /// Everything.
    Calm,
    /// What somebody waits for on a line.
    Rush,
    /// Of what is new, timers alone: a queue that is decided in half the time rings the last of its callers sooner.
    Surge,
}

impl Pace {
    /// The most pressing at which a new step still goes.
    pub(super) fn kept_by(step: &StepRow) -> Self {
        match step.effect.lane() {
            Lane::Timers => Self::Surge,
            _ if step.deadline_at - step.run_at >= CAN_WAIT => Self::Calm,
            _ => Self::Rush,
        }
    }

    /// The most pressing at which steps that are taken up again in this lane still go.
    fn kept_in(lane: Lane) -> Self {
        match lane {
            Lane::Timers => Self::Surge,
            Lane::Calls | Lane::Calendar => Self::Rush,
            Lane::Chat | Lane::Crm | Lane::Mail | Lane::Events => Self::Calm,
        }
    }
}

/// The free hands of each lane.
pub(super) struct Lanes {
    pace: watch::Sender<Pace>,
    permits: [Arc<Semaphore>; Lane::ALL.len()],
}

impl Lanes {
    pub(super) fn new(each: usize) -> Self {
        let permits = std::array::from_fn(|_| Arc::new(Semaphore::new(each)));
        Self { pace: watch::Sender::new(Pace::Calm), permits }
    }

    pub(super) fn set_pace(&self, now: Pace) {
        self.pace.send_if_modified(|pace| std::mem::replace(pace, now) != now);
    }

    /// Waits until it is no more pressing than this.
    pub(super) async fn eased_to(&self, most: Pace) {
        let mut pace = self.pace.subscribe();
        let _eased = pace.wait_for(|pace| *pace <= most).await;
    }

    pub(super) async fn pace_changed(&self) {
        // The sender lives as long as we do.
        let _changed = self.pace.subscribe().changed().await;
    }

    /// Waits for a hand.
    pub(super) async fn enter(&self, lane: Lane) -> OwnedSemaphorePermit {
        let permit = Arc::clone(&self.permits[lane as usize]).acquire_owned().await;
        permit.expect("the lanes are never closed")
    }

    /// Every hand that is free now, lane by lane, and for what. A step whose lease has lapsed was put off before, or its worker
    /// has died: whatever the pace, it waits no longer.
    pub(super) fn free(&self) -> Vec<(Lane, Claim, Vec<OwnedSemaphorePermit>)> {
        let hands = |lane: Lane| {
            std::iter::from_fn(move || Arc::clone(&self.permits[lane as usize]).try_acquire_owned().ok()).collect()
        };
        let pace = *self.pace.borrow();
        let which = |lane: Lane| if pace <= Pace::kept_in(lane) { Claim::DueAndLapsed } else { Claim::Lapsed };
        let lanes = Lane::ALL.into_iter().map(|lane| (lane, which(lane), hands(lane)));
        lanes.filter(|(_, _, hands): &(Lane, Claim, Vec<_>)| !hands.is_empty()).collect()
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
        assert!(free.iter().all(|(lane, _, hands)| *lane != Lane::Crm && hands.len() == 2));
        let next = tokio::time::timeout(std::time::Duration::from_millis(20), lanes.enter(Lane::Crm)).await;
        assert!(next.is_err(), "the third waits");
    }
}
