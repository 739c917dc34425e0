//! HubSpot over its dated API, with a service key.
//!
//! Nothing here is an upsert, so each part of `write_lead` makes sure by itself: a contact is unique by e-mail address (or
//! by `baton_key` where there is none) and HubSpot says so with 409; a note or task carries our marker in its body and is
//! looked for among the contact's records before it is created. Records are read by unique id, never searched for before
//! a write: the search index lags by up to half a minute. What a contact already says of itself is never overwritten,
//! nor an owner whom a person chose after us, nor one whom the portal's own workflow chose where the rules leave it to that.
//!
//! Search serves only to find accounts; there are no webhooks for service keys, so owners are polled.

mod assign;
mod away;
mod body;
mod changes;
mod errors;
mod find;
mod look_up;
mod news;
mod open;
mod owners;
mod people;
mod write;

use super::{AccountChanges, AccountKeys, Counts, Crm, CrmLead, CrmRef, FieldWords, OwnerBy};
use crate::connectors::http::{Answer, ApiCall, Buckets, Does, Fleet, Judge, Limits, Secret, VendorHttp};
use crate::connectors::{LookedUp, VendorError};
use async_trait::async_trait;
use baton_clock::SharedClock;
use baton_core::domain::account::{CompanyRecord, Records};
use baton_core::domain::crm_id::CrmId;
use baton_core::domain::effect::Class;
use baton_core::domain::id::RepId;
use baton_core::domain::outcome::CrmNewsPage;
use baton_core::domain::rep::{Busy, Rep};
use chrono::{DateTime, Utc};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const VENDOR: &str = "hubspot";
/// The dated version in every path. Each is supported for 18 months.
const VERSION: &str = "2026-09";
/// Text property on contacts that an admin creates, with "unique values": the key of contacts without e-mail address.
const KEY_PROPERTY: &str = "baton_key";
const OWNER: &str = "hubspot_owner_id";
const TIMEOUT: Duration = Duration::from_secs(10);
/// A portal lost most of its answers to 429 when it was asked eight at a time.
const CONCURRENCY: usize = 4;
/// Search has a limit of its own, 5 a second for the whole account, and its answers do not say how much is left.
const SEARCHES_PER_SECOND: u32 = 3;
/// What is read back has turns of its own, so that no lead waits for it: of the requests a second one in so many, which is one
/// search a second beside those three.
const READ_BACK_PART: u32 = 8;
/// Records that are read at once, as many as the vendor gives.
const BATCH: usize = 100;

#[derive(Debug, Clone)]
pub struct HubSpotConfig {
    /// `https://api.hubapi.com`.
    pub base_url: String,
    /// `pat-…`. It is rotated by hand, with seven days' grace.
    pub service_key: Secret,
    /// Requests a second, of which the smallest plan allows 10 (100 in 10 s) to everything that uses the key, the larger
    /// ones 19. [`PER_SECOND`] leaves some to others.
    pub per_second: u32,
}

/// What the smallest plan bears.
pub const PER_SECOND: u32 = 8;

pub struct HubSpot {
    http: VendorHttp,
    key: Secret,
    searches: Buckets,
    read_back: Buckets,
    owners: owners::Owners,
    clock: SharedClock,
    /// Type of each company property that rules declare, read once: every value comes as text.
    types: Mutex<BTreeMap<String, String>>,
    /// It was said that something may not be read back.
    told_unread: AtomicBool,
}

/// A record of any kind. A property without value is null or absent.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Object {
    id: String,
    #[serde(default)]
    properties: BTreeMap<String, Option<String>>,
    #[serde(default)]
    properties_with_history: BTreeMap<String, Vec<PropertyVersion>>,
    url: Option<String>,
}

/// One entry of a property's history, newest first.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PropertyVersion {
    source_type: String,
}

#[derive(Debug, Clone, Deserialize)]
struct AssociatedId {
    id: String,
}

/// A page of a list, or what a batch brought.
#[derive(Debug, Clone, Deserialize)]
struct Results<T> {
    #[serde(default = "Vec::new")]
    results: Vec<T>,
    /// Of a batch that is answered 207: what of it was not done.
    #[serde(default)]
    errors: Vec<BatchError>,
    paging: Option<Paging>,
}

#[derive(Debug, Clone, Deserialize)]
struct BatchError {
    #[serde(default)]
    category: String,
}

#[derive(Debug, Clone, Deserialize)]
struct Paging {
    next: Option<Next>,
}

#[derive(Debug, Clone, Deserialize)]
struct Next {
    after: String,
}

impl<T> Results<T> {
    /// Without what is not there any more. The status is a success, whatever became of the parts.
    ///
    /// # Errors
    /// A part was not read for another reason: nothing is known of it.
    fn whole(self) -> Result<Vec<T>, VendorError> {
        match self.errors.iter().find(|error| error.category != "OBJECT_NOT_FOUND") {
            Some(error) => Err(errors::of_part(&error.category)),
            None => Ok(self.results),
        }
    }
}

impl Object {
    /// Who set the owner, the newest first.
    fn owner_changes(&self) -> impl Iterator<Item = OwnerBy> {
        let history = self.properties_with_history.get(OWNER);
        history.into_iter().flatten().map(|change| source(&change.source_type))
    }

    /// The value, if there is one; HubSpot clears with an empty text.
    fn get(&self, property: &str) -> Option<&str> {
        self.properties.get(property)?.as_deref().filter(|value| !value.is_empty())
    }
}

impl HubSpot {
    /// # Errors
    /// `NeedsPerson` if the address is not one.
    pub fn new(config: HubSpotConfig, clock: SharedClock) -> Result<Self, VendorError> {
        let limits = Limits { timeout: TIMEOUT, per_second: config.per_second, concurrency: CONCURRENCY };
        let http = VendorHttp::new(VENDOR, &config.base_url, limits)?;
        let (searches, owners) = (Buckets::per_second(SEARCHES_PER_SECOND), owners::Owners::default());
        let read_back = Buckets::per_second(config.per_second / READ_BACK_PART);
        let (types, told_unread) = (Mutex::default(), AtomicBool::new(false));
        Ok(Self { http, key: config.service_key, searches, read_back, owners, clock, types, told_unread })
    }

    /// Sends, and judges by the vendor's own table.
    async fn send(&self, call: ApiCall) -> Result<Answer, VendorError> {
        self.send_judged(call, errors::judge).await
    }

    /// A static key has nothing to refresh: a refusal stands.
    async fn send_judged(&self, call: ApiCall, judge: Judge) -> Result<Answer, VendorError> {
        self.http.send_judged(&call.bearer(&self.key), judge).await
    }

    fn get(&self, operation: &'static str, rest: &[&str]) -> ApiCall {
        self.object_call(operation, Does::Read, Method::GET, rest)
    }

    fn object_call(&self, operation: &'static str, does: Does, method: Method, rest: &[&str]) -> ApiCall {
        let segments: Vec<&str> = ["crm", "objects", VERSION].into_iter().chain(rest.iter().copied()).collect();
        ApiCall::new(operation, does, method, &segments)
    }

    /// `None` if there is no such record.
    async fn object(&self, call: ApiCall) -> Result<Option<Object>, VendorError> {
        match self.send(call).await {
            Ok(answer) => read(&answer).map(Some),
            Err(VendorError::Gone { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Records by id; those that are gone meanwhile are left out.
    async fn objects(&self, kind: &str, ids: &[String], properties: &[&str]) -> Result<Vec<Object>, VendorError> {
        let mut found = Vec::new();
        for some in ids.chunks(BATCH) {
            let inputs: Vec<Value> = some.iter().map(|id| json!({ "id": id })).collect();
            let call = self
                .object_call("batch_read", Does::Read, Method::POST, &[kind, "batch", "read"])
                .json(json!({ "inputs": inputs, "properties": properties, "propertiesWithHistory": [] }));
            found.extend(read::<Results<Object>>(&self.send(call).await?)?.whole()?);
        }
        Ok(found)
    }

    /// A list, so many of its pages at most.
    async fn pages<T: serde::de::DeserializeOwned>(
        &self,
        at_most: usize,
        call: impl Fn() -> ApiCall + Send + Sync,
    ) -> Result<Vec<T>, VendorError> {
        let (mut all, mut after) = (Vec::new(), None::<String>);
        for _ in 0..at_most {
            let call = match after {
                Some(after) => call().query("after", after),
                None => call(),
            };
            let page: Results<T> = read(&self.send(call).await?)?;
            after = page.paging.and_then(|paging| paging.next).map(|next| next.after);
            all.extend(page.results);
            if after.is_none() {
                break;
            }
        }
        Ok(all)
    }
}

#[async_trait]
impl Crm for HubSpot {
    fn vendor(&self) -> &'static str {
        VENDOR
    }

    fn joins(&self, fleet: &Arc<Fleet>) {
        self.http.joins(fleet, "");
    }

    async fn find(&self, keys: &AccountKeys) -> Result<Records, VendorError> {
        self.records(keys).await
    }

    async fn changes(
        &self,
        since: DateTime<Utc>,
        now: DateTime<Utc>,
        counts: Counts,
    ) -> Result<AccountChanges, VendorError> {
        self.account_changes(since, now, counts).await
    }

    async fn accounts(&self, ids: &[CrmId], keys: &AccountKeys) -> Result<Vec<CompanyRecord>, VendorError> {
        self.companies_by_id(ids, keys).await
    }

    fn meet(&self, reps: &BTreeMap<RepId, Rep>) {
        self.owners.meet(reps);
    }

    async fn assign(&self, lead: &CrmLead) -> Result<Option<CrmId>, VendorError> {
        self.create_without_owner(lead).await
    }

    fn assigns_later(&self) -> bool {
        true
    }

    async fn assigned(&self, lead: &CrmLead) -> Result<Option<CrmId>, VendorError> {
        self.named_since(lead).await
    }

    async fn write_lead(&self, lead: &CrmLead) -> Result<CrmRef, VendorError> {
        self.write(lead).await
    }

    /// `write_lead` itself looks before it creates: whoever repeats it has looked.
    fn write_class(&self) -> Class {
        Class::LookFirst
    }

    async fn owner_of(&self, crm_id: &str) -> Result<Option<CrmId>, VendorError> {
        Ok(self.owner_and_by(crm_id).await?.map(|(owner, _)| owner))
    }

    async fn owner_and_by(&self, crm_id: &str) -> Result<Option<(CrmId, OwnerBy)>, VendorError> {
        self.owner_now(record_id(crm_id)?).await
    }

    async fn absences(
        &self,
        owners: &[CrmId],
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<BTreeMap<CrmId, Vec<Busy>>, VendorError> {
        self.away(owners, from, until).await
    }

    async fn news(&self, since: DateTime<Utc>, until: DateTime<Utc>) -> Result<CrmNewsPage, VendorError> {
        self.news_since(since, until).await
    }

    async fn check(&self) -> Result<(), VendorError> {
        self.check_reading().await?;
        let refuse = |why: String| Err(VendorError::amiss(VENDOR, why));
        let property = ApiCall::get("property", &["crm", "properties", VERSION, "contacts", KEY_PROPERTY]);
        match self.send(property).await {
            Ok(answer) if answer.value()["hasUniqueValue"] == true => self.wrong_reps().await?.map_or(Ok(()), refuse),
            Ok(_) => refuse(format!("the contact property {KEY_PROPERTY} must require unique values")),
            Err(VendorError::Gone { .. }) => refuse(format!(
                "contacts have no property {KEY_PROPERTY}: create it as single-line text that requires unique values"
            )),
            Err(error) => Err(error),
        }
    }

    async fn check_reading(&self) -> Result<(), VendorError> {
        let owners = ApiCall::get("owners", &["crm", "owners", VERSION]).query("limit", "1");
        self.send(owners).await?;
        self.send(self.get("contacts", &["contacts"]).query("limit", "1")).await.map(drop)
    }

    async fn look_up(&self, ids: &[String]) -> Result<LookedUp, VendorError> {
        self.owners(ids).await
    }

    async fn lacks(&self, fields: &FieldWords) -> Result<Vec<String>, VendorError> {
        self.lacking(fields).await
    }

    async fn try_write(&self) -> Option<Result<(), VendorError>> {
        Some(self.write_to_nobody().await)
    }
}

/// How the history of a property names who changed it.
fn source(source_type: &str) -> OwnerBy {
    match source_type {
        "CRM_UI" | "CRM_UI_BULK_ACTION" | "MOBILE_IOS" | "MOBILE_ANDROID" | "IMPORT" => OwnerBy::Person,
        "AUTOMATION_PLATFORM" | "WORKFLOWS" => OwnerBy::Workflow,
        "INTEGRATION" | "API" | "PRIVATE_APP" => OwnerBy::Program,
        _ => OwnerBy::Unknown,
    }
}

/// Every id of HubSpot is a number.
fn record_id(text: &str) -> Result<&str, VendorError> {
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(text);
    }
    Err(VendorError::needs_person(VENDOR, format!("{text:?} is not an id of HubSpot, which are numbers")))
}

/// What the vendor sent in a success is not what we know: mending it needs a person, here or there.
fn read<T: serde::de::DeserializeOwned>(answer: &Answer) -> Result<T, VendorError> {
    answer.read().map_err(|why| VendorError::needs_person(VENDOR, why))
}

#[cfg(test)]
mod tests;
