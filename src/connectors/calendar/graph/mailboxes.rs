//! Microsoft lets an app have four requests under way in a mailbox, and refuses more.

use super::wire::VENDOR;
use crate::connectors::VendorError;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Ours at once in one mailbox: half of what is allowed, as a batch asks beside them, and so may another worker.
const AT_ONCE: usize = 2;

/// Grows to the number of reps.
pub(super) struct Mailboxes {
    turns: Mutex<BTreeMap<String, Arc<Semaphore>>>,
    patience: Duration,
}

impl Mailboxes {
    pub(super) fn new(patience: Duration) -> Self {
        Self { turns: Mutex::default(), patience }
    }

    /// # Errors
    /// `Retry` where others are in the mailbox for longer than a call may take.
    pub(super) async fn turn(&self, mailbox: &str) -> Result<OwnedSemaphorePermit, VendorError> {
        let turns = {
            let mut all = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(all.entry(mailbox.to_ascii_lowercase()).or_insert_with(|| Arc::new(Semaphore::new(AT_ONCE))))
        };
        match tokio::time::timeout(self.patience, turns.acquire_owned()).await {
            Ok(permit) => Ok(permit.expect("the semaphore is never closed")),
            Err(_) => Err(VendorError::retry(VENDOR, "other calls kept the mailbox busy")),
        }
    }
}
