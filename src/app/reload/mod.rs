//! Rules that change under a running worker.
//!
//! Guarantees: rules, templates and mappings are swapped as one value, so that a decision and its texts are of one release; a
//! release is stored before anything is decided with it; a faulty set is refused, told, and the one before it stays. If the
//! process dies here nothing is lost: the next one reads the folder at start.

mod follow;

pub use follow::Follower;

use super::platforms;
use super::vendors::Connected;
use super::workspace::{self, Faults, Workspace};
use crate::config;
use crate::release::{Current, Refusal, Release};
use crate::store::{AuditEntry, LiveRelease, Owed, Store, StoreError, with};
use crate::web::PlatformSections;
use anyhow::{Context, Result};
use baton_clock::SharedClock;
use baton_core::domain::id::{PoolId, ReleaseId, RepId};
use baton_core::rules::report;
use baton_core::rules::{Fault, RuleSet, SourceFile};
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::watch;

/// As the audit calls it that other rules count.
const LIVE: &str = "rules.live";

/// The release of a running worker, and the way to change it.
pub struct Reload {
    store: Store,
    clock: SharedClock,
    worker: String,
    connected: Connected,
    platforms: Arc<PlatformSections>,
    release: watch::Sender<Arc<Release>>,
    refused: watch::Sender<Option<Arc<Refusal>>>,
}

/// What came of one look at the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Looked {
    /// What lies there has been judged before.
    Unchanged,
    /// It is not the same as at the last look: look again.
    Unsettled,
    /// It counts from now on.
    Taken(ReleaseId),
    Refused(Arc<Refusal>),
}

impl Reload {
    /// Begins with a workspace that was read at start.
    ///
    /// # Errors
    /// The release could not be stored.
    pub async fn begin(
        store: Store,
        clock: SharedClock,
        worker: String,
        connected: Connected,
        platforms: Arc<PlatformSections>,
        workspace: Workspace,
    ) -> Result<Self, StoreError> {
        let release = live(&store, &clock, &worker, workspace).await?;
        let (release, _) = watch::channel(Arc::new(release));
        let (refused, _) = watch::channel(None);
        Ok(Self { store, clock, worker, connected, platforms, release, refused })
    }

    pub fn current(&self) -> Current {
        self.release.subscribe()
    }

    pub fn refused(&self) -> watch::Receiver<Option<Arc<Refusal>>> {
        self.refused.subscribe()
    }

    /// Judges a set of files and swaps it in, if it is without fault.
    ///
    /// # Errors
    /// The release could not be stored: the one before it stays.
    pub async fn take(&self, id: ReleaseId, files: Vec<SourceFile>) -> Result<Looked> {
        let judged = tokio::task::spawn_blocking(move || workspace::compile(files)).await;
        match judged.context("checking the rules")? {
            Ok(workspace) => {
                let rules = &workspace.checked.rules;
                if let Err(why) = self.connected.agrees(rules) {
                    tracing::error!(refused = id.short(), %why, "changed rules do not go with the connections");
                    return Ok(self.refuse(id, vec![why.to_string()]));
                }
                if let Err(why) = platforms::agree(&self.platforms, &workspace.platforms) {
                    tracing::error!(refused = id.short(), %why, "changed mappings do not go with baton.toml");
                    return Ok(self.refuse(id, vec![why.to_string()]));
                }
                let release = live(&self.store, &self.clock, &self.worker, workspace).await?;
                let before = self.release.send_replace(Arc::new(release));
                self.refused.send_replace(None);
                tracing::info!(rules.release = id.short(), before = before.rules.release.short(), "new rules are live");
                Ok(Looked::Taken(id))
            }
            Err(faults) => {
                log(&faults);
                Ok(self.refuse(id, told(&faults)))
            }
        }
    }

    fn refuse(&self, id: ReleaseId, faults: Vec<String>) -> Looked {
        let stays = self.release.borrow().rules.release.clone();
        tracing::error!(
            rules.release = stays.short(),
            refused = id.short(),
            faults = faults.len(),
            "changed rules are refused, the ones before them stay: run baton check"
        );
        let refusal = Arc::new(Refusal { release: id, at: self.clock.now(), faults });
        self.refused.send_replace(Some(Arc::clone(&refusal)));
        Looked::Refused(refusal)
    }

    /// The live release lies in the folder again: a refused change was taken back.
    fn back(&self) {
        self.refused.send_if_modified(|refused| refused.take().is_some());
    }
}

/// Stores a release and makes it ready for work.
async fn live(store: &Store, clock: &SharedClock, worker: &str, workspace: Workspace) -> Result<Release, StoreError> {
    let live_since = clock.now();
    let mut summary = report::summary(&workspace.checked);
    let Workspace { checked, templates, platforms, files } = workspace;
    let stored = LiveRelease {
        id: checked.rules.release.clone(),
        files,
        summary: summary.first().cloned().unwrap_or_default(),
        worker: worker.to_owned(),
        at: live_since,
    };
    let entry = AuditEntry::of(&format!("worker {}", config::host_name()), LIVE, &stored.id, None);
    let taken_up = with((stored, entry), move |tx, (stored, entry)| {
        Box::pin(async move {
            tx.release_live(stored).await?;
            // Whichever worker is first tells it: the others waited for that one's row.
            if tx.audit_last(LIVE).await?.as_deref() != Some(stored.id.as_str()) {
                tx.audit(entry, live_since).await?;
            }
            Ok(())
        })
    });
    store.write("release.live", taken_up).await?;
    // Rows that are there are locked in order; whoever had to make one first would not, and might wait crosswise.
    let pools: Vec<PoolId> = checked.rules.pools.keys().cloned().collect();
    let reps: BTreeSet<RepId> = checked.rules.reps.keys().cloned().collect();
    let rows = with((pools, reps), |tx, (pools, reps)| {
        Box::pin(async move {
            tx.ledgers_lock(pools).await?;
            tx.reps_lock(reps).await.map(|_| ())
        })
    });
    store.write("release.rows", rows).await?;
    summary.extend(owed_by_who_left(store, &checked.rules, live_since).await?);
    let (rules, templates, platforms) = (Arc::new(checked.rules), Arc::new(templates), Arc::new(platforms));
    Ok(Release { rules, templates, platforms, live_since, summary })
}

/// Promises of reps who are not active: workers move them on by the rules. A line for each rep, told and logged.
async fn owed_by_who_left(store: &Store, rules: &RuleSet, now: DateTime<Utc>) -> Result<Vec<String>, StoreError> {
    let owing = store.owing(now).await?;
    let gone = owing.into_iter().filter(|(rep, _)| rules.reps.get(rep).is_none_or(|rep| !rep.active));
    let tell = |(rep, Owed { calls, meetings }): (RepId, Owed)| {
        tracing::warn!(rep.id = %rep, calls, meetings, "a rep who is not active owes calls: their leads go on by the rules");
        let count = |count: u32, what: &str| match count {
            0 => None,
            1 => Some(format!("1 {what}")),
            _ => Some(format!("{count} {what}s")),
        };
        let owed: Vec<String> = [count(calls, "call"), count(meetings, "meeting")].into_iter().flatten().collect();
        format!("{rep} is not active and owes {}: these leads go on by the rules", owed.join(" and "))
    };
    Ok(gone.map(tell).collect())
}

/// As `baton check` prints them.
fn told(faults: &Faults) -> Vec<String> {
    let rules = faults.rules.iter().map(ToString::to_string);
    rules.chain(faults.templates.iter().map(ToString::to_string)).collect()
}

/// The same report in the log, without what was found: a roster holds names, addresses and numbers of people.
fn log(faults: &Faults) {
    for Fault { code, path, line, column, allowed, .. } in &faults.rules {
        tracing::error!(place = %format!("{path}:{line}:{column}"), code, allowed, "a fault in the changed rules");
    }
    for fault in &faults.templates {
        tracing::error!(place = %fault.place(), allowed = %fault.allowed, "a fault in a changed template");
    }
}
