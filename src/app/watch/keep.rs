//! What has had its time is let go: every hour by a worker, at leisure, and by `baton prune` at once.
//!
//! One does so at a time, and the others find nothing left. A page is a transaction; between two of them a worker rests for several
//! times as long as the page took, so that nobody who waits for a decision notices. If the process dies here, the next one goes on.

use crate::config::{Keep, KeptFor};
use crate::outbox::Duty;
use crate::release::Current;
use crate::store::{Cut, Kept, OldPage, Passed, Store, StoreError, with};
use baton_clock::SharedClock;
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// In the clock's time.
const EVERY: Duration = Duration::from_secs(3600);
/// The same: a worker that begins has more urgent things to do.
const FIRST_AFTER: Duration = Duration::from_secs(60);
/// Pages of one kind before it is the next one's turn: none waits for the end of another.
const PAGES: usize = 20;
/// Longer than any page takes, with its tries.
const LEASE: TimeDelta = TimeDelta::minutes(3);

/// How much of the time is spent on it, in real time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Beside work that must not wait.
    Leisure,
    /// Somebody waits for the end.
    Full,
}

impl Pace {
    /// After a page that took so long.
    fn rest(self, took: Duration) -> Duration {
        match self {
            Self::Leisure => (took * 4).max(Duration::from_millis(20)),
            // A file has one writer, and whoever waits for it looks again after 100 ms at most: a worker beside gets its turn.
            Self::Full => took.clamp(Duration::from_millis(2), Duration::from_millis(110)),
        }
    }
}

/// Who lets go, and of what.
pub struct Keeper {
    pub store: Store,
    pub clock: SharedClock,
    pub keep: Keep,
    /// Whose right it is meanwhile.
    pub worker: String,
    pub pace: Pace,
}

/// What became of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pruned {
    /// So many rows, or leads, went.
    Done(u64),
    /// Another worker is at it, or this one stops.
    Left(u64),
}

/// A kind that is being let go.
struct Walk {
    cut: Cut,
    passed: Passed,
    gone: u64,
}

/// What became of some pages.
enum Turn {
    More,
    Done,
    /// Another worker is at it, or this one stops.
    Left,
}

impl Keeper {
    /// Of a worker, beside its work.
    pub fn of_worker(store: &Store, clock: &SharedClock, keep: Keep, worker: &str) -> Self {
        let (store, clock) = (store.clone(), Arc::clone(clock));
        Self { store, clock, keep, worker: worker.to_owned(), pace: Pace::Leisure }
    }

    /// Until told to stop. `duty`: whoever takes no work has a clock or a database that is not to be trusted, and lets nothing go.
    pub async fn hourly(self, release: Current, duty: Duty, mut stop: watch::Receiver<bool>) {
        let mut after = FIRST_AFTER;
        loop {
            tokio::select! {
                () = tokio::time::sleep(self.clock.real(after)) => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
            if duty.why_not().is_none()
                && let Err(error) = self.look(&release, &stop).await
            {
                tracing::warn!(%error, "what has had its time could not be let go: in an hour again");
            }
            after = EVERY;
        }
    }

    async fn look(&self, release: &Current, stop: &watch::Receiver<bool>) -> Result<(), StoreError> {
        let (now, id) = (self.clock.now(), release.borrow().rules.release.clone());
        let in_use = with(id, move |tx, id| Box::pin(tx.release_in_use(id, now)));
        self.store.write_once("release.in_use", in_use).await?;
        let tell = |kind: Kept, pruned: Pruned| match pruned {
            Pruned::Done(0) | Pruned::Left(0) => {}
            // Nobody has looked at these.
            Pruned::Done(gone) | Pruned::Left(gone) if kind == Kept::Quarantine => {
                tracing::warn!(gone, "messages that were put aside have had their time, and nobody has taken them up");
            }
            Pruned::Done(gone) | Pruned::Left(gone) => tracing::info!(kind = kind.as_str(), gone, "let go"),
        };
        self.prune(stop, tell).await
    }

    /// What of this kind has had its time. `None`: nothing ever has.
    fn cut(&self, kind: Kept) -> Option<Cut> {
        let now = self.clock.now();
        let before = span(&self.keep, kind).before(now)?;
        Some(Cut { kind, before, now })
    }

    /// Lets go of all that has had its time, each kind in its turn, and tells what became of each.
    ///
    /// # Errors
    /// The database failed: what is gone by then is gone, and the rest is found again.
    pub async fn prune(
        &self,
        stop: &watch::Receiver<bool>,
        mut tell: impl FnMut(Kept, Pruned),
    ) -> Result<(), StoreError> {
        let mut walks = Vec::new();
        for cut in Kept::ALL.into_iter().filter_map(|kind| self.cut(kind)) {
            walks.push(Walk { cut, passed: self.store.kept_begin(cut.kind).await?, gone: 0 });
        }
        while !walks.is_empty() {
            let mut under_way = Vec::new();
            for mut walk in walks {
                match self.go_on(&mut walk, stop).await? {
                    Turn::More => under_way.push(walk),
                    Turn::Done => tell(walk.cut.kind, Pruned::Done(walk.gone)),
                    Turn::Left => {
                        tell(walk.cut.kind, Pruned::Left(walk.gone));
                        return self.leave().await;
                    }
                }
            }
            walks = under_way;
        }
        self.leave().await
    }

    async fn leave(&self) -> Result<(), StoreError> {
        let leave = with(self.worker.clone(), |tx, worker| Box::pin(tx.keeper_leave(worker)));
        self.store.write_once("keep.leave", leave).await
    }

    /// Some pages of a kind.
    async fn go_on(&self, walk: &mut Walk, stop: &watch::Receiver<bool>) -> Result<Turn, StoreError> {
        for _ in 0..PAGES {
            if *stop.borrow() {
                return Ok(Turn::Left);
            }
            let began = Instant::now();
            let page = self.store.kept_page(&walk.cut, &walk.passed).await?;
            let Some(last) = page.last.clone() else { return Ok(Turn::Done) };
            walk.passed = last;
            // Of transcripts it is written down also where nothing goes: they are never looked through from the start.
            if !page.goes.is_empty() || walk.cut.kind == Kept::Transcripts {
                let Some(count) = self.let_go(walk.cut, page).await? else { return Ok(Turn::Left) };
                walk.gone += count;
            }
            tokio::time::sleep(self.pace.rest(began.elapsed())).await;
        }
        Ok(Turn::More)
    }

    /// `None`: another worker has the right to.
    async fn let_go(&self, cut: Cut, page: OldPage) -> Result<Option<u64>, StoreError> {
        let now = self.clock.now();
        let page = with((self.worker.clone(), cut, page), move |tx, (worker, cut, page)| {
            Box::pin(async move {
                if !tx.keeper_take(worker, now + LEASE, now).await? {
                    return Ok(None);
                }
                tx.kept_let_go(cut, page).await.map(Some)
            })
        });
        self.store.write("keep", page).await
    }

    /// Counts what would go, kind by kind, and changes nothing. What goes with a lead is counted by itself where it is older than
    /// its own span.
    ///
    /// # Errors
    /// The database could not be read.
    pub async fn count(&self, mut tell: impl FnMut(Kept, u64, DateTime<Utc>)) -> Result<(), StoreError> {
        for kind in Kept::ALL {
            let Some(cut) = self.cut(kind) else { continue };
            let (mut passed, mut count): (Passed, u64) = (self.store.kept_begin(kind).await?, 0);
            loop {
                let page = self.store.kept_page(&cut, &passed).await?;
                count += page.goes.len() as u64;
                let Some(last) = page.last else { break };
                passed = last;
            }
            tell(kind, count, cut.before);
        }
        Ok(())
    }
}

/// How long a kind is kept.
fn span(keep: &Keep, kind: Kept) -> KeptFor {
    match kind {
        Kept::Inbox => keep.inbox,
        Kept::Quarantine | Kept::Dropped => keep.quarantine,
        Kept::Deliveries => keep.deliveries,
        Kept::Mirror => keep.mirror,
        Kept::Transcripts | Kept::LaterTranscripts => keep.before_lead(keep.transcripts),
        Kept::Briefings => keep.of_lead(keep.briefings),
        Kept::Steps | Kept::LateResults => keep.of_lead(keep.steps),
        Kept::Timeline => keep.before_lead(keep.timeline),
        Kept::Decisions => keep.before_lead(keep.decisions),
        Kept::Leads => keep.leads,
        Kept::Events => keep.names(),
        Kept::Releases => keep.releases,
    }
}
