//! The steps that this worker is at: a stop gives back all the others.

use std::collections::BTreeSet;
use std::sync::Mutex;
use tokio::sync::Notify;

#[derive(Default)]
pub(super) struct Hands {
    held: Mutex<StepsInHand>,
    put_down: Notify,
}

#[derive(Default)]
struct StepsInHand {
    keys: BTreeSet<String>,
    closed: bool,
}

/// A step is carried out as long as this lives.
pub(super) struct InHand<'h> {
    hands: &'h Hands,
    key: String,
}

impl Hands {
    /// `None` once nothing may begin any more.
    pub(super) fn take(&self, key: &str) -> Option<InHand<'_>> {
        let mut held = self.held.lock().expect("hands");
        if held.closed {
            return None;
        }
        held.keys.insert(key.to_owned());
        Some(InHand { hands: self, key: key.to_owned() })
    }

    /// Nothing begins after this.
    pub(super) fn close(&self) {
        self.held.lock().expect("hands").closed = true;
    }

    pub(super) fn full(&self) -> Vec<String> {
        self.held.lock().expect("hands").keys.iter().cloned().collect()
    }

    /// Waits until nothing is in hand.
    pub(super) async fn empty(&self) {
        loop {
            let put_down = self.put_down.notified();
            if self.held.lock().expect("hands").keys.is_empty() {
                return;
            }
            put_down.await;
        }
    }
}

impl Drop for InHand<'_> {
    fn drop(&mut self) {
        self.hands.held.lock().expect("hands").keys.remove(&self.key);
        self.hands.put_down.notify_waiters();
    }
}
