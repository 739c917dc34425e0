//! Group commit: what comes while a commit runs shares the next one.
//!
//! Alone, an item is committed at once; under load, as many as have gathered go together, since a commit of fifty costs
//! little more than a commit of one. Nobody hears of success before the commit that holds their item.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::oneshot;

/// Items of one commit at most.
const AT_MOST: usize = 50;

pub(super) struct GroupCommit<I, O>(Mutex<GroupState<I, O>>);

struct GroupState<I, O> {
    waiting: Vec<(I, oneshot::Sender<O>)>,
    /// Somebody is committing, and will look at the line again.
    busy: bool,
}

impl<I, O> Default for GroupCommit<I, O> {
    fn default() -> Self {
        Self(Mutex::new(GroupState { waiting: Vec::new(), busy: false }))
    }
}

impl<I: Send + 'static, O: Send + 'static> GroupCommit<I, O> {
    /// What `commit` made of the item; `None` if it panicked. `commit` answers in the order of what it is given.
    pub(super) async fn add<F, R>(self: &Arc<Self>, item: I, commit: F) -> Option<O>
    where
        F: Fn(Vec<I>) -> R + Send + Sync + 'static,
        R: Future<Output = Vec<O>> + Send,
    {
        let (sender, receiver) = oneshot::channel();
        let first = {
            let mut line = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            line.waiting.push((item, sender));
            !std::mem::replace(&mut line.busy, true)
        };
        if first {
            // In a task of its own: whoever came first must not wait for those who come later.
            let open = Open(Arc::clone(self));
            tokio::spawn(async move { open.work_off(&commit).await });
        }
        receiver.await.ok()
    }
}

/// Held while the line is worked off. If a commit panics, those who wait are told, and the next to come begins anew.
struct Open<I, O>(Arc<GroupCommit<I, O>>);

impl<I, O> Open<I, O> {
    async fn work_off<R: Future<Output = Vec<O>>>(&self, commit: &impl Fn(Vec<I>) -> R) {
        loop {
            let (items, senders): (Vec<I>, Vec<_>) = {
                let mut line = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
                let count = line.waiting.len().min(AT_MOST);
                line.busy = count > 0;
                line.waiting.drain(..count).unzip()
            };
            if items.is_empty() {
                return;
            }
            for (sender, result) in senders.into_iter().zip(commit(items).await) {
                // Whoever stopped waiting has no use for it.
                let _gone = sender.send(result);
            }
        }
    }
}

impl<I, O> Drop for Open<I, O> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let mut line = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
            line.busy = false;
            line.waiting.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::Semaphore;
    use tokio::task::JoinSet;

    /// Somebody's commit is under way, and nobody waits yet.
    fn group_commits(group: &GroupCommit<usize, (usize, usize)>) -> bool {
        let line = group.0.lock().unwrap_or_else(PoisonError::into_inner);
        line.busy && line.waiting.is_empty()
    }

    #[tokio::test]
    async fn what_comes_during_a_commit_shares_the_next_one_in_order() {
        let group: Arc<GroupCommit<usize, (usize, usize)>> = Arc::default();
        let watched = Arc::clone(&group);
        let gate = Arc::new(Semaphore::new(0));
        let mut asking = JoinSet::new();
        for number in 0..120 {
            let (group, gate) = (Arc::clone(&group), Arc::clone(&gate));
            asking.spawn(async move {
                let commit = move |items: Vec<usize>| {
                    let gate = Arc::clone(&gate);
                    async move {
                        gate.acquire().await.expect("open").forget();
                        let size = items.len();
                        items.into_iter().map(|item| (item, size)).collect()
                    }
                };
                (number, group.add(number, commit).await)
            });
            // The first is being committed before the others come: from then on nobody leaves the line until the gate opens.
            while number == 0 && !group_commits(&watched) {
                tokio::task::yield_now().await;
            }
        }
        while watched.0.lock().unwrap_or_else(PoisonError::into_inner).waiting.len() < 119 {
            tokio::task::yield_now().await;
        }
        gate.add_permits(4);
        let mut sizes = Vec::new();
        for (number, result) in asking.join_all().await {
            let (item, size) = result.expect("committed");
            assert_eq!(item, number, "everybody gets the answer to their own item");
            sizes.push(size);
        }
        sizes.sort_unstable();
        assert_eq!((sizes[0], sizes[1], sizes[19], sizes[20], sizes[119]), (1, 19, 19, 50, 50));
    }

    #[tokio::test]
    async fn a_commit_that_panics_does_not_close_the_line() {
        let group: Arc<GroupCommit<u32, u32>> = Arc::default();
        let failing = |_: Vec<u32>| async { panic!("on purpose") };
        assert_eq!(group.add(1, failing).await, None);
        assert_eq!(group.add(2, |items| async { items }).await, Some(2));
    }
}
