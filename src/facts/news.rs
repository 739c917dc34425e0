//! What people did in the CRM with leads, and what came of them, read back in the background: no decision waits for it.

use super::Facts;
use super::health::SILENT;
use crate::telemetry::figures;
use baton_core::domain::outcome::CrmNewsPage;
use chrono::{DateTime, Utc};
use std::time::Duration;

/// Real time that one page may take: of what was left for days there are several requests.
const WITHIN: Duration = Duration::from_secs(60);

impl Facts {
    /// Has the CRM read so often, in the clock's time.
    #[must_use]
    pub fn reading_back(mut self, every: Option<Duration>) -> Self {
        self.reads_back = every;
        self
    }

    /// `None`: it is not read.
    pub fn reads_back(&self) -> Option<Duration> {
        self.reads_back.filter(|_| self.crm.is_some() && !self.shadow)
    }

    /// What has changed there since. `None`: it does not tell just now, or is spared.
    pub async fn crm_news(&self, since: DateTime<Utc>, until: DateTime<Utc>) -> Option<CrmNewsPage> {
        let crm = self.crm.as_ref()?;
        if crm.is_short() || self.crm_health.may_be_asked(crm.vendor()).is_err() {
            return None;
        }
        let failed = match tokio::time::timeout(WITHIN, crm.news(since, until)).await {
            Ok(Ok(page)) => return Some(page),
            Ok(Err(error)) => error.counted().in_log(),
            Err(_) => {
                figures::vendor_failed(crm.vendor(), SILENT);
                "no answer in time".to_owned()
            }
        };
        tracing::warn!(vendor = crm.vendor(), why = failed, "what was done in the CRM is not known for now");
        None
    }
}
