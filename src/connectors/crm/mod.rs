//! What Baton asks of a CRM: to find a lead's account, to write the lead, to say who owns it.

pub mod hubspot;
pub mod salesforce;

use super::VendorError;
use super::http::Fleet;
use async_trait::async_trait;
use baton_core::domain::account::Records;
use baton_core::domain::crm_id::CrmId;
use baton_core::domain::effect::Class;
use baton_core::domain::id::RepId;
use baton_core::domain::phone::PhoneE164;
use baton_core::domain::rep::{Busy, Rep};
use baton_core::domain::text::RepText;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is known of a lead that may help to find its account, as far as the rules ask for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountKeys {
    pub phone: Option<PhoneE164>,
    pub email: Option<String>,
    /// Never a shared mail domain.
    pub domain: Option<String>,
    pub company: Option<String>,
    /// CRM fields that rules declare, to be read along.
    pub fields: Vec<String>,
}

/// One lead as the CRM should show it. Lengths are cut by the connector to the vendor's limits.
#[derive(Debug, Clone, PartialEq)]
pub struct CrmLead {
    /// Lower-case hexadecimal, one per lead: the external id.
    pub key: String,
    pub first_name: Option<String>,
    /// Never empty: the phone number or "Unknown caller" when no name is known.
    pub last_name: String,
    /// Never empty, for the same reason.
    pub company: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub title: Option<String>,
    /// ISO codes.
    pub country: Option<String>,
    pub state: Option<String>,
    pub postal: Option<String>,
    pub city: Option<String>,
    /// The CRM's id of the owner, as `reps.csv` has it.
    pub owner_crm_id: Option<CrmId>,
    /// By which a CRM with several ids per person finds the one it wants.
    pub owner_email: Option<String>,
    /// The CRM has chosen the lead's owner, who stays; `owner_crm_id` is that of the task.
    pub keeps_owner: bool,
    /// The CRM chooses owners, and had named none when the lead was decided: one whom it has named since stays.
    pub yields_owner: bool,
    /// The briefing as plain text; HTML vendors escape it.
    pub description: RepText,
    pub task: Option<CrmTask>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct CrmTask {
    /// Lower-case hexadecimal, one per effect.
    pub key: String,
    pub subject: String,
    pub body: RepText,
    pub due_at: DateTime<Utc>,
    pub kind: TaskKind,
    /// The call has taken place: the task is closed.
    pub done: bool,
}

/// What a task asks its owner to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskKind {
    Call,
    /// To somebody who is not to be called, or has left no number.
    Mail,
    /// To look into it, of somebody who cannot be called, or has refused it.
    Other,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrmRef {
    pub id: String,
    /// Deep link for people.
    pub url: Option<String>,
    /// Owner as read back after the write.
    pub owner_crm_id: Option<CrmId>,
}

/// Who made somebody the owner, as far as the CRM tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnerBy {
    Person,
    /// A rule of the CRM's own.
    Workflow,
    /// Whatever writes to the CRM, such as Baton.
    Program,
    Unknown,
}

#[async_trait]
pub trait Crm: Send + Sync {
    fn vendor(&self) -> &'static str;
    /// From now on it goes by what the workers of this fleet know together of its limits and credentials.
    fn joins(&self, _fleet: &Arc<Fleet>) {}
    /// Every record that shares a key with the lead, and companies of a similar name; which of them it is, the rules decide.
    /// Empty: asked, and there is none.
    async fn find(&self, keys: &AccountKeys) -> Result<Records, VendorError>;
    /// The reps, whenever they change: owners are told by what `reps.csv` calls them, see [`Rep::name_in_crm`]. For a CRM with
    /// one id per person it is that, and nothing has to be known.
    fn meet(&self, _reps: &BTreeMap<RepId, Rep>) {}
    /// Creates the lead and lets the CRM's own rules choose its owner, whose id is returned; `Ok(None)`: they chose nobody.
    /// Class `Repeatable`: a lead that is there already is left as it is, and its owner read.
    async fn assign(&self, _lead: &CrmLead) -> Result<Option<CrmId>, VendorError> {
        Err(VendorError::needs_person(self.vendor(), "it has no assignment rules of its own"))
    }
    /// Whether its rules run only after [`Crm::assign`] has answered, so that [`Crm::assigned`] is asked again and again.
    fn assigns_later(&self) -> bool {
        false
    }
    /// Whom they have chosen since.
    async fn assigned(&self, lead: &CrmLead) -> Result<Option<CrmId>, VendorError> {
        self.assign(lead).await
    }
    /// Creates or updates the lead, sets its owner without the CRM's own assignment, writes the task, reads the owner back.
    /// Class `Repeatable` for the lead; `write_class` tells what a lost answer means for the whole call.
    async fn write_lead(&self, lead: &CrmLead) -> Result<CrmRef, VendorError>;
    fn write_class(&self) -> Class;
    /// The owner as of now.
    async fn owner_of(&self, crm_id: &str) -> Result<Option<CrmId>, VendorError>;
    /// The same, and who made them that.
    async fn owner_and_by(&self, crm_id: &str) -> Result<Option<(CrmId, OwnerBy)>, VendorError> {
        Ok(self.owner_of(crm_id).await?.map(|owner| (owner, OwnerBy::Unknown)))
    }
    /// When these owners are away, as the CRM itself knows it; those of whom it knows nothing are left out.
    async fn absences(
        &self,
        _owners: &[CrmId],
        _from: DateTime<Utc>,
        _until: DateTime<Utc>,
    ) -> Result<BTreeMap<CrmId, Vec<Busy>>, VendorError> {
        Ok(BTreeMap::new())
    }
    /// Proves credentials and the fields we need; the text says what is missing.
    async fn check(&self) -> Result<(), VendorError>;
}
