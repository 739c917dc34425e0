//! The mirror of accounts is kept fresh: the CRM is asked what has changed, and what is in the mirror of it is read anew.
//!
//! Guarantees: one worker at a time asks, and only of accounts that a look-up has brought; nobody's decision waits for it. What a
//! look-up says later than it has the last word. If the process dies here, or the CRM fails, the next round asks for the same
//! changes again: how far it has come is written last.

use super::Facts;
use super::accounts::{FRESH, read_along};
use crate::connectors::{ACCOUNTS_AT_ONCE, AccountKeys, Crm, VendorError};
use crate::release::Current;
use crate::store::{MirrorPoll, StoreError, mirror_row, with};
use baton_core::domain::account::{CompanyRecord, Records};
use baton_core::domain::crm_id::CrmId;
use baton_core::rules::RuleSet;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// An account of which no change was told is read again after this long: no CRM tells of all of them, such as of one that our user
/// may no longer see.
const READ_AGAIN: TimeDelta = TimeDelta::hours(6);
/// An answer that is kept now may have been given so long ago.
const KEPT_LATE: TimeDelta = TimeDelta::seconds(60);
/// Pages of kept answers that are looked through in one round.
const PAGES: usize = 20;
/// Accounts that are sought among those in the mirror at once.
const SOUGHT: usize = 1000;

/// Who asks, and how often.
pub(super) struct Polls {
    pub worker: String,
    pub every: Duration,
}

/// Why a round has ended early, as the log may say it.
struct Early(String);

impl From<StoreError> for Early {
    fn from(error: StoreError) -> Self {
        Self(error.to_string())
    }
}

impl From<VendorError> for Early {
    fn from(error: VendorError) -> Self {
        Self(error.counted().in_log())
    }
}

impl Facts {
    /// Asks the CRM again and again, for as long as it is polled; ends at once where there is none, or nobody wants it.
    pub async fn keep_mirror(&self, release: Current) {
        let (Some(crm), Some(polls)) = (&self.crm, &self.polls) else { return };
        loop {
            let rules = Arc::clone(&release.borrow().rules);
            if !crm.is_short()
                && self.crm_health.may_be_asked(crm.vendor()).is_ok()
                && let Err(Early(why)) = self.refresh(crm.as_ref(), polls, &rules).await
            {
                tracing::warn!(vendor = crm.vendor(), why, "the mirror of accounts stays as old as it is");
            }
            tokio::time::sleep(self.clock.real(polls.every).max(Duration::from_millis(200))).await;
        }
    }

    async fn refresh(&self, crm: &dyn Crm, polls: &Polls, rules: &RuleSet) -> Result<(), Early> {
        let (vendor, now) = (crm.vendor(), self.clock.now());
        if !self.is_ours(polls, now).await? {
            return Ok(());
        }
        let before = self.store.mirror_poll(vendor).await?;
        let noted_until = self.note(vendor, before.noted_until - KEPT_LATE).await?;
        let oldest = self.store.mirror_oldest(vendor, ACCOUNTS_AT_ONCE).await?;
        if oldest.is_empty() {
            // Whatever comes into it later is as new as that.
            return self.polled(vendor, MirrorPoll { told_until: Some(now - KEPT_LATE), noted_until }).await;
        }
        let keys = read_along(rules);
        let changes = crm.changes(before.told_until.unwrap_or(now - FRESH), now, keys.counts).await?;
        let old = oldest.into_iter().filter(|(_, seen_at)| now - *seen_at > READ_AGAIN).map(|(id, _)| id);
        let changed: BTreeSet<CrmId> = self.held(&changes.accounts).await?.into_iter().chain(old).collect();
        let changed: Vec<CrmId> = changed.difference(&changes.gone).cloned().collect();
        for some in changed.chunks(ACCOUNTS_AT_ONCE) {
            if crm.is_short() {
                return Err(Early("the requests of the day are for what cannot wait".to_owned()));
            }
            self.read_anew(crm, some, &keys, rules).await?;
        }
        for id in self.held(&changes.gone).await? {
            self.put(vendor, id, None, now).await?;
        }
        self.polled(vendor, MirrorPoll { told_until: Some(changes.until), noted_until }).await
    }

    /// Whoever asks goes on for as long as it is there.
    async fn is_ours(&self, polls: &Polls, now: DateTime<Utc>) -> Result<bool, Early> {
        let until = now + TimeDelta::from_std(2 * polls.every).unwrap_or_default() + TimeDelta::seconds(60);
        let take = with((polls.worker.clone(), until, now), |tx, (worker, until, now)| {
            Box::pin(tx.mirror_poll_take(worker, *until, *now))
        });
        Ok(self.store.write("mirror.take", take).await?)
    }

    /// Which accounts are in answers that were kept since then; up to where that is known.
    async fn note(&self, vendor: &'static str, since: DateTime<Utc>) -> Result<DateTime<Utc>, Early> {
        let mut until = since;
        for _ in 0..PAGES {
            let note = with((vendor, until), |tx, (vendor, until)| Box::pin(tx.mirror_note(vendor, *until)));
            let (noted_until, there_is_more) = self.store.write("mirror.note", note).await?;
            until = noted_until;
            if !there_is_more {
                break;
            }
        }
        Ok(until.max(since + KEPT_LATE))
    }

    /// Those of these accounts that are in the mirror.
    async fn held(&self, ids: &BTreeSet<CrmId>) -> Result<Vec<CrmId>, StoreError> {
        let ids: Vec<&CrmId> = ids.iter().collect();
        let mut held = Vec::new();
        for some in ids.chunks(SOUGHT) {
            let rows: Vec<String> = some.iter().map(|id| mirror_row(id)).collect();
            let known = self.store.mirror_holding(&rows).await?;
            held.extend(some.iter().filter(|id| known.contains_key(&mirror_row(id))).map(|id| CrmId::clone(id)));
        }
        Ok(held)
    }

    async fn read_anew(&self, crm: &dyn Crm, ids: &[CrmId], keys: &AccountKeys, rules: &RuleSet) -> Result<(), Early> {
        let asked_at = self.clock.now();
        let companies = crm.accounts(ids, keys).await?;
        let mut told = Records { companies, ..Records::default() };
        rules.name_fields(&mut told);
        if !told.companies.is_empty() {
            self.crm_has_told();
        }
        for id in ids {
            let company = told.companies.iter().find(|company| company.crm_id == *id).cloned();
            self.put(crm.vendor(), id.clone(), company, asked_at).await?;
        }
        Ok(())
    }

    async fn put(
        &self,
        vendor: &'static str,
        id: CrmId,
        told: Option<CompanyRecord>,
        seen_at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let put =
            with((id, told), move |tx, (id, told)| Box::pin(tx.mirror_refresh(vendor, (id, told.as_ref()), seen_at)));
        self.store.write("mirror.refresh", put).await
    }

    async fn polled(&self, vendor: &'static str, poll: MirrorPoll) -> Result<(), Early> {
        let polled = with(poll, move |tx, poll| Box::pin(tx.mirror_polled(vendor, poll)));
        Ok(self.store.write("mirror.polled", polled).await?)
    }
}
