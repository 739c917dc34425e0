//! What this process knows of vendors that no figure tells whole: how often each failed and when last, and what came of the questions
//! at the start. Classes and our own words alone: nothing that a vendor wrote.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::time::Instant;

/// Calls of one vendor that failed in one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failures {
    pub count: u64,
    pub last: Instant,
}

/// What a section of `baton.toml` was found to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// What is amiss; `None`: nothing.
    pub amiss: Option<String>,
    pub at: Instant,
}

/// By vendor and class.
type Failed = BTreeMap<(&'static str, &'static str), Failures>;
/// By section.
type Sections = BTreeMap<&'static str, Checked>;

static FAILED: Mutex<Failed> = Mutex::new(BTreeMap::new());
static CHECKED: Mutex<Sections> = Mutex::new(BTreeMap::new());

fn held<T>(kept: &'static Mutex<T>) -> MutexGuard<'static, T> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn failed(vendor: &'static str, class: &'static str) {
    let now = Instant::now();
    let mut kept = held(&FAILED);
    let failures = kept.entry((vendor, class)).or_insert(Failures { count: 0, last: now });
    (failures.count, failures.last) = (failures.count + 1, now);
}

/// Since this process began.
pub fn vendor_failures() -> Failed {
    held(&FAILED).clone()
}

/// `amiss`: in words that a log may hold; `None`: it would do what is asked of it.
pub fn vendor_checked(section: &'static str, amiss: Option<String>) {
    held(&CHECKED).insert(section, Checked { amiss, at: Instant::now() });
}

pub fn vendor_checks() -> Sections {
    held(&CHECKED).clone()
}
