//! What a worker decides, writes and hears with: the rules, the templates and the mappings of platforms of one release, changed
//! as one value.
//!
//! Whoever needs them takes the whole value once and keeps it for as long as one piece of work lasts: so a decision and the
//! texts about it never mix two releases. Releases of the past are read back from the database, where each was stored before
//! anything was decided with it.

pub mod past;
pub mod workspace;

use crate::render::Templates;
use crate::store::{Store, StoreError};
use baton_core::domain::id::ReleaseId;
use baton_core::rules::{self, RuleSet};
use baton_platforms::Mapping;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;

/// One release, ready for work.
#[derive(Clone)]
pub struct Release {
    pub rules: Arc<RuleSet>,
    pub templates: Arc<Templates>,
    pub platforms: Arc<Mappings>,
    /// Since when this worker decides with it.
    pub live_since: DateTime<Utc>,
    /// What it holds, in counts.
    pub summary: Vec<String>,
}

/// What the requests of each platform mean, by the platform's name.
pub type Mappings = BTreeMap<String, Mapping>;

/// The release that counts now.
pub type Current = watch::Receiver<Arc<Release>>;

/// A changed workspace that was not taken up, since it has faults: the release before it stays.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Refusal {
    /// What the faulty set would have been called.
    pub release: ReleaseId,
    pub at: DateTime<Utc>,
    /// As `baton check` prints them. They repeat what stands in the files: not for the log.
    pub faults: Vec<String>,
}

/// Compiled rule sets that are kept at hand: those of one page of decisions, as a rule.
const KEPT: usize = 4;

/// Rules of any release that ever was live on this database.
pub struct Library {
    store: Store,
    kept: Mutex<Vec<Arc<RuleSet>>>,
}

/// Why the rules of a release cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum Lost {
    #[error("release {0} is not kept in this database")]
    Unknown(ReleaseId),
    #[error("this version of Baton refuses release {release}: {first}")]
    Refused { release: ReleaseId, first: String },
    #[error("reading a release")]
    Store(#[from] StoreError),
}

impl Library {
    pub fn new(store: Store) -> Self {
        Self { store, kept: Mutex::default() }
    }

    /// The rules of a release, compiled by this version.
    ///
    /// # Errors
    /// It was never live here, it does not compile any more, or the database could not be read.
    pub async fn rules(&self, id: &ReleaseId) -> Result<Arc<RuleSet>, Lost> {
        if let Some(rules) =
            self.kept.lock().unwrap_or_else(PoisonError::into_inner).iter().find(|rules| rules.release == *id)
        {
            return Ok(Arc::clone(rules));
        }
        let files = self.store.release_files(id).await?.ok_or_else(|| Lost::Unknown(id.clone()))?;
        let compiled = tokio::task::spawn_blocking(move || rules::compile(&files)).await;
        let refused = |first: String| Lost::Refused { release: id.clone(), first };
        let checked = compiled
            .map_err(|error| refused(error.to_string()))?
            .map_err(|faults| refused(faults.first().map(ToString::to_string).unwrap_or_default()))?;
        let rules = Arc::new(checked.rules);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() == KEPT {
            kept.remove(0);
        }
        kept.push(Arc::clone(&rules));
        Ok(rules)
    }
}
