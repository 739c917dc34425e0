//! Salesforce over its REST API.
//!
//! A lead is upserted by `Baton_Key__c`, or created with it where it is new, its task upserted by the same field on Activity, and the
//! owner read back, all in one `composite` call that is rolled back as a whole: so everything here may be repeated. Every write but `assign`'s says
//! `Sforce-Auto-Assign: FALSE`, since Salesforce otherwise runs the org's assignment rules on create *and* update and
//! overwrites the owner (REST developer guide, "Assignment Rule Header"). A lead that somebody else changed since is
//! theirs and stays as it is; only the task is written. A converted lead refuses writes; the task goes to the contact. A lead
//! that a duplicate rule refuses is the record that it is taken for, and no twin is made.
//!
//! Does not convert leads (there is no REST call for it), and does not write to orgs without the two custom fields.

mod absences;
mod assign;
mod auth;
mod changes;
mod errors;
mod fields;
mod find;
mod link;
mod look_up;
mod news;
mod notify;
mod reads;
mod shown;
mod soql;
mod usage;
mod versions;
mod write;

pub use auth::SalesforceAuth;

use super::{AccountChanges, AccountKeys, Counts, Crm, CrmLead, CrmRef, FieldWords, ScreenPop};
use crate::connectors::http::{Answer, ApiCall, Fleet, Judge, Limits, TokenCache, VendorHttp};
use crate::connectors::{LookedUp, VendorError};
use async_trait::async_trait;
use auth::TokenRequests;
use baton_clock::SharedClock;
use baton_core::domain::account::{CompanyRecord, Records};
use baton_core::domain::crm_id::CrmId;
use baton_core::domain::effect::Class;
use baton_core::domain::outcome::CrmNewsPage;
use baton_core::domain::rep::Busy;
use chrono::{DateTime, Utc};
use errors::{KEY_FIELD, VENDOR, judge, read};
use serde_json::{Map, Value};
use shown::Shown;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use tokio::sync::OnceCell;
use usage::Usage;

/// Salesforce counts requests by the day and long ones at once (25 of more than 20 s per org), not by the second: others share
/// the org, so we keep to a third of those, which is what paces us.
const LIMITS: Limits = Limits { timeout: Duration::from_secs(10), per_second: 100, concurrency: 8 };

#[derive(Debug, Clone)]
pub struct SalesforceConfig {
    /// The org's My Domain, `https://acme.my.salesforce.com`, or `https://login.salesforce.com` with a JWT.
    pub base_url: String,
    /// `v66.0` (Spring '26) unless the org lags behind; v59.0 is the oldest that is tested against.
    pub api_version: String,
    pub auth: SalesforceAuth,
    /// Developer name of the type by which reps are shown the lead that their phone rings for; `None`: they are not.
    pub notification_type: Option<String>,
}

pub struct Salesforce {
    http: Arc<VendorHttp>,
    tokens: TokenCache,
    api_version: String,
    usage: Usage,
    notification_type: Option<String>,
    notification_type_id: OnceCell<String>,
    shown: Shown,
    /// Whether people can be accounts in this org.
    has_person_accounts: OnceCell<bool>,
    /// The org has no object `OutOfOffice`.
    lacks_out_of_office: AtomicBool,
    /// It was said that something may not be read back.
    told_unread: AtomicBool,
}

/// An answer with rows of SOQL.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct QueryResult {
    records: Vec<Map<String, Value>>,
    /// Where the rest of them is.
    next_records_url: Option<String>,
}

impl Salesforce {
    /// # Errors
    /// `NeedsPerson` if the address, the version or the private key is not one.
    pub fn new(config: SalesforceConfig, clock: SharedClock) -> Result<Self, VendorError> {
        versions::may_be(&config.api_version).map_err(|why| VendorError::needs_person(VENDOR, why))?;
        let http = Arc::new(VendorHttp::new(VENDOR, &config.base_url, LIMITS)?);
        let requests = TokenRequests::new(Arc::clone(&http), config.auth, Arc::clone(&clock))?;
        Ok(Self {
            http,
            tokens: TokenCache::new(requests, Arc::clone(&clock)),
            api_version: config.api_version,
            usage: Usage::new(Arc::clone(&clock)),
            notification_type: config.notification_type,
            notification_type_id: OnceCell::new(),
            shown: Shown::new(clock),
            has_person_accounts: OnceCell::new(),
            lacks_out_of_office: AtomicBool::new(false),
            told_unread: AtomicBool::new(false),
        })
    }

    async fn send(&self, call: ApiCall) -> Result<Answer, VendorError> {
        self.send_judged(call, judge).await
    }

    async fn send_judged(&self, call: ApiCall, judge: Judge) -> Result<Answer, VendorError> {
        let outcome = self.http.send_with(&self.tokens, call, judge).await;
        match &outcome {
            Ok(answer) => self.usage.note(&answer.headers),
            Err(error) if errors::is_day_over(error) => self.usage.used_up(),
            Err(_) => {}
        }
        outcome
    }

    fn call(&self, operation: &'static str, rest: &[&str]) -> ApiCall {
        let segments: Vec<&str> =
            ["services", "data", &self.api_version].into_iter().chain(rest.iter().copied()).collect();
        ApiCall::get(operation, &segments)
    }

    /// The rows of a query; one page, since no query of ours asks for more.
    async fn query(&self, soql: &str) -> Result<Vec<Map<String, Value>>, VendorError> {
        let answer = self.send(self.call("query", &["query"]).query("q", soql)).await?;
        Ok(read::<QueryResult>(&answer)?.records)
    }

    /// The same of an object or a field that not every org has: `None` where it is not there.
    async fn query_if_there(&self, soql: &str) -> Result<Option<Vec<Map<String, Value>>>, VendorError> {
        let call = self.call("query", &["query"]).query("q", soql);
        let answer = self.send_judged(call, errors::judge_if_there).await?;
        if !answer.is_success() {
            return Ok(None);
        }
        Ok(Some(read::<QueryResult>(&answer)?.records))
    }

    async fn owner(&self, object: &str, id: &str) -> Result<Option<CrmId>, VendorError> {
        let call = self.call("read_owner", &["sobjects", object, id]).query("fields", "OwnerId");
        let answer = self.send(call).await?;
        Ok(answer.value()["OwnerId"].as_str().map(CrmId::from))
    }

    /// Fields that the org must have, as sentences about those that are missing.
    async fn missing_in(&self, object: &str) -> Result<Vec<String>, VendorError> {
        let answer = self.send(self.call("describe", &["sobjects", object, "describe"])).await?;
        let described = answer.value();
        let fields = described["fields"].as_array().map(Vec::as_slice).unwrap_or_default();
        let mut missing = Vec::new();
        match fields.iter().find(|field| field["name"] == KEY_FIELD) {
            None => missing.push(format!("{object} has no field {KEY_FIELD}, or our user may not see it")),
            Some(field) if field["externalId"] != true || field["unique"] != true => {
                missing.push(format!("{object}.{KEY_FIELD} must be marked External ID and Unique"));
            }
            Some(_) => {}
        }
        for right in ["createable", "updateable"] {
            if described[right] == false {
                missing.push(format!("our user's permissions do not make {object} {right}"));
            }
        }
        Ok(missing)
    }
}

#[async_trait]
impl Crm for Salesforce {
    fn vendor(&self) -> &'static str {
        VENDOR
    }

    fn joins(&self, fleet: &Arc<Fleet>) {
        self.http.joins(fleet, "");
        self.tokens.joins(fleet);
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
        self.changed(since, now, counts).await
    }

    async fn accounts(&self, ids: &[CrmId], keys: &AccountKeys) -> Result<Vec<CompanyRecord>, VendorError> {
        self.companies(ids, keys).await
    }

    async fn assign(&self, lead: &CrmLead) -> Result<Option<CrmId>, VendorError> {
        self.create_by_rules(lead).await
    }

    async fn write_lead(&self, lead: &CrmLead) -> Result<CrmRef, VendorError> {
        self.write(lead).await
    }

    /// Both records are upserted by keys of ours.
    fn write_class(&self) -> Class {
        Class::Repeatable
    }

    async fn owner_of(&self, crm_id: &str) -> Result<Option<CrmId>, VendorError> {
        let foreign_id =
            || VendorError::needs_person(VENDOR, "the stored id is not that of a lead, contact or account");
        self.owner(soql::object_of(crm_id).ok_or_else(foreign_id)?, crm_id).await
    }

    fn is_short(&self) -> bool {
        self.usage.is_short()
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

    fn shows(&self) -> bool {
        self.notification_type.is_some()
    }

    async fn show(&self, pop: &ScreenPop) -> Result<(), VendorError> {
        self.notify(pop).await
    }

    async fn check(&self) -> Result<(), VendorError> {
        let mut missing = Vec::from_iter(self.amiss_with_version().await?);
        missing.extend(self.missing_in("Lead").await?);
        missing.extend(self.missing_in("Task").await?);
        if missing.is_empty() {
            // Its absence is told as the others are.
            self.notification_id().await?;
            return Ok(());
        }
        Err(VendorError::amiss(VENDOR, missing.join("; ")))
    }

    async fn check_reading(&self) -> Result<(), VendorError> {
        if let Some(why) = self.amiss_with_version().await? {
            return Err(VendorError::amiss(VENDOR, why));
        }
        self.query("SELECT Id FROM Lead LIMIT 1").await.map(drop)
    }

    async fn look_up(&self, ids: &[String]) -> Result<LookedUp, VendorError> {
        self.users(ids).await
    }

    async fn lacks(&self, fields: &FieldWords) -> Result<Vec<String>, VendorError> {
        self.lacking(fields).await
    }

    async fn try_write(&self) -> Option<Result<(), VendorError>> {
        Some(self.write_and_take_back().await)
    }
}
