//! Salesforce over its REST API.
//!
//! A lead is upserted by `Baton_Key__c`, its task by the same field on Activity, and the owner read back, all in one
//! `composite` call that is rolled back as a whole: so everything here may be repeated. Every write but `assign`'s says
//! `Sforce-Auto-Assign: FALSE`, since Salesforce otherwise runs the org's assignment rules on create *and* update and
//! overwrites the owner (REST developer guide, "Assignment Rule Header"). A lead that somebody else changed since is
//! theirs and stays as it is; only the task is written. A converted lead refuses writes; the task goes to the contact.
//!
//! Does not convert leads (there is no REST call for it), and does not write to orgs without the two custom fields.

mod assign;
mod auth;
mod errors;
mod find;
mod soql;
mod write;

pub use auth::SalesforceAuth;

use super::{AccountKeys, Crm, CrmLead, CrmRef};
use crate::connectors::VendorError;
use crate::connectors::http::{Answer, ApiCall, Fleet, Limits, TokenCache, VendorHttp};
use async_trait::async_trait;
use auth::TokenRequests;
use baton_clock::SharedClock;
use baton_core::domain::account::Records;
use baton_core::domain::crm_id::CrmId;
use baton_core::domain::effect::Class;
use errors::{KEY_FIELD, VENDOR, judge, read};
use serde_json::{Map, Value};
use std::sync::Arc;
use std::time::Duration;

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
}

pub struct Salesforce {
    http: Arc<VendorHttp>,
    tokens: TokenCache,
    api_version: String,
}

/// An answer with rows of SOQL.
#[derive(serde::Deserialize)]
struct QueryResult {
    records: Vec<Map<String, Value>>,
}

impl Salesforce {
    /// # Errors
    /// `NeedsPerson` if the address, the version or the private key is not one.
    pub fn new(config: SalesforceConfig, clock: SharedClock) -> Result<Self, VendorError> {
        if !is_version(&config.api_version) {
            let why = format!("api_version {:?} is not of the form v66.0", config.api_version);
            return Err(VendorError::needs_person(VENDOR, why));
        }
        let http = Arc::new(VendorHttp::new(VENDOR, &config.base_url, LIMITS)?);
        let requests = TokenRequests::new(Arc::clone(&http), config.auth, Arc::clone(&clock))?;
        Ok(Self { http, tokens: TokenCache::new(requests, clock), api_version: config.api_version })
    }

    async fn send(&self, call: ApiCall) -> Result<Answer, VendorError> {
        let answer = self.http.send_with(&self.tokens, call, judge).await?;
        warn_of_usage(&answer);
        Ok(answer)
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
        let object = soql::object_of(crm_id).ok_or_else(foreign_id)?;
        let call = self.call("read_owner", &["sobjects", object, crm_id]).query("fields", "OwnerId");
        let answer = self.send(call).await?;
        Ok(answer.value()["OwnerId"].as_str().map(CrmId::from))
    }

    async fn check(&self) -> Result<(), VendorError> {
        let mut missing = self.missing_in("Lead").await?;
        missing.extend(self.missing_in("Task").await?);
        if missing.is_empty() {
            return Ok(());
        }
        Err(VendorError::amiss(VENDOR, missing.join("; ")))
    }
}

fn is_version(text: &str) -> bool {
    let number = text.strip_prefix('v').and_then(|rest| rest.strip_suffix(".0"));
    number.is_some_and(|number| number.len() == 2 && number.bytes().all(|b| b.is_ascii_digit()))
}

/// The org's daily requests are shared by everything in the house: at 80 % somebody should know.
fn warn_of_usage(answer: &Answer) {
    let header = answer.headers.get("sforce-limit-info").and_then(|value| value.to_str().ok());
    let Some((used, allowed)) = header.and_then(usage) else { return };
    if used.saturating_mul(10) >= allowed.saturating_mul(8) {
        tracing::warn!(vendor = VENDOR, used, allowed, "the org's daily API requests are nearly used up");
    }
}

/// Used and allowed, out of `api-usage=18/100000`, which may be followed by a package's own.
fn usage(header: &str) -> Option<(u64, u64)> {
    let (used, rest) = header.strip_prefix("api-usage=")?.split_once('/')?;
    let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    Some((used.parse().ok()?, digits.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_and_version_are_read() {
        assert_eq!(usage("api-usage=18/100000"), Some((18, 100_000)));
        assert_eq!(usage("api-usage=25/5000; per-app-api-usage=17/250(appName=sample)"), Some((25, 5000)));
        assert_eq!(usage("something else"), None);
        assert!(is_version("v66.0") && !is_version("66") && !is_version("v66") && !is_version("v6a.0"));
    }
}
