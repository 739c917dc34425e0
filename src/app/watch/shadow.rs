//! In shadow: whom the system beside us gave each lead to, as the CRM names them some time after our decision.
//!
//! One worker asks at a time, a few leads a minute, each once: the CRM is the other system's first. If the process dies here, the
//! next worker goes on with what is not answered.

use crate::connectors::VendorError;
use crate::facts::Facts;
use crate::store::{OtherChoice, Store, StoreError, with};
use baton_clock::SharedClock;
use baton_core::domain::lead::Lead;
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// In the clock's time.
const EVERY: Duration = Duration::from_secs(60);
/// In real time, however fast the clock runs.
const SHORTEST: Duration = Duration::from_millis(250);
/// Leads of one look.
const AT_ONCE: usize = 20;
/// Longer than a look takes; whoever dies holds up the others no longer.
const LEASE: TimeDelta = TimeDelta::minutes(3);
/// What nobody has asked about for so long is not asked about any more.
const LOOKS_BACK: TimeDelta = TimeDelta::days(30);

/// Who looks, and how long after each decision.
pub(in crate::app) struct Look {
    pub store: Store,
    pub facts: Arc<Facts>,
    pub clock: SharedClock,
    pub worker: String,
    pub after: TimeDelta,
}

impl Look {
    /// Until told to stop.
    pub(in crate::app) async fn keep(self, mut stopping: watch::Receiver<bool>) {
        let mut since = self.clock.now() - LOOKS_BACK;
        loop {
            match self.look(since).await {
                Ok(answered_until) => since = since.max(answered_until),
                Err(error) => tracing::warn!(%error, "whom the CRM named is not kept: in a minute again"),
            }
            tokio::select! {
                () = tokio::time::sleep(self.clock.real(EVERY).max(SHORTEST)) => {}
                _ = stopping.wait_for(|stop| *stop) => return,
            }
        }
    }

    /// Asks about the oldest leads that are due, and returns until when all are answered.
    async fn look(&self, since: DateTime<Utc>) -> Result<DateTime<Utc>, StoreError> {
        let Some(source) = self.facts.crm_vendor() else { return Ok(since) };
        let now = self.clock.now();
        let takes = with(self.worker.clone(), move |tx, worker| Box::pin(tx.other_choices_take(worker, LEASE, now)));
        if !self.store.write_once("other_choice.take", takes).await? {
            return Ok(since);
        }
        let due_until = now - self.after;
        let due = self.store.other_choices_unasked(since, due_until, AT_ONCE).await?;
        let is_all = due.len() < AT_ONCE;
        let mut open_since = None;
        for (lead, decided_at) in due {
            match self.ask(&lead, source).await {
                Some(choice) => self.keep_choice(&lead, choice).await?,
                None => open_since = open_since.or(Some(decided_at)),
            }
        }
        // What is decided at the very end may still be on its way into the database.
        let all_until = if is_all { due_until - LEASE } else { since };
        Ok(open_since.unwrap_or(all_until))
    }

    /// `None`: the CRM may tell later.
    async fn ask(&self, lead: &Lead, source: &str) -> Option<OtherChoice> {
        let choice = |owner, why_unknown| {
            Some(OtherChoice { owner, source: source.to_owned(), why_unknown, seen_at: self.clock.now() })
        };
        let error = match self.facts.owner_in_crm(lead).await {
            Ok(owner) => return choice(owner, None),
            Err(error) => error,
        };
        tracing::warn!(lead.id = %lead.id, error = error.in_log(), "the CRM does not say whom the lead was given to");
        match error {
            VendorError::Retry { .. }
            | VendorError::RateLimited { .. }
            | VendorError::Reauthenticate { .. }
            | VendorError::Unknown { .. } => None,
            VendorError::NeedsPerson { .. } | VendorError::Amiss { .. } | VendorError::Gone { .. } => {
                choice(None, Some(error.class().to_owned()))
            }
        }
    }

    async fn keep_choice(&self, lead: &Lead, choice: OtherChoice) -> Result<(), StoreError> {
        let chosen =
            with((lead.id.clone(), choice), |tx, (lead, choice)| Box::pin(tx.other_choice_insert(lead, choice)));
        self.store.write("other_choice.insert", chosen).await
    }
}
