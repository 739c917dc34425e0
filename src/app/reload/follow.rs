//! The folder of a workspace, looked at again and again.
//!
//! Files are taken only after they have been read twice to the same bytes, so that an editor that is still saving is not
//! believed. The folder is looked at once a second instead of asking the system for events: NFS, SMB and the mounts of
//! containers deliver none, editors that save by renaming end a watch on the file, and a configuration mount exchanges whole
//! folders by a link. Looking reads names, sizes and times only; contents are read when one of those has changed, and twice a
//! minute for the file systems that keep no fine times.

use super::{Looked, Reload};
use crate::app::workspace;
use anyhow::{Context, Result};
use baton_core::domain::id::ReleaseId;
use baton_core::rules;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::watch;

/// How often the folder is looked at, in real time.
const LOOK: Duration = Duration::from_secs(1);
/// Between two readings that must agree. Editors write a file in some milliseconds, a copy of a folder in some tens.
const SETTLE: Duration = Duration::from_millis(300);
/// So many looks later the contents are read although nothing seems to have changed.
const LOOKS_PER_READING: u32 = 30;
/// After so many readings that did not agree it is said that the folder does not come to rest.
const RESTLESS: u32 = 20;

impl Reload {
    /// Follows a folder that other looks have not judged yet, except for what is live.
    pub fn follow(self: Arc<Self>, folder: PathBuf) -> Follower {
        let judged = Some(self.release.borrow().rules.release.clone());
        Follower { reload: self, folder, judged, seen: None }
    }
}

/// Looks at a folder again and again.
pub struct Follower {
    reload: Arc<Reload>,
    folder: PathBuf,
    /// The set that was taken, or refused, last.
    judged: Option<ReleaseId>,
    /// The set that was read last and is not judged yet.
    seen: Option<ReleaseId>,
}

impl Follower {
    /// Reads the folder. What it holds is judged when two looks in a row have read the same.
    ///
    /// # Errors
    /// The folder cannot be read, as while a file is exchanged for another; or the release could not be stored.
    pub async fn look(&mut self) -> Result<Looked> {
        let folder = self.folder.clone();
        let read = tokio::task::spawn_blocking(move || workspace::read(&folder)).await;
        let files = read.context("reading the workspace")?.inspect_err(|_| self.seen = None)?;
        let id = rules::release(&files);
        if self.judged.as_ref() == Some(&id) {
            self.seen = None;
            return Ok(Looked::Unchanged);
        }
        if self.seen.as_ref() != Some(&id) {
            self.seen = Some(id);
            return Ok(Looked::Unsettled);
        }
        if self.reload.release.borrow().rules.release == id {
            self.reload.back();
            self.judged = Some(id);
            return Ok(Looked::Unchanged);
        }
        let looked = self.reload.take(id.clone(), files).await?;
        (self.judged, self.seen) = (Some(id), None);
        Ok(looked)
    }

    /// Looks until what lies there has been judged, or until it is clear that it does not come to rest.
    async fn settle(&mut self) {
        for _ in 0..RESTLESS {
            match self.look().await {
                Ok(Looked::Unsettled) => {}
                Ok(_) => return,
                Err(error) => tracing::debug!(error = %format!("{error:#}"), "the workspace cannot be taken up now"),
            }
            tokio::time::sleep(SETTLE).await;
        }
        let why = self.look().await.err().map_or_else(|| "it keeps changing".to_owned(), |error| format!("{error:#}"));
        tracing::warn!(%why, "the workspace does not come to rest: the rules before it stay");
    }

    async fn marks(&self) -> Vec<Mark> {
        let folder = self.folder.clone();
        tokio::task::spawn_blocking(move || marks(&folder)).await.unwrap_or_default()
    }

    /// Follows the folder until told to stop. A number that grows on `asked` (SIGHUP) has everything judged anew.
    pub async fn run(mut self, mut asked: watch::Receiver<u32>, mut stop: watch::Receiver<bool>) {
        let mut before = self.marks().await;
        // What was saved since the worker read it.
        self.settle().await;
        let mut looks = 0;
        while !*stop.borrow() {
            let by_hand = tokio::select! {
                () = tokio::time::sleep(LOOK) => false,
                Ok(()) = asked.changed() => true,
                _ = stop.changed() => return,
            };
            looks += 1;
            let now = self.marks().await;
            if by_hand {
                self.judged = None;
            } else if now == before && looks % LOOKS_PER_READING != 0 {
                continue;
            }
            self.settle().await;
            if by_hand {
                let (release, refused) = (self.reload.release.borrow().clone(), self.reload.refused.borrow().is_some());
                tracing::info!(rules.release = release.rules.release.short(), refused, "the workspace was read again");
            }
            // Taken before the reading: what changed since is seen at the next look.
            before = now;
        }
    }
}

type Mark = (PathBuf, u64, Option<SystemTime>);

/// Names, sizes and times of everything in the folders; whatever cannot be read has none.
fn marks(folder: &Path) -> Vec<Mark> {
    let mut pending = ["rules", workspace::TEMPLATES, workspace::PLATFORMS].map(|part| folder.join(part)).to_vec();
    let mut marks = Vec::new();
    while let Some(path) = pending.pop() {
        let Ok(entries) = std::fs::read_dir(&path) else { continue };
        for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            // Follows links, as reading does.
            let Ok(meta) = std::fs::metadata(&path) else { continue };
            if meta.is_dir() {
                pending.push(path);
            } else {
                marks.push((path, meta.len(), meta.modified().ok()));
            }
        }
    }
    marks.sort();
    marks
}
