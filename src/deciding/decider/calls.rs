//! Events of calls, one batch after the other, beside the leads: a caller who comes now does not wait for what another's phone tells.

use crate::deciding::batch::Batch;
use crate::intake::event::CallEvent;
use crate::store::InboxRow;
use futures_util::future::BoxFuture;
use std::collections::BTreeSet;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// In one transaction at most: a caller who comes now may wait for its locks.
const BATCH: usize = 32;
/// So many wait while others are decided; more wait in their line.
const WAITING: usize = 8 * BATCH;

/// Batches of leads that are being decided.
#[derive(Default)]
pub(super) struct UnderWay(Vec<watch::Receiver<()>>);

impl UnderWay {
    /// One more, until what is returned is dropped.
    pub(super) fn begin(&mut self) -> watch::Sender<()> {
        self.0.retain(|one| one.has_changed().is_ok());
        let (begun, over) = watch::channel(());
        self.0.push(over);
        begun
    }

    /// Those of this moment have ended.
    fn ended(&self) -> impl Future<Output = ()> + Send + 'static {
        let all = self.0.clone();
        async move {
            for mut one in all {
                while one.changed().await.is_ok() {}
            }
        }
    }
}

/// Decides a batch and stores what comes of it, if it can be stored.
type Decide = dyn Fn(Batch) -> BoxFuture<'static, ()> + Send + Sync;

/// Their order is that in which they came, and none is decided before a lead that came before it.
pub(super) struct Calls {
    decide: Box<Decide>,
    waiting: Vec<(InboxRow, CallEvent)>,
    running: Option<JoinHandle<()>>,
    /// Keys of those that are being decided.
    deciding: Vec<String>,
}

impl Calls {
    pub(super) fn new(decide: impl Fn(Batch) -> BoxFuture<'static, ()> + Send + Sync + 'static) -> Self {
        Self { decide: Box::new(decide), waiting: Vec::new(), running: None, deciding: Vec::new() }
    }

    pub(super) fn has_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Keys of those that wait, and of those that are being decided: they were left behind by nobody. What a batch that has ended did
    /// not store is not among them.
    pub(super) fn in_hand(&self) -> BTreeSet<String> {
        let runs = self.running.as_ref().is_some_and(|running| !running.is_finished());
        let deciding = self.deciding.iter().filter(|_| runs);
        deciding.chain(self.waiting.iter().map(|(row, _)| &row.key)).cloned().collect()
    }

    /// Returns at once unless too many wait.
    pub(super) async fn add(&mut self, calls: Vec<(InboxRow, CallEvent)>, leads: &UnderWay) {
        self.waiting.extend(calls);
        while self.running.is_some() && self.waiting.len() > WAITING {
            self.ended().await;
            self.begin(leads);
        }
        if self.running.as_ref().is_none_or(JoinHandle::is_finished) {
            self.begin(leads);
        }
    }

    /// The batch that is being decided has ended; at once where there is none.
    pub(super) async fn ended(&mut self) {
        if let Some(running) = &mut self.running {
            // A panic in it was caught, and told, where it happened.
            let _over = running.await;
        }
        self.running = None;
        self.deciding.clear();
    }

    /// Decides the first of those that wait.
    pub(super) fn begin(&mut self, leads: &UnderWay) {
        if !self.has_waiting() {
            return;
        }
        let before = leads.ended();
        let calls: Vec<(InboxRow, CallEvent)> = self.waiting.drain(..self.waiting.len().min(BATCH)).collect();
        self.deciding = calls.iter().map(|(row, _)| row.key.clone()).collect();
        let decided = (self.decide)(Batch { calls, ..Batch::default() });
        self.running = Some(tokio::spawn(async move {
            before.await;
            decided.await;
        }));
    }

    /// Nothing waits any more, and nothing is being decided.
    pub(super) async fn drained(&mut self, leads: &UnderWay) {
        self.ended().await;
        while self.has_waiting() {
            self.begin(leads);
            self.ended().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::event::CallWord;
    use chrono::DateTime;

    fn told(key: &str) -> (InboxRow, CallEvent) {
        let row = InboxRow {
            key: key.to_owned(),
            kind: "call.event".to_owned(),
            body: Vec::new(),
            received_at: DateTime::UNIX_EPOCH,
            reply_to: None,
            correlation_id: None,
            trace_context: None,
        };
        let (platform, call, happened) = ("sandbox".to_owned(), "call-1".to_owned(), CallWord::Ended);
        (row, CallEvent { platform, call, leg: None, happened, slot: None, key: None, why: None })
    }

    /// The sweep leaves what is in hand, and finds the rest.
    #[tokio::test]
    async fn what_waits_or_is_being_decided_is_in_hand_and_what_has_ended_is_not() {
        let (open, gate) = watch::channel(false);
        let mut calls = Calls::new(move |_| {
            let mut gate = gate.clone();
            Box::pin(async move { drop(gate.wait_for(|open| *open).await) })
        });
        let (leads, in_hand) = (UnderWay::default(), |calls: &Calls| Vec::from_iter(calls.in_hand()));
        calls.add(vec![told("first")], &leads).await;
        calls.add(vec![told("second"), told("third")], &leads).await;
        assert_eq!(in_hand(&calls), ["first", "second", "third"]);
        open.send_replace(true);
        calls.ended().await;
        assert_eq!(in_hand(&calls), ["second", "third"], "whether the first was stored or not");
        calls.drained(&leads).await;
        assert!(in_hand(&calls).is_empty());
    }
}
