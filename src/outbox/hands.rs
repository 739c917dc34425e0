//! The steps that this worker is at: a stop gives back all the others. An attempt is over before its lease is; what then waits
//! for its end to be stored stays this worker's.

use crate::store::StepRow;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use std::sync::Mutex;
use tokio::sync::Notify;

#[derive(Default)]
pub(super) struct Hands {
    held: Mutex<StepsInHand>,
    put_down: Notify,
}

#[derive(Default)]
struct StepsInHand {
    steps: BTreeMap<String, StepInHand>,
    closed: bool,
}

struct StepInHand {
    fence: i64,
    lease_until: DateTime<Utc>,
    attempt_is_over: bool,
    born_marked: bool,
}

/// A step is carried out as long as this lives.
pub(super) struct InHand<'h> {
    hands: &'h Hands,
    key: String,
    fence: i64,
}

impl Hands {
    /// `None` once nothing may begin any more.
    pub(super) fn take(&self, step: &StepRow) -> Option<InHand<'_>> {
        let mut held = self.held.lock().expect("hands");
        if held.closed {
            return None;
        }
        let StepRow { fence, lease_until, born_marked, .. } = *step;
        let in_hand = StepInHand { fence, lease_until, attempt_is_over: false, born_marked };
        held.steps.insert(step.effect_key.clone(), in_hand);
        Some(InHand { hands: self, key: step.effect_key.clone(), fence: step.fence })
    }

    /// Nothing begins after this.
    pub(super) fn close(&self) {
        self.held.lock().expect("hands").closed = true;
    }

    pub(super) fn full(&self) -> Vec<String> {
        self.held.lock().expect("hands").steps.keys().cloned().collect()
    }

    /// Of these the row does not say whether they have left.
    pub(super) fn born_marked(&self) -> Vec<String> {
        let held = self.held.lock().expect("hands");
        held.steps.iter().filter(|(_, step)| step.born_marked).map(|(key, _)| key.clone()).collect()
    }

    /// Key and fence of those whose end is not stored, and whose lease would be over by then.
    pub(super) fn outlive(&self, then: DateTime<Utc>) -> Vec<(String, i64)> {
        let held = self.held.lock().expect("hands");
        let waiting = held.steps.iter().filter(|(_, step)| step.attempt_is_over && step.lease_until <= then);
        waiting.map(|(key, step)| (key.clone(), step.fence)).collect()
    }

    /// Their leases last until then by now.
    pub(super) fn renewed(&self, steps: &[(String, i64)], until: DateTime<Utc>) {
        let mut held = self.held.lock().expect("hands");
        for (key, fence) in steps {
            if let Some(step) = held.steps.get_mut(key).filter(|step| step.fence == *fence) {
                step.lease_until = until;
            }
        }
    }

    /// Waits until nothing is in hand.
    pub(super) async fn empty(&self) {
        loop {
            let put_down = self.put_down.notified();
            if self.held.lock().expect("hands").steps.is_empty() {
                return;
            }
            put_down.await;
        }
    }
}

impl InHand<'_> {
    /// Only its end is still to be stored.
    pub(super) fn attempt_is_over(&self) {
        let mut held = self.hands.held.lock().expect("hands");
        // Taken anew meanwhile, it is in another's hand.
        if let Some(step) = held.steps.get_mut(&self.key).filter(|step| step.fence == self.fence) {
            step.attempt_is_over = true;
        }
    }
}

impl Drop for InHand<'_> {
    fn drop(&mut self) {
        let mut held = self.hands.held.lock().expect("hands");
        if held.steps.get(&self.key).is_some_and(|step| step.fence == self.fence) {
            held.steps.remove(&self.key);
        }
        drop(held);
        self.hands.put_down.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use baton_core::domain::effect::{Comfort, Effect};
    use baton_core::domain::id::{HandoffId, LeadId};
    use chrono::TimeDelta;

    const THEN: DateTime<Utc> = DateTime::<Utc>::UNIX_EPOCH;

    fn ring(fence: i64) -> StepRow {
        let lead_id = LeadId::from_digest([1; 16]);
        StepRow {
            effect_key: "ring".to_owned(),
            handoff_id: HandoffId::of(&lead_id),
            lead_id,
            effect: Effect::Hold { comfort: Comfort::Music },
            run_at: THEN,
            planned_at: THEN,
            deadline_at: THEN,
            lease_until: THEN,
            fence,
            attempts: 1,
            sent_at: None,
            born_marked: false,
            trace_context: None,
        }
    }

    #[test]
    fn an_end_that_waits_outlives_its_lease_and_a_call_that_hangs_does_not() {
        let hands = Hands::default();
        let held = hands.take(&ring(1)).expect("open");
        assert!(hands.outlive(THEN).is_empty());
        held.attempt_is_over();
        let waiting = hands.outlive(THEN);
        assert_eq!(waiting, [("ring".to_owned(), 1)]);
        hands.renewed(&waiting, THEN + TimeDelta::seconds(1));
        assert!(hands.outlive(THEN).is_empty(), "once for each lease");
    }

    #[test]
    fn what_is_taken_anew_is_held_by_its_new_fence() {
        let hands = Hands::default();
        let (first, second) = (hands.take(&ring(1)).expect("open"), hands.take(&ring(2)).expect("open"));
        first.attempt_is_over();
        assert!(hands.outlive(THEN).is_empty(), "the second is at it");
        drop(first);
        assert_eq!(hands.full(), ["ring"]);
        drop(second);
        assert!(hands.full().is_empty());
    }

    #[test]
    fn after_a_stop_nothing_begins_and_what_has_begun_is_still_in_hand() {
        let hands = Hands::default();
        let begun = hands.take(&ring(1)).expect("work is taken");
        hands.close();
        assert!(hands.take(&ring(2)).is_none());
        assert_eq!(hands.full(), ["ring"]);
        drop(begun);
        assert!(hands.full().is_empty());
    }
}
