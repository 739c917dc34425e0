//! Whom the CRM names as owner of a lead: its own rules under `assignment: crm`, and later whoever gives it away by hand.
//!
//! Under `assignment: crm` this is the one place where gathering facts changes something at a vendor, since their choice is made by creating the lead. It is
//! class A: the lead carries our key, a second creation is refused, and its owner is read instead. So a batch that is
//! decided again, another worker, or a creation that arrives after the deadline cannot make a second lead or have it
//! assigned twice. The later write by the outbox completes the lead and leaves the owner alone; where the CRM was too late,
//! or chose nobody, Baton's rules decide, and the owner they name is written.
//!
//! A CRM whose rules run by and by is waited for before the lead is decided, for as long as the rules allow, and asked once more
//! when it is: so nothing has to be kept of what it said, and a worker that dies meanwhile loses nothing.

use super::Facts;
use super::health::SILENT;
use crate::connectors::{AccountKeys, Crm, CrmLead, CrmRef, VendorError};
use crate::telemetry::figures;
use crate::telemetry::traces::for_lead;
use baton_core::domain::account::PersonRecord;
use baton_core::domain::crm_id::CrmId;
use baton_core::domain::known::Fact;
use baton_core::domain::lead::Lead;
use baton_core::rules::RuleSet;
use baton_core::rules::model::set::Assignment;
use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout_at};

/// How soon a CRM is asked whom it has named, and the longest pause between two times; each is half as long again as the
/// one before.
const FIRST_LOOK: Duration = Duration::from_secs(1);
const PAUSE_AT_MOST: Duration = Duration::from_secs(5);

/// The CRM user, or queue, that a lead was given to; known and `None`: nobody.
pub(super) type Assigned = Fact<Option<CrmId>>;

/// What a person has done with a lead in the CRM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ByHand {
    /// It is as Baton wrote it, or the CRM does not say just now.
    Nobody,
    /// Of `reps.csv`.
    Rep(CrmId),
    /// To a user, or a queue, who is no rep here.
    Stranger,
}

impl Facts {
    /// One for each lead; `None` where Baton assigns.
    pub(super) async fn assignments(&self, leads: &[Lead], rules: &RuleSet) -> Vec<Option<Assigned>> {
        match rules.assignment {
            Assignment::Baton => vec![None; leads.len()],
            Assignment::Crm if self.shadow => {
                let why = "in shadow no lead is created in the CRM: the rules choose".to_owned();
                vec![Some(Fact::Unknown { why }); leads.len()]
            }
            Assignment::Crm => {
                let asked = leads.iter().map(|lead| for_lead(&lead.id, self.assignment(lead)));
                join_all(asked).await.into_iter().map(Some).collect()
            }
        }
    }

    /// Whether a lead may be on its way whose owner the CRM is still to name, with this worker or another.
    pub fn may_wait_for_owner(&self, rules: &RuleSet) -> bool {
        rules.assignment == Assignment::Crm && !self.shadow && self.crm.as_ref().is_some_and(|crm| crm.assigns_later())
    }

    /// Until when the CRM may still name the owner of a lead that has come; `None`: the lead is decided at once.
    pub fn waits_for_owner(&self, lead: &Lead, rules: &RuleSet) -> Option<DateTime<Utc>> {
        if !self.may_wait_for_owner(rules) || self.crm_health.is_silent() {
            return None;
        }
        Some(rules.waits_for_crm_until(lead)).filter(|until| self.clock.now() < *until)
    }

    /// Creates a lead in the CRM and waits until that has named an owner, or cannot, or the time has come.
    pub async fn owner_is_named(&self, lead: &Lead, until: DateTime<Utc>) {
        let Some(crm) = &self.crm else { return };
        let left = (until - self.clock.now()).to_std().unwrap_or_default();
        let by = Instant::now() + self.clock.real(left);
        let lead = CrmLead::of(lead);
        let mut pause = FIRST_LOOK;
        let mut answer = timeout_at(by, crm.assign(&lead)).await;
        while let Ok(named) = answer {
            let next = Instant::now() + self.clock.real(pause);
            if is_settled(named) || self.crm_health.is_silent() {
                return;
            }
            sleep_until(next.min(by)).await;
            if next >= by {
                // It is asked once more when the lead is decided.
                return;
            }
            pause = (pause * 3 / 2).min(PAUSE_AT_MOST);
            answer = timeout_at(by, crm.assigned(&lead)).await;
        }
    }

    /// Whom the CRM names as owner of the person whom a lead is about: of the newest of their records that has one. `None`: of none.
    ///
    /// # Errors
    /// There is no CRM, or it does not tell now.
    pub async fn owner_in_crm(&self, lead: &Lead) -> Result<Option<CrmId>, VendorError> {
        let Some(crm) = &self.crm else { return Err(VendorError::amiss("baton", "no CRM is configured")) };
        let email = lead.contact.email.as_ref().map(|known| known.value.to_lowercase());
        let keys = AccountKeys { phone: lead.reach_phone().cloned(), email, ..AccountKeys::default() };
        if keys.phone.is_none() && keys.email.is_none() {
            return Ok(None);
        }
        let found = crm.find(&keys).await.map_err(VendorError::counted)?;
        let named = found.people.into_iter().filter(|person| person.owner_crm_id.is_some());
        let by_mail = |person: &PersonRecord| keys.email.is_some() && person.email == keys.email;
        Ok(named.max_by_key(|person| (by_mail(person), person.active_at)).and_then(|person| person.owner_crm_id))
    }

    /// What the CRM calls itself; `None`: there is none.
    pub fn crm_vendor(&self) -> Option<&'static str> {
        self.crm.as_ref().map(|crm| crm.vendor())
    }

    /// Whom a person has given a lead to in the CRM since Baton wrote it there.
    pub async fn given_by_hand(&self, record: &CrmRef, rules: &RuleSet) -> ByHand {
        let (Some(crm), Some(written)) = (&self.crm, &record.owner_crm_id) else { return ByHand::Nobody };
        if self.crm_health.may_be_asked(crm.vendor()).is_err() {
            return ByHand::Nobody;
        }
        match tokio::time::timeout(self.within, crm.owner_of(&record.id)).await {
            Ok(Ok(Some(owner))) if owner != *written => {
                if rules.rep_in_crm(&owner).is_some() {
                    ByHand::Rep(owner)
                } else {
                    ByHand::Stranger
                }
            }
            Ok(Ok(_)) => ByHand::Nobody,
            Ok(Err(error)) => {
                let error = error.counted();
                tracing::warn!(
                    vendor = crm.vendor(),
                    error = error.in_log(),
                    "the owner of a waiting lead could not be read"
                );
                ByHand::Nobody
            }
            Err(_) => {
                figures::vendor_failed(crm.vendor(), SILENT);
                self.crm_health.failed();
                ByHand::Nobody
            }
        }
    }

    async fn assignment(&self, lead: &Lead) -> Assigned {
        let Some(crm) = &self.crm else { return Fact::Unknown { why: "no CRM is configured".to_owned() } };
        match self.assigned_by(crm, lead).await {
            Ok(value) => Fact::Known { value, observed_at: self.clock.now(), source: crm.vendor().to_owned() },
            Err(why) => Fact::Unknown { why },
        }
    }

    async fn assigned_by(&self, crm: &Arc<dyn Crm>, lead: &Lead) -> Result<Option<CrmId>, String> {
        self.crm_health.may_be_asked(crm.vendor())?;
        let answer = match tokio::time::timeout(self.within, crm.assign(&CrmLead::of(lead))).await {
            Ok(Ok(owner)) => return Ok(owner),
            // A refusal is about this lead: the CRM itself is well.
            Ok(Err(error)) => {
                let error = error.counted();
                (error.in_log(), error.to_string())
            }
            Err(_) => {
                figures::vendor_failed(crm.vendor(), SILENT);
                self.crm_health.failed();
                let late = format!("{} did not choose an owner within {} ms", crm.vendor(), self.within.as_millis());
                (late.clone(), late)
            }
        };
        let (in_log, why) = answer;
        tracing::warn!(vendor = crm.vendor(), lead.id = %lead.id, why = in_log, "assigning without the CRM");
        Err(why)
    }
}

/// Whether there is nothing more to wait for.
fn is_settled(named: Result<Option<CrmId>, VendorError>) -> bool {
    match named {
        Ok(owner) => owner.is_some(),
        // It may have been done, or be done in a moment.
        Err(VendorError::Retry { .. } | VendorError::RateLimited { .. } | VendorError::Unknown { .. }) => false,
        Err(
            VendorError::NeedsPerson { .. }
            | VendorError::Amiss { .. }
            | VendorError::Reauthenticate { .. }
            | VendorError::Gone { .. },
        ) => true,
    }
}
