//! Group commit: what comes while a commit runs shares the next one.
//!
//! Alone, an item is committed at once; under load, as many as have gathered go together, since a commit of fifty costs
//! little more than a commit of one. Nobody hears of success before the commit that holds their item. What is urgent waits for
//! the commit that runs and for what is urgent, never for a line of what is not, of which some go with each commit all the same.

use baton_core::domain::id::HandoffId;
use std::collections::BTreeSet;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::oneshot;

/// Items of one commit at most.
const AT_MOST: usize = 50;
/// Of these, so many are urgent at most where others wait as well: they have their hands full until then.
const URGENT_AT_MOST: usize = 40;

pub(super) struct GroupCommit<I, O>(Mutex<GroupState<I, O>>);

/// Where an item stands in the line.
#[derive(Default)]
pub(super) struct Place {
    /// Before all that is not.
    pub urgent: bool,
    /// Two that change the same lead are two commits, in the order in which they came.
    pub changes: Option<HandoffId>,
}

struct InLine<I, O> {
    place: Place,
    item: I,
    told: oneshot::Sender<O>,
}

struct GroupState<I, O> {
    /// What is urgent stands first.
    waiting: Vec<InLine<I, O>>,
    /// Somebody is committing, and will look at the line again.
    busy: bool,
}

impl<I, O> Default for GroupCommit<I, O> {
    fn default() -> Self {
        Self(Mutex::new(GroupState { waiting: Vec::new(), busy: false }))
    }
}

impl<I, O> GroupState<I, O> {
    fn line_up(&mut self, one: InLine<I, O>) {
        let urgent = self.waiting.partition_point(|other| other.place.urgent);
        self.waiting.insert(if one.place.urgent { urgent } else { self.waiting.len() }, one);
    }

    /// The first of the line, as many as go into one commit.
    fn take_next(&mut self) -> Vec<InLine<I, O>> {
        let all_urgent = self.waiting.last().is_none_or(|one| one.place.urgent);
        let urgent_at_most = if all_urgent { AT_MOST } else { URGENT_AT_MOST };
        let (mut count, mut changed) = (0, BTreeSet::new());
        let (next, others) = std::mem::take(&mut self.waiting).into_iter().partition(|one| {
            let at_most = if one.place.urgent { urgent_at_most } else { AT_MOST };
            let goes = count < at_most && one.place.changes.clone().is_none_or(|lead| changed.insert(lead));
            count += usize::from(goes);
            goes
        });
        self.waiting = others;
        next
    }
}

impl<I: Send + 'static, O: Send + 'static> GroupCommit<I, O> {
    /// What `commit` made of the item; `None` if it panicked. `commit` answers in the order of what it is given.
    pub(super) async fn add<F, R>(self: &Arc<Self>, place: Place, item: I, commit: F) -> Option<O>
    where
        F: Fn(Vec<I>) -> R + Send + Sync + 'static,
        R: Future<Output = Vec<O>> + Send,
    {
        let (told, hears) = oneshot::channel();
        let first = {
            let mut line = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            line.line_up(InLine { place, item, told });
            !std::mem::replace(&mut line.busy, true)
        };
        if first {
            // In a task of its own: whoever came first must not wait for those who come later.
            let open = Open(Arc::clone(self));
            tokio::spawn(async move { open.work_off(&commit).await });
        }
        hears.await.ok()
    }
}

/// Held while the line is worked off. If a commit panics, those who wait are told, and the next to come begins anew.
struct Open<I, O>(Arc<GroupCommit<I, O>>);

impl<I, O> Open<I, O> {
    async fn work_off<R: Future<Output = Vec<O>>>(&self, commit: &impl Fn(Vec<I>) -> R) {
        loop {
            let next = {
                let mut line = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
                let next = line.take_next();
                line.busy = !next.is_empty();
                next
            };
            if next.is_empty() {
                return;
            }
            let (items, told): (Vec<I>, Vec<_>) = next.into_iter().map(|one| (one.item, one.told)).unzip();
            for (told, result) in told.into_iter().zip(commit(items).await) {
                // Whoever stopped waiting has no use for it.
                let _gone = told.send(result);
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
    use baton_core::domain::id::LeadId;
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
                (number, group.add(Place::default(), number, commit).await)
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
        assert_eq!(group.add(Place::default(), 1, failing).await, None);
        assert_eq!(group.add(Place::default(), 2, |items| async { items }).await, Some(2));
    }

    fn lined_up(places: Vec<Place>) -> GroupState<usize, ()> {
        let mut line = GroupState { waiting: Vec::new(), busy: true };
        for (item, place) in places.into_iter().enumerate() {
            line.line_up(InLine { place, item, told: oneshot::channel().0 });
        }
        line
    }

    fn next(line: &mut GroupState<usize, ()>) -> Vec<usize> {
        line.take_next().into_iter().map(|one| one.item).collect()
    }

    #[test]
    fn what_is_urgent_goes_with_the_next_commit_however_long_the_line_is() {
        let place = |item| Place { urgent: item >= 200, changes: None };
        let mut line = lined_up((0..203).map(place).collect());
        assert_eq!(next(&mut line), [&[200, 201, 202][..], &(0..47).collect::<Vec<_>>()].concat());
        assert_eq!(next(&mut line), (47..97).collect::<Vec<_>>(), "the others go in their order");
    }

    #[test]
    fn a_line_of_urgent_ones_leaves_room_for_others() {
        let place = |item| Place { urgent: item < 90, changes: None };
        let mut line = lined_up((0..95).map(place).collect());
        assert_eq!(next(&mut line), (0..40).chain(90..95).collect::<Vec<_>>());
        assert_eq!(next(&mut line), (40..90).collect::<Vec<_>>(), "nobody else waits");
    }

    #[test]
    fn two_that_change_one_lead_are_two_commits_in_order() {
        let lead = |byte| Some(HandoffId::of(&LeadId::from_digest([byte; 16])));
        let places = [lead(1), lead(1), None, lead(2), lead(1)].map(|changes| Place { urgent: false, changes });
        let mut line = lined_up(places.into());
        assert_eq!(next(&mut line), [0, 2, 3]);
        assert_eq!(next(&mut line), [1]);
        assert_eq!(next(&mut line), [4]);
    }
}
