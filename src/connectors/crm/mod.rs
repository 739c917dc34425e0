//! What Baton asks of a CRM: to find a lead's account, to write the lead, to say who owns it.

pub mod hubspot;
pub mod salesforce;

use super::http::Fleet;
use super::{LookedUp, VendorError};
use async_trait::async_trait;
use baton_core::domain::account::{CompanyRecord, Records};
use baton_core::domain::crm_id::CrmId;
use baton_core::domain::effect::Class;
use baton_core::domain::id::RepId;
use baton_core::domain::outcome::CrmNewsPage;
use baton_core::domain::phone::PhoneE164;
use baton_core::domain::rep::{Busy, Rep};
use baton_core::domain::text::RepText;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
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
    /// What rules ask for besides, which a CRM counts in further records.
    pub counts: Counts,
}

/// Whether what is open of an account is counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub opportunities: bool,
    /// Cases or tickets.
    pub cases: bool,
}

/// Accounts of which something changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountChanges {
    /// They themselves, their opportunities or their cases.
    pub accounts: BTreeSet<CrmId>,
    /// Those that are there no more, as far as the CRM tells of it.
    pub gone: BTreeSet<CrmId>,
    /// From when the next question goes on. Before now even where all was told: what changed lately may show late.
    pub until: DateTime<Utc>,
}

/// Accounts that [`Crm::accounts`] reads at once.
pub const ACCOUNTS_AT_ONCE: usize = 100;

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
    /// As far as we know the CRM has none of this key yet: a CRM that refuses a second one need not be asked first.
    pub is_new: bool,
    /// The briefing as plain text; HTML vendors escape it. Empty: what the record says stays.
    pub description: RepText,
    pub task: Option<CrmTask>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct CrmTask {
    /// Lower-case hexadecimal, one per effect; of a meeting, one for as long as it is moved. A task of this key that is there
    /// becomes this one.
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

/// Why rules read a field in vain; `None`: they may find what they look for. `listed`: the values of a field that has a list.
fn read_in_vain(field: &str, words: &BTreeSet<String>, listed: &[&str]) -> Option<String> {
    let is_listed = |word: &str| listed.iter().any(|value| value.eq_ignore_ascii_case(word));
    let unlisted: Vec<&str> = words.iter().map(String::as_str).filter(|word| !is_listed(word)).collect();
    if listed.is_empty() || unlisted.is_empty() {
        return None;
    }
    let told: Vec<&str> = listed.iter().copied().take(TOLD_VALUES).collect();
    let more = if listed.len() > told.len() { ", …" } else { "" };
    Some(format!("account.{field} is never {}: its values there are {}{more}", unlisted.join(", "), told.join(", ")))
}

/// Of a list, in a message.
const TOLD_VALUES: usize = 12;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrmRef {
    pub id: String,
    /// Deep link for people.
    pub url: Option<String>,
    /// Owner as read back after the write.
    pub owner_crm_id: Option<CrmId>,
    /// A person has changed the record since we wrote it, so that the owner is theirs: known after a write alone.
    #[serde(skip)]
    pub by_hand: bool,
}

/// A record to be brought before a user's eyes. Lengths are cut by the connector to the vendor's limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScreenPop {
    /// As [`CrmRef::id`].
    pub record: String,
    pub user: CrmId,
    pub title: String,
    pub body: String,
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

/// Fields of accounts by the CRM's own names, each with the words for which rules look in it.
pub type FieldWords = BTreeMap<String, BTreeSet<String>>;

#[async_trait]
pub trait Crm: Send + Sync {
    fn vendor(&self) -> &'static str;
    /// From now on it goes by what the workers of this fleet know together of its limits and credentials.
    fn joins(&self, _fleet: &Arc<Fleet>) {}
    /// Every record that shares a key with the lead, and companies of a similar name; which of them it is, the rules decide.
    /// Empty: asked, and there is none.
    async fn find(&self, keys: &AccountKeys) -> Result<Records, VendorError>;
    /// Of which accounts something changed since then. The answer of a CRM that cannot tell is empty.
    async fn changes(
        &self,
        since: DateTime<Utc>,
        _now: DateTime<Utc>,
        _counts: Counts,
    ) -> Result<AccountChanges, VendorError> {
        Ok(AccountChanges { until: since, ..AccountChanges::default() })
    }
    /// Those of these accounts that are there, [`ACCOUNTS_AT_ONCE`] at most, each as [`Crm::find`] would bring it but for phones.
    async fn accounts(&self, _ids: &[CrmId], _keys: &AccountKeys) -> Result<Vec<CompanyRecord>, VendorError> {
        Err(VendorError::needs_person(self.vendor(), "it tells of no accounts by their ids"))
    }
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
    /// What the vendor allows in a day is nearly used up, and others share it: what can wait is to wait.
    fn is_short(&self) -> bool {
        false
    }
    /// When these users are out of office, as far as the vendor knows: one request for all of them. A hint beside calendars;
    /// whoever is not in the answer is not known to be away.
    async fn absences(
        &self,
        _owners: &[CrmId],
        _from: DateTime<Utc>,
        _until: DateTime<Utc>,
    ) -> Result<BTreeMap<CrmId, Vec<Busy>>, VendorError> {
        Ok(BTreeMap::new())
    }
    /// What people have done with records since then, and what came of them; up to `until`, or to where a page of it ends. It is
    /// told again however often it is asked, and of a change of the last half minute perhaps only then.
    async fn news(&self, _since: DateTime<Utc>, until: DateTime<Utc>) -> Result<CrmNewsPage, VendorError> {
        Ok(CrmNewsPage { news: Vec::new(), read_until: until, is_all: true })
    }
    /// Whether [`Crm::show`] does anything.
    fn shows(&self) -> bool {
        false
    }
    /// Brings a record before the eyes of a user, once for however often it is asked within a minute. Class `AtMostOnce`: nobody
    /// misses what they were not shown.
    async fn show(&self, _pop: &ScreenPop) -> Result<(), VendorError> {
        Ok(())
    }
    /// The owner as of now.
    async fn owner_of(&self, crm_id: &str) -> Result<Option<CrmId>, VendorError>;
    /// The same, and who made them that.
    async fn owner_and_by(&self, crm_id: &str) -> Result<Option<(CrmId, OwnerBy)>, VendorError> {
        Ok(self.owner_of(crm_id).await?.map(|owner| (owner, OwnerBy::Unknown)))
    }
    /// Proves credentials and the fields we need; the text says what is missing.
    async fn check(&self) -> Result<(), VendorError>;
    /// The same where nothing is to be written, as in a trial beside another system.
    async fn check_reading(&self) -> Result<(), VendorError> {
        self.check().await
    }
    /// Whether these are users to whom a lead can be given.
    async fn look_up(&self, _ids: &[String]) -> Result<LookedUp, VendorError> {
        Ok(LookedUp::new())
    }
    /// What rules read and accounts do not have, or do not show us: a field, or a word in one that has a list of its own. One
    /// sentence of ours for each.
    async fn lacks(&self, _fields: &FieldWords) -> Result<Vec<String>, VendorError> {
        Ok(Vec::new())
    }
    /// A write that leaves nothing behind there. `None`: there is none such.
    async fn try_write(&self) -> Option<Result<(), VendorError>> {
        None
    }
}
