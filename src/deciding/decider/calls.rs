//! Events of calls, one batch after the other, beside the leads: a caller who comes now does not wait for what another's phone tells.

use crate::deciding::batch::{Batch, Commits};
use crate::intake::event::CallEvent;
use crate::store::InboxRow;
use std::collections::BTreeSet;
use std::sync::Arc;
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

/// Their order is that in which they came, and none is decided before a lead that came before it.
pub(super) struct Calls {
    commits: Arc<Commits>,
    waiting: Vec<(InboxRow, CallEvent)>,
    running: Option<JoinHandle<()>>,
    /// Keys of those that are being decided.
    deciding: Vec<String>,
}

impl Calls {
    pub(super) fn new(commits: Arc<Commits>) -> Self {
        Self { commits, waiting: Vec::new(), running: None, deciding: Vec::new() }
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
        let commits = Arc::clone(&self.commits);
        self.running = Some(tokio::spawn(async move {
            before.await;
            commits.commit_or_split(Batch { calls, ..Batch::default() }).await;
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
